"""Pictures of the report are seen as they are trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from labtools.report.pictures import read_image


def test_a_turned_picture_is_upright(tmp_path: Path) -> None:
    """Boxes lie in the picture as displayed: a phone's portrait must not be drawn lying down."""
    stored = np.zeros((64, 96, 3), np.uint8)
    stored[:, :48] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored).save(tmp_path / "phone.jpg", exif=exif)
    for reduce in (1, 2, 4):
        image = read_image(tmp_path / "phone.jpg", reduce)
        assert image is not None
        assert image.shape[:2] == (96 // reduce, 64 // reduce)
        assert image[: 40 // reduce].mean() > 240
        assert image[-40 // reduce :].mean() < 15
