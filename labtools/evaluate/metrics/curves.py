"""Precision, recall and F1 against confidence, and precision against recall, at IoU .50.

Each class with a true box in the split has two curves, and so has `OVERALL`, their mean:

* kind ``conf``: x is the confidence threshold, precision, recall and F1 are those of all predictions above it;
* kind ``recall``: x is a recall, precision is the best at that recall or a higher one (the curve under which AP lies).

Ultralytics computes 1000 points; 101 of them (evenly spread, ends included) draw the same picture in a tenth of the
space. Source: ultralytics/utils/metrics.py, `ap_per_class`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labtools.artifacts.results import CURVES, OVERALL
from labtools.evaluate.metrics import Tables
from labtools.evaluate.metrics._subset import precision_recall
from labtools.evaluate.truth import Truth

TABLES = {"curves": CURVES}
POINTS = 101

Curve = NDArray[np.float64]


def compute(truth: Truth, predictions: pd.DataFrame) -> Tables:
    """Two curves of `POINTS` rows for the mean and for each class with a target, in class order."""
    pr = precision_recall(truth, predictions)
    keep = np.linspace(0, len(pr.x) - 1, POINTS).round().astype(int)
    x = pr.x[keep]
    per_class = (pr.precision_at_conf, pr.recall_at_conf, pr.f1_at_conf, pr.precision_at_recall)  # (C, 1000) each
    tables = [_pair(truth.names[int(c)], x, *[part[i, keep] for part in per_class]) for i, c in enumerate(pr.class_ids)]
    if tables:
        tables.insert(0, _pair(OVERALL, x, *[part.mean(axis=0)[keep] for part in per_class]))
    empty = pd.DataFrame(columns=["class_name", "kind", "x", "precision", "recall", "f1"])
    return {"curves": pd.concat(tables, ignore_index=True)[empty.columns] if tables else empty}


def _pair(name: str, x: Curve, precision: Curve, recall: Curve, f1: Curve, at_recall: Curve) -> pd.DataFrame:
    """The rows of one class, from curves of (`POINTS`,): against confidence, then against recall."""
    against_conf = pd.DataFrame({"kind": "conf", "x": x, "precision": precision, "recall": recall, "f1": f1})
    against_recall = pd.DataFrame({"kind": "recall", "x": x, "precision": at_recall, "recall": np.nan, "f1": np.nan})
    return pd.concat([against_conf, against_recall]).assign(class_name=name)
