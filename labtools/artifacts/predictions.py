"""The predictions table: what one inference pass of one run over one split saw.

``runs/<matrix>/results/<split>/<run_id>/predictions.parquet``, one row per predicted box.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from labtools.core.files import replace

IOU_THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
TP_COLUMNS = tuple(f"tp{round(100 * t)}" for t in IOU_THRESHOLDS)

COLUMNS = {
    "image": "str",  # path in the dataset, as in the manifest
    "class_id": "int32",
    "conf": "float32",  # 0..1, descending within an image
    "x1": "float32",  # xyxy, pixels of the original image
    "y1": "float32",
    "x2": "float32",
    "y2": "float32",
    # tp50 ... tp95: bool, is it a true positive at that IoU, by Ultralytics' matching
    **dict.fromkeys(TP_COLUMNS, "bool"),
}


def write_predictions(path: Path, predictions: pd.DataFrame) -> None:
    """Write the table (atomically), typed as `COLUMNS`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".tmp")
    predictions[list(COLUMNS)].astype(COLUMNS).to_parquet(aside, index=False, compression="zstd")
    replace(aside, path)


def read_predictions(path: Path) -> pd.DataFrame:
    """Read the table back, typed as `COLUMNS`."""
    return pd.read_parquet(path).astype(COLUMNS)


def empty_predictions() -> pd.DataFrame:
    """A table without rows, typed as `COLUMNS`."""
    return pd.DataFrame({c: pd.Series(dtype=t) for c, t in COLUMNS.items()})
