"""Zip archives, listed without trusting them.

The directory at the end is read here rather than by `zipfile`: names are wanted as bytes (one that is not UTF-8 costs
that name, not the archive), the number of entries is limited while they are read, members that share their bytes
are found (Fifield, A better zip bomb, WOOT 2019), and an archive that was cut off is read from its local headers.
The format: PKWARE's APPNOTE.TXT, sections 4.3 and 4.4.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from labtools.core.sentences import Sentence
from labtools.prepare.sources.listing import Entry, Listing, RefusedError
from labtools.prepare.sources.members import DEFLATED, METHODS, PIECE, STORED, ArchiveError, Member
from labtools.prepare.sources.names import readable

_END = struct.Struct("<4s4H2LH")  # signature, disks, entries here and in all, size and offset of directory, comment
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENTRY_MARK, _LOCAL_MARK, _DESCRIPTOR_MARK = b"PK\x01\x02", b"PK\x03\x04", b"PK\x07\x08"
_UNKNOWN = 0xFFFFFFFF
_CUT_OFF = Sentence("it is damaged or was cut off: its end is missing")
_OTHER_METHODS = {1: "shrunk", 6: "imploded", 9: "Deflate64", 93: "Zstandard", 95: "xz", 97: "WavPack", 98: "PPMd"}


def list_zip(disk: str, most: int) -> Listing:
    """The members of a zip archive.

    Args:
        most: members; more are refused before they are read.

    Raises:
        RefusedError: too many members.
        OSError: the file cannot be read.
    """
    with Path(disk).open("rb") as file:
        size = file.seek(0, 2)
        try:
            entries = list(_directory(file, size, most))
            trouble = None
        except ArchiveError as error:
            entries = list(_scan(file, size, most))
            trouble = Sentence(
                "{why}: {n} {n:member was|members were} found without its directory",
                why=error.sentence,
                n=sum(e.problem is None for e in entries),
            )
    return Listing(_without_overlaps(entries), trouble)


class _Header(NamedTuple):
    """What the directory, or a local header, says of one member."""

    raw_name: bytes
    extra: bytes
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    mode: int  # of Unix, 0 where it is not told
    offset: int  # of its local header

    @property
    def name(self) -> str:
        """As people meant it, with forward slashes."""
        raw = self.raw_name
        if not self.flags & 0x800 and not raw.isascii():
            unicode_path = _extra(self.extra, 0x7075)  # Info-ZIP: version, CRC of the name as written, name in UTF-8
            if len(unicode_path) > 5 and int.from_bytes(unicode_path[1:5], "little") == zlib.crc32(raw):
                raw = unicode_path[5:]
        return readable(raw.partition(b"\0")[0]).replace("\\", "/")

    @property
    def problem(self) -> Sentence | None:
        """Why the member is not read; None: it is."""
        if stat.S_ISLNK(self.mode):
            return Sentence("it is a symbolic link")
        if stat.S_IFMT(self.mode) and not stat.S_ISREG(self.mode):
            return Sentence("it is neither a file nor a folder (a device, a pipe)")
        if self.flags & 0x41 or self.method == 99:
            return Sentence("it is encrypted: hand in the archive without a password")
        if self.method not in METHODS:
            how = _OTHER_METHODS.get(self.method) or Sentence("method {number}", number=self.method)
            return Sentence("it is packed by a method that is not read ({how}): hand in an ordinary .zip", how=how)
        return None


def ends_as_zip(disk: str) -> bool:
    """Is there a directory at the end of this file, whatever it begins with?

    Raises:
        OSError: the file cannot be read.
    """
    with Path(disk).open("rb") as file:
        size = file.seek(0, 2)
        try:
            _, offset, _, _ = _end_record(file, size)
        except ArchiveError:
            return False
        file.seek(offset)
        return file.read(4) == _ENTRY_MARK


def _directory(file: BinaryIO, size: int, most: int) -> Iterator[Entry]:
    count, offset, length, before = _end_record(file, size)
    if count > most:
        raise RefusedError(Sentence("{n} members, over {most}", n=count, most=most))
    file.seek(offset)
    content = file.read(length)
    position = number = 0
    while content[position : position + 4] == _ENTRY_MARK and position + _ENTRY.size <= len(content):
        if number >= most:
            raise RefusedError(Sentence("more than {most} members", most=most))
        number += 1
        (
            _, _, _, flags, method, _, _, crc, packed, unpacked, name, extra, comment, _, _, attributes, header
        ) = _ENTRY.unpack_from(content, position)  # fmt: skip
        begin = position + _ENTRY.size
        raw, more = content[begin : begin + name], content[begin + name : begin + name + extra]
        position = begin + name + extra + comment
        unpacked, packed, header = _zip64(more, unpacked, packed, header)
        told = _Header(raw, more, flags, method, crc, packed, unpacked, attributes >> 16, header + before)
        yield _located(file, size, told)
    if number < count or position < len(content):
        raise ArchiveError(Sentence("its directory is damaged"))


def _located(file: BinaryIO, size: int, told: _Header) -> Entry:
    """One member of the directory, found at its local header."""
    name = told.name
    if name.endswith("/") and not told.unpacked:
        return Entry(name, None)
    if told.problem:
        return Entry(name, None, told.problem)
    file.seek(told.offset)
    local = file.read(_LOCAL.size)
    if len(local) < _LOCAL.size or local[:4] != _LOCAL_MARK:
        return Entry(name, None, Sentence("its bytes are not where the directory says: the archive is damaged"))
    offset = told.offset + _LOCAL.size + sum(_LOCAL.unpack(local)[9:])
    if offset + told.packed > size:
        return Entry(name, None, _CUT_OFF)
    return Entry(name, Member(offset, told.packed, told.unpacked, told.method, told.crc), None, told.offset)


def _end_record(file: BinaryIO, size: int) -> tuple[int, int, int, int]:
    """Number of entries, offset and length of the directory, and bytes that lie before the archive proper."""
    start = max(0, size - _END.size - (1 << 16))
    file.seek(start)
    tail = file.read()
    found = _end_mark(tail)
    if found < 0:
        raise ArchiveError(Sentence("it was cut off: its directory, which lies at the end, is missing"))
    _, _, _, _, count, length, offset, _ = _END.unpack_from(tail, found)
    end = start + found
    if end >= _END64_LOCATOR.size and (_UNKNOWN in (length, offset) or count == 0xFFFF):
        file.seek(end - _END64_LOCATOR.size)
        mark, _, where, _ = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
        if mark == b"PK\x06\x07" and where + _END64.size <= end:
            # Bytes put before the archive shift the record too; it ends where its locator begins.
            for place in (where, end - _END64_LOCATOR.size - _END64.size):
                file.seek(place)
                fields = _END64.unpack(file.read(_END64.size))
                if fields[0] == b"PK\x06\x06":
                    count, length, offset, end = fields[7], fields[8], fields[9], place
                    break
    before = end - length - offset
    if before < 0 or length > size:
        raise ArchiveError(Sentence("its directory is damaged"))
    return count, offset + before, length, before


def _end_mark(tail: bytes) -> int:
    """Where the end record begins, -1 if nowhere: its comment, which may look like another, ends with the file."""
    found = len(tail) - _END.size + 1
    while (found := tail.rfind(b"PK\x05\x06", 0, found + 3)) >= 0:
        if found + _END.size <= len(tail) and found + _END.size + _END.unpack_from(tail, found)[-1] <= len(tail):
            return found
    return -1


def _zip64(extra: bytes, *values: int) -> list[int]:
    """Values that did not fit 32 bits, from the extra field."""
    found = list(values)
    if _UNKNOWN not in found:
        return found
    wide = _extra(extra, 0x0001)
    for i, value in enumerate(found):
        if value == _UNKNOWN and len(wide) >= 8:
            found[i], wide = int.from_bytes(wide[:8], "little"), wide[8:]
    return found


def _extra(extra: bytes, wanted: int) -> bytes:
    """One of the extra fields, empty where there is none."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == wanted:
            return extra[4 : 4 + length]
        extra = extra[4 + length :]
    return b""


