"""RESULTS -> PAGES."""
