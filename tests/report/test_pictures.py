"""Crops and pictures show the place that they say they show."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from labtools.report.pictures import draw_crop, draw_example, read_image, write_jpeg


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A dark 400 x 300 picture, a white square at (300, 40)-(340, 80); its name has an accent."""
    pixels = np.full((300, 400, 3), 20, dtype=np.uint8)
    pixels[40:80, 300:340] = 255
    path = tmp_path / "vélo.png"
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return path


@pytest.mark.parametrize("side", [40, 220])
def test_a_crop_has_its_box_in_the_middle(picture: Path, side: int) -> None:
    crop = draw_crop(picture, (300, 40, 340, 80), 0, side=side, margin=0.5)
    assert crop is not None and crop.shape == (side, side, 3)
    assert crop[side // 2, side // 2].min() > 240
    quarter = side // 4  # half a box of margin on each side: the box fills the middle half
    assert crop[side // 2, quarter - 4].max() < 60
    assert crop[side // 2, quarter + 4].min() > 200


def test_a_crop_at_the_border_is_filled_up(picture: Path) -> None:
    crop = draw_crop(picture, (0, 0, 20, 20), 0, side=100)
    assert crop is not None and crop.shape == (100, 100, 3)


def test_an_example_keeps_the_proportions_and_shows_the_boxes(picture: Path) -> None:
    box = np.array([[300.0, 40, 340, 80]])
    drawn = draw_example(picture, box[0], (box, [0]), (box, [1], ["jul 0.90"]), width=800)
    assert drawn is not None and drawn.shape == (600, 800, 3)
    plain = cv2.resize(read_image(picture), (800, 600), interpolation=cv2.INTER_CUBIC)
    changed = np.argwhere((drawn != plain).any(axis=2))
    assert (changed.min(axis=0) >= (40, 580)).all() and (changed.max(axis=0) <= (175, 740)).all()


def test_a_picture_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_bytes(b"not a picture")
    for name in ("empty.jpg", "text.jpg", "absent.jpg"):
        assert draw_crop(tmp_path / name, (0, 0, 5, 5), 0) is None


def test_jpegs_are_written_alike_each_time(picture: Path, tmp_path: Path) -> None:
    image = read_image(picture)
    assert image is not None
    sizes = [write_jpeg(tmp_path / name, image) for name in ("a.jpg", "b.jpg")]
    assert sizes == [(400, 300)] * 2
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()
