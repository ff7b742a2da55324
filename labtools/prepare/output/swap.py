"""A folder that is written aside and takes the old one's place at once: the old or the new, never a half."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from labtools.core.errors import LabError
from labtools.core.files import read_json


def check_target(out: Path, submissions: Path) -> None:
    """Refuse to write where something else lies, before any work is done.

    Raises:
        LabError: ``out`` is not labtools' own, or the two folders lie in one another.
    """
    target, source = out.resolve(), submissions.resolve()
    if target == source or target.is_relative_to(source) or source.is_relative_to(target):
        raise LabError(
            "the dataset and the submissions lie in one another", out, "Give --out a folder beside the submissions."
        )
    if not out.exists():
        return
    if not out.is_dir():
        raise LabError("this is a file, not a folder", out, "Give --out another name.")
    if any(out.iterdir()) and not is_ours(out):
        raise LabError(
            "this folder was not written by labtools: it is not replaced", out, "Give --out a new or empty folder."
        )


def is_ours(folder: Path) -> bool:
    """Did labtools write this dataset? Only such a folder is ever replaced."""
    try:
        content = read_json(folder / "dataset.json")
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "layout" in content and "labtools" in content


def recover(target: Path) -> None:
    """Finish what an interruption between two renames left: the old dataset comes back under its name."""
    old = target.with_name(f".{target.name}.old")
    if not target.exists() and is_ours(old):
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def swap(aside: Path, target: Path) -> None:
    """The folder ``aside`` becomes ``target``; what lay there is removed. Call `recover` before writing aside."""
    old = target.with_name(f".{target.name}.old")
    if not target.exists():
        aside.rename(target)
    elif _exchange(aside, target):
        shutil.rmtree(aside)
    else:
        target.rename(old)
        aside.rename(target)
        shutil.rmtree(old)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two folders in one step (Linux, renameat2 with RENAME_EXCHANGE); False where that is not possible."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # an older C library
            rename = ctypes.CDLL(None, use_errno=True).renameat2
            at_cwd, exchange = -100, 2
            return bool(rename(at_cwd, os.fsencode(first), at_cwd, os.fsencode(second), exchange) == 0)
    return False
