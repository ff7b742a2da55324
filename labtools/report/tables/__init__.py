"""Artifacts -> the rows that tables and figures show: counting, joining and ordering, never a metric."""
