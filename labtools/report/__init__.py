"""RESULTS -> PAGES: a folder that opens offline. Reads artifacts only; loads no weights, computes no metric."""
