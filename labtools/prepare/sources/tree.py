"""A folder of submissions as one flat table of files; an archive's members are files like all others.

Paths are relative to the submissions folder, with forward slashes; a member of an archive is
``velo/tic_et_tac/3.zip!/obj_train_data/frame_000001.txt``. Nothing is written beside the submissions.
"""

from __future__ import annotations

import errno
import lzma
import os
import stat
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from labtools.prepare.sources.members import ArchiveError, Member, read_member
from labtools.prepare.sources.near import Near
from labtools.prepare.sources.unpacked import Unpacked

READ_ERRORS = (OSError, ArchiveError, zlib.error, lzma.LZMAError, EOFError)
"""What `Tree.read` raises: the disk's troubles, and those of an archive that is damaged or lies."""

Stamp = tuple[int, int, int]
"""Of a file on disk: bytes, time of the last change of its content (ns), inode."""

# What was a file when the folder was listed may be a link or a pipe by now: neither is followed, or waited for.
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_MOST_FILES = 1 << 16
"""Bytes that hold a label or a picture of a course: one read each. From 128 KB on the memory for it is got from the
kernel and given back each time, which took longer than to read 40 KB."""

MOST_BYTES = 512 << 20
"""Of one file. A sparse one of a terabyte takes nothing on the student's disk, and all memory here."""

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".mpo"}
    | {".heic", ".heif", ".avif", ".jp2", ".ppm", ".pgm", ".dng"}
)


class File(NamedTuple):
    """One file of the tree.

    Attributes:
        path: see the module; what findings and the manifest show.
        disk: the file itself, or what holds its bytes: the archive, or our private copy of what was in one.
        member: where in that archive they are, None for a plain file.
        stamp: as the walk saw it; of the archive in the submissions for its members. Two walks that see the same
            stamps see the same bytes.
    """

    path: str
    disk: str
    member: Member | None = None
    stamp: tuple[int, int, int] = (0, 0, 0)

    @property
    def size(self) -> int:
        """Bytes, as the file system or the archive's directory said."""
        return self.stamp[0] if self.member is None else self.member.size

    def read(self, near: Near | None = None) -> bytes:
        """All bytes, from any thread or process; see `Near`. Raises `READ_ERRORS`."""
        return read_disk(self.disk, near) if self.member is None else read_member(self.disk, self.member)


@dataclass(frozen=True)
class Tree:
    """Files by path, in order; `under` gives the part below a folder, which is a tree again.

    `archives` holds what had to be unpacked to be read; when it is closed, the members of archives are gone.
    """

    files: Mapping[str, File]
    archives: Unpacked = field(default_factory=Unpacked, repr=False, compare=False)
    memo: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What somebody found out about all these files, by his name for it: looked at once, used by many."""

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def __contains__(self, path: object) -> bool:
        return path in self.files

    def read(self, path: str, near: Near | None = None) -> bytes:
        """All bytes of a file; see `Near`. Raises `READ_ERRORS`."""
        return self.files[path].read(near)

    @cached_property
    def _by_suffix(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.files:
            found.setdefault(suffix_of(path), []).append(path)
        return found

    def ending(self, *suffixes: str) -> list[str]:
        """The files with one of these suffixes (lower case, with the dot), in order."""
        found = [path for suffix in suffixes for path in self._by_suffix.get(suffix, ())]
        return found if len(suffixes) == 1 else sorted(found)

    @cached_property
    def images(self) -> list[str]:
        """The files whose names say picture, in order."""
        return self.ending(*IMAGE_SUFFIXES)

    def under(self, root: str) -> Tree:
        """The files below a folder (``""`` is everything)."""
        if not root:
            return self
        return Tree({path: self.files[path] for path in self.paths_under(root)}, self.archives)

    def paths_under(self, root: str) -> list[str]:
        """The paths of `under`, in order."""
        first, last = self._span(root)
        return self._paths[first:last]

    def count(self, root: str) -> int:
        """How many files there are below a folder."""
        first, last = self._span(root)
        return last - first

    @cached_property
    def _paths(self) -> list[str]:
        return list(self.files)

    def _span(self, root: str) -> tuple[int, int]:
        """Where the files below a folder begin and end among all."""
        if not root:
            return 0, len(self)
        # "0" is the character after "/"
        return bisect_left(self._paths, f"{root}/"), bisect_left(self._paths, f"{root}0")

    def without(self, paths: Iterable[str]) -> Tree:
        """A tree that lacks these files."""
        gone = frozenset(paths)
        return Tree({p: f for p, f in self.files.items() if p not in gone}, self.archives)


def read_disk(path: str, near: Near | None = None) -> bytes:
    """A whole file; `os.read` spares the buffer layer, which counts over 28,610 of them.

    Args:
        near: whoever may be in its folder already.

    Raises:
        OSError: it cannot be read, has become a link or a device, or is larger than `MOST_BYTES`.
    """
    handle = near.open(path, _READ) if near else os.open(path, _READ)
    try:
        data = os.read(handle, _MOST_FILES)
        return data if len(data) < _MOST_FILES else b"".join(_with_rest(handle, data, path))
    finally:
        os.close(handle)


def _with_rest(handle: int, begun: bytes, path: str) -> list[bytes]:
    """All pieces of an open file that goes on behind its beginning."""
    status, pieces, size = os.fstat(handle), [begun], len(begun)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no file any more", path)
    piece = begun
    while piece:
        if max(size, status.st_size) > MOST_BYTES:  # it may grow while it is read
            raise OSError(errno.EFBIG, f"it is larger than {MOST_BYTES >> 20} MB", path)
        piece = os.read(handle, max(_MOST_FILES, status.st_size - size))
        pieces.append(piece)
        size += len(piece)
    return pieces


def folder_of(path: str) -> str:
    """``a/b.zip!/c.txt`` -> ``a/b.zip!``; ``""`` for a file at the top."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


def below(path: str, root: str) -> str:
    """A path as the team sees it: from its own folder."""
    return path.removeprefix(f"{root}/") if root else path


def stem_of(path: str) -> str:
    """The file name without its last suffix."""
    name = name_of(path)
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def suffix_of(path: str) -> str:
    """The last suffix in lower case with its dot, ``""`` where there is none (``a.b/c``, ``.gitignore``)."""
    return _suffix_of(path.rpartition("/")[2])


@lru_cache(maxsize=1 << 14)  # the sequences of a cohort share their names
def _suffix_of(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower().strip()}" if dot and stem else ""


def is_image_name(path: str) -> bool:
    """Does the name say picture?"""
    return suffix_of(path) in IMAGE_SUFFIXES


def folders_of(paths: Iterable[str]) -> set[str]:
    """Every folder that holds something, at any depth."""
    found: set[str] = set()
    for folder in {path.rpartition("/")[0] for path in paths}:
        while folder and folder not in found:
            found.add(folder)
            folder = folder_of(folder)
    return found
