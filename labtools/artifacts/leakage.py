"""How near each val and test picture is to the training pictures: two tables beside the manifest of a dataset.

::

    datasets/<name>/
      leakage.csv            one row per val and test picture, see `LEAKAGE_COLUMNS`
      leakage_summary.csv    one row per team, per class folder and for all, each with val and test apart and together

"Near by time" means: the training picture of the same team and sequence whose frame number is nearest. "Near by look"
means: the training picture of the whole dataset with the nearest 64-bit perceptual hash, also when mirrored; unrelated
pictures lie around 15 to 18 bits apart, the same scene below `NEAR_BITS`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from labtools.core.errors import LabError

if TYPE_CHECKING:
    import pandas as pd

FRAMES_PER_SECOND = 30
"""Of the course's videos: what turns a frame gap into seconds."""

NEAR_BITS = 10
"""Up to this distance two pictures show the same scene: 2 % crops, mirrored copies, other sizes and qualities do."""

GAPS = (1, 5, 30)
"""Frame gaps whose shares the summary gives."""

LEAKAGE_COLUMNS = {
    "image": "str",  # a val or test picture, its path in the dataset
    "split": "str",  # val, test
    "class_folder": "str",
    "team": "str",
    "sequence": "str",
    "frame": "Int64",  # <NA> where the name has no number
    "nearest_frame_image": "str",  # nearest training picture of its sequence, "" where the sequence has none
    "frame_gap": "Int64",  # |difference of frame numbers|
    "picture_gap": "Int64",  # the same counted in pictures of the sequence: 1 is its neighbour
    "seconds": "float64",  # frame_gap at FRAMES_PER_SECOND
    "nearest_hash_image": "str",  # training picture that looks most alike, "" where nothing could be compared
    "nearest_hash_team": "str",  # whose it is
    "hash_distance": "Int64",  # 0..64 bits
    "mirrored": "bool",  # it is the mirrored picture that is so near
    "exact": "bool",  # nearest_hash_image has the very same bytes
}

SUMMARY_COLUMNS = {
    "level": "str",  # team, class, all
    "class_folder": "str",  # "" on the level all
    "team": "str",  # "" on the levels class and all
    "split": "str",  # val, test, or "val+test"
    "images": "int64",
    "shared_sequence": "float64",  # of `images`, 0..1, NaN without images: a training picture is in its sequence
    "within_1": "float64",  # frame_gap at most 1
    "within_5": "float64",
    "within_30": "float64",
    "neighbour": "float64",  # picture_gap 1: the next or the previous picture of the sequence is trained on
    "near_look": "float64",  # hash_distance at most NEAR_BITS
    "exact": "int64",  # pictures whose very bytes are in train
    "median_gap": "float64",  # of frame_gap, where there is one
    "verdict": "str",  # see VERDICTS
}

VERDICTS = {
    "nothing to compare": "no val or test picture, or no training picture",
    "separate pictures": "numbered, but no frames of a video: only how they look says something",
    "sequence-wise": "no sequence is on both sides: the honest split",
    "look-alikes": "no sequence is on both sides, yet many pictures look like training pictures",
    "time blocks": "sequences are on both sides, in long pieces: only the seams leak",
    "leaky": "most pictures have a training picture right beside them in the video: the metrics will be too high",
}
"""What a row of the summary says in two words."""

SPLITS_OF_SUMMARY = ("val", "test", "val+test")


def leakage_path(dataset_root: Path) -> Path:
    return dataset_root / "leakage.csv"


def summary_path(dataset_root: Path) -> Path:
    return dataset_root / "leakage_summary.csv"


def leakage_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """The text of ``leakage.csv``, in the order given; None is an empty cell."""
    return _csv(LEAKAGE_COLUMNS, rows)


def summary_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """The text of ``leakage_summary.csv``, in the order given; shares with four decimals."""
    return _csv(SUMMARY_COLUMNS, rows)


def read_leakage(dataset_root: Path) -> pd.DataFrame:
    """``leakage.csv`` typed as `LEAKAGE_COLUMNS`; no rows where the dataset was written without it.

    Raises:
        LabError: the file lacks a column.
    """
    return _read(leakage_path(dataset_root), LEAKAGE_COLUMNS)


def read_leakage_summary(dataset_root: Path) -> pd.DataFrame:
    """``leakage_summary.csv`` typed as `SUMMARY_COLUMNS`; no rows where the dataset was written without it.

    Raises:
        LabError: the file lacks a column.
    """
    return _read(summary_path(dataset_root), SUMMARY_COLUMNS)


def _csv(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A share needs no seventeen digits; absent is an empty cell."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.4f}".rstrip("0").rstrip(".")
    return value


def _read(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        return pd.DataFrame({name: pd.Series(dtype=cast("Any", kind)) for name, kind in columns.items()})
    numbers = {name: [""] for name, kind in columns.items() if kind in {"Int64", "float64"}}
    dtypes = cast("dict[str, Any]", dict(columns))
    frame = pd.read_csv(path, dtype=dtypes, keep_default_na=False, na_values=numbers)
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise LabError(f"columns are missing: {', '.join(missing)}", path, "Run `labtools prepare` again.")
    return frame
