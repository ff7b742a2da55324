"""What was measured, under which conditions, and whether that still holds.

A record is a JSON file written last, so that a measurement without one never happened. Its ``key`` holds everything
that the figures depend on; as long as the key is the same, measuring again would tell nothing new.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.runs import Run
from labtools.core.files import hash_file, read_json, write_json

EVALUATION = "evaluation.json"
"""The record of a run's tables, beside them."""

Key = dict[str, Any]


def key_of(run: Run, dataset: Dataset, split: str, imgsz: int) -> Key:
    """What a measurement of accuracy depends on."""
    return {
        "run_id": run.run_id,
        "weights_hash": hash_file(run.best),
        "fingerprint": dataset.fingerprint,
        "split": split,
        "imgsz": imgsz,
    }


def read_record(path: Path) -> dict[str, Any]:
    """The record, or an empty one where there is none or it cannot be read (it is then measured again)."""
    try:
        record = read_json(path)
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def is_fresh(path: Path, key: Key) -> bool:
    """Was exactly this measured?"""
    return read_record(path).get("key") == key


def write_record(path: Path, key: Key, **facts: Any) -> None:
    """Write the record of a measurement that is complete."""
    write_json(path, {"key": key, **facts})
