"""What is worth knowing about a picture that is in the dataset."""

from __future__ import annotations

from collections.abc import Iterator

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.pictures.headers import Header
from labtools.prepare.sources.tree import suffix_of

_OWN_SUFFIXES = {
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"}, "PNG": {".png"}, "WEBP": {".webp"}, "BMP": {".bmp"},
    "TIFF": {".tif", ".tiff"}, "GIF": {".gif"}, "JPEG2000": {".jp2", ".j2k", ".jpx", ".jpf"},
    "PPM": {".ppm", ".pgm", ".pbm", ".pnm"}, "HEIF": {".heic", ".heif"}, "AVIF": {".avif"},
}  # fmt: skip

_CHANGES = {
    "format": "{format}, which detectors do not read everywhere",
    "depth": "{format} with more than 8 bits per channel, of which readers make different pictures",
    "colours": "{format} in colours other than RGB (CMYK, Lab, palette or alpha), of which readers make different ones",
    "frames": "{format} with several frames or pages, of which the first is taken",
    "coding": "a JPEG of a rare coding, which not all readers know",
}


def oddities(path: str, header: Header, damage: str) -> Iterator[Finding]:
    """One finding per fact.

    Args:
        damage: what the decoder complained about, ``""`` for a sound picture.
    """
    if suffix_of(path) not in _OWN_SUFFIXES[header.format]:
        named = f"named {suffix_of(path)}" if suffix_of(path) else "without a suffix"
        bytes_kept = "" if header.needs_conversion else ", bytes unchanged"
        what = f"{named}, but its content is {header.format}: called {header.written_suffix} in the dataset{bytes_kept}"
        yield _info(path, "image-suffix", what)
    if header.change == "turned":
        what = "stored turned (EXIF orientation): turned for good in the dataset; boxes are meant for it as displayed"
        yield _info(path, "image-exif-orientation", what)
    elif header.orientation != 1:
        what = f"EXIF orientation {header.orientation}: boxes are meant for the picture as displayed"
        yield _info(path, "image-exif-orientation", what, Action.NOTED)
    if header.change == "end":
        what = "the JPEG lacks its end mark, or bytes follow it: the dataset has the same pixels with a clean end"
        yield _info(path, "image-jpeg-end", what)
    if header.change == "sums":
        what = "check sums or the end of this PNG are wrong, all pixels are there: mended in the dataset"
        yield _info(path, "image-png-sums", what)
    if header.change in _CHANGES:
        what = f"{_CHANGES[header.change].format(format=header.format)}: written as {header.written_suffix}"
        yield _info(path, "image-converted", what)
    if damage:
        what = f"damaged inside ({damage}): a part may show grey or false colours; kept as programs show it"
        yield Finding("", path, 0, "image-damaged", Severity.WARNING, what, Action.NOTED)


def _info(path: str, code: str, message: str, action: Action = Action.REPAIRED) -> Finding:
    return Finding("", path, 0, code, Severity.INFO, message, action)
