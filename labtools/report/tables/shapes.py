"""Rows about boxes one by one: COCO's small, medium and large at any image size, shapes, how many in one image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SIZES = ("small", "medium", "large")
EDGES = (32**2, 96**2)
"""Areas in square pixels at which small ends and large begins, https://cocodataset.org/#detection-eval."""

NATIVE = "native"
"""The label of the images as they were filmed, beside the image sizes of trainings."""

MOST_IN_IMAGE = 6
"""Images with so many boxes of a class or more are counted together."""

QUANTILES = {"p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}

Part = tuple[str, pd.DataFrame]
"""A label and its boxes, with ``image_width`` and ``image_height`` in pixels beside x y w h."""


def loaded_wh(wh: NDArray[Any], imgsz: int | None) -> NDArray[np.float64]:
    """Width and height of images as a training at ``imgsz`` sees them: (N, 2) pixels -> (N, 2) pixels.

    As `BaseDataset.load_image` of Ultralytics 8.4: the longer side becomes ``imgsz``, the other is rounded up. The
    grey bars of the letterbox change no box. None: as they are.
    """
    wh = np.asarray(wh, dtype=np.float64)
    if imgsz is None:
        return wh
    # Divided first and multiplied then, as there: floats round, and the last pixel depends on it.
    ratio = imgsz / wh.max(axis=1, keepdims=True, initial=1)
    return np.asarray(np.minimum(np.ceil(wh * ratio), imgsz), dtype=np.float64)


def pixel_areas(boxes: pd.DataFrame, imgsz: int | None) -> NDArray[np.float64]:
    """The area of every box in square pixels, in the image as filmed (None) or as seen at ``imgsz``."""
    wh = loaded_wh(boxes[["image_width", "image_height"]].to_numpy(), imgsz)
    return np.asarray((boxes[["w", "h"]].to_numpy(dtype=np.float64) * wh).prod(axis=1))


def size_shares(parts: Sequence[Part], image_sizes: Sequence[int]) -> pd.DataFrame:
    """How many boxes of each part are small, medium, large: as filmed, and at each image size.

    Returns:
        label, imgsz (`NATIVE` or the number as text), boxes, median_side (pixels: the square root of the median area),
        then for each of `SIZES` the boxes and their percentage (``small_pct``; NaN where there are no boxes).
    """
    rows = []
    for imgsz in (None, *image_sizes):
        for label, boxes in parts:
            areas = pixel_areas(boxes, imgsz)
            counts = np.bincount(np.digitize(areas, EDGES), minlength=len(SIZES))
            row: dict[str, object] = {"label": label, "imgsz": str(imgsz or NATIVE), "boxes": len(boxes)}
            row["median_side"] = float(np.sqrt(np.median(areas))) if len(areas) else float("nan")
            for size, count in zip(SIZES, counts.tolist(), strict=True):
                row |= {size: count, f"{size}_pct": 100 * count / len(boxes) if len(boxes) else float("nan")}
            rows.append(row)
    columns = ["label", "imgsz", "boxes", "median_side", *(c for s in SIZES for c in (s, f"{s}_pct"))]
    return pd.DataFrame(rows, columns=columns)


def size_table(shares: pd.DataFrame) -> pd.DataFrame:
    """`size_shares`, one row per label: label, boxes, then ``<imgsz>_small``, ... in percent for every image size."""
    image_sizes = list(dict.fromkeys(shares["imgsz"]))
    table: pd.DataFrame = shares[shares["imgsz"] == image_sizes[0]].reset_index(drop=True)
    table = table[["label", "boxes", "median_side"]].copy()
    for imgsz in image_sizes:
        mine = shares[shares["imgsz"] == imgsz]
        for size in SIZES:
            table[f"{imgsz}_{size}"] = mine[f"{size}_pct"].to_numpy()
    return table


def aspect_ratios(boxes: pd.DataFrame) -> NDArray[np.float64]:
    """Width over height of every box in pixels: above 1 it lies, below 1 it stands. NaN for a box without height."""
    w = boxes["w"].to_numpy(dtype=np.float64) * boxes["image_width"].to_numpy(dtype=np.float64)
    h = boxes["h"].to_numpy(dtype=np.float64) * boxes["image_height"].to_numpy(dtype=np.float64)
    return np.asarray(np.divide(w, h, out=np.full_like(w, np.nan), where=h > 0))


def ratio_spans(parts: Sequence[Part]) -> pd.DataFrame:
    """The spread of aspect ratios: label, boxes, `QUANTILES`, lying_pct (wider than high); NaN without boxes."""
    rows = []
    for label, boxes in parts:
        ratios = aspect_ratios(boxes)
        ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
        known = len(ratios) > 0
        spans = np.quantile(ratios, list(QUANTILES.values())) if known else np.full(len(QUANTILES), np.nan)
        lying = 100 * float((ratios > 1).mean()) if known else float("nan")
        spread = dict(zip(QUANTILES, spans.tolist(), strict=True))
        rows.append({"label": label, "boxes": len(boxes), **spread, "lying_pct": lying})
    return pd.DataFrame(rows, columns=["label", "boxes", *QUANTILES, "lying_pct"])


def boxes_in_image(parts: Sequence[Part]) -> pd.DataFrame:
    """Of the images that show a part at all, how many hold one, two ... of its boxes.

    Returns:
        label, boxes (1 .. `MOST_IN_IMAGE`, the last one meaning so many or more), images, share (0..1 of the label's
        images); a row for every number, none for a label without boxes.
    """
    rows = []
    for label, boxes in parts:
        if boxes.empty:
            continue
        numbers = boxes["image"].value_counts().to_numpy().clip(max=MOST_IN_IMAGE)
        counts = np.bincount(numbers, minlength=MOST_IN_IMAGE + 1)[1:].tolist()
        rows += [(label, i + 1, count, count / len(numbers)) for i, count in enumerate(counts)]
    return pd.DataFrame(rows, columns=["label", "boxes", "images", "share"])
