"""Boxes on pixels."""

from __future__ import annotations

import numpy as np

from labtools.core.draw import class_colour, draw_boxes


def test_the_first_twenty_classes_differ() -> None:
    colours = np.array([class_colour(i) for i in range(20)], dtype=int)
    distances = np.abs(colours[:, None] - colours[None]).sum(axis=2)
    assert distances[~np.eye(20, dtype=bool)].min() > 30


def test_the_picture_given_stays_as_it_is_and_the_box_is_where_it_should_be() -> None:
    image = np.zeros((100, 120, 3), np.uint8)
    drawn = draw_boxes(image, [(20, 30, 60, 80)], [2], [""])
    assert not image.any()
    rows, columns = np.nonzero(drawn.any(axis=2))
    assert abs(rows.min() - 30) <= 1 and abs(rows.max() - 80) <= 1
    assert abs(columns.min() - 20) <= 1 and abs(columns.max() - 60) <= 1
    assert not drawn[40:70, 30:50].any()


def test_a_label_stays_inside_the_picture() -> None:
    image = np.zeros((60, 90, 3), np.uint8)
    drawn = draw_boxes(image, [(80, -3, 95, 20)], [1], ["téléphone 0.97"])
    assert drawn.shape == image.shape and drawn[:14, :40].any()
