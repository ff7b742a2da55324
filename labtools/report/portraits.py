"""The best-looking box of each class, for the collage: of middle size, whole, sharp."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from labtools.core.boxes import area
from labtools.core.draw import Image
from labtools.report.examples import Example, box_example
from labtools.report.pictures import CROP_MARGIN, read_image

CANDIDATES = 10
"""Boxes of a class that are looked at; the sharpest is shown."""

SIDE = 128
"""Pixels of a crop's longer side when sharpness is measured, so that large and small boxes compare."""

_BORDER = 0.01  # a box nearer to the border of its image may be cut off
_SMALL = 40  # pixels: a crop of less is all blocks


def choose_portraits(root: Path, truth: pd.DataFrame, classes: Sequence[str]) -> tuple[Example, ...]:
    """One box for each class that has any, in the order of ``classes``; the same ones for the same dataset.

    Args:
        root: the dataset's folder.
        truth: `labtools.report.examples.add_pixels` of its boxes, with ``image_width`` and ``image_height``.
    """
    truth = truth.reset_index(drop=True)
    truth = truth.assign(covered=covered(truth))
    by_class = dict(list(truth.groupby("class_name")))
    wanted = [candidates(by_class[name]) for name in classes if name in by_class]
    with ThreadPoolExecutor(max_workers=4) as pool:  # OpenCV decodes outside Python's lock
        sharp = list(pool.map(lambda e: sharpness(root / e.image, e.xyxy), [e for group in wanted for e in group]))
    chosen = []
    for group in wanted:
        scores, sharp = sharp[: len(group)], sharp[len(group) :]
        chosen.append(group[int(np.argmax(scores))])  # the first of equals
    return tuple(chosen)


def candidates(truth: pd.DataFrame, count: int = CANDIDATES) -> list[Example]:
    """Boxes of one class, the likelier portraits first: away from the border, not tiny, alone, near the upper third of
    its sizes; one of each sequence before a second of any.

    ``truth`` has also ``covered``, see `covered`.
    """
    sizes = truth["w"] * truth["h"]
    w, h = truth["x2"] - truth["x1"], truth["y2"] - truth["y1"]
    room = np.minimum.reduce([truth["x1"], truth["y1"], truth["image_width"] - truth["x2"],
                              truth["image_height"] - truth["y2"]])  # fmt: skip
    cut = room < _BORDER * np.maximum(truth["image_width"], truth["image_height"])
    # `draw_crop` shows some of what surrounds a box: better if there is something, and nobody else.
    bare = room < CROP_MARGIN * np.maximum(w, h)
    rank = (sizes.rank(pct=True) - 0.65).abs()
    faults = 4 * cut + 4 * (np.minimum(w, h) < _SMALL) + 2 * truth["covered"] + bare
    rows = truth.assign(rank=rank, faults=faults).sort_values(["faults", "rank", "image"]).drop_duplicates("image")
    turn = rows.groupby(["team", "sequence"]).cumcount()
    rows = rows.assign(turn=turn).sort_values(["faults", "turn", "rank", "image"])
    return [box_example(row) for row in rows.head(count).itertuples()]


def covered(truth: pd.DataFrame) -> pd.Series:
    """Whether another box lies over more than a tenth of a box, so that its crop shows two objects."""
    several = truth[truth["image"].duplicated(keep=False)].reset_index(names="row")
    columns = ["row", "image", "x1", "y1", "x2", "y2"]
    pairs = several[columns].merge(several[columns], on="image", suffixes=("", "_other"))
    pairs = pairs[pairs["row"] != pairs["row_other"]]
    corners = ["x1", "y1", "x2", "y2"]
    own = pairs[corners].to_numpy(dtype=float)
    other = pairs[[f"{c}_other" for c in corners]].to_numpy(dtype=float)
    shared = np.minimum(own[:, 2:], other[:, 2:]) - np.maximum(own[:, :2], other[:, :2])
    over = shared.clip(min=0).prod(axis=1) > 0.1 * area(own)
    return pd.Series(truth.index.isin(pairs["row"][over]), index=truth.index)


def sharpness(path: Path, xyxy: Sequence[float]) -> float:
    """How sharp a box's pixels are: the variance of the Laplacian of the crop at `SIDE` pixels; -1 if unreadable.

    Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000. A small blur first keeps a sensor's
    noise from passing for detail.
    """
    x1, y1, x2, y2 = xyxy
    longer = max(x2 - x1, y2 - y1)
    reduce = next((r for r in (8, 4, 2) if longer / r >= SIDE), 1)
    image = read_image(path, reduce)
    if image is None:
        return -1.0
    left, top, right, bottom = (round(v / reduce) for v in (x1, y1, x2, y2))
    crop: Image = image[max(0, top) : max(bottom, top + 1), max(0, left) : max(right, left + 1)]
    if not crop.size:
        return -1.0
    scale = SIDE / max(crop.shape[:2])
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return float(cv2.Laplacian(cv2.GaussianBlur(small, (3, 3), 0), cv2.CV_64F).var())