def _without_overlaps(entries: list[Entry]) -> tuple[Entry, ...]:
    """Members that share bytes are refused, all of them: no tool writes such archives but those that make bombs."""
    end, last = -1, -1
    shared: set[int] = set()
    for i in sorted((i for i, e in enumerate(entries) if e.member is not None), key=lambda i: entries[i].header):
        member = entries[i].member
        if member is None:
            continue
        if entries[i].header < end:
            shared |= {i, last}
        if member.offset + member.packed > end:
            end, last = member.offset + member.packed, i
    if not shared:
        return tuple(entries)
    what = Sentence("its bytes are also another member's: a zip bomb")
    return tuple(Entry(e.name, None, what) if i in shared else e for i, e in enumerate(entries))


def _scan(file: BinaryIO, size: int, most: int) -> Iterator[Entry]:
    """Members by their local headers, from the front: what is left of an archive without its directory."""
    position = number = 0
    while (header := _find(file, position, _LOCAL_MARK)) >= 0:
        file.seek(header)
        fields = file.read(_LOCAL.size)
        if len(fields) < _LOCAL.size:
            return
        _, _, flags, method, _, _, crc, packed, unpacked, name_length, extra_length = _LOCAL.unpack(fields)
        raw, extra = file.read(name_length), file.read(extra_length)
        unpacked, packed = _zip64(extra, unpacked, packed)
        offset = header + _LOCAL.size + name_length + extra_length
        if flags & 8 and not packed:  # its sizes were written behind it
            crc, packed, unpacked = _measure(file, offset, method)
        number += 1
        if number > most:
            raise RefusedError(Sentence("more than {most} members", most=most))
        is_whole = 0 <= packed <= size - offset
        position = offset + packed if is_whole else offset
        told = _Header(raw, extra, flags, method, crc, packed, unpacked, 0, header)
        if told.name.endswith("/") and not unpacked:
            continue
        problem = told.problem or (None if is_whole else _CUT_OFF)
        member = None if problem else Member(offset, packed, unpacked, method, crc)
        yield Entry(told.name, member, problem, header)
        if not is_whole and method == STORED:
            return  # what follows may be the inside of an archive that was stored in this one


