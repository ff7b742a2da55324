"""The tables of a matrix, put together from what lies on disk for each of its runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from labtools.artifacts import results
from labtools.core.files import hash_file
from labtools.evaluate.metrics import columns
from labtools.evaluate.records import EVALUATION, read_record


def assemble_split(root: Path, split: str) -> Path:
    """Write ``results/<split>/*.csv`` from the folders of all evaluated runs; return the table of runs.

    A run that was trained again since (its weights are not the evaluated ones) is left out; one whose folder is no
    longer here keeps its rows.
    """
    folder = results.split_folder(root, split)
    runs = [record.parent for record in sorted(folder.glob(f"*/{EVALUATION}")) if _is_current(record, root)]
    for name, wanted in columns().items():
        parts = [results.read_table(run / f"{name}.csv", wanted) for run in runs]
        parts = [part for part in parts if len(part)]
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(wanted))
        results.write_table(folder / f"{name}.csv", table, wanted)
    return folder / "results.csv"


def assemble_matrix(root: Path, name: str, pattern: str) -> Path:
    """Write ``results/<name>.csv`` (one of `results.MATRIX_TABLES`) from the records that a pattern matches."""
    records = results.results_folder(root).glob(pattern)
    rows: list[dict[str, Any]] = [read_record(path)["row"] for path in records if _is_current(path, root)]
    wanted = results.MATRIX_TABLES[name]
    table = pd.DataFrame(rows, columns=list(wanted)).sort_values(["run_id", "imgsz"], ignore_index=True)
    table["freeze"] = table["freeze"].astype("Int64")
    path = results.results_folder(root) / f"{name}.csv"
    results.write_table(path, table, wanted)
    return path


def _is_current(record: Path, root: Path) -> bool:
    """Were these the weights that the run has now?"""
    key = read_record(record).get("key", {})
    if "run_id" not in key:
        return False
    weights = root / str(key["run_id"]) / "weights" / "best.pt"
    return not weights.is_file() or hash_file(weights) == key.get("weights_hash")
