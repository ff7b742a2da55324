"""Feedback sheets for teams; `writing` is the way in."""
