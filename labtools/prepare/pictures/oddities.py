"""What is worth knowing about a picture that is in the dataset."""

from __future__ import annotations

from collections.abc import Iterator

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence, verbatim
from labtools.prepare.pictures.headers import Header
from labtools.prepare.sources.tree import suffix_of

_OWN_SUFFIXES = {
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"}, "PNG": {".png"}, "WEBP": {".webp"}, "BMP": {".bmp"},
    "TIFF": {".tif", ".tiff"}, "GIF": {".gif"}, "JPEG2000": {".jp2", ".j2k", ".jpx", ".jpf"},
    "PPM": {".ppm", ".pgm", ".pbm", ".pnm"}, "HEIF": {".heic", ".heif"}, "AVIF": {".avif"},
}  # fmt: skip


def oddities(path: str, header: Header, damage: str) -> Iterator[Finding]:
    """One finding per fact.

    Args:
        damage: what the decoder complained about, ``""`` for a sound picture.
    """
    if suffix_of(path) not in _OWN_SUFFIXES[header.format]:
        yield _info(path, "image-suffix", _about_suffix(suffix_of(path), header))
    if header.change == "turned":
        what = Sentence(
            "stored turned (EXIF orientation): turned for good in the dataset; boxes are meant for it as displayed"
        )
        yield _info(path, "image-exif-orientation", what)
    elif header.orientation != 1:
        what = Sentence("EXIF orientation {n}: boxes are meant for the picture as displayed", n=header.orientation)
        yield _info(path, "image-exif-orientation", what, Action.NOTED)
    if header.change == "end":
        what = Sentence(
            "the JPEG lacks its end mark, or bytes follow it: the dataset has the same pixels with a clean end"
        )
        yield _info(path, "image-jpeg-end", what)
    if header.change == "sums":
        what = Sentence("check sums or the end of this PNG are wrong, all pixels are there: mended in the dataset")
        yield _info(path, "image-png-sums", what)
    elif header.change and header.change not in {"end", "turned"}:
        why = _about_change(header)
        what = Sentence("{why}: written as {suffix}", why=why, suffix=header.written_suffix)
        yield _info(path, "image-converted", what)
    if damage:
        what = Sentence(
            "damaged inside ({damage}): a part may show grey or false colours; kept as programs show it",
            damage=verbatim(damage),
        )
        yield Finding("", path, 0, "image-damaged", Severity.WARNING, what, Action.NOTED)


def _about_suffix(suffix: str, header: Header) -> Sentence:
    what = Sentence(
        "{named}, but its content is {format}: called {suffix} in the dataset",
        named=Sentence("named {suffix}", suffix=suffix) if suffix else Sentence("without a suffix"),
        format=header.format,
        suffix=header.written_suffix,
    )
    return what if header.needs_conversion else Sentence("{what}, bytes unchanged", what=what)


def _about_change(header: Header) -> Sentence:
    """Why a picture is written anew, see `headers`."""
    of = header.format
    return {
        "format": Sentence("{format}, which detectors do not read everywhere", format=of),
        "depth": Sentence(
            "{format} with more than 8 bits per channel, of which readers make different pictures", format=of
        ),
        "colours": Sentence(
            "{format} in colours other than RGB (CMYK, Lab, palette or alpha), of which readers make different ones",
            format=of,
        ),
        "frames": Sentence("{format} with several frames or pages, of which the first is taken", format=of),
        "coding": Sentence("a JPEG of a rare coding, which not all readers know"),
    }[header.change]


def _info(path: str, code: str, message: Sentence, action: Action = Action.REPAIRED) -> Finding:
    return Finding("", path, 0, code, Severity.INFO, message, action)
