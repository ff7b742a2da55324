"""The folders of the submissions as the disk lists them: plain files with their stamps, and nothing understood.

Imports next to nothing, as a second process does this while the first one still imports, see `scout`.
"""

from __future__ import annotations

import marshal
import os
import sys
from typing import NamedTuple

from labtools.core.files import hash_bytes


class Folder(NamedTuple):
    """One folder that holds nothing but plain files and folders.

    Attributes:
        names: of its files, in the order of the disk.
        stamps: of its files: bytes, time of the last change of the content (ns), inode.
        folders: names of the folders in it.
        modes: its own permissions, then those of its files.
    """

    names: list[str]
    stamps: list[tuple[int, int, int]]
    folders: list[str]
    modes: list[int]


class Listing(NamedTuple):
    """All folders below one.

    Attributes:
        folders: by their paths on disk; those with links, pipes or trouble in them are absent, and all below them.
        files: how many there are.
        digest: changes when any of this does; ``""`` if a folder is absent.
        packed: `folders`, for `unpacked` in another process.
    """

    folders: dict[str, Folder]
    files: int
    digest: str
    packed: bytes


def list_all(root: str) -> Listing:
    """Every folder below ``root``, itself included."""
    folders: dict[str, Folder] = {}
    todo, is_whole = [root], True
    while todo:
        disk = todo.pop()
        folder = list_folder(disk)
        if folder is None:
            is_whole = False
            continue
        folders[disk] = folder
        todo += [base_of(disk) + name for name in folder.folders]
    # Version 2 of the format writes equal values equally; later ones write shared objects once.
    packed = marshal.dumps([(disk[len(root) :], *folder) for disk, folder in folders.items()], 2)
    files = sum(len(folder.names) for folder in folders.values())
    return Listing(folders, files, hash_bytes(packed) if is_whole else "", packed)


def unpacked(root: str, packed: bytes) -> dict[str, Folder]:
    """`Listing.folders` of that root."""
    return {root + inner: Folder(*folder) for inner, *folder in marshal.loads(packed)}  # noqa: S302  our own listing


def base_of(disk: str) -> str:
    """What the paths of a folder's files begin with."""
    return disk if disk.endswith(os.sep) else disk + os.sep


def list_folder(disk: str) -> Folder | None:
    """One folder; None if somebody has to look at it entry by entry."""
    try:
        if sys.platform == "win32":
            return _listed(disk, os.stat(disk).st_mode)  # noqa: PTH116
        else:
            handle = os.open(disk, os.O_RDONLY | os.O_DIRECTORY)
            try:  # spares the way to the folder for each of its files
                return _listed(handle, os.fstat(handle).st_mode)
            finally:
                os.close(handle)
    except OSError:
        return None


def _listed(folder: str | int, mode: int) -> Folder | None:
    names, stamps, folders, modes = [], [], [], [mode]
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                names.append(entry.name)
                stamps.append((status.st_size, status.st_mtime_ns, status.st_ino))
                modes.append(status.st_mode)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                return None
    return Folder(names, stamps, folders, modes)
