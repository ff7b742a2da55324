"""One process at a time; the lock is the kernel's, so it falls with the process however that ends."""

from __future__ import annotations

import getpass
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_LOOK_EVERY_S = 0.1


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold the lock of this file while the block runs; yields False where another process already does.

    The file stays: removing it would let two processes hold locks of two files of one name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        is_ours = _lock(file)
        try:
            yield is_ours
        finally:
            if is_ours:
                _unlock(file)


@contextmanager
def awaited(path: Path, patience_s: float) -> Iterator[bool]:
    """`held`, after waiting for whoever has it; yields False if that takes longer than ``patience_s``."""
    end = time.monotonic() + patience_s
    while True:
        with held(path) as is_ours:
            if is_ours or time.monotonic() > end:
                yield is_ours
                return
        time.sleep(_LOOK_EVERY_S)


def lock_path(name: str) -> Path:
    """Where the lock of that name is, between the processes of one user on one machine: on a disk of that machine.

    Not in a shared folder: on a shared disk a lock may outlive whoever held it, and some file servers lock nothing.
    """
    return Path(tempfile.gettempdir()) / f"labtools-{_user()}" / f"{name}.lock"


def _user() -> str:
    if sys.platform == "win32":
        return getpass.getuser()
    else:
        return str(os.getuid())  # in a container the user may have no name


def _lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlock(file: IO[bytes]) -> None:
    """Closing does it too; on Windows not at once."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
