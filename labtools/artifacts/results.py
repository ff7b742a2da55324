"""The results: tables that evaluate writes and report reads, plain CSV that pandas opens.

::

    runs/<matrix>/results/
      <split>/
        results.csv        one row per run: its axes, overall metrics, speed
        per_class.csv      run_id x class
        per_team.csv       run_id x team
        curves.csv         run_id x class x threshold: P, R, F1 against confidence; P against R
        confusion.csv      run_id x true class x predicted class
        <run_id>/          the same tables for one run, its predictions.parquet and evaluation.json
      speed.csv            one row per run: ms per image, timed apart from the pass
      study.csv            one row per run and image size: mAP against latency
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from labtools.core.errors import LabError
from labtools.core.files import write_text
from labtools.core.spreadsheets import inert_table, meant_table

RESULTS = (
    "run_id", "model", "freeze", "imgsz", "batch", "epochs", "seed", "split", "images", "instances",
    "precision", "recall", "f1", "map50", "map75", "map50_95",
    "preprocess_ms", "inference_ms", "postprocess_ms", "parameters", "gflops", "layers", "weights_mb",
    "fingerprint",  # of the dataset that it was evaluated on: only rows with the same one can be compared
)  # fmt: skip
PER_CLASS = (
    "run_id", "split", "class_id", "class_name", "images", "instances", "precision", "recall", "f1", "map50", "map75",
    "map50_95",
)  # fmt: skip
PER_TEAM = (
    "run_id", "split", "team", "class_folder", "images", "instances", "precision", "recall", "f1", "map50", "map75",
    "map50_95",
)  # fmt: skip
# kind "conf": x is the confidence threshold; kind "recall": x is recall and only precision is set.
CURVES = ("run_id", "split", "class_name", "kind", "x", "precision", "recall", "f1")
# true or predicted is "background" for a false positive or a missed box; at conf 0.25, IoU 0.45.
CONFUSION = ("run_id", "split", "true", "predicted", "count")
SPEED = (
    "run_id", "model", "freeze", "imgsz", "batch_size", "device", "threads", "images",
    "preprocess_ms", "inference_ms", "postprocess_ms", "total_ms", "fps", "parameters", "gflops", "weights_mb",
)  # fmt: skip
STUDY = (
    "run_id", "model", "freeze", "trained_imgsz", "imgsz", "split", "map50", "map50_95",
    "preprocess_ms", "inference_ms", "postprocess_ms",
)  # fmt: skip

SPLIT_TABLES = {
    "results": RESULTS,
    "per_class": PER_CLASS,
    "per_team": PER_TEAM,
    "curves": CURVES,
    "confusion": CONFUSION,
}
MATRIX_TABLES = {"speed": SPEED, "study": STUDY}

BACKGROUND = "background"
OVERALL = "all"
"""The ``class_name`` of curves over all classes."""


def results_folder(matrix_root: Path) -> Path:
    return matrix_root / "results"


def split_folder(matrix_root: Path, split: str) -> Path:
    return results_folder(matrix_root) / split


def write_table(path: Path, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Write a table with exactly these columns in this order; floats keep six significant decimals."""
    write_text(
        path,
        inert_table(table.reindex(columns=list(columns))).to_csv(index=False, float_format="%.6g", lineterminator="\n"),
    )


def read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a table; an absent file is an empty table with these columns.

    ``run_id``, names and teams are strings; ``freeze`` is Int64 with <NA> for "all layers train".

    Raises:
        LabError: the file lacks a column.
    """
    if not path.is_file():
        return pd.DataFrame({c: pd.Series(dtype="object") for c in columns})
    text = {
        "run_id",
        "split",
        "class_name",
        "team",
        "class_folder",
        "model",
        "kind",
        "true",
        "predicted",
        "device",
        "fingerprint",
    }
    dtypes: dict[str, Any] = {c: "str" for c in columns if c in text}
    if "freeze" in columns:
        dtypes["freeze"] = "Int64"
    absent = {c: ["", "nan"] for c in columns if c not in text}
    frame = pd.read_csv(path, dtype=dtypes, keep_default_na=False, na_values=absent)
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise LabError(f"columns are missing: {', '.join(missing)}", path, "Run `labtools evaluate` again.")
    return meant_table(frame)


def read_split_table(matrix_root: Path, split: str, name: str) -> pd.DataFrame:
    """One of `SPLIT_TABLES` for all runs evaluated on a split."""
    return read_table(split_folder(matrix_root, split) / f"{name}.csv", SPLIT_TABLES[name])


def read_matrix_table(matrix_root: Path, name: str) -> pd.DataFrame:
    """One of `MATRIX_TABLES`."""
    return read_table(results_folder(matrix_root) / f"{name}.csv", MATRIX_TABLES[name])
