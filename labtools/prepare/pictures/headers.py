"""What a picture's bytes say before decoding them: format, size, orientation, and whether a trainer may have them as
they are.

Kept byte for byte is what Ultralytics and OpenCV show as people see it: JPEG (baseline or progressive, grey or colour,
turned by EXIF), PNG, WEBP, BMP and plain TIFF of 8 bits. All else is written anew, see `converting`; `Header.change`
says why:

======== ============================================================================================
format   GIF, JPEG 2000, PPM, HEIC, AVIF ...: Ultralytics refuses them, or reads them with some versions only
turned   EXIF orientation outside JPEG: OpenCV 5 follows it, 4.10 does not; a turned TIFF is not opened at all
depth    more than 8 bits: Pillow shows white, OpenCV the high byte
colours  CMYK, Lab, TIFF with alpha or palette: readers disagree
frames   TIFF pages, animated WEBP: older readers refuse them
coding   arithmetic or lossless JPEG: browsers and many decoders refuse them
end      a JPEG without end mark, or with bytes behind it: Ultralytics encodes it again, with loss
sums     a PNG with wrong check sums or no end, all of whose pixels are there: Ultralytics drops it
======== ============================================================================================

**Boxes are meant for the picture as displayed**, turned by EXIF: so CVAT shows it (since 2022, cvat-ai/cvat#4529),
labelImg (since 2020, HumanSignal/labelImg#650; it writes the displayed size too) and LabelMe (since 2019,
wkentaro/labelme#305); Roboflow turns the pixels themselves; Ultralytics trains on it so. Where an annotation file gives
the stored size instead, it is of an older tool that showed the unturned picture, and `labels` turns its boxes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from labtools.core.sentences import Sentence
from labtools.prepare.pictures import jpeg, png
from labtools.prepare.pictures.opening import ImageError, Opened, open_raster
from labtools.prepare.sources.content import HEAD, other_kind, picture_format

# Formats that are written anew as JPEG; all others become PNG, which loses nothing.
_LOSSY = frozenset({"JPEG", "HEIF", "AVIF"})
_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif"}

LEAST_SIDE = 10
"""Ultralytics takes a smaller picture for a broken one."""

MOST_PIXELS = 178_956_970
"""Pillow, and so Ultralytics, refuses larger pictures as decompression bombs."""


class Header(NamedTuple):
    """A picture as its bytes describe it. (A tuple: thousands of them cross from one process to another.)

    Attributes:
        format: Pillow's name: JPEG, PNG, WEBP, BMP, TIFF, GIF, HEIF ...
        stored_wh: pixels as they lie in the file.
        orientation: EXIF orientation, 1 to 8.
        is_closed: the end is where it belongs, as far as the format can tell without decoding.
        change: why it is written anew, see the module; ``""`` if it is kept byte for byte.
    """

    format: str
    stored_wh: tuple[int, int]
    orientation: int = 1
    is_closed: bool = True
    change: str = ""

    @property
    def needs_conversion(self) -> bool:
        """Would a trainer see something else than people do, or nothing?"""
        return bool(self.change)

    @property
    def is_doubtful(self) -> bool:
        """Can only decoding tell whether this is a whole picture?"""
        return not self.is_closed or self.change not in {"", "sums"} or self.format == "TIFF"

    @property
    def written_suffix(self) -> str:
        """Its suffix in the dataset."""
        if self.change in {"", "end", "sums"}:
            return _SUFFIXES[self.format]
        return ".jpg" if self.format in _LOSSY else ".png"

    @property
    def wh(self) -> tuple[int, int]:
        """Width and height as displayed."""
        w, h = self.stored_wh
        return (h, w) if self.orientation >= 5 else (w, h)


def read_header(data: bytes) -> Header:
    """The header of any picture. Whether a doubtful one can be decoded is for `hashing.shrink` or `pixels` to say.

    Raises:
        ImageError: empty, no picture, truncated, or of a size that cannot be trained on.
    """
    if not data:
        raise ImageError("image-empty", Sentence("the file has no content"))
    header = _jpeg(data) or _png(data) or _opened(data)
    w, h = header.stored_wh
    if min(w, h) < LEAST_SIDE:
        what = Sentence("{w}x{h} pixels; the detector wants at least {least}x{least}", w=w, h=h, least=LEAST_SIDE)
        raise ImageError("image-tiny", what)
    if w * h > MOST_PIXELS:
        most = MOST_PIXELS // 10**6
        what = Sentence("{w}x{h} pixels; the detector opens at most {most} megapixels", w=w, h=h, most=most)
        raise ImageError("image-huge", what)
    return header


def _jpeg(data: bytes) -> Header | None:
    frame = jpeg.read_frame(data) if data[:3] == b"\xff\xd8\xff" else None
    if frame is not None and jpeg.is_bomb(data, frame):
        what = Sentence("a picture made to keep a computer busy: it is painted more than {n} times", n=jpeg.MOST_SCANS)
        raise ImageError("image-unreadable", what)
    return None if frame is None else _jpeg_of(frame, data[-2:] == jpeg.END)


@lru_cache(maxsize=256)  # one for all pictures of a video
def _jpeg_of(frame: jpeg.Frame, closed: bool) -> Header:
    change = "coding" if not frame.is_common else "colours" if frame.components == 4 else "" if closed else "end"
    return Header("JPEG", frame.wh, frame.orientation, closed, change)


def _png(data: bytes) -> Header | None:
    facts = png.read_png(data) if data[:8] == png.SIGNATURE else None
    if facts is None:
        return None
    if not facts.is_sound and not png.has_all_pixels(data):
        what = Sentence("a part of the picture is missing or damaged (PNG check sums)")
        raise ImageError("image-truncated", what)
    turned = "turned" if facts.orientation != 1 else "" if facts.is_sound else "sums"
    return Header("PNG", facts.wh, facts.orientation, facts.is_sound, "depth" if facts.bits > 8 else turned)


def _opened(data: bytes) -> Header:
    """All other formats, through their libraries."""
    if not picture_format(data[:HEAD]) and (kind := other_kind(data[:HEAD])):
        raise ImageError("image-unreadable", Sentence("this is no picture but {kind}", kind=kind))
    opened = open_raster(data)
    return Header(opened.format, opened.wh, opened.orientation, opened.is_closed, _change(opened))


def _change(opened: Opened) -> str:
    if opened.bits > 8:
        return "depth"
    if opened.format not in _SUFFIXES:
        return "format"
    if opened.format == "JPEG":  # garbage between its segments
        return "colours" if opened.mode == "CMYK" else "" if opened.is_closed else "coding"
    if opened.has_pages:
        return "frames"
    if opened.is_turned:
        return "turned"
    return "colours" if opened.format == "TIFF" and opened.mode not in {"L", "RGB"} else ""
