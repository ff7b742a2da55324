"""The best-looking box of each class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from labtools.report import portraits
from labtools.report.examples import add_pixels

WH = (320, 240)


@pytest.fixture
def shot(tmp_path: Path) -> Any:
    """``shot(name, blur)``: an image of a chequered board, the sharper the smaller ``blur``."""

    def make(name: str, blur: float = 0, size: int = 1) -> None:
        tiles = np.kron(np.indices((WH[1] // 10, WH[0] // 10)).sum(axis=0) % 2, np.ones((10 * size, 10 * size)))
        pixels = np.repeat((60 + 120 * tiles).astype(np.uint8)[..., None], 3, axis=2)
        pixels = cv2.GaussianBlur(pixels, (0, 0), blur) if blur else pixels
        cv2.imwrite(str(tmp_path / name), pixels)

    return make


def truth(*rows: tuple[str, float, float, float, float], **columns: Any) -> pd.DataFrame:
    """Boxes (image, x, y, w, h) of one class, in pixels too."""
    frame = pd.DataFrame(rows, columns=["image", "x", "y", "w", "h"])
    frame = frame.assign(class_name="c", team="t", split="train", sequence=frame["image"])
    frame = frame.assign(image_width=WH[0], image_height=WH[1], **columns)
    manifest = pd.DataFrame({"image": frame["image"].unique(), "width": WH[0], "height": WH[1]})
    return add_pixels(frame, manifest)


def test_the_sharpest_is_shown(shot: Any, tmp_path: Path) -> None:
    for name, blur in (("a.png", 6), ("b.png", 0), ("c.png", 3)):
        shot(name, blur)
    boxes = truth(*((name, 0.5, 0.5, 0.3, 0.4) for name in ("a.png", "b.png", "c.png")))
    (chosen,) = portraits.choose_portraits(tmp_path, boxes, ["nobody", "c"])
    assert chosen.image == "b.png" and chosen.class_name == "c"
    (again,) = portraits.choose_portraits(tmp_path, boxes.sample(frac=1, random_state=1), ["c"])
    assert (again.image, again.xyxy) == (chosen.image, chosen.xyxy)


def test_a_large_picture_is_no_sharper_for_its_size(shot: Any, tmp_path: Path) -> None:
    """The same blur relative to the object; the large one is decoded at a fraction of its size."""
    shot("small.png", 3)
    shot("large.png", 12, size=4)
    small = portraits.sharpness(tmp_path / "small.png", (80, 60, 240, 180))
    large = portraits.sharpness(tmp_path / "large.png", (320, 240, 960, 720))
    assert small == pytest.approx(large, rel=0.5)


def test_a_picture_that_cannot_be_read_comes_last(shot: Any, tmp_path: Path) -> None:
    shot("b.png", 9)
    boxes = truth(("absent.png", 0.5, 0.5, 0.3, 0.4), ("b.png", 0.5, 0.5, 0.3, 0.4))
    (chosen,) = portraits.choose_portraits(tmp_path, boxes, ["c"])
    assert chosen.image == "b.png"


def test_whole_middle_sized_boxes_before_cut_tiny_and_covered_ones() -> None:
    boxes = truth(
        ("cut", 0.1, 0.5, 0.2, 0.3),
        ("tiny", 0.5, 0.5, 0.02, 0.02),
        ("whole", 0.5, 0.5, 0.2, 0.3),
        ("covered", 0.5, 0.5, 0.2, 0.3),
        ("covered", 0.55, 0.5, 0.2, 0.3),
    )
    covered = portraits.covered(boxes)
    assert covered.tolist() == [False, False, False, True, True]
    order = [e.image for e in portraits.candidates(boxes.assign(covered=covered))]
    assert order[0] == "whole" and order[1] == "covered" and set(order[2:]) == {"cut", "tiny"}


def test_a_box_touched_by_another_is_not_covered() -> None:
    beside = truth(("a", 0.3, 0.5, 0.2, 0.3), ("a", 0.5, 0.5, 0.2, 0.3), ("b", 0.3, 0.5, 0.2, 0.3))
    assert not portraits.covered(beside).any()
