"""The confusion matrix: which class is taken for which, what is missed, what is imagined.

Predictions above confidence .25 claim true boxes whatever their class: in descending confidence, each takes the
unclaimed box that it overlaps most, if their IoU is above .45. A claimed box counts at (true class, predicted class),
an unclaimed one at (true class, `BACKGROUND`): missed; a prediction without a box at (`BACKGROUND`, predicted class):
imagined. Source: ultralytics/utils/metrics.py, `ConfusionMatrix.process_batch` with its default thresholds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labtools.artifacts.results import BACKGROUND, CONFUSION
from labtools.core.boxes import Boxes, iou_matrix
from labtools.evaluate.metrics import Tables
from labtools.evaluate.truth import XYXY, Truth

TABLES = {"confusion": CONFUSION}
CONF = 0.25
IOU = 0.45


def compute(truth: Truth, predictions: pd.DataFrame) -> Tables:
    """One row per cell, all cells, true classes in id order and `BACKGROUND` last; background twice is always 0."""
    labels = [*truth.names.values(), BACKGROUND]
    counts = _count_pairs(truth, predictions[predictions["conf"] > CONF])
    cells = [(t, p, int(counts[i, j])) for i, t in enumerate(labels) for j, p in enumerate(labels)]
    return {"confusion": pd.DataFrame(cells, columns=["true", "predicted", "count"])}


def _count_pairs(truth: Truth, sure: pd.DataFrame) -> NDArray[np.int64]:
    """(C + 1, C + 1) counts, [true, predicted] in the order of ``truth.names``, background last."""
    ids = pd.Index(list(truth.names))
    background = len(ids)
    counts = np.zeros((background + 1, background + 1), dtype=np.int64)
    true, predicted = (ids.get_indexer(pd.Index(rows["class_id"])) for rows in (truth.boxes, sure))
    boxes, seen = (rows[XYXY].to_numpy(dtype=np.float64) for rows in (truth.boxes, sure))
    conf = sure["conf"].to_numpy()
    # Plain arrays: one data frame per image would take ten times as long (8 s for 6,000 images).
    for here, there in zip(_rows_of_images(truth, truth.boxes), _rows_of_images(truth, sure), strict=True):
        claims = _claims(boxes[here], seen[there], conf[there])
        for box, claim in zip(here, claims, strict=True):
            counts[true[box], predicted[there[claim]] if claim >= 0 else background] += 1
        for imagined in np.delete(there, claims[claims >= 0]):
            counts[background, predicted[imagined]] += 1
    return counts


def _rows_of_images(truth: Truth, rows: pd.DataFrame) -> list[NDArray[np.intp]]:
    """For each image of the truth, the positions of its rows, in their order."""
    image = pd.Index(truth.images["image"]).get_indexer(pd.Index(rows["image"]))
    order = np.argsort(image, kind="stable")
    return np.split(order, np.searchsorted(image[order], np.arange(1, len(truth.images))))


def _claims(boxes: Boxes, seen: Boxes, conf: NDArray[np.float32]) -> NDArray[np.int64]:
    """Which prediction claims each true box: (M,) indices into the N predictions, -1 for none.

    Args:
        boxes: (M, 4) true, xyxy.
        seen: (N, 4) predicted, xyxy.
        conf: (N,) 0..1.
    """
    claims = np.full(len(boxes), -1, dtype=np.int64)
    iou = iou_matrix(boxes, seen)
    for candidate in np.argsort(-conf, kind="stable") if len(boxes) else ():
        best = iou[:, candidate].argmax()
        if iou[best, candidate] > IOU:
            claims[best] = candidate
            iou[best] = 0
    return claims
