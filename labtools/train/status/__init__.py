"""Run folders -> the grid of the course. Reads and never writes, so it works wherever the folders can be seen."""
