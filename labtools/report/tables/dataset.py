"""Rows about the dataset: how many, where, how large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from labtools.artifacts.dataset import SPLITS
from labtools.core.names import natural_key

BINS = 24
"""Heat maps count boxes on a grid of BINS x BINS."""


def images_by_folder(manifest: pd.DataFrame) -> pd.DataFrame:
    """The course's table. One row per class folder, then ``total``: class, train, train_pct, ..., total.

    Percentages are shares of the row's images. A dataset without class folders is one row, ``total``.
    """
    named = manifest[manifest["class_folder"] != ""]
    counts = _crosstab(named["class_folder"], named["split"])
    return _with_shares(counts, manifest["split"].value_counts(), "class")


def boxes_by_class(boxes: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """As `images_by_folder`, for boxes and classes, in id order; a class without boxes has a row of zeros."""
    counts = _crosstab(boxes["class_name"], boxes["split"]).reindex(list(classes), fill_value=0)
    return _with_shares(counts, boxes["split"].value_counts(), "class")


def images_by_team(manifest: pd.DataFrame) -> pd.DataFrame:
    """As `images_by_folder`, for teams."""
    named = manifest[manifest["team"] != ""]
    return _with_shares(_crosstab(named["team"], named["split"]), manifest["split"].value_counts(), "team")


def _crosstab(rows: pd.Series, splits: pd.Series) -> pd.DataFrame:
    counts = pd.crosstab(rows, splits).reindex(columns=list(SPLITS), fill_value=0)
    return counts.loc[sorted(counts.index, key=natural_key)]


def _with_shares(counts: pd.DataFrame, totals: pd.Series, key: str) -> pd.DataFrame:
    counts = pd.concat([counts, pd.DataFrame([totals.reindex(list(SPLITS), fill_value=0)], index=["total"])])
    whole = counts.sum(axis=1)
    table = pd.DataFrame({key: counts.index.astype(str)})
    for split in SPLITS:
        table[split] = counts[split].to_numpy(dtype="int64")
        table[f"{split}_pct"] = (100 * counts[split] / whole.where(whole > 0)).to_numpy(dtype="float64")
    table["total"] = whole.to_numpy(dtype="int64")
    return table


def long_counts(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """`boxes_by_class` or another such table as rows of (key, split, count), without the total."""
    body = table[:-1]
    return body.melt(key, list(SPLITS), var_name="split", value_name="count")


def boxes_per_image(manifest: pd.DataFrame) -> pd.DataFrame:
    """How many images hold 0, 1, 2 ... boxes: boxes, split, images. Ten and more are one row each as they are."""
    counted = manifest.groupby(["boxes", "split"]).size().rename("images").reset_index()
    return counted.astype({"boxes": "int64", "images": "int64"})


def heat(boxes: pd.DataFrame, columns: tuple[str, str], label: str) -> pd.DataFrame:
    """Boxes counted on a grid over two of x y w h (0..1): label, column, row, x_from, y_from, boxes; no empty cells."""
    x, y = (np.clip((boxes[c].to_numpy(dtype=float) * BINS).astype(int), 0, BINS - 1) for c in columns)
    counts = np.bincount(y * BINS + x, minlength=BINS * BINS)
    (full,) = counts.nonzero()
    row, column = np.divmod(full, BINS)
    cells = {"label": label, "column": column, "row": row, "boxes": counts[full]}
    return pd.DataFrame({**cells, "x_from": column / BINS, "y_from": row / BINS})


def heat_maps(parts: Sequence[tuple[str, pd.DataFrame]], columns: tuple[str, str]) -> pd.DataFrame:
    """`heat` of several sets of boxes, each with its label."""
    return pd.concat([heat(boxes, columns, label) for label, boxes in parts], ignore_index=True)


def findings_by_kind(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings counted: team, severity, code, action, count, example; worst first within a team."""
    if findings.empty:
        return pd.DataFrame(columns=["team", "severity", "code", "action", "count", "example"])
    grouped = findings.groupby(["team", "severity", "code", "action"], sort=True)
    table = grouped.agg(count=("message", "size"), example=("message", "first")).reset_index()
    rank = table["severity"].map({"error": 0, "warning": 1, "info": 2}).fillna(3)
    ordered = table.assign(rank=rank).sort_values(["team", "rank", "code", "action"], ignore_index=True)
    return ordered.drop(columns="rank")


_MEDIANS = ("median_x", "median_y", "median_w", "median_h", "median_area")
NO_BOXES: Mapping[str, float] = MappingProxyType(
    {"images": 0.0, "boxes": 0.0, **dict.fromkeys(("boxes_per_image", *_MEDIANS, "wider_than_high"), float("nan"))}
)
"""`box_summary` of nothing."""


def box_summaries(boxes: pd.DataFrame, key: str) -> dict[str, dict[str, float]]:
    """`box_summary` of the boxes of every value of a column; images are those with such a box."""
    return {str(name): box_summary(part, part["image"].nunique()) for name, part in boxes.groupby(key)}


def box_summary(boxes: pd.DataFrame, images: int) -> dict[str, float]:
    """What one class's or team's boxes are like: counts, medians of centre, size and area in 0..1, and the share that
    is wider than high in pixels (NaN if there are none).

    Args:
        boxes: with ``image_width`` and ``image_height``.
        images: how many images they are in.
    """
    lies = boxes["w"] * boxes["image_width"] > boxes["h"] * boxes["image_height"]
    area = boxes["w"] * boxes["h"]
    middle = {name: float(boxes[c].median()) for name, c in (("x", "x"), ("y", "y"), ("w", "w"), ("h", "h"))}
    return {
        "images": float(images),
        "boxes": float(len(boxes)),
        "boxes_per_image": len(boxes) / images if images else float("nan"),
        **{f"median_{key}": value for key, value in middle.items()},
        "median_area": float(area.median()),
        "wider_than_high": float(lies.mean()) if len(boxes) else float("nan"),
    }
