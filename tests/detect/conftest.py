"""Real videos made by hand with PyAV, not with the writer under test."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from labtools.core.draw import Image
from labtools.demo.simulate import SHAPES, random_actor, simulate_clip

MakeVideo = Callable[..., Path]


@pytest.fixture(scope="session")
def make_video() -> MakeVideo:
    """``make_video(path, images, times=None, rate=30, codec=..., time_base=...)``: a plain recording."""

    def make(
        path: Path,
        images: Sequence[Image],
        *,
        times: Sequence[int] | None = None,
        rate: Fraction = Fraction(30),
        time_base: Fraction | None = None,
        codec: str = "libx264",
        rotation: int = 0,
    ) -> Path:
        with av.open(str(path), "w") as container:
            stream: Any = container.add_stream(codec, rate=rate)
            stream.height, stream.width = images[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            if time_base is not None:
                stream.time_base = stream.codec_context.time_base = time_base
            for index, image in enumerate(images):
                frame: Any = av.VideoFrame.from_ndarray(image, format="bgr24")
                frame.pts = index if times is None else times[index]
                frame.time_base = time_base or 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        if rotation:
            path.write_bytes(turn(path.read_bytes(), rotation))
        return path

    return make


def turn(mp4: bytes, degrees: int) -> bytes:
    """The mp4 with another display matrix in its track header (ISO 14496-12, tkhd), as phones write it.

    By hand, since PyAV can set it only from version 18, which Python 3.10 does not get.
    """
    rows = {90: (0, -1, 1, 0), -90: (0, 1, -1, 0), 180: (-1, 0, 0, -1)}[degrees]
    a, b, c, d = (n << 16 for n in rows)
    start = mp4.index(b"tkhd") + 44  # name, version and flags, times, id, duration, layer, volume: 44 bytes
    return mp4[:start] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + mp4[start + 36 :]


@pytest.fixture(scope="session")
def shapes_clip() -> list[Image]:
    """Ten frames of 160x160 with shapes that the demo's checkpoints know."""
    rng = np.random.default_rng(5)
    cast = [random_actor(rng, kind, (160, 160)) for kind in list(SHAPES)[:2]]
    return [shot.image for shot in simulate_clip(rng, (160, 160), 10, cast)]


@pytest.fixture
def corner_images() -> list[Image]:
    """Six frames of 96x64 (width, height): grey that brightens from frame to frame, a white upper left corner."""
    images = []
    for index in range(6):
        image = np.full((64, 96, 3), 40 + 20 * index, dtype=np.uint8)
        image[:16, :24] = 255
        images.append(image)
    return images
