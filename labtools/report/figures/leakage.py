"""Figures about leakage: how near val and test pictures are to training pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from labtools.report.figures.style import INK, MUTED, SPLIT_COLOURS, new_figure, short
from labtools.report.tables.leakage import GAP_BINS, MOST_BITS

# From alarming to harmless, dark to light; the last is the honest case.
GAP_COLOURS = ("#7f2704", "#d55e00", "#f4b942", "#c9dcea", "#0072b2")
_GAP_INK = ("white", "white", INK, INK, "white")


def draw_gap_shares(rows: pd.DataFrame) -> Figure:
    """A bar per line, cut by how far the nearest training picture of the sequence is.

    Args:
        rows: as `labtools.report.tables.leakage.gap_shares`.
    """
    names = list(dict.fromkeys(rows["label"]))
    totals = rows.groupby("label")["images"].sum()
    figure = new_figure(1.25 + 0.34 * len(names))
    axes = figure.subplots()
    start = np.zeros(len(names))
    for gap, colour, ink in zip(GAP_BINS, GAP_COLOURS, _GAP_INK, strict=True):
        share = 100 * rows[rows["gap"] == gap].set_index("label")["share"].reindex(names).to_numpy(dtype=float)
        axes.barh(range(len(names)), share, left=start, height=0.74, color=colour, label=gap)
        for y, (left, width) in enumerate(zip(start, share, strict=True)):
            if width >= 5:
                axes.text(left + width / 2, y, f"{width:.0f}", ha="center", va="center_baseline", color=ink, fontsize=9)
        start = start + share
    axes.set_yticks(range(len(names)), [f"{short(n)} ({totals[n]:,})" for n in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.xaxis.set_major_formatter(PercentFormatter(100))
    axes.set_xlabel("val and test pictures")
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    title = "Frames to the nearest training picture of the same sequence"
    figure.legend(loc="outside upper left", ncols=len(GAP_BINS), title=title, alignment="left", handlelength=1.2)
    return figure


def draw_look_histogram(rows: pd.DataFrame, near: int) -> Figure:
    """Val and test pictures by the distance of their hash to the nearest training picture.

    Args:
        rows: as `labtools.report.tables.leakage.look_histogram`.
        near: up to so many bits two pictures show the same scene.
    """
    figure = new_figure(3.3)
    axes = figure.subplots()
    splits = list(dict.fromkeys(rows["split"]))
    width = 0.84 / max(1, len(splits))
    for i, split in enumerate(splits):
        mine = rows[rows["split"] == split]
        images = int(mine["images"].sum())
        axes.bar(
            mine["bits"] + (i - (len(splits) - 1) / 2) * width, 100 * mine["share"], width=width,
            color=SPLIT_COLOURS.get(split, MUTED), label=f"{split} ({images:,} pictures)",
        )  # fmt: skip
    axes.axvline(near + 0.5, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    high = 100 * float(rows["share"].max())
    axes.set_ylim(0, high * 1.18)
    axes.annotate("the same scene ", (near + 0.5, high * 1.08), ha="right", va="center", color=MUTED, fontsize=9.5)
    axes.annotate(" other scenes", (near + 0.5, high * 1.08), ha="left", va="center", color=MUTED, fontsize=9.5)
    axes.set_xlim(-0.7, MOST_BITS + 0.7)
    ticks = list(range(0, MOST_BITS + 1, 4))
    axes.set_xticks(ticks, [*map(str, ticks[:-1]), f"{MOST_BITS}+"])
    axes.set_xlabel("bits by which the training picture that looks most alike differs (of 64)")
    axes.set_ylabel("pictures of the split")
    axes.yaxis.set_major_formatter(PercentFormatter(100, decimals=0))
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside upper left", ncols=2)
    return figure
