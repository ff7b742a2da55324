"""Some parts of a folder replaced by new ones, in a moment, without touching the others.

The new parts are written aside. Then a journal says what goes where, and a handful of renames do it. Whoever opens the
folder next finishes what an interruption between the first rename and the last has left: a folder is old until the
journal lies there, and new from then on.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from labtools.core.files import read_json, write_json

_JOURNAL = "update.json"
_GONE = ".gone"


def aside_of(target: Path) -> Path:
    """Where what becomes ``target`` is written: beside it, on the same disk."""
    return target.with_name(f".{target.name}.partial")


def update(target: Path, moves: Sequence[str], removals: Sequence[str]) -> None:
    """Bring parts over from `aside_of` the folder, which is removed.

    Args:
        target: an existing folder.
        moves: files and folders, relative to both; what lies there in ``target`` is replaced.
        removals: what ``target`` loses.
    """
    write_json(aside_of(target) / _JOURNAL, {"moves": list(moves), "removals": list(removals)})
    finish_update(target)


def finish_update(target: Path) -> bool:
    """Do what a journal beside the folder still asks for; False if there is none."""
    aside = aside_of(target)
    journal = aside / _JOURNAL
    if not journal.is_file():
        return False
    todo = read_json(journal)
    gone = aside / _GONE
    gone.mkdir(exist_ok=True)
    for number, name in enumerate(todo["removals"]):
        _take(target / name, gone / f"removed-{number}")
    for number, name in enumerate(todo["moves"]):
        if (aside / name).exists():  # else an earlier attempt has brought it
            _take(target / name, gone / f"replaced-{number}")
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (aside / name).rename(target / name)
    journal.unlink()
    for name in todo["removals"]:
        _remove_empty((target / name).parent, target)
    shutil.rmtree(aside)
    return True


def _take(path: Path, to: Path) -> None:
    if path.exists() and not to.exists():
        path.rename(to)


def _remove_empty(folder: Path, top: Path) -> None:
    """Folders that a removal has left empty."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
