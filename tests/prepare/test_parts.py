"""Formulas beside an oracle: headers beside Pillow, turned boxes beside turned pictures, made splits beside shares."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from labtools.prepare.config import SplitPolicy
from labtools.prepare.labels.annotations import turned
from labtools.prepare.pictures.headers import read_header
from labtools.prepare.pictures.opening import ImageError
from labtools.prepare.splits.made import frame_key, share_sequences


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_turns_with_its_picture(orientation: int) -> None:
    """A white rectangle in a stored picture lies where `turned` says in the displayed one."""
    pixels = np.zeros((40, 64), np.uint8)
    pixels[8:16, 16:48] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, exif=exif)
    header = read_header(buffer.getvalue())
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue())))
    assert header.orientation == orientation
    assert header.stored_wh == (64, 40)
    assert header.wh == shown.size
    if orientation >= 5:
        ys, xs = np.nonzero(np.asarray(shown) > 128)
        w, h = shown.size
        seen = xs.min() / w, ys.min() / h, (xs.max() + 1) / w, (ys.max() + 1) / h
        assert turned((16 / 64, 8 / 40, 48 / 64, 16 / 40), orientation) == pytest.approx(seen, abs=1e-9)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK", "RGBA"])
def test_headers_agree_with_pillow(format: str, mode: str) -> None:  # noqa: A002
    image = Image.new("RGB", (37, 21), (200, 10, 60)).convert(mode)
    buffer = io.BytesIO()
    try:
        image.save(buffer, format, progressive=True)
    except (OSError, ValueError):
        pytest.skip(f"{format} has no {mode}")
    header = read_header(buffer.getvalue())
    assert (header.format, header.wh) == (format, (37, 21))


@settings(max_examples=100, deadline=None)
@given(
    data=st.binary(max_size=200), cut=st.floats(0, 1), format=st.sampled_from(["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
)
def test_any_bytes_are_a_picture_or_a_reason(
    data: bytes,
    cut: float,
    format: str,  # noqa: A002
    picture: Callable[..., bytes],
) -> None:
    whole = picture(5, (16, 16), format)
    spoiled = whole[: int(len(whole) * cut)]
    for content in (data, spoiled, spoiled + data):
        try:
            assert min(read_header(content).wh) >= 10
        except ImageError as error:
            assert error.code.startswith("image-")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=3, max_size=12), st.integers(0, 3))
def test_whole_sequences_come_near_the_shares(sizes: list[int], seed: int) -> None:
    policy = SplitPolicy(seed=seed)
    named = {str(i): size for i, size in enumerate(sizes)}
    split = share_sequences(named, policy, "velo/tic_et_tac")
    assert split == share_sequences(dict(reversed(named.items())), policy, "velo/tic_et_tac")
    assert set(split) == set(named)
    if len(sizes) <= 7:
        assert set(split.values()) == {"train", "val", "test"}
    if len(set(sizes)) == 1 and len(sizes) in {5, 10}:
        counts = Counter(split.values())
        assert counts == {"train": len(sizes) * 3 // 5, "val": len(sizes) // 5, "test": len(sizes) // 5}


def test_natural_order() -> None:
    assert sorted(["f_10", "f_9", "f_1"], key=frame_key) == ["f_1", "f_9", "f_10"]
