"""Formats that need a library to be understood: Pillow, and libheif for what phones call HEIC."""

from __future__ import annotations

import io
import struct
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import UnidentifiedImageError
from PIL.Image import DecompressionBombError, Image

# Bound before Ultralytics replaces it by one that wants to install a package when it does not know a file.
from PIL.Image import open as open_image

from labtools.core.sentences import Sentence, SentenceError, reason
from labtools.prepare.sources.content import HEAD, picture_format

if TYPE_CHECKING:
    from pi_heif import HeifImage

RASTERS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "JPEG2000", "PPM", "AVIF")
"""Pillow's names of what is opened: rasters only (EPS, for one, would run Ghostscript on a student's file)."""

TROUBLE = (
    UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error, EOFError, KeyError, IndexError, TypeError,
    OverflowError, RuntimeError, MemoryError, ZeroDivisionError, NotImplementedError, AssertionError,
)  # fmt: skip
"""What Pillow's decoders raise on bytes that somebody damaged; the many kinds were found by fuzzing."""

_DNG_VERSION, _BITS, _ORIENTATION = 50706, 258, 274


class ImageError(SentenceError, ValueError):
    """Bytes that are no usable picture. ``code`` is the finding's."""

    def __init__(self, code: str, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.code = code


class Opened(NamedTuple):
    """What a library says of a picture that it did not decode yet.

    Attributes:
        format: JPEG for MPO too (stereo pictures, which begin with a JPEG).
        mode: Pillow's.
        bits: per channel, of the deepest one; 32 for floating point.
        has_pages: it is a TIFF or WEBP of several pictures.
        orientation: EXIF, of the formats that Pillow does not turn itself.
        is_turned: the stored pixels are not upright, whoever turns them.
    """

    format: str
    wh: tuple[int, int]
    mode: str
    bits: int
    has_pages: bool
    orientation: int
    is_turned: bool
    is_closed: bool


def open_raster(data: bytes) -> Opened:
    """The facts about a picture of any format.

    Raises:
        ImageError: no format that is known, a camera's raw file, or a picture too large.
    """
    if picture_format(data[:HEAD]) == "HEIF":
        heif = open_heif(data)
        return Opened("HEIF", heif.size, heif.mode, 8, False, 1, False, True)
    with open_pillow(data) as image:
        try:
            return _facts(image, data)
        except TROUBLE as error:
            raise _unreadable(error) from error


def open_pillow(data: bytes) -> Image:
    """The opened picture, nothing decoded yet.

    Raises:
        ImageError: as `open_raster`.
    """
    # Metadata that Pillow finds odd; what matters is a finding. (`catch_warnings` would not be safe between threads.)
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        return open_image(io.BytesIO(data), formats=RASTERS)
    except DecompressionBombError as error:
        what = Sentence("too many pixels for its format: hand it in as JPEG or PNG")
        raise ImageError("image-huge", what) from error
    except TROUBLE as error:
        raise _unreadable(error) from error


def open_heif(data: bytes) -> HeifImage:
    """The primary picture of a HEIC file, upright as phones show it: libheif turns it itself.

    Raises:
        ImageError: it cannot be read.
    """
    import pi_heif

    try:
        return pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)[0]
    except TROUBLE as error:
        raise _unreadable(error) from error


def _unreadable(error: BaseException) -> ImageError:
    what = Sentence("these bytes are no picture that can be read")
    if not isinstance(error, UnidentifiedImageError):
        what = Sentence("{what} ({why})", what=what, why=reason(error))
    return ImageError("image-unreadable", what)


def _facts(image: Image, data: bytes) -> Opened:
    name, facts = "JPEG" if image.format == "MPO" else str(image.format), (image.size, image.mode)
    tags: Any = getattr(image, "tag_v2", {})
    if _DNG_VERSION in tags:
        what = Sentence("a camera's raw file (DNG): hand in the JPEG that the camera made of it")
        raise ImageError("image-format", what)
    deep = {"I": 32, "F": 32}.get(image.mode, 16 if image.mode.startswith("I;16") else 8)
    said = tags.get(_BITS, ())
    bits = max([deep, *(said if isinstance(said, tuple) else (said,))])
    if name == "PPM" and _is_deep_ppm(data):
        bits = 16
    written = image.getexif().get(_ORIENTATION, 1)
    orientation = written if isinstance(written, int) and 1 <= written <= 8 else 1
    turned = 1 if name == "TIFF" else orientation  # Pillow turns a TIFF itself and gives its displayed size
    has_pages = name in {"TIFF", "WEBP"} and _has_second(image)  # last: it turns to that page
    return Opened(name, *facts, bits, has_pages, turned, orientation != 1, _is_closed(name, data))


def _has_second(image: Image) -> bool:
    """Pillow counts the pages of a TIFF in quadratic time: a file of 60,000 empty ones took minutes."""
    try:
        image.seek(1)
    except EOFError:
        return False
    return True


def _is_deep_ppm(data: bytes) -> bool:
    """The fourth number of a PPM's header is its brightest value."""
    words = b"".join(line.partition(b"#")[0] + b" " for line in data[:HEAD].split(b"\n")).split()
    return len(words) > 3 and words[3].isdigit() and int(words[3]) > 255


def _is_closed(name: str, data: bytes) -> bool:
    """WEBP and BMP say how long they are; of the other formats only decoding can tell."""
    if name == "WEBP":
        return len(data) >= int.from_bytes(data[4:8], "little") + 8
    if name == "BMP":
        return len(data) >= int.from_bytes(data[2:6], "little") > 0
    return name != "JPEG" or data.endswith(b"\xff\xd9")
