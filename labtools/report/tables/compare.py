"""Rows about two datasets side by side: this year's and last year's."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labtools.artifacts.dataset import SPLITS
from labtools.core.names import slug
from labtools.report.tables.dataset import heat

Pair = tuple[str, pd.DataFrame, pd.DataFrame]
"""A label, the boxes of one dataset and those of the other."""


def match_classes(mine: Sequence[str], theirs: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of class names that are the same word, accents, case and blanks aside; in the order of ``mine``."""
    by_slug = {slug(name): name for name in reversed(theirs)}
    return [(name, by_slug[slug(name)]) for name in mine if slug(name) in by_slug]


def class_pairs(mine: pd.DataFrame, theirs: pd.DataFrame, matched: Sequence[tuple[str, str]]) -> list[Pair]:
    """The boxes of all classes, then those of every matched class, side by side."""
    one, other = dict(list(mine.groupby("class_name"))), dict(list(theirs.groupby("class_name")))
    pairs = [(a, one.get(a, mine.head(0)), other.get(b, theirs.head(0))) for a, b in matched]
    return [("all classes", mine, theirs), *pairs]


def counts_beside(
    mine: pd.DataFrame, theirs: pd.DataFrame, classes: Sequence[str], their_classes: Sequence[str]
) -> pd.DataFrame:
    """Boxes of every class of either dataset: class, boxes, pct, other_boxes, other_pct.

    Percentages are shares of all boxes of that dataset. A class that a dataset does not have is NaN there; those that
    only the other has come last.
    """
    matched = dict(match_classes(classes, their_classes))
    here, there = mine["class_name"].value_counts(), theirs["class_name"].value_counts()
    rows: list[tuple[str, float, float]] = [
        (a, here.get(a, 0), there.get(matched[a], 0) if a in matched else float("nan")) for a in classes
    ]
    known = set(matched.values())
    rows += [(b, float("nan"), there.get(b, 0)) for b in their_classes if b not in known]
    table = pd.DataFrame(rows, columns=["class", "boxes", "other_boxes"]).astype(
        {"boxes": "float64", "other_boxes": "float64"}
    )
    table.insert(2, "pct", 100 * table["boxes"] / max(1, len(mine)))
    table["other_pct"] = 100 * table["other_boxes"] / max(1, len(theirs))
    return table


def totals(manifest: pd.DataFrame, boxes: pd.DataFrame) -> dict[str, float]:
    """One dataset in numbers: images of each split, all of them, classes that have boxes."""
    images = manifest["split"].value_counts()
    return {
        **{split: float(images.get(split, 0)) for split in SPLITS},
        "images": float(len(manifest)),
        "classes": float(boxes["class_name"].nunique()),
    }


def heat_pairs(pairs: Sequence[Pair], columns: tuple[str, str], whose: tuple[str, str]) -> pd.DataFrame:
    """`labtools.report.tables.dataset.heat` of both halves of every pair, with ``whose`` and ``share``.

    The share is the cell's boxes among all of that half, so that two datasets of different size read alike.
    """
    parts = []
    for label, mine, theirs in pairs:
        for owner, boxes in zip(whose, (mine, theirs), strict=True):
            cells = heat(boxes, columns, label)
            parts.append(cells.assign(whose=owner, share=cells["boxes"] / max(1, len(boxes))))
    return pd.concat(parts, ignore_index=True)


def beside(one: pd.DataFrame, other: pd.DataFrame, whose: tuple[str, str]) -> pd.DataFrame:
    """The rows of both with a column ``whose``."""
    return pd.concat([one.assign(whose=whose[0]), other.assign(whose=whose[1])], ignore_index=True)
