"""The embedded default: a simulated cohort walks the whole street."""
