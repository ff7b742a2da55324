"""The ways in which four numbers can be a box, and how well each fits a folder's pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from labtools.core.sentences import Sentence

Numbers = NDArray[np.float64]
"""(N, 4): one box a row, as it is written or as corners."""

Reading = Callable[[Numbers], Numbers]
"""Numbers as they are written -> xyxy in the same unit."""

TOLERANCE = 0.02  # of the picture's side: annotators draw a little beyond the border
BEYOND = 0.1  # and some draw further
NEARLY_ALL, MANY = 0.98, 0.8  # shares of boxes inside: this reading is possible, this one is not
ENOUGH = 8  # boxes that can overrule the usual reading of numbers in 0..1


def from_centre(n: Numbers) -> Numbers:
    half = n[:, 2:] / 2
    return np.hstack([n[:, :2] - half, n[:, :2] + half])


def from_corners(n: Numbers) -> Numbers:
    return n


def from_corner_and_size(n: Numbers) -> Numbers:
    return np.hstack([n[:, :2], n[:, :2] + n[:, 2:]])


USUAL, BY_CORNERS = Sentence("centre and size"), Sentence("corners")
BY_CORNER = Sentence("top left corner and size")
READINGS: Mapping[Sentence, Reading] = {USUAL: from_centre, BY_CORNERS: from_corners, BY_CORNER: from_corner_and_size}
PERCENT = Sentence("centre and size in percent")


def share_inside(xyxyn: Numbers, tolerance: float = TOLERANCE) -> float:
    """Of the boxes those that have an area and lie in 0..1, but for a little; 1 where there are no boxes."""
    if not len(xyxyn):
        return 1.0
    low, high = xyxyn[:, :2], xyxyn[:, 2:]
    inside = (low < high).all(axis=1) & (low.min(axis=1) >= -tolerance) & (high.max(axis=1) <= 1 + tolerance)
    return float(inside.mean())
