"""How large the boxes are and of which shape: the same blocks for everyone, a class, a team, and two datasets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from labtools.report.cells import Format, count, decimal, make_table, percent, text
from labtools.report.content import Block, Plot, Table
from labtools.report.figures.shapes import draw_ratio_spans, draw_size_shares
from labtools.report.load import Results
from labtools.report.tables.compare import beside
from labtools.report.tables.shapes import NATIVE, SIZES, Part, ratio_spans, size_shares, size_table

BOX_COLUMNS: tuple[tuple[str, str, Format], ...] = (
    ("boxes_per_image", "boxes per image", decimal(2)),
    ("median_x", "median centre x", decimal(2)),
    ("median_y", "median centre y", decimal(2)),
    ("median_w", "median width", decimal(3)),
    ("median_h", "median height", decimal(3)),
    ("median_area", "median area", percent),
    ("wider_than_high", "wider than high in pixels", percent),
)
"""Columns of `box_summary`, in percent where they are shares."""


def image_sizes_text(results: Results) -> str:
    """At which image sizes boxes are looked at, and why."""
    sizes = " and ".join(f"{size:,} px" for size in results.image_sizes)
    why = "the image sizes of the trainings" if results.has_runs else "since no training says yet at which"
    return (
        "Small, medium and large are COCO's: below 32 x 32, below 96 x 96 and from 96 x 96 square pixels. A network "
        "sees an image scaled until its longer side is imgsz, and its boxes with it: here also at "
        f"{sizes}, {why}. Small objects are the hard ones, and a larger imgsz makes fewer of them small."
    )


def size_blocks(parts: Sequence[Part], results: Results, stem: str, who: str) -> tuple[Table, Plot]:
    """Small, medium and large boxes as filmed and at every trained image size."""
    shares = size_shares(parts, results.image_sizes)
    return _size_table(shares, stem), _size_plot(shares, stem, who)


def _size_table(shares: pd.DataFrame, stem: str) -> Table:
    columns: list[tuple[str, str, Format]] = [
        ("label", "boxes of", text),
        ("boxes", "boxes", count),
        ("median_side", "median side, px", decimal(0)),
    ]
    for imgsz in dict.fromkeys(shares["imgsz"]):
        where = "as filmed" if imgsz == NATIVE else f"at {imgsz} px"
        columns += [(f"{imgsz}_{size}", f"{size} {where}" if size == SIZES[0] else size, percent) for size in SIZES]
    caption = "Boxes by size, in percent. The median side is the square root of the median area, as filmed."
    return make_table(caption, size_table(shares), columns, name=f"{stem}-size-table")


def _size_plot(shares: pd.DataFrame, stem: str, who: str) -> Plot:
    return Plot(
        f"{stem}-box-sizes",
        f"Bars: percentage of small, medium and large boxes, {who}, for each image size",
        "Percent of boxes that are small, medium and large, as filmed and as networks see them.",
        shares,
        draw_size_shares,
    )


def ratio_plot(parts: Sequence[Part], stem: str, who: str) -> Plot:
    """The spread of aspect ratios."""
    return Plot(
        f"{stem}-ratios",
        f"Lines: spread of the width to height ratio of boxes, {who}",
        "Width over height in pixels. Dot: median; thick: the middle half of the boxes; thin: nine tenths of them.",
        ratio_spans(parts),
        draw_ratio_spans,
    )


def micro_shapes(parts: Sequence[Part], results: Results, stem: str, who: str) -> tuple[Block, ...]:
    """Sizes and shapes of one class or team beside the others; a part without boxes is left out."""
    parts = [part for part in parts if len(part[1])]
    return (*size_blocks(parts, results, stem, who), ratio_plot(parts, stem, who))


def paired_shapes(
    mine: Sequence[Part], theirs: Sequence[Part], whose: tuple[str, str], results: Results, stem: str
) -> tuple[Plot, Plot]:
    """Sizes and shapes of two datasets, line under line; ``mine`` and ``theirs`` have the same labels."""
    sizes = beside(size_shares(mine, results.image_sizes), size_shares(theirs, results.image_sizes), whose)
    ratios = beside(ratio_spans(mine), ratio_spans(theirs), whose)
    legend = f"Upper: {whose[0]}, lower: {whose[1]}."
    return (
        Plot(
            f"{stem}-box-sizes",
            f"Pairs of bars: percentage of small, medium and large boxes of {whose[0]} and {whose[1]}",
            f"Percent of boxes that are small, medium and large. {legend}",
            sizes,
            partial(draw_size_shares, whose=whose),
        ),
        Plot(
            f"{stem}-ratios",
            f"Pairs of lines: spread of the width to height ratio of boxes of {whose[0]} and {whose[1]}",
            f"Width over height in pixels: median, middle half, nine tenths of the boxes. {legend}",
            ratios,
            partial(draw_ratio_spans, whose=whose),
        ),
    )
