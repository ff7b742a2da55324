"""Sizes, shapes and numbers of boxes, beside what a hand or a loop counts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.report.tables import shapes
from labtools.report.tables.dataset import box_summary

Row = tuple[float, float, int, int]


def boxes(*rows: Row, image: str = "") -> pd.DataFrame:
    """Boxes of width and height 0..1 in images of so many pixels, each in an image of its own unless named."""
    frame = pd.DataFrame(rows, columns=["w", "h", "image_width", "image_height"])
    return frame.assign(x=0.5, y=0.5, image=image or [f"images/{i}.jpg" for i in range(len(rows))])


@pytest.mark.parametrize(
    ("wh", "imgsz", "expected"),
    [
        ((640, 360), 320, (320, 180)),
        ((640, 360), 640, (640, 360)),
        ((640, 360), 1280, (1280, 720)),  # small images are enlarged as well
        ((360, 640), 320, (180, 320)),
        ((333, 100), 320, (320, 97)),  # 96.1 rows: rounded up
        ((1000, 1), 320, (320, 1)),
        ((640, 360), None, (640, 360)),
    ],
)
def test_images_are_loaded_as_ultralytics_does(
    wh: tuple[int, int], imgsz: int | None, expected: tuple[int, int]
) -> None:
    assert tuple(shapes.loaded_wh(np.array([wh]), imgsz)[0]) == expected


@given(st.integers(1, 6000), st.integers(1, 6000), st.sampled_from([96, 160, 320, 640, 1280, 1980]))
def test_loaded_sizes_are_those_of_its_own_lines(w0: int, h0: int, imgsz: int) -> None:
    """`load_image` of ultralytics/data/base.py, word by word."""
    r = imgsz / max(h0, w0)
    w, h = (min(math.ceil(w0 * r), imgsz), min(math.ceil(h0 * r), imgsz)) if r != 1 else (w0, h0)
    assert tuple(shapes.loaded_wh(np.array([[w0, h0]]), imgsz)[0]) == (w, h)


def test_small_medium_and_large_by_hand() -> None:
    part = boxes(
        (0.1, 0.1, 640, 360),  # 64 x 36 = 2304 px: medium; 32 x 18 at 320: small; 128 x 72 = 96 x 96 at 1280: large
        (0.05, 0.0875, 640, 360),  # 32 x 31.5 = 1008 px: small everywhere but at 1280
        (0.5, 0.5, 640, 360),  # 320 x 180: large; 160 x 90 = 14400 at 320: large
    )
    table = shapes.size_shares([("c", part)], (320, 1280)).set_index("imgsz")
    assert table[["small", "medium", "large"]].to_numpy().tolist() == [[1, 1, 1], [2, 0, 1], [0, 1, 2]]
    assert table.loc["native", "median_side"] == pytest.approx(48)
    assert table.loc["320", "small_pct"] == pytest.approx(200 / 3)


def test_the_edges_belong_to_the_larger_size() -> None:
    """32 x 32 is no longer small, 96 x 96 no longer medium."""
    part = boxes((0.5, 0.5, 64, 64), (0.5, 0.5, 192, 192))
    (row,) = shapes.size_shares([("c", part)], ()).to_dict("records")
    assert (row["small"], row["medium"], row["large"]) == (0, 1, 1)


@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.001, 1), st.integers(1, 3000), st.integers(1, 3000))))
def test_every_box_has_one_size(rows: list[Row]) -> None:
    table = shapes.size_shares([("c", boxes(*rows))], (320, 640))
    assert (table[list(shapes.SIZES)].sum(axis=1) == len(rows)).all()
    percent = table[[f"{s}_pct" for s in shapes.SIZES]].sum(axis=1, skipna=False)
    assert np.allclose(percent, 100) if rows else percent.isna().all()
    wide = shapes.size_table(table)
    assert len(wide) == 1 and wide.loc[0, "boxes"] == len(rows)
    assert [c for c in wide if "_" in c and c != "median_side"][-1] == "640_large"


def test_aspect_ratios_are_of_pixels_not_of_shares() -> None:
    """A quarter of the width and a third of the height of a 640 x 360 image: 160 x 120, which lies."""
    part = boxes((0.25, 1 / 3, 640, 360), (0.25, 0.5, 100, 100))
    assert shapes.aspect_ratios(part) == pytest.approx([4 / 3, 0.5])
    (row,) = shapes.ratio_spans([("c", part)]).to_dict("records")
    assert row["lying_pct"] == 50 and row["median"] == pytest.approx((4 / 3 + 0.5) / 2)
    assert box_summary(part, 2)["wider_than_high"] == 0.5


def test_no_boxes_have_no_shape() -> None:
    (row,) = shapes.ratio_spans([("c", boxes())]).to_dict("records")
    assert row["boxes"] == 0 and all(np.isnan(row[q]) for q in (*shapes.QUANTILES, "lying_pct"))


def test_images_are_counted_by_their_boxes_of_the_class() -> None:
    parts = [boxes(*[(0.1, 0.1, 9, 9)] * n, image=f"images/{name}.jpg") for n, name in ((1, "a"), (1, "b"), (9, "c"))]
    table = shapes.boxes_in_image([("c", pd.concat(parts)), ("nobody", boxes())])
    assert set(table["label"]) == {"c"}
    assert table.set_index("boxes")["images"].to_dict() == {1: 2, 2: 0, 3: 0, 4: 0, 5: 0, 6: 1}
    assert table["share"].sum() == pytest.approx(1)
