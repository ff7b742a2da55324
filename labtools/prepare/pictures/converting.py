"""Pictures that a trainer would not see as people do, written anew; see `headers` for which and why."""

from __future__ import annotations

import io

from labtools.prepare.pictures import jpeg, png
from labtools.prepare.pictures.headers import Header
from labtools.prepare.pictures.pixels import read_pixels

_QUALITY = 95
_FULL_COLOUR = 0  # Pillow's word for 4:4:4


def to_trainable(data: bytes, header: Header) -> bytes:
    """The picture as it goes into the dataset: upright, 8 bits, grey or RGB, of size ``header.wh``.

    A pure function. Lossless sources become PNG; photographic ones JPEG of quality 95 without colour subsampling. A
    JPEG's end and a PNG's check sums are mended without touching a pixel.

    Raises:
        ImageError: it cannot be decoded (`hashing.shrink` said so before).
    """
    if not header.needs_conversion:
        return data
    if header.change == "end":
        return jpeg.with_end(data)
    if header.change == "sums":
        return png.mended(data)
    image = read_pixels(data, header)
    buffer = io.BytesIO()
    if header.written_suffix == ".jpg":
        image.save(buffer, "JPEG", quality=_QUALITY, subsampling=_FULL_COLOUR)
    else:
        image.save(buffer, "PNG")
    return buffer.getvalue()
