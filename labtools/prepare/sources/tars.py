"""Tar archives, listed without trusting them.

`tarfile` parses the header blocks; the walk from block to block is done here, because `tarfile` ends in silence at
the first damaged header, reads a long name of any claimed length into memory, and takes 50 us per member.
The format: POSIX.1-2001 (pax), and GNU tar's long names.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from labtools.core.sentences import Sentence
from labtools.prepare.sources.listing import Entry, Listing, RefusedError
from labtools.prepare.sources.members import PIECE, Member
from labtools.prepare.sources.names import readable

_BLOCK = 512
_LONGEST = 1 << 20  # bytes of a pax header or a long name; a path has 4,096 at most
_FILES = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE})
_DETAILS = frozenset({tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_WITHOUT_BYTES = frozenset(
    {tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE}
)
_OTHERS = {
    tarfile.SYMTYPE: Sentence("it is a symbolic link"),
    tarfile.GNUTYPE_SPARSE: Sentence("it is a sparse file: hand it in unpacked, or in a .zip"),
    tarfile.CHRTYPE: Sentence("it is a device"), tarfile.BLKTYPE: Sentence("it is a device"),
    tarfile.FIFOTYPE: Sentence("it is a pipe"),
}  # fmt: skip


def list_tar(disk: str, most: int) -> Listing:
    """The members of a plain tar archive; a hard link is the file that it is linked to.

    Args:
        most: members; more are refused.

    Raises:
        RefusedError: too many members.
        OSError: the file cannot be read.
    """
    entries: list[Entry] = []
    files: dict[str, Member] = {}
    with Path(disk).open("rb") as file:
        walk = _Headers(file)
        for info, details in walk:
            entry = _entry(info, details, walk.size, files)
            if entry is not None:
                entries.append(entry)
                if entry.member is not None:
                    files[entry.name] = entry.member
            if len(entries) > most:
                raise RefusedError(Sentence("more than {most} members", most=most))
    return Listing(tuple(entries), walk.trouble)


class _Headers:
    """The headers of a tar, each with the pax records and long names that come before it; `trouble` at the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)
        self.trouble: Sentence | None = None

    def __iter__(self) -> Iterator[tuple[tarfile.TarInfo, dict[str, str]]]:
        position, lost, ended = 0, 0, False
        details: dict[str, str] = {}
        while position < self.size:
            self._file.seek(position)
            block = self._file.read(_BLOCK)
            info = _parse(block)
            if info is None and not block.strip(b"\0"):
                position, ended = self._behind_zeros(position), True
                continue
            if info is None:
                lost += 1  # look for the next header: only what is damaged is lost
                position += _BLOCK
                continue
            ended = False
            info.offset_data = position + _BLOCK
            length = 0 if info.type in _WITHOUT_BYTES else info.size
            if info.type in _DETAILS:
                details |= self._details(info)
            elif info.type != tarfile.XGLTYPE:
                if length and details.get("size", "").isdecimal():
                    length = info.size = int(details["size"])
                yield info, details
                details = {}
            position += _BLOCK + -(-length // _BLOCK) * _BLOCK
        if lost:
            self.trouble = Sentence(
                "{n} {n:block|blocks} of it {n:is|are} damaged: files that began there are lost", n=lost
            )
        elif not ended or position > self.size + _BLOCK:
            self.trouble = Sentence("it ends without its end mark: it may have been cut off")

    def _behind_zeros(self, position: int) -> int:
        """The first block that holds something (archives may be put one behind the other)."""
        self._file.seek(position)
        while piece := self._file.read(PIECE):
            zeros = len(piece) - len(piece.lstrip(b"\0"))
            if zeros < len(piece):
                return position + zeros // _BLOCK * _BLOCK
            position += len(piece)
        return position

    def _details(self, info: tarfile.TarInfo) -> dict[str, str]:
        """``path``, ``linkpath``, ``size`` of the next member, from a pax header or a GNU long name."""
        if info.size > _LONGEST:
            return {}
        content = self._file.read(info.size)
        if info.type == tarfile.GNUTYPE_LONGNAME:
            return {"path": readable(content.partition(b"\0")[0])}
        if info.type == tarfile.GNUTYPE_LONGLINK:
            return {"linkpath": readable(content.partition(b"\0")[0])}
        return dict(_pax_records(content))


def _pax_records(content: bytes) -> Iterator[tuple[str, str]]:
    """``"<length> <key>=<value>\\n"`` one behind the other; ends at the first that is none."""
    while content:
        digits, _, _ = content.partition(b" ")
        if not digits.isdigit() or len(digits) > 7 or not len(digits) + 2 < int(digits) <= len(content):
            return
        key, found, value = content[len(digits) + 1 : int(digits) - 1].partition(b"=")
        if found:
            yield key.decode("ascii", "replace"), readable(value)
        content = content[int(digits) :]


def _parse(block: bytes) -> tarfile.TarInfo | None:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError, OverflowError):
        return None
    return info if info.size >= 0 else None  # base-256 numbers may be negative


def _entry(info: tarfile.TarInfo, details: dict[str, str], size: int, files: dict[str, Member]) -> Entry | None:
    """None for a folder."""
    name = _clean(details.get("path") or readable(info.name.encode("utf-8", "surrogateescape")))
    if info.type == tarfile.LNKTYPE:
        target = _clean(details.get("linkpath") or readable(info.linkname.encode("utf-8", "surrogateescape")))
        member = files.get(target)
        return Entry(name, member, None if member else Sentence("it is a link to a file that is not in the archive"))
    if info.isdir() or (info.type == tarfile.AREGTYPE and name.endswith("/")):
        return None
    if any(key.startswith("GNU.sparse") for key in details):
        return Entry(name, None, _OTHERS[tarfile.GNUTYPE_SPARSE])
    if info.type in _OTHERS:
        return Entry(name, None, _OTHERS[info.type])
    if info.type not in _FILES:
        return Entry(name, None, Sentence("it is an entry of an unknown type ({type})", type=repr(info.type)))
    if info.offset_data + info.size > size:
        return Entry(name, None, Sentence("it was cut off: the archive ends before it does"))
    return Entry(name, Member(info.offset_data, info.size, info.size))


def _clean(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")
