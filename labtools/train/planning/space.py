"""Is there room on the disk for all checkpoints of a matrix, and may they be written there?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from labtools.core.errors import LabError
from labtools.core.words import memory
from labtools.train.estimates import Network

_KEPT = 4  # bytes per parameter of a finished run: best.pt and last.pt, 16 bit
_AT_WORK = 24  # more, while it trains: best, last and the copy to resume from, each with the optimizer's state
_BESIDE = 15 * 2**20  # plots, events and logs of a run
_AT_ONCE = 8  # lanes


def bytes_needed(networks: Iterable[Network]) -> int:
    """Bytes that these runs will need below ``runs/``, at the worst moment."""
    parameters = sorted((network.parameters for network in networks), reverse=True)
    kept = sum(_KEPT * count + _BESIDE for count in parameters)
    return kept + sum(_AT_WORK * count for count in parameters[:_AT_ONCE])


def require_writable(root: Path, folders: Iterable[Path]) -> None:
    """Refuse what somebody else has begun and keeps to himself, and disks that can only be read.

    Args:
        root: the matrix's folder, of which nothing may exist yet.
        folders: in it, into which lanes will write.

    Raises:
        LabError: names the first folder that this user may not write to.
    """
    there = next(parent for parent in (root, *root.parents) if parent.is_dir())
    for folder in (there, *folders):
        if not os.access(folder, os.W_OK | os.X_OK):
            fix = "Have its owner open it to a group of yours (`chmod -R g+w`, and `umask 002` before training), "
            raise LabError("you may not write to this folder", folder, f"{fix}or give another with --runs-root.")


def require_space(folder: Path, needed: int) -> None:
    """Refuse a disk that is too small, of whatever of ``folder`` exists.

    Raises:
        LabError: with what is there and what is needed.
    """
    there = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise LabError(
            f"the disk is too full: the runs that are left need about {memory(needed)}, {memory(free)} are free",
            there,
            "Make room, or give another disk with --runs-root.",
        )
