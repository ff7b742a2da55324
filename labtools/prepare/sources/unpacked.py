"""Archives that cannot be read in place (compressed tars, archives in archives), unpacked once into a private folder.

The folder is created when first needed, in the system's place for temporary files (``TMPDIR``), readable by its
owner only, under names of our own; it goes with the tree, at the latest with the process that made it.
"""

from __future__ import annotations

import lzma
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from weakref import finalize

from labtools.core.sentences import Sentence
from labtools.prepare.config import Limits
from labtools.prepare.sources.listing import RefusedError
from labtools.prepare.sources.members import ArchiveError

_FREE = 16 << 20  # bytes that a bomb may have


class Budget:
    """What one archive on disk may still cost, with all that is packed inside it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._bytes = limits.total_mb << 20
        self.members = limits.members

    def take(self, size: int) -> None:
        """Raises: RefusedError, if that is too many bytes."""
        self._bytes -= size
        if self._bytes < 0:
            raise RefusedError(Sentence("it would unpack to more than {most} MB", most=self.limits.total_mb))

    def take_members(self, number: int) -> None:
        """Raises: RefusedError, if that is too many members."""
        self.members -= number
        if self.members < 0:
            raise RefusedError(Sentence("more than {most} members in all", most=self.limits.members))


class Copy(NamedTuple):
    """A file in the private folder: its path, bytes, CRC-32, and what ended it too early (None: it is whole)."""

    disk: str
    size: int
    crc: int
    trouble: Exception | None


class Unpacked:
    """Private copies, by the process that made them; other processes may read them, and never remove them."""

    def __init__(self) -> None:
        self._folder = ""
        self._count = 0
        self._remove: finalize[..., Unpacked] | None = None

    def write(self, pieces: Iterable[bytes], packed: int, budget: Budget) -> Copy:
        """A new file with these bytes, as far as they can be had.

        Args:
            packed: bytes before unpacking, by which the ratio is measured.

        Raises:
            RefusedError: the limits were passed while unpacking; nothing is left on disk.
            OSError: no room on the disk.
        """
        disk = self._new()
        size = crc = 0
        source = iter(pieces)
        try:
            with Path(disk).open("xb") as file:
                while (piece := _next(source)) and isinstance(piece, bytes):
                    size, crc = size + len(piece), zlib.crc32(piece, crc)
                    budget.take(len(piece))
                    if size > _FREE and size > budget.limits.ratio * packed:
                        raise _bomb(budget.limits.ratio)
                    file.write(piece)
        except BaseException:
            Path(disk).unlink(missing_ok=True)
            raise
        return Copy(disk, size, crc, piece if isinstance(piece, Exception) else None)

    def _new(self) -> str:
        if not self._folder:
            self._folder = tempfile.mkdtemp(prefix="labtools-")
            self._remove = finalize(self, _remove, self._folder, os.getpid())
        self._count += 1
        return f"{self._folder}/{self._count}"

    def close(self) -> None:
        """Remove the copies; the tree can no longer be read."""
        if self._remove is not None:
            self._remove()

    def __reduce__(self) -> tuple[type[Unpacked], tuple[()]]:
        """In another process it owns nothing: a `File` knows where its bytes are."""
        return Unpacked, ()


def _bomb(ratio: float) -> RefusedError:
    return RefusedError(Sentence("it unpacks to more than {ratio:.0f} times its size: a bomb", ratio=ratio))


def _next(source: Iterator[bytes]) -> bytes | Exception:
    """The next bytes, empty at the end, or why there are no more."""
    try:
        return next(source, b"")
    except (ArchiveError, zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        return error


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # not in a process that was forked from it
        shutil.rmtree(folder, ignore_errors=True)
