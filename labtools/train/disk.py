"""Is there room on a disk for another training's checkpoints?"""

from __future__ import annotations

import shutil
from pathlib import Path

from labtools.core.words import memory

_FLOOR_BYTES = 2**30
_FLOOR_SHARE = 0.05
"""A training writes three checkpoints of up to half a gigabyte each; of a small disk, a share is kept free."""


def why_full(folder: Path) -> str:
    """A sentence on the disk of a folder while it has no room for another training, else "".

    Raises:
        OSError: the folder cannot be reached.
    """
    room = shutil.disk_usage(folder)
    floor = min(_FLOOR_BYTES, int(room.total * _FLOOR_SHARE))
    if room.free >= floor:
        return ""
    return f"the disk of {folder} is full: {memory(room.free)} are free, {memory(floor)} are needed"
