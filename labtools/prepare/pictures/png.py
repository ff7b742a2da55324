"""PNG, chunk by chunk (W3C PNG, 5): depth, orientation, and damage that costs no pixel mended."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from labtools.prepare.pictures.jpeg import exif_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_END = b"\0\0\0\0IEND\xaeB`\x82"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_AT_ONCE = 1 << 20


class Chunk(NamedTuple):
    """One chunk: its type, where it begins (at its length), its data's length, and whether the check sum holds."""

    kind: bytes
    start: int
    length: int
    is_sound: bool


class PngFacts(NamedTuple):
    """What the chunks say.

    Attributes:
        wh: pixels as stored.
        bits: per channel.
        orientation: EXIF, 1 to 8.
        is_sound: every check sum holds and the end is there.
    """

    wh: tuple[int, int]
    bits: int
    orientation: int
    is_sound: bool


def read_png(data: bytes) -> PngFacts | None:
    """The facts; None where the first chunk is not the header."""
    if data[12:16] != b"IHDR" or len(data) < 33:
        return None
    w, h, bits = struct.unpack(">IIB", data[16:25])
    orientation, is_sound, kind = 1, True, b""
    for kind, start, length, sound in _chunks(data):
        is_sound = is_sound and sound
        if kind == b"eXIf":
            orientation = exif_orientation(data[start + 8 : start + 8 + length])
    return PngFacts((w, h), bits, orientation, is_sound and kind == b"IEND")


def _chunks(data: bytes) -> Iterator[Chunk]:
    """Up to the end chunk, or to where the bytes stop making sense."""
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        stop = position + 8 + length
        if stop + 4 > len(data):
            return
        said = int.from_bytes(data[stop : stop + 4], "big")
        kind = data[position + 4 : position + 8]
        yield Chunk(kind, position, length, zlib.crc32(memoryview(data)[position + 4 : stop]) == said)
        if kind == b"IEND":
            return
        position = stop + 4


def mended(data: bytes) -> bytes:
    """The same picture with right check sums and an end: readers refuse a file without, though no pixel may be lost.

    Damaged chunks that a picture can do without are dropped.
    """
    parts = [SIGNATURE]
    for kind, start, length, is_sound in _chunks(data):
        is_critical = not kind[0] & 0x20  # capital first letter: W3C PNG, 5.4
        if kind != b"IEND" and (is_critical or is_sound):
            body = data[start + 4 : start + 8 + length]
            parts += [data[start : start + 4], body, zlib.crc32(body).to_bytes(4, "big")]
    return b"".join([*parts, _END])


def has_all_pixels(data: bytes) -> bool:
    """Does the compressed data unpack to its end, by its own check sum, to as many bytes as the header promises?

    Interlaced pictures have a few more filter bytes: for them only the check sum counts.
    """
    w, h, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    wanted = h * (1 + (w * bits * _CHANNELS.get(colour, 1) + 7) // 8)
    unpack, count = zlib.decompressobj(), 0
    try:
        for kind, start, length, _ in _chunks(data):
            packed = data[start + 8 : start + 8 + length] if kind == b"IDAT" else b""
            while packed and not unpack.eof:
                count += len(unpack.decompress(packed, _AT_ONCE))
                packed = unpack.unconsumed_tail
                if count > 2 * wanted + 100:
                    return False  # a bomb
    except zlib.error:
        return False
    return unpack.eof and (bool(interlaced) or count == wanted)
