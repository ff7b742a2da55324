"""Rows -> figures. Each ``draw_`` function takes the rows that also become the CSV beside the figure, and computes nothing.

Figures are made through matplotlib's objects (no pyplot, no global state), so pages can be drawn in several processes.
"""
