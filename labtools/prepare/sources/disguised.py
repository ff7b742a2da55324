"""Pictures whose names do not say so: ``frame_000001``, ``frame_000001.jpeg_``, ``frame_000001.JPG.download``."""

from __future__ import annotations

import re

from labtools.prepare.sources.content import HEAD, picture_format
from labtools.prepare.sources.members import read_range, unpack
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, READ_ERRORS, File, name_of, suffix_of

_ENOUGH = 1 << 16  # packed bytes whose beginning unpacks to `HEAD`
_SUFFIXES = {
    "JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif", "JPEG2000": ".jp2",
    "PPM": ".ppm", "HEIF": ".heic", "AVIF": ".avif",
}  # fmt: skip
_ENDING = "|".join(sorted((suffix[1:] for suffix in IMAGE_SUFFIXES), key=len, reverse=True))
# A picture's suffix and what a browser, a messenger or a second copy hung behind it.
_HUNG_BEHIND = re.compile(rf"(.+\.(?:{_ENDING}))(?![a-z0-9]).+", re.IGNORECASE | re.DOTALL)


def picture_name(file: File) -> str:
    """The name under which a file counts as the picture that its first bytes say it is; ``""`` if they say nothing.

    Args:
        file: its name has no suffix that is known.
    """
    kind = picture_format(_head(file))
    return named_as_picture(name_of(file.path), _SUFFIXES[kind]) if kind else ""


def named_as_picture(name: str, suffix: str) -> str:
    """A name with a picture's suffix, which labels and lists find by its stem.

    >>> [named_as_picture(name, ".jpg") for name in ("a.JPG.download", "a.jpeg_", "a.jpg (1)", "a.img", "a", "a.0001")]
    ['a.JPG', 'a.jpeg', 'a.jpg', 'a.jpg', 'a.jpg', 'a.0001.jpg']
    """
    if match := _HUNG_BEHIND.fullmatch(name):
        return match[1]
    own = suffix_of(name)
    if 1 < len(own) <= 6 and own[1:].isalnum() and not own[1:].isdecimal():
        return name[: -len(own)] + suffix
    return name + suffix


def _head(file: File) -> bytes:
    """The first bytes, empty where they cannot be read: whoever reads it all will say so."""
    try:
        if file.member is None:
            return next(read_range(file.disk, 0, HEAD), b"")
        packed = read_range(file.disk, file.member.offset, min(file.member.packed, _ENOUGH))
        return next(unpack(packed, file.member.method), b"")[:HEAD]
    except READ_ERRORS:
        return b""
