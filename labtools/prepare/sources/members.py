"""One file inside an archive on disk: where its bytes lie, how they are packed, and how they are read.

A `Member` is plain data and reading it opens the archive anew: nothing is shared, so threads and forked processes
read side by side without a lock, and no file stays open (one open of a warm file takes 3 us).
"""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from labtools.core.sentences import Sentence, SentenceError

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
"""The ways of packing that are read, by their numbers in the zip format (APPNOTE.TXT, 4.4.5)."""

METHODS = {STORED: "stored", DEFLATED: "deflated", BZIP2: "bzip2", LZMA: "lzma"}

PIECE = 1 << 20
"""At most so many bytes come out of a decompressor at once."""

_LZMA_DICTIONARY = 64 << 20  # bytes of memory that a header may ask for


class ArchiveError(SentenceError):
    """An archive, or a member of it, is damaged, or is not what it claims to be."""


class Member(NamedTuple):
    """A file in an archive.

    Attributes:
        offset: of its first packed byte, in the archive on disk.
        packed: bytes there.
        size: bytes unpacked, as the archive claims; never more are read.
        method: one of `METHODS`.
        crc: CRC-32 of the unpacked bytes, None where the archive has none.
    """

    offset: int
    packed: int
    size: int
    method: int = STORED
    crc: int | None = None


def read_member(disk: str, member: Member) -> bytes:
    """All bytes of a member, checked against what the archive says of them.

    Raises:
        READ_ERRORS: see `labtools.prepare.sources.tree`.
    """
    packed = b"".join(read_range(disk, member.offset, member.packed))
    if len(packed) < member.packed:
        missing = member.packed - len(packed)
        raise ArchiveError(Sentence("the archive ends {n} {n:byte|bytes} too early", n=missing))
    data = packed if member.method == STORED else _unpacked(packed, member)
    if len(data) > member.size:
        raise ArchiveError(Sentence("more bytes than the {n} that the archive announced", n=member.size))
    if member.crc is not None and zlib.crc32(data) != member.crc:
        raise ArchiveError(Sentence("its bytes are damaged (the checksum differs)"))
    if len(data) < member.size and member.crc is None:
        what = Sentence("{n} bytes, not the {size} that the archive announced", n=len(data), size=member.size)
        raise ArchiveError(what)
    return data


def _unpacked(packed: bytes, member: Member) -> bytes:
    if member.method == DEFLATED:  # nearly all of them, in one go
        machine = zlib.decompressobj(-zlib.MAX_WBITS)
        data = machine.decompress(packed, member.size + 1)
        if not machine.eof and len(data) <= member.size:
            data += machine.flush()  # an end mark behind the last byte
        return data
    parts, length = [], 0
    for part in unpack([packed], member.method):
        parts.append(part)
        length += len(part)
        if length > member.size:
            break
    return b"".join(parts)


def read_range(disk: str, offset: int, length: int, piece_size: int = PIECE) -> Iterator[bytes]:
    """Bytes of a file in pieces, fewer than ``length`` where it ends before."""
    handle = os.open(disk, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        os.lseek(handle, offset, os.SEEK_SET)
        while length > 0 and (piece := os.read(handle, min(length, piece_size))):
            length -= len(piece)
            yield piece
    finally:
        os.close(handle)


def unpack(packed: Iterable[bytes], method: int | str) -> Iterator[bytes]:
    """Packed bytes -> unpacked ones, in pieces of at most `PIECE`.

    Args:
        packed: in pieces of any size.
        method: a zip's (see `METHODS`), or ``gz``, ``bz2``, ``xz``: a whole file, of one stream or several.

    Raises:
        ArchiveError, zlib.error, OSError, lzma.LZMAError: behind the last piece that could be read.
    """
    if method == STORED:
        yield from packed
        return
    pieces = iter(packed)
    head = next(pieces, b"")
    machine, rest = _machine(method, head)
    for piece in chain([rest], pieces):
        rest = piece
        while rest:
            if machine.eof:
                rest = rest.lstrip(b"\0")  # padding between streams
                if not rest or isinstance(method, int):
                    break
                machine, rest = _machine(method, rest)
            rest = yield from _through(machine, rest)
    if not machine.eof and method != LZMA:  # which may lack the end mark
        raise ArchiveError(Sentence("the compressed bytes end too early"))


def _through(machine: Any, packed: bytes) -> Generator[bytes, None, bytes]:
    """What one decompressor makes of these bytes; returns those behind its end."""
    is_zlib = not hasattr(machine, "needs_input")
    while not machine.eof:
        out = machine.decompress(packed, PIECE)
        packed = machine.unconsumed_tail if is_zlib else b""
        if out:
            yield out
        if not packed and (len(out) < PIECE if is_zlib else machine.needs_input):
            break
    return bytes(machine.unused_data) if machine.eof else b""


def _machine(method: int | str, head: bytes) -> tuple[Any, bytes]:
    """A decompressor for a stream that begins with these bytes, and those of them that it takes."""
    if method in {"bz2", BZIP2}:
        return bz2.BZ2Decompressor(), head
    if method == "xz":
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=4 * _LZMA_DICTIONARY), head
    if method == "gz":
        return zlib.decompressobj(16 + zlib.MAX_WBITS), head
    if method == DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS), head
    if method == LZMA and len(head) >= 9:  # version, length of the properties, properties: APPNOTE.TXT, 5.8
        literal, dictionary = head[4], int.from_bytes(head[5:9], "little")
        if dictionary > _LZMA_DICTIONARY or literal >= 9 * 5 * 5:
            raise ArchiveError(Sentence("its LZMA header asks for too much memory"))
        bits, lc = divmod(literal, 9)
        pb, lp = divmod(bits, 5)
        one = {"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": lc, "lp": lp, "pb": pb}
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[one]), head[9:]
    raise ArchiveError(Sentence("packed by a method that is not read ({method})", method=method))
