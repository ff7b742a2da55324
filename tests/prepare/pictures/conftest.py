"""One picture in every coding that students hand in; built here, but for the HEIC, which nothing here can encode."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

# 48x32: left half red, right half blue, a white corner at the upper left. Made with libheif.
_HEIC = (
    b"eNpjYGCQSSupLMhIzUxmAILczDRDEDs3MzGNgYGxNje1JJEBAhQzUnKKoGyGgszkEgY0oJSZkw82xMWBgREIgYBxIYQGgiYgVs7M"
    b"zEsD80CiokBOKhOUl1GWbAhi8hVkluTClfzNLCgqANJ3MwuS84F0GVCZMyMzSGgCWJHcB4Y/f3/8YGDgZ04A6pBwYORh/P8fpIAZ"
    b"pIIZhOR2MTkkAiW1nBgZ0WQWKDSyTnv1ZNnOHRwZBgpAIWYQwaCYBFTO5sJ4sPhAJ9AS4eT8nKK85JwKoCgvA1sDUEgks7ggFeoz"
    b"ByjWSM5JBLnMAOp4BRD9////D0CaCUg/ANFALFCQWZEJ0sjMwcEBpCQyC3JhgQwMN9ZGJmbWFiC7KzclERTIdRqM6zkfdH84zOJR"
    b"tluPtV6oIXS7QcCP9Lf5u0QdvWuYpwueXvLK7MzNgv83jZOif1/Xnt3izm3r2u8X4Pfi2O3b9yxuPP8wyUXgAxs7v+KZnO1ZXgkm"
    b"UzfOWP/vQVn+jPP7b7kJMifcyK/Zesq1d7ZHuF/p1uVWeS5q4cdivj+fLvtJ6AMAb0yMDQ=="
)


@pytest.fixture(scope="session")
def heic() -> bytes:
    return zlib.decompress(base64.b64decode(_HEIC))


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """96x64, no two corners alike."""
    y, x = np.mgrid[:64, :96]
    pixels = np.stack([x * 255 // 96, y * 255 // 64, (x + y) * 255 // 160], axis=-1).astype(np.uint8)
    pixels[8:24, 8:40] = (230, 30, 30)
    pixels[40:60, 60:90] = (20, 200, 40)
    return Image.fromarray(pixels)


@pytest.fixture(scope="session")
def codings(photo: Image.Image, heic: bytes) -> dict[str, bytes]:
    """Bytes by a name that says what they are; the part after the last dot is the suffix that people give them."""
    grey = photo.convert("L")
    alpha = np.full((64, 96), 255, np.uint8)
    alpha[:, 48:] = 0
    clear = Image.fromarray(np.dstack([np.asarray(photo), alpha]))
    flipped = ImageOps.flip(photo)
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = np.asarray(photo)[:, :, ::-1].astype(np.uint16)
    few = photo.quantize(32)

    def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        image.copy().save(buffer, kind, **options)  # saving leaves the encoder's settings in a picture
        return buffer.getvalue()

    def by_opencv(suffix: str, pixels: np.ndarray) -> bytes:
        return bytes(cv2.imencode(suffix, pixels)[1])

    def pages(image: Image.Image, kind: str, second: Image.Image) -> bytes:
        return saved(image, kind, save_all=True, append_images=[second.copy()])

    return {
        "plain.jpg": saved(photo, "JPEG"), "progressive.jpg": saved(photo, "JPEG", progressive=True),
        "grey.jpg": saved(grey, "JPEG"), "turned.jpg": saved(photo, "JPEG", exif=exif),
        "cmyk.jpg": saved(photo.convert("CMYK"), "JPEG"), "two.mpo": pages(photo, "MPO", flipped),
        "plain.png": saved(photo, "PNG"), "clear.png": saved(clear, "PNG"), "grey.png": saved(grey, "PNG"),
        "palette.png": saved(few, "PNG", transparency=3), "one_bit.png": saved(grey.convert("1"), "PNG"),
        "turned.png": saved(photo, "PNG", exif=exif), "grey_alpha.png": saved(clear.convert("LA"), "PNG"),
        "deep.png": by_opencv(".png", deep * 257), "deep_grey.png": by_opencv(".png", deep[:, :, 0] * 257),
        "lossy.webp": saved(photo, "WEBP"), "clear.webp": saved(clear, "WEBP", lossless=True),
        "turned.webp": saved(photo, "WEBP", exif=exif), "animated.webp": pages(photo, "WEBP", flipped),
        "plain.bmp": saved(photo, "BMP"), "palette.bmp": saved(few, "BMP"),
        "one_bit.bmp": saved(grey.convert("1"), "BMP"),
        "plain.tif": saved(photo, "TIFF"), "lzw.tiff": saved(photo, "TIFF", compression="tiff_lzw"),
        "jpeg.tif": saved(photo, "TIFF", compression="jpeg"), "pages.tif": pages(photo, "TIFF", flipped),
        "grey_pages.tif": pages(grey, "TIFF", ImageOps.flip(grey)), "turned.tif": saved(photo, "TIFF", exif=exif),
        "cmyk.tif": saved(photo.convert("CMYK"), "TIFF"), "clear.tif": saved(clear, "TIFF"),
        "one_bit.tif": saved(grey.convert("1"), "TIFF"), "deep.tif": by_opencv(".tif", deep * 257),
        "deep_grey.tif": by_opencv(".tif", deep[:, :, 0] * 257),
        "float.tif": saved(Image.fromarray(np.asarray(grey).astype(np.float32) / 255), "TIFF"),
        "still.gif": saved(few, "GIF"), "moving.gif": pages(few, "GIF", flipped.quantize(32)),
        "plain.jp2": saved(photo, "JPEG2000"),
        "plain.ppm": saved(photo, "PPM"), "grey.pgm": saved(grey, "PPM"),
        "deep.pgm": by_opencv(".pgm", deep[:, :, 0] * 257),
        "plain.avif": saved(photo, "AVIF", quality=90), "turned.avif": saved(photo, "AVIF", quality=90, exif=exif),
        "phone.heic": heic,
    }  # fmt: skip


Shown = Callable[[str], np.ndarray]


@pytest.fixture(scope="session")
def shown(codings: dict[str, bytes], photo: Image.Image) -> Shown:
    """(H, W, 3) uint8 RGB: what a viewer shows of a coding."""

    def show(name: str) -> np.ndarray:
        if name == "phone.heic":
            pixels = np.zeros((32, 48, 3), np.uint8)
            pixels[:, :24], pixels[:, 24:], pixels[:10, :12] = (220, 30, 30), (30, 60, 200), (250, 250, 250)
            return pixels
        if name.startswith(("deep_grey", "deep.pgm")):
            return np.repeat(np.asarray(photo)[:, :, 2:], 3, axis=2)  # OpenCV wrote BGR: its first channel is blue
        if name == "float.tif":
            return np.repeat(np.asarray(photo.convert("L"))[:, :, None], 3, axis=2)
        with Image.open(io.BytesIO(codings[name])) as image:
            image.load()
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))

    return show
