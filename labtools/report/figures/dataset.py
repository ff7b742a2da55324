"""Figures about the dataset: bars of counts, and heat maps of where boxes are and how large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from labtools.artifacts.dataset import SPLITS
from labtools.report.figures.style import MUTED, SEQUENTIAL, SPLIT_COLOURS, WIDTH, grid_axes, new_figure, short
from labtools.report.tables.dataset import BINS


def draw_counts(rows: pd.DataFrame, key: str, unit: str, reference: bool = True) -> Figure:
    """Horizontal bars stacked by split, one per class or team, with the total at the end.

    Args:
        rows: ``key``, split, count.
        key: the column that names the bars.
        unit: what is counted, for the axis.
        reference: draw the mean of the bars as a line.
    """
    names = list(dict.fromkeys(rows[key]))
    figure = new_figure(0.9 + 0.34 * len(names) + 0.35)
    axes = figure.subplots()
    start = np.zeros(len(names))
    for split in SPLITS:
        counts = rows[rows["split"] == split].set_index(key)["count"].reindex(names, fill_value=0).to_numpy(dtype=float)
        axes.barh(range(len(names)), counts, left=start, color=SPLIT_COLOURS[split], label=split, height=0.72)
        start = start + counts
    for i, total in enumerate(start):
        axes.annotate(
            f"{total:,.0f}", (total, i), (5, 0), textcoords="offset points", va="center", color=MUTED,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    if reference and len(names) > 1:
        axes.axvline(float(start.mean()), color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="mean")
    axes.set_yticks(range(len(names)), [short(n) for n in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, max(1.0, float(start.max(initial=0))) * 1.1)
    axes.set_xlabel(unit)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.grid(axis="y", visible=False)
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: labels[i] == "mean")
    figure.legend([handles[i] for i in order], [labels[i] for i in order], loc="outside upper left", ncols=4)
    return figure


def draw_boxes_per_image(rows: pd.DataFrame) -> Figure:
    """How many images hold 0, 1, 2 ... boxes, stacked by split. Rows: boxes, split, images."""
    figure = new_figure(3.2)
    axes = figure.subplots()
    numbers = np.arange(int(rows["boxes"].max()) + 1)
    start = np.zeros(len(numbers))
    for split in SPLITS:
        images = rows[rows["split"] == split].set_index("boxes")["images"].reindex(numbers, fill_value=0)
        axes.bar(numbers, images, bottom=start, color=SPLIT_COLOURS[split], label=split, width=0.8)
        start = start + images.to_numpy(dtype=float)
    if len(numbers) <= 15:
        for i, total in zip(numbers, start, strict=True):
            axes.annotate(f"{total:,.0f}", (i, total), (0, 3), textcoords="offset points", ha="center", color=MUTED)
    axes.set_ylim(0, start.max() * 1.12)
    axes.set_xlabel("boxes in the image")
    axes.set_ylabel("images")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=20))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside upper left", ncols=3)
    return figure


def draw_heat(rows: pd.DataFrame, labels: Sequence[str], what: str) -> Figure:
    """Small heat maps, one per label, each in percent of its own fullest cell, so that few boxes read like many.

    Args:
        rows: label, column, row, boxes (see `labtools.report.tables.dataset.heat_maps`).
        labels: the maps in order; one without rows says so.
        what: ``centre`` (image coordinates, y down) or ``size`` (width to the right, height up).
    """
    lines = -(-len(labels) // 6)
    columns = -(-len(labels) // lines)  # 7 maps as 4 and 3, not as 6 and 1
    width = min(WIDTH, 1.6 + 3.0 * columns)
    cell = (width - 1.6) / columns
    crowded = columns > 3  # long names and their numbers would run into each other
    figure = new_figure(lines * (cell + (0.46 if crowded else 0.3)) + 0.5, width)
    panels = grid_axes(figure, len(labels), columns, sharex=True, sharey=True)
    image = None
    for axes, label in zip(panels, labels, strict=True):
        mine = rows[rows["label"] == label]
        total = int(mine["boxes"].sum())
        name = f"{short(label, 17)}\n" if crowded else f"{short(label)} "
        axes.set_title(f"{name}({total:,})", fontsize=9 if crowded else 10)
        drawn = draw_map(axes, mine, mine["boxes"] / mine["boxes"].max(), what)
        image = drawn or image
    _label_outer(panels, columns, what)
    if image is not None:
        bar = figure.colorbar(
            image, ax=panels, format=PercentFormatter(1), shrink=min(1.0, 0.9 / lines + 0.2), aspect=25
        )
        bar.set_label("boxes, of the fullest cell", color=MUTED)
        bar.outline.set_visible(False)
    return figure


def draw_map(axes: Axes, rows: pd.DataFrame, shades: pd.Series, what: str) -> AxesImage | None:
    """One heat map; None where there is no box.

    Args:
        axes: where.
        rows: cells as `labtools.report.tables.dataset.heat`.
        shades: 0..1 for each of them.
        what: as in `draw_heat`.
    """
    axes.set_aspect("equal")
    axes.set_xlim(0, 1)
    axes.set_ylim((1, 0) if what == "centre" else (0, 1))
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.grid(visible=False)
    if rows.empty:
        axes.text(0.5, 0.5, "no boxes", ha="center", va="center", color=MUTED)
        return None
    cells = np.zeros((BINS, BINS))
    cells[rows["row"].to_numpy(), rows["column"].to_numpy()] = shades.to_numpy()
    drawn = axes.imshow(
        cells, cmap=SEQUENTIAL, vmin=0, vmax=1, extent=(0, 1, 0, 1), origin="lower", interpolation="nearest"
    )
    axes.set_ylim((1, 0) if what == "centre" else (0, 1))  # imshow has set its own
    if what == "size":
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (2, 3)))
    return drawn


def _label_outer(panels: list[Axes], columns: int, what: str) -> None:
    x, y = ("x of the centre", "y of the centre") if what == "centre" else ("width", "height")
    for i, axes in enumerate(panels):
        if i % columns == 0:
            axes.set_ylabel(y)
        if i + columns >= len(panels):
            axes.set_xlabel(x)
            axes.tick_params(labelbottom=True)
