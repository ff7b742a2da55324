"""Rows -> figures. Each ``draw_`` function gets the rows that also become the CSV beside the figure; none computes.

Figures are made through matplotlib's objects (no pyplot, no global state), so pages can be drawn in several processes.
"""
