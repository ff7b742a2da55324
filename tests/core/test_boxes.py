"""Box arithmetic: round trips to the last digit, and an oracle beside each formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.core import boxes

_unit = st.floats(0.01, 0.99)
_corners = st.tuples(_unit, _unit, _unit, _unit).map(
    lambda t: (min(t[0], t[2]), min(t[1], t[3]), max(t[0], t[2]) + 1e-3, max(t[1], t[3]) + 1e-3)
)
_sizes = st.tuples(st.integers(1, 5000), st.integers(1, 5000))


@given(st.lists(_corners, max_size=5), _sizes)
def test_a_box_survives_the_way_to_yolo_and_back(corners: list[tuple[float, ...]], wh: tuple[int, int]) -> None:
    pixels = boxes.as_boxes(corners) * np.array([*wh, *wh])
    back = boxes.xywhn_to_xyxy(boxes.xyxy_to_xywhn(pixels, wh), wh)
    np.testing.assert_allclose(back, pixels, rtol=1e-9, atol=1e-9)


def test_a_yolo_line_by_hand() -> None:
    assert boxes.xywhn_to_xyxy([(0.5, 0.25, 0.2, 0.5)], (100, 200)).tolist() == [[40, 0, 60, 100]]


def test_the_box_around_a_polygon() -> None:
    assert boxes.polygon_to_xyxy([3, 9, 1, 4, 7, 5]).tolist() == [[1, 4, 7, 9]]


def test_arguments_are_never_written_into() -> None:
    given_boxes = np.array([[-0.5, 0.2, 1.4, 0.9]])
    boxes.xywhn_to_xyxyn(given_boxes)
    boxes.xyxyn_to_xywhn(given_boxes)
    assert given_boxes.tolist() == [[-0.5, 0.2, 1.4, 0.9]]


def test_no_boxes_stay_no_boxes() -> None:
    assert boxes.xywhn_to_xyxyn([]).shape == (0, 4)
    assert boxes.iou_matrix([], [(0, 0, 1, 1)]).shape == (0, 1)


def _iou_by_counting(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """Brute force: count unit cells."""
    cells = [{(x, y) for x in range(c[0], c[2]) for y in range(c[1], c[3])} for c in (a, b)]
    union = len(cells[0] | cells[1])
    return len(cells[0] & cells[1]) / union if union else 0.0


_cell = st.tuples(*[st.integers(0, 8)] * 4).map(
    lambda t: (min(t[0], t[2]), min(t[1], t[3]), max(t[0], t[2]), max(t[1], t[3]))
)


@given(_cell, _cell)
def test_iou_equals_counting_cells(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    assert boxes.iou_matrix([a], [b])[0, 0] == pytest.approx(_iou_by_counting(a, b))
