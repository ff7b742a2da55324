"""Figures about sizes, shapes and numbers of boxes: one line or one small panel per class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, PercentFormatter

from labtools.report.figures.style import INK, MUTED, PALETTE, grid_axes, new_figure, short
from labtools.report.tables.shapes import MOST_IN_IMAGE, NATIVE, SIZES

SIZE_COLOURS = {"small": "#f4b942", "medium": "#7fb3d5", "large": "#0b4a7a"}
"""From light to dark as boxes grow, so that they stay in order in grey and for colour-blind readers."""
_SIZE_INK = {"small": INK, "medium": INK, "large": "white"}
_RATIOS = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)
_BAR = 0.34  # inches of height that a line of a chart takes


def draw_size_shares(rows: pd.DataFrame, whose: Sequence[str] = ()) -> Figure:
    """Bars of small, medium and large boxes, a panel for every image size.

    Args:
        rows: as `labtools.report.tables.shapes.size_shares`; with ``whose`` also a column ``whose``.
        whose: two datasets to put under each other in every line, the first above.
    """
    names, image_sizes = list(dict.fromkeys(rows["label"])), list(dict.fromkeys(rows["imgsz"]))
    groups = list(whose) or [""]
    figure = new_figure(1.05 + _BAR * len(names) * (1.35 if len(groups) > 1 else 1))
    panels = figure.subplots(1, len(image_sizes), sharey=True, squeeze=False)[0]
    for axes, imgsz in zip(panels, image_sizes, strict=True):
        mine = rows[rows["imgsz"] == imgsz]
        for place, group in enumerate(groups):
            of_group = mine[mine["whose"] == group] if whose else mine
            _stack(axes, of_group.set_index("label").reindex(names), place, len(groups))
        axes.set_title("as filmed" if imgsz == NATIVE else f"at {imgsz} px")
        axes.set_xlim(0, 100)
        axes.xaxis.set_major_locator(FixedLocator([0, 50, 100]))
        axes.xaxis.set_major_formatter(PercentFormatter(100))
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(names)), [short(n) for n in names])
    panels[0].set_ylim(len(names) - 0.4, -0.6)
    labels = {"small": "small: below 32² px", "medium": "medium", "large": "large: 96² px and more"}
    handles = [Patch(color=SIZE_COLOURS[s], label=labels[s]) for s in SIZES]
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


def _stack(axes: Axes, shares: pd.DataFrame, place: int, places: int) -> None:
    """One bar per line; ``place`` of ``places`` bars under each other. A line without boxes stays empty."""
    height = 0.78 / places
    lines = np.arange(len(shares)) + (place - (places - 1) / 2) * height
    start = np.zeros(len(shares))
    for size in SIZES:
        width = shares[f"{size}_pct"].to_numpy(dtype=float)
        axes.barh(lines, np.nan_to_num(width), left=start, height=0.92 * height, color=SIZE_COLOURS[size])
        for y, left, share in zip(lines, start, width, strict=True):
            if share >= 17:
                axes.text(
                    left + share / 2, y, f"{share:.0f}", ha="center", va="center_baseline", color=_SIZE_INK[size],
                    fontsize=9 if places == 1 else 7.5,
                )  # fmt: skip
        start = start + np.nan_to_num(width)
    for y, boxes in zip(lines, shares["boxes"].fillna(0), strict=True):
        if not boxes:
            axes.text(2, y, "no boxes", va="center_baseline", color=MUTED, fontsize=8)


def draw_ratio_spans(rows: pd.DataFrame, whose: Sequence[str] = ()) -> Figure:
    """For every line the middle half (thick), nine tenths (thin) and median (dot) of the boxes' width over height.

    Args:
        rows: as `labtools.report.tables.shapes.ratio_spans`; with ``whose`` also a column ``whose``.
        whose: two datasets to draw under each other in every line.
    """
    names = list(dict.fromkeys(rows["label"]))
    groups = list(whose) or [""]
    figure = new_figure(1.1 + _BAR * len(names) * (1.25 if len(groups) > 1 else 1))
    axes = figure.subplots()
    for place, group in enumerate(groups):
        mine = (rows[rows["whose"] == group] if whose else rows).set_index("label").reindex(names)
        lines = np.arange(len(names)) + (place - (len(groups) - 1) / 2) * 0.36
        colour = PALETTE[place]
        axes.hlines(lines, mine["p5"], mine["p95"], color=colour, linewidth=1.5, label=group or "boxes")
        axes.hlines(lines, mine["p25"], mine["p75"], color=colour, linewidth=6, alpha=0.45)
        axes.plot(mine["median"], lines, "o", color=colour, markersize=6, markeredgecolor="white")
    _ratio_axis(axes, rows)
    axes.set_yticks(range(len(names)), [short(n) for n in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    if whose:
        figure.legend(loc="outside upper left", ncols=2)
    return figure


def _ratio_axis(axes: Axes, rows: pd.DataFrame) -> None:
    """Ratios on a logarithmic axis: twice as wide and twice as high are equally far from a square."""
    low, high = float(np.nanmin([rows["p5"].min(), 0.5])), float(np.nanmax([rows["p95"].max(), 2.0]))
    axes.set_xscale("log")
    axes.set_xlim(low / 1.15, high * 1.15)
    axes.xaxis.set_major_locator(FixedLocator([r for r in _RATIOS if low / 1.2 <= r <= high * 1.2]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda r, _: f"{r:g}:1" if r >= 1 else f"1:{1 / r:g}"))
    axes.axvline(1, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
    axes.set_xlabel("← stands     width : height in pixels     lies →")


def draw_boxes_in_image(rows: pd.DataFrame, labels: Sequence[str]) -> Figure:
    """A small bar chart per class: the share of its images with one, two ... of its boxes.

    Args:
        rows: as `labtools.report.tables.shapes.boxes_in_image`.
        labels: the panels in order; one without rows says so.
    """
    columns = min(6, len(labels)) if len(labels) != 1 else 1
    lines = -(-len(labels) // columns)
    figure = new_figure(0.5 + 1.6 * lines, 10.5 if columns > 1 else 5)
    panels = grid_axes(figure, len(labels), columns, sharex=True, sharey=True)
    numbers = range(1, MOST_IN_IMAGE + 1)
    for i, (axes, label) in enumerate(zip(panels, labels, strict=True)):
        mine = rows[rows["label"] == label].set_index("boxes")["share"].reindex(numbers, fill_value=0.0)
        images = int(rows.loc[rows["label"] == label, "images"].sum())
        axes.set_title(f"{short(label, 17)}\n({images:,})", fontsize=9)
        axes.bar(numbers, mine, color=PALETTE[0], width=0.8)
        for number, share in mine[mine > 0].items():
            shown = f"{100 * share:.0f}" if share >= 0.005 else "<1"
            axes.text(float(str(number)), share + 0.02, shown, ha="center", va="bottom", fontsize=8, color=MUTED)
        if not images:
            axes.text(0.5, 0.5, "no boxes", ha="center", va="center", transform=axes.transAxes, color=MUTED)
        axes.set_ylim(0, 1.18)
        axes.yaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xticks(list(numbers), [*map(str, range(1, MOST_IN_IMAGE)), f"{MOST_IN_IMAGE}+"])
        axes.grid(axis="x", visible=False)
        if i + columns >= len(panels):
            axes.tick_params(labelbottom=True)
    figure.supxlabel("boxes of the class in one image", fontsize=10, color=MUTED)
    return figure
