"""JPEG, segment by segment (ISO/IEC 10918-1, B.1.1): size, orientation, where the picture ends, whether it is whole."""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from typing import NamedTuple

END = b"\xff\xd9"

_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_HUFFMAN = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive: what every decoder knows
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SCAN = 0xDA
_BASELINE = b"\xff\xc0"
_FRAME_BYTES = 19  # of such a segment with three components
_MOST_HEAD = 1 << 11  # of more it is not worth remembering
# In compressed data 0xFF is followed by 0x00 (a byte 0xFF) or by a restart mark; anything else begins a segment.
_MARK = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

_NO_FILL = re.compile(rb"[^\xff]")
MOST_SCANS = 200
"""Of one picture; encoders make ten, and the most thorough ones some sixty."""
_MANY_BYTES = 1 << 20


class Frame(NamedTuple):
    """What the segments before the compressed data say.

    Attributes:
        wh: pixels as stored.
        components: 1 grey, 3 colour, 4 CMYK or YCCK.
        orientation: EXIF, 1 to 8.
        is_common: 8 bits, Huffman coded.
        is_progressive: painted again and again, finer each time.
    """

    wh: tuple[int, int]
    components: int
    orientation: int
    is_common: bool
    is_progressive: bool = False


def read_frame(data: bytes) -> Frame | None:
    """The frame header; None where the segments do not lead to one (garbage between them: Pillow may still read it)."""
    start = data.find(_BASELINE, 2, _MOST_HEAD)
    # What leads to a frame leads to the same one, whatever follows: in a video's pictures, that is all that differs.
    known = _read_head(data[: start + _FRAME_BYTES]) if start > 0 else None
    return known or _read_frame(data)


@lru_cache(maxsize=256)
def _read_head(head: bytes) -> Frame | None:
    return _read_frame(head)


def _read_frame(data: bytes) -> Frame | None:
    position, end, orientation = 2, len(data), 1
    while position + 9 < end:
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD7:
            position = _past_fill(data, position) if marker == 0xFF else position + 2
            continue
        length = (data[position + 2] << 8) + data[position + 3]
        if marker in _FRAMES:
            precision, h, w, components = struct.unpack(">BHHB", data[position + 4 : position + 10])
            is_common = marker in _HUFFMAN and precision == 8
            return Frame((w, h), components, orientation, is_common, marker in _PROGRESSIVE) if w and h else None
        if marker == 0xE1 and data[position + 4 : position + 10] == b"Exif\0\0":
            orientation = exif_orientation(data[position + 10 : position + 2 + length])
        position += 2 + length
    return None


def is_bomb(data: bytes, frame: Frame) -> bool:
    """Would it take minutes to decode? A scan of a few bytes makes a decoder go over the whole picture once more
    (libjpeg-turbo calls this a design flaw of the format, and leaves the limit to its callers)."""
    return (frame.is_progressive or len(data) > _MANY_BYTES) and data.count(bytes((0xFF, _SCAN))) > MOST_SCANS


def _past_fill(data: bytes, position: int) -> int:
    """The last of a run of 0xFF: the others mean nothing."""
    behind = _NO_FILL.search(data, position)
    return behind.start() - 1 if behind else len(data)


def exif_orientation(tiff: bytes) -> int:
    """Tag 0x0112 of the first directory of an EXIF block; 1 where it cannot be read."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:
        return 1
    try:
        (offset,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, offset)
        for i in range(count):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, offset + 2 + 12 * i)
            if tag == 0x0112 and kind == 3:
                (value,) = struct.unpack_from(f"{order}H", tiff, offset + 2 + 12 * i + 8)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def find_end(data: bytes) -> int | None:
    """The position just behind the end mark of the first picture in these bytes; None if it has none.

    What follows may be anything, a video too (phones append one), so the last ``FF D9`` of the file is no proof.
    """
    position, in_scan = 2, False
    while True:
        if in_scan:
            found = _MARK.search(data, position)
            if found is None:
                return None
            position = found.start()
        if position + 4 > len(data) and data[position : position + 2] != END:
            return None
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xD9:
            return position + 2
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position = _past_fill(data, position) if marker == 0xFF else position + 2
            continue
        in_scan = in_scan or marker == _SCAN
        position += 2 + (data[position + 2] << 8) + data[position + 3]


def up_to_end(data: bytes) -> bytes:
    """The first picture in these bytes and nothing behind it; all bytes if it has no end mark."""
    return data[: find_end(data)]


def with_end(data: bytes) -> bytes:
    """`up_to_end`, with an end mark if it lacks one; pixels unchanged."""
    whole = up_to_end(data)
    return whole if whole.endswith(END) else whole + END
