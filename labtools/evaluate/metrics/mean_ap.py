"""Precision, recall, F1 and average precision: overall, per class, per team.

Definitions, all as in Ultralytics' `val()`, so that these figures equal those that students see while training:

* A prediction is a *true positive* at an IoU threshold if it claims a true box of its class and image that no more
  confident prediction has claimed. (One claim per box, as in PASCAL VOC and COCO.)
* *AP* is the area under the precision-recall curve with precision made monotonic, read at 101 recalls (COCO) and
  summed by trapezoids. *mAP50* and *mAP75* are means over classes at IoU .50 and .75; *mAP50-95* is also the mean
  over the ten thresholds .50, .55 ... .95. COCO's own tool averages the 101 precisions instead of summing
  trapezoids, and differs in the third decimal.
* *Precision*, *recall* and *F1* are read at IoU .50 and at the one confidence where the mean F1 over classes
  (smoothed) is best, **not** at the confidence that `labtools detect` uses. Overall they are means over classes.
* Classes without a true box in the split take no part in any mean; they are listed with NaN and 0 instances.
* A *team* is the images that it handed in for one class folder, with every true box in them, also of other classes.
  Its best confidence is its own.

Sources: Everingham et al., The PASCAL VOC Challenge, IJCV 2010; Lin et al., Microsoft COCO, ECCV 2014;
ultralytics/utils/metrics.py, `ap_per_class`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from labtools.artifacts.results import PER_CLASS, PER_TEAM, RESULTS
from labtools.evaluate.metrics import Tables
from labtools.evaluate.metrics._subset import precision_recall
from labtools.evaluate.truth import Truth, part_of
from labtools.yolo import PrecisionRecall

TABLES = {"results": RESULTS, "per_class": PER_CLASS, "per_team": PER_TEAM}
SCORES = ["precision", "recall", "f1", "map50", "map75", "map50_95"]
_AT_75 = 5  # column of IoU .75 among .50, .55 ... .95


def compute(truth: Truth, predictions: pd.DataFrame) -> Tables:
    """One row overall, one per class of the dataset, one per team and class folder (both in order)."""
    return {
        "results": pd.DataFrame([overall(truth, predictions)]),
        "per_class": _per_class(truth, precision_recall(truth, predictions)),
        "per_team": _per_team(truth, predictions),
    }


def overall(truth: Truth, predictions: pd.DataFrame) -> dict[str, float]:
    """images, instances and `SCORES` (means over classes) of this truth and the predictions for its images."""
    counts = {"images": len(truth.images), "instances": len(truth.boxes)}
    return counts | _means(precision_recall(truth, predictions))


def _scores(pr: PrecisionRecall) -> pd.DataFrame:
    """One row of `SCORES` per class that has a target, indexed by class id."""
    columns = (pr.precision, pr.recall, pr.f1, pr.ap[:, 0], pr.ap[:, _AT_75], pr.ap.mean(axis=1))
    return pd.DataFrame(dict(zip(SCORES, columns, strict=True)), index=pr.class_ids)


def _means(pr: PrecisionRecall) -> dict[str, float]:
    """Means over the classes that have a target; NaN where none has."""
    scores = _scores(pr)
    return {name: float(scores[name].mean()) if len(scores) else np.nan for name in SCORES}


def _per_class(truth: Truth, pr: PrecisionRecall) -> pd.DataFrame:
    ids = list(truth.names)
    by_class = truth.boxes.groupby("class_id")["image"]
    rows = _scores(pr).reindex(ids)
    rows.insert(0, "class_id", ids)
    rows.insert(1, "class_name", [truth.names[i] for i in ids])
    rows.insert(2, "images", by_class.nunique().reindex(ids, fill_value=0))
    rows.insert(3, "instances", by_class.size().reindex(ids, fill_value=0))
    return rows.reset_index(drop=True)


def _per_team(truth: Truth, predictions: pd.DataFrame) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for (team, folder), images in truth.images.groupby(["team", "class_folder"], sort=True):
        seen = predictions[predictions["image"].isin(images["image"])]
        rows.append({"team": team, "class_folder": folder} | overall(part_of(truth, images), seen))
    return pd.DataFrame(rows)
