"""Bytes of any picture -> the pixels that people see: 8 bits, grey or RGB, upright, the first frame.

* More than 8 bits: divided by the smallest depth (8, 10, 12, 14 or 16 bits) that holds the brightest value, so that a
  12-bit camera's pictures are not black, and neighbouring frames keep their brightness. For the full range this is the
  high byte, which viewers and OpenCV show. Floating point: white is 1, 255 or the brightest, whichever holds all.
* CMYK and Lab go through the embedded ICC profile where there is one, else by Pillow's formulas. RGB profiles are not
  applied: the detector gets the same numbers as from a JPEG of the same phone.
* Transparency is dropped, not put over a background: so do CVAT's server, OpenCV, and hence Ultralytics.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from labtools.core.sentences import Sentence, reason
from labtools.prepare.pictures import jpeg, png
from labtools.prepare.pictures.headers import Header
from labtools.prepare.pictures.opening import TROUBLE, ImageError, open_heif, open_pillow

MOST_DECODED = 90_000_000
"""Pixels; three bytes each have to fit into memory beside all else."""

_DEPTHS = (8, 10, 12, 14, 16)
_FROM_DISPLAY = {  # EXIF orientation -> what turns stored pixels into displayed ones
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip

Pixels = np.ndarray[Any, np.dtype[Any]]
"""(H, W) or (H, W, C)."""


def read_pixels(data: bytes, header: Header) -> Image.Image:
    """The picture as displayed, mode L or RGB, of size ``header.wh``.

    Raises:
        ImageError: it cannot be decoded to its end, or is too large for that.
    """
    w, h = header.stored_wh
    if w * h > MOST_DECODED:
        what = Sentence("{w}x{h} pixels, too many to convert it: hand it in as an 8-bit JPEG or PNG", w=w, h=h)
        raise ImageError("image-huge", what)
    try:
        image = _decoded(data, header)
    except TROUBLE as error:
        if isinstance(error, ImageError):
            raise
        what = Sentence("the picture cannot be decoded to its end ({why})", why=reason(error))
        raise ImageError("image-truncated", what) from error
    turn = _FROM_DISPLAY.get(header.orientation)
    return image if turn is None else image.transpose(turn)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """A stored (H, W) array as displayed, by its EXIF orientation."""
    if orientation >= 5:
        pixels = pixels.T
    down = orientation in {3, 4, 7, 8}
    across = orientation in {2, 3, 6, 7}
    return pixels[:: -1 if down else 1, :: -1 if across else 1]


def _decoded(data: bytes, header: Header) -> Image.Image:
    if not header.is_closed:
        data = {"JPEG": jpeg.up_to_end, "PNG": png.mended}.get(header.format, bytes)(data)
    if header.format == "HEIF":
        heif = open_heif(data)
        return _plain(Image.frombytes(heif.mode, heif.size, bytes(heif.data), "raw", heif.mode, heif.stride))
    if header.change == "depth" and header.format == "PNG":
        return _from_deep_png(data)
    with open_pillow(data) as image:
        image.load()
        return _plain(image)


def _plain(image: Image.Image) -> Image.Image:
    """Mode L or RGB."""
    if image.mode in {"L", "RGB"}:
        return image.copy()
    if image.mode in {"CMYK", "LAB"}:
        return _managed(image)
    if image.mode in {"I", "F"} or image.mode.startswith("I;"):
        return Image.fromarray(to_bytes(np.asarray(image)))
    return image.convert("L" if image.mode in {"1", "LA"} else "RGB")


def _managed(image: Image.Image) -> Image.Image:
    """CMYK or Lab by the embedded profile; by formula where there is none, or one that does not fit."""
    profile = image.info.get("icc_profile")
    try:
        if image.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        elif profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        else:
            return image.convert("RGB")
        managed = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.convert("RGB")
    return managed if managed is not None else image.convert("RGB")


def _from_deep_png(data: bytes) -> Image.Image:
    """OpenCV keeps all bits of colour pictures too, of which Pillow keeps the high ones; its check sums were looked at
    before, so that OpenCV has nothing to complain about on the terminal."""
    import cv2

    raw = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    values = np.asarray(raw)
    if values.ndim < 2:
        raise ImageError("image-truncated", Sentence("the picture cannot be decoded"))
    if values.ndim == 3:
        values = values[:, :, 2::-1] if values.shape[2] >= 3 else values[:, :, 0]
    return Image.fromarray(to_bytes(values))


def to_bytes(values: Pixels) -> Pixels:
    """Brightness of any depth -> uint8, see the module."""
    if values.dtype.kind == "f":
        finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        low, brightest = min(0.0, float(finite.min())), float(finite.max())
        high = next((white for white in (1.0, 255.0) if brightest <= white and not low), max(brightest, low + 1e-9))
        return np.asarray(np.rint((finite - low) * (255 / (high - low))), dtype=np.uint8)
    top = int(values.max(initial=0))
    bits = next((depth for depth in _DEPTHS if top < 1 << depth), top.bit_length())
    return np.asarray(np.clip(values, 0, None) >> (bits - 8), dtype=np.uint8)