def _find(file: BinaryIO, start: int, mark: bytes) -> int:
    """Where these four bytes come next, -1 if nowhere."""
    file.seek(start)
    tail = b""
    while piece := file.read(PIECE):
        found = (tail + piece).find(mark)
        if found >= 0:
            return start - len(tail) + found
        start += len(piece)
        tail = (tail + piece)[-3:]
    return -1


def _measure(file: BinaryIO, offset: int, method: int) -> tuple[int, int, int]:
    """CRC, packed and unpacked size of a member that was written before they were known; packed -1: it has no end."""
    file.seek(offset)
    if method == DEFLATED:
        return _measure_deflated(file)
    found = offset - 1
    while (found := _find(file, found + 1, _DESCRIPTOR_MARK)) >= 0:
        file.seek(found + 4)
        crc, packed, unpacked = struct.unpack("<3L", file.read(12).ljust(12, b"\0"))
        if packed == found - offset:
            return crc, packed, unpacked
    return 0, -1, 0


def _measure_deflated(file: BinaryIO) -> tuple[int, int, int]:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    crc = packed = unpacked = 0
    while not machine.eof:
        piece = machine.unconsumed_tail or file.read(PIECE)
        if not piece:
            return 0, -1, 0
        try:
            out = machine.decompress(piece, PIECE)
        except zlib.error:
            return 0, -1, 0
        crc, unpacked = zlib.crc32(out, crc), unpacked + len(out)
        packed += len(piece) - len(machine.unconsumed_tail) - len(machine.unused_data)
    return crc, packed, unpacked
