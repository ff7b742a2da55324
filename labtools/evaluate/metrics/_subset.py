"""Precision and recall of any part of a split, from the one table of predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools import yolo
from labtools.artifacts.predictions import TP_COLUMNS
from labtools.evaluate.truth import Truth


def precision_recall(truth: Truth, predictions: pd.DataFrame) -> yolo.PrecisionRecall:
    """Ultralytics' `ap_per_class` for this truth and these predictions, which must be of its images only.

    Whether a prediction is a true positive is decided within its image, so it does not depend on the part: the
    figures of a part are those that a `val()` on a list of its images would give.
    """
    return yolo.precision_recall(
        predictions[list(TP_COLUMNS)].to_numpy(dtype=np.bool_),
        predictions["conf"].to_numpy(dtype=np.float32),
        predictions["class_id"].to_numpy(dtype=np.int32),
        truth.boxes["class_id"].to_numpy(dtype=np.int64),
    )
