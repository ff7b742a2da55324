"""Keeping what a later attempt goes on from, and putting a run folder back to where that was.

Ultralytics replaces ``last.pt`` and ``best.pt`` by new files each time (see `labtools.yolo.trainer`), so a second name
of the old ones, a hard link, keeps them for nothing.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labtools.artifacts.checkpoint import Kept, kept_files, read_kept, write_kept
from labtools.core.files import replace, sweep_halves, write_text

# What Ultralytics leaves in a run folder. Only these are cleared before a new start, never what people put there.
_ULTRALYTICS_FILES = ("args.yaml", "results.csv", "events.out.tfevents.*", "*.png", "*.jpg", "weights")


def keep(folder: Path, kept: Kept) -> None:
    """Keep ``last.pt`` and ``best.pt`` as they are now; what was kept before goes."""
    weights = folder / "weights"
    _second_name(weights / "best.pt", kept.best(folder))
    _second_name(weights / "last.pt", kept.last(folder))
    write_kept(folder, kept)
    for path in kept_files(folder):
        if path.suffix == ".pt" and path not in (kept.last(folder), kept.best(folder)):
            path.unlink(missing_ok=True)


def put_back(folder: Path, kept: Kept) -> None:
    """Bring ``last.pt`` and ``best.pt`` back to what was kept, whatever has become of them."""
    for source, name in ((kept.last(folder), "last.pt"), (kept.best(folder), "best.pt")):
        _second_name(source, folder / "weights" / name)
    sweep_halves(folder / "weights", "")


def is_there(folder: Path) -> Kept | None:
    """What was kept, if its two files are there too."""
    kept = read_kept(folder)
    return kept if kept is not None and kept.last(folder).is_file() and kept.best(folder).is_file() else None


def clear_leftovers(folder: Path) -> None:
    """Remove what an earlier attempt of this run left, so that nothing of two trainings is mixed."""
    for pattern in _ULTRALYTICS_FILES:
        for path in folder.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def cut_results(folder: Path, epoch: int, remembered: Mapping[str, list[Any]]) -> float:
    """Cut results.csv after that epoch, one row for each, and return the last one's ``time`` in seconds.

    Args:
        folder: of the run.
        epoch: from 1.
        remembered: the same table as the checkpoint remembers it (column -> values), for rows that the disk has lost.
    """
    path = folder / "results.csv"
    head, rows = _read_rows(path)
    kept = {n: rows[n] for n in sorted(rows) if n <= epoch}
    if list(kept) != list(range(1, epoch + 1)) and remembered:
        head = list(remembered)
        table = zip(*remembered.values(), strict=True)
        kept = {int(row[0]): [f"{value:.6g}" for value in row] for row in table if int(row[0]) <= epoch}
    if not kept:
        return 0.0
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *(kept[n] for n in sorted(kept))])
    write_text(path, text.getvalue())
    column = [name.strip() for name in head].index("time")
    return float(kept[max(kept)][column])


def best_epoch(folder: Path) -> int:
    """The epoch of ``best.pt``, from 1, as results.csv tells: the last with the highest mAP50-95; 0: unknown."""
    head, rows = _read_rows(folder / "results.csv")
    names = [name.strip() for name in head]
    if "metrics/mAP50-95(B)" not in names:
        return 0
    column = names.index("metrics/mAP50-95(B)")
    return max(((float(row[column]), epoch) for epoch, row in rows.items()), default=(0.0, 0))[1]


def _read_rows(path: Path) -> tuple[list[str], dict[int, list[str]]]:
    """Head, and whole rows by epoch; of two for one epoch the later. A row that a kill has torn is left out."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return [], {}
    table = list(csv.reader(lines[:-1]))  # what follows the last line end is torn, or nothing
    head = table[0] if table else []
    whole = (row for row in table[1:] if len(row) == len(head) and row[0].strip().isdigit())
    return head, {int(row[0]): row for row in whole}


def _second_name(source: Path, target: Path) -> None:
    """Make ``target`` the same file as ``source``, or a copy of it where a disk has no hard links; atomic."""
    aside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    aside.unlink(missing_ok=True)
    try:
        os.link(source, aside)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, aside)
    replace(aside, target)
    aside.unlink(missing_ok=True)  # renaming one name of a file over another of the same leaves both (POSIX)
