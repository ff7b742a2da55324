"""One line per class or team: what it brought and how well it is seen. The index of the first page."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

SCORES = ("map50", "map50_95")


def glance(
    key: str, names: Sequence[str], boxes: pd.DataFrame, scores: pd.DataFrame, findings: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Counts and scores side by side.

    Args:
        key: ``class_name`` or ``team``, a column of ``boxes``, ``scores`` and ``findings``.
        names: the lines in order.
        boxes: true boxes; may be empty.
        scores: rows of one run in per_class or per_team; may be empty.
        findings: where given, their number is a column.

    Returns:
        name, images (with such a box), boxes, findings, map50, map50_95; NaN where nothing is known.
    """
    table = pd.DataFrame({"name": list(names)})
    table["images"] = table["name"].map(boxes.groupby(key)["image"].nunique()).fillna(0).astype(int)
    table["boxes"] = table["name"].map(boxes[key].value_counts()).fillna(0).astype(int)
    if findings is not None:
        table["findings"] = table["name"].map(findings[key].value_counts()).fillna(0).astype(int)
    mine = scores.drop_duplicates(key).set_index(key)
    for score in SCORES:
        table[score] = table["name"].map(mine[score]).astype(float)
    return table
