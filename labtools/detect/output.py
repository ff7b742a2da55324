"""The folder of one detection: it appears under its name when all of it is there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from labtools.artifacts.detections import COLUMNS
from labtools.core.errors import LabError
from labtools.core.files import write_text
from labtools.core.names import folder_name
from labtools.core.spreadsheets import inert_table

RECORD = "detect.json"
TABLE = "detections.csv"


def default_name(source: Path) -> str:
    """The name of an output folder after its source."""
    return folder_name(source.absolute().stem if source.is_file() else source.absolute().name)


@contextmanager
def output_folder(out: Path, name: str, *, overwrite: bool) -> Iterator[tuple[Path, Path]]:
    """Yield (where to write, where it will be): a hidden folder that is renamed at the end.

    A taken name becomes ``name-2``, unless it is to be overwritten. On any trouble, Ctrl-C included, nothing is left.

    Raises:
        LabError: the name is not one folder name, or what is to be overwritten was not written by `labtools detect`.
    """
    if name in {"", ".", ".."} or Path(name).name != name or "\\" in name or name.startswith("."):
        raise LabError(
            f"{name!r} is not the name of a folder", None, "Give one name, without slashes: --name my_video."
        )
    if overwrite:
        _check_ours(out / name)
    aside, final = _claim(out, name, overwrite)
    try:
        yield aside, final
        if final.exists():
            shutil.rmtree(final)
        aside.rename(final)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _check_ours(folder: Path) -> None:
    """Never delete what somebody else put there."""
    if folder.exists() and not (folder / RECORD).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise LabError("this was not written by `labtools detect`, and stays", folder, "Choose another --name.")


def _claim(out: Path, name: str, overwrite: bool) -> tuple[Path, Path]:
    """Make the hidden folder of the first free name; two detections that start together get two names."""
    for number in count(1):
        final = out / (name if number == 1 else f"{name}-{number}")
        aside = out / f".{final.name}.part"
        if final.exists() and not (overwrite and number == 1):
            continue
        try:
            aside.mkdir(parents=True)
        except FileExistsError:
            continue
        return aside, final
    raise AssertionError("count() ended")


def write_detections(path: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write the detections table; rows are in the order of `COLUMNS`. Pixels keep 2 decimals, confidence 4."""
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    decimals = {"time_s": 6, "conf": 4, "x1": 2, "y1": 2, "x2": 2, "y2": 2}
    for column, places in decimals.items():
        table[column] = table[column].astype("float64").round(places)
    write_text(path, inert_table(table).to_csv(index=False, lineterminator="\n"))
