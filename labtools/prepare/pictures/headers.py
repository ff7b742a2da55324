"""What a picture's bytes say without decoding them: format, size, EXIF orientation, and whether the end is there."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

from PIL import UnidentifiedImageError
from PIL.Image import DecompressionBombError

# Bound before Ultralytics replaces it by one that wants to install a package when it does not know a file.
from PIL.Image import open as open_image

# Formats that Ultralytics and OpenCV read, and the suffix under which both do.
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif"}

_SOF = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_MAX_PIXELS = 400_000_000


class Header(NamedTuple):
    """A picture as its bytes describe it. (A tuple: thousands of them cross from one process to another.)

    Attributes:
        format: Pillow's name: JPEG, PNG, WEBP, BMP, TIFF, GIF ...
        stored_wh: pixels as they lie in the file.
        orientation: EXIF orientation, 1 to 8; only read from JPEG, the one format where all readers follow it.
        is_closed: the end mark is where it belongs. Ultralytics rewrites a JPEG for which this is False.
        is_padded: bytes follow a JPEG's end mark.
    """

    format: str
    stored_wh: tuple[int, int]
    orientation: int = 1
    is_closed: bool = True
    is_padded: bool = False

    @property
    def needs_conversion(self) -> bool:
        """Would a trainer see something else than people do, or nothing?"""
        return False

    @property
    def wh(self) -> tuple[int, int]:
        """Width and height as displayed."""
        w, h = self.stored_wh
        return (h, w) if self.orientation >= 5 else (w, h)


class ImageError(ValueError):
    """Bytes that are no usable picture. ``code`` is the finding's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_header(data: bytes) -> Header:
    """The header of any picture.

    Raises:
        ImageError: empty, truncated, no picture, or of a size that cannot be trained on.
    """
    if not data:
        raise ImageError("image-empty", "the file has no content")
    header = _quick(data) or _pillow(data)
    w, h = header.stored_wh
    if min(w, h) < 10:
        raise ImageError("image-tiny", f"{w}x{h} pixels; the detector wants at least 10x10")
    if w * h > _MAX_PIXELS:
        raise ImageError("image-huge", f"{w}x{h} pixels")
    if not header.is_closed and not header.is_padded:
        _decode(data)
    return header


def _quick(data: bytes) -> Header | None:
    """The common formats, straight from the bytes; None to let Pillow look."""
    if data[:3] == b"\xff\xd8\xff":
        return _jpeg(data)
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) > 33:
        w, h = struct.unpack(">II", data[16:24])
        return Header("PNG", (w, h), is_closed=data[-12:] == b"\0\0\0\0IEND\xaeB`\x82")
    return None


def _jpeg(data: bytes) -> Header | None:
    """Walk the segments up to the frame header (ISO/IEC 10918-1, B.1.1)."""
    position, end, orientation = 2, len(data), 1
    while position + 9 < end:
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD7:
            position += 1 if marker == 0xFF else 2
            continue
        length = (data[position + 2] << 8) + data[position + 3]
        if marker in _SOF:
            h, w = struct.unpack(">HH", data[position + 5 : position + 9])
            closed = data[-2:] == b"\xff\xd9"
            padded = not closed and data.rstrip(b"\0 \r\n\t")[-2:] == b"\xff\xd9"
            return Header("JPEG", (w, h), orientation, closed, padded) if w and h else None
        if marker == 0xE1 and data[position + 4 : position + 10] == b"Exif\0\0":
            orientation = _orientation(data[position + 10 : position + 2 + length])
        position += 2 + length
    return None


def _orientation(tiff: bytes) -> int:
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


def _pillow(data: bytes) -> Header:
    try:
        with open_image(io.BytesIO(data)) as image:
            name = "JPEG" if image.format == "MPO" else str(image.format)
            wh = image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error, DecompressionBombError) as e:
        raise ImageError("image-unreadable", "these bytes are no picture that can be read") from e
    return Header(name, wh, is_closed=_has_announced_length(name, data))


def _has_announced_length(name: str, data: bytes) -> bool:
    """WEBP and BMP say how long they are; of the other formats only decoding can tell (so: False)."""
    if name == "WEBP":
        return len(data) >= int.from_bytes(data[4:8], "little") + 8
    return name == "BMP" and len(data) >= int.from_bytes(data[2:6], "little") > 0


def _decode(data: bytes) -> None:
    """Decode everything: the only proof that a picture without an end mark is whole.

    Raises:
        ImageError: it is not.
    """
    try:
        with open_image(io.BytesIO(data)) as image:
            image.load()
    except Exception as error:
        raise ImageError("image-truncated", f"the end of the picture is missing ({error})") from error
