"""Locks between the lanes of one user on one machine, on a disk of that machine.

Not in the matrix's folder: on a shared disk a lock may outlive whoever held it, and some file servers lock nothing.
"""

from __future__ import annotations

import getpass
import os
import sys
import tempfile
from pathlib import Path


def lock_path(name: str) -> Path:
    """Where the lock of that name is, for `labtools.core.locks.held`."""
    return Path(tempfile.gettempdir()) / f"labtools-{_user()}" / f"{name}.lock"


def _user() -> str:
    if sys.platform == "win32":
        return getpass.getuser()
    return str(os.getuid())  # in a container the user may have no name
