"""Two datasets beside each other: what the page about all classes and the page of a class have in common."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from labtools.report.cells import Format, count, make_table, text
from labtools.report.content import Block, Plot, Table
from labtools.report.data import Data
from labtools.report.figures.compare import draw_heat_pairs
from labtools.report.load import Results
from labtools.report.pages._shapes import BOX_COLUMNS, paired_shapes
from labtools.report.tables.compare import Pair, heat_pairs
from labtools.report.tables.dataset import box_summary

_CAPTIONS = {
    "centre": "Box centres in the image, from its top left corner. Objects that were always filmed in the middle make "
    "one dark spot.",
    "size": "Width and height of the boxes as shares of the image. On the dotted line a box has the image's own shape.",
}


def owners(data: Data, other: Data) -> tuple[str, str]:
    """What the two datasets are called; with their parents' names where their own are the same."""
    if data.name != other.name:
        return data.name, other.name
    one, two = (f"{d.dataset.root.parent.name}/{d.name}" for d in (data, other))
    return (one, two) if one != two else (f"{data.name} (this)", f"{other.name} (other)")


def totals_table(
    boxes: tuple[pd.DataFrame, pd.DataFrame],
    whose: tuple[str, str],
    caption: str,
    name: str,
    counts: tuple[dict[str, float], dict[str, float]] | None = None,
) -> Table:
    """Both in numbers, a row each. ``counts``: columns that come first, by heading."""
    rows = []
    for i, owner in enumerate(whose):
        summary = box_summary(boxes[i], boxes[i]["image"].nunique())
        summary |= {key: 100 * summary[key] for key in ("median_area", "wider_than_high")}
        summary["with_boxes"] = summary.pop("images")
        rows.append({"who": owner, **(counts[i] if counts else {}), **summary})
    first: list[tuple[str, str, Format]] = [(c, c, count) for c in counts[0]] if counts else []
    columns = [
        ("who", "dataset", text),
        *first,
        ("with_boxes", "images with boxes", count),
        ("boxes", "boxes", count),
        *BOX_COLUMNS,
    ]
    return make_table(caption, pd.DataFrame(rows), columns, name=name)


def heat_pair_plot(pairs: Sequence[Pair], whose: tuple[str, str], what: str, name: str, who: str) -> Plot | None:
    """Heat maps of ``centre`` or ``size`` in pairs; None where there is no box at all."""
    if not any(len(one) + len(two) for _, one, two in pairs):
        return None
    return Plot(
        name,
        f"Pairs of heat maps: box {what}s of {whose[0]} and of {whose[1]}, {who}",
        _CAPTIONS[what],
        heat_pairs(pairs, ("x", "y") if what == "centre" else ("w", "h"), whose),
        partial(draw_heat_pairs, labels=tuple(label for label, _, _ in pairs), whose=whose, what=what),
    )


def compared_blocks(results: Results, pair: Pair, whose: tuple[str, str], stem: str) -> tuple[Block, ...]:
    """One class in both datasets: numbers, sizes and shapes, heat maps."""
    label, mine, theirs = pair
    plots = [heat_pair_plot([pair], whose, what, f"{stem}-{what}s", label) for what in ("centre", "size")]
    return (
        totals_table((mine, theirs), whose, f"{label} in both datasets.", f"{stem}-totals"),
        *paired_shapes([(label, mine)], [(label, theirs)], whose, results, stem),
        *(plot for plot in plots if plot is not None),
    )
