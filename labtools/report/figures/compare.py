"""Figures that put two datasets side by side, on the same scales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import PercentFormatter

from labtools.report.figures.dataset import draw_map
from labtools.report.figures.style import MUTED, PALETTE, new_figure, short

_GAP = 0.22  # of a map's width, between one pair and the next


def draw_heat_pairs(rows: pd.DataFrame, labels: Sequence[str], whose: tuple[str, str], what: str) -> Figure:
    """Two small heat maps per label, this dataset's and the other's, in shares of each one's boxes.

    The colours of a pair have one scale: the fullest cell of the two is the darkest.

    Args:
        rows: as `labtools.report.tables.compare.heat_pairs`.
        labels: the pairs in order.
        whose: the two datasets, left and right.
        what: ``centre`` or ``size``, see `labtools.report.figures.dataset.draw_heat`.
    """
    across = min(3, len(labels))
    lines = -(-len(labels) // across)
    widths = [w for _ in range(across) for w in (1.0, 1.0, _GAP)][:-1]
    width = {1: 7.4, 2: 9.0}.get(across, 10.5)
    cell = (width - 1.5) / sum(widths)
    figure = new_figure(lines * (cell + 0.42) + 0.55, width)
    grid = figure.add_gridspec(lines, len(widths), width_ratios=widths)
    image, panels = None, []
    for i, label in enumerate(labels):
        mine = rows[rows["label"] == label]
        fullest = float(mine["share"].max()) if len(mine) else 1.0
        for side, owner in enumerate(whose):
            axes = figure.add_subplot(grid[i // across, 3 * (i % across) + side])
            half = mine[mine["whose"] == owner]
            name = short(owner, 20 if across == 1 else 12)
            title = f"{short(label, 18)}\n" if side == 0 else " \n"
            axes.set_title(title, fontsize=10.5, loc="left")
            axes.set_title(f"{name} ({int(half['boxes'].sum()):,})", fontsize=8.5, fontweight="normal", color=MUTED)
            drawn = draw_map(axes, half, half["share"] / fullest, what)
            image = drawn or image
            panels.append(axes)
            if i % across or side:
                axes.tick_params(labelleft=False)
            if i + across < len(labels):
                axes.tick_params(labelbottom=False)
    x, y = ("x of the centre", "y of the centre") if what == "centre" else ("width", "height")
    figure.supxlabel(x, fontsize=10, color=MUTED)
    figure.supylabel(y, fontsize=10, color=MUTED)
    if image is not None:
        _bar(figure, image, lines)
    return figure


def _bar(figure: Figure, image: AxesImage, lines: int) -> None:
    bar = figure.colorbar(
        image, ax=figure.axes, format=PercentFormatter(1), shrink=min(1.0, 0.9 / lines + 0.2), aspect=25
    )
    bar.set_label("share of boxes, of the pair's fullest cell", color=MUTED)
    bar.outline.set_visible(False)


def draw_counts_beside(rows: pd.DataFrame, whose: tuple[str, str]) -> Figure:
    """For every class two bars, its percentage of all boxes in this dataset and in the other.

    Args:
        rows: as `labtools.report.tables.compare.counts_beside`.
        whose: the two datasets, upper and lower bar.
    """
    names = list(rows["class"])
    figure = new_figure(0.95 + 0.42 * len(names))
    axes = figure.subplots()
    most = float(np.nanmax([rows["pct"].max(), rows["other_pct"].max(), 1.0]))
    for place, (share, boxes) in enumerate((("pct", "boxes"), ("other_pct", "other_boxes"))):
        lines = np.arange(len(names)) + (place - 0.5) * 0.38
        axes.barh(lines, rows[share].fillna(0), height=0.35, color=PALETTE[place], label=whose[place])
        for y, width, number in zip(lines, rows[share], rows[boxes], strict=True):
            shown = "no such class" if np.isnan(number) else f"{number:,.0f}"
            axes.annotate(
                shown, (0 if np.isnan(width) else width, y), (4, 0), textcoords="offset points",
                va="center_baseline", fontsize=8.5, color=MUTED,
            )  # fmt: skip
    axes.set_yticks(range(len(names)), [short(n) for n in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, most * 1.12)
    axes.xaxis.set_major_formatter(PercentFormatter(100, decimals=0))
    axes.set_xlabel("share of all boxes of that dataset; at the end their number")
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper left", ncols=2)
    return figure
