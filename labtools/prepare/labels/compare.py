"""Two annotations of one picture: are they the same?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from labtools.prepare.config import name_key
from labtools.prepare.formats import PIXEL_CORNERS, PIXELS, RawBox, Record

SAME_BOX = 0.9
"""Two boxes of at least this IoU are one box, written twice."""

Corners = tuple[float, float, float, float]


class Difference(NamedTuple):
    """What one record of a picture says that another does not, in boxes.

    Attributes:
        same: in both, of one class.
        other_class: in both, of another class.
        only_first, only_second: in one of them.
    """

    same: int = 0
    other_class: int = 0
    only_first: int = 0
    only_second: int = 0

    def __bool__(self) -> bool:
        return self[1:] != (0, 0, 0)

    def plus(self, other: Difference) -> Difference:
        return Difference(*(a + b for a, b in zip(self, other, strict=True)))


def compare(first: Record, second: Record, overlap: float = SAME_BOX) -> Difference:
    """Match the boxes of two records of one picture, the best pairs first.

    Args:
        overlap: the IoU from which on two boxes are the same. Where the units cannot be compared (pixels of a
            picture of unknown size beside 0..1), boxes are matched by class alone.
    """
    ours, theirs = tuple(first.boxes), tuple(second.boxes)
    corners = _comparable(first, second)
    if corners is None:
        pairs = [(1.0, i, j) for i in range(len(ours)) for j in range(len(theirs))]
        pairs = [pair for pair in pairs if _is_same_class(ours[pair[1]], theirs[pair[2]])]
    else:
        all_pairs = ((iou(a, b), i, j) for i, a in enumerate(corners[0]) for j, b in enumerate(corners[1]))
        pairs = [pair for pair in all_pairs if pair[0] >= overlap]
    left, right = set(range(len(ours))), set(range(len(theirs)))
    same = other = 0
    # boxes of one class first: two classes at one place are two boxes in both
    for _, i, j in sorted(pairs, key=lambda p: (not _is_same_class(ours[p[1]], theirs[p[2]]), -p[0], p[1], p[2])):
        if i in left and j in right:
            left.remove(i)
            right.remove(j)
            is_same = _is_same_class(ours[i], theirs[j])
            same, other = same + is_same, other + (not is_same)
    return Difference(same, other, len(left), len(right))


def can_compare(first: Record, second: Record) -> bool:
    """Are the places of their boxes known in one unit?"""
    return _comparable(first, second) is not None


def distinct(record: Record) -> int:
    """Its boxes, those written twice counted once."""
    places = 1 if record.size_wh is not None else 4
    return len({(b.class_id, b.class_name, *(round(v, places) for v in b.xyxy)) for b in record.boxes})


def _comparable(first: Record, second: Record) -> tuple[list[Corners], list[Corners]] | None:
    """The corners of both in one unit; None if there is no such."""
    if any(box.form in {PIXELS, PIXEL_CORNERS} for record in (first, second) for box in record.boxes):
        return None
    sizes = [record.size_wh for record in (first, second)]
    if None not in sizes and any(size is None or min(size) <= 0 for size in sizes):
        return _scaled(first.boxes, (1, 1)), _scaled(second.boxes, (1, 1))  # pixels, and nobody knows of how many
    if any(size is not None and min(size) <= 0 for size in sizes):
        return None
    return _scaled(first.boxes, sizes[0] or (1, 1)), _scaled(second.boxes, sizes[1] or (1, 1))


def _scaled(boxes: Sequence[RawBox], size: tuple[float, float]) -> list[Corners]:
    w, h = size
    return [(x1 / w, y1 / h, x2 / w, y2 / h) for x1, y1, x2, y2 in (box.xyxy for box in boxes)]


def _is_same_class(first: RawBox, second: RawBox) -> bool:
    """Names are compared where both have one, else ids; a name beside a bare id does not contradict it."""
    if first.class_name is not None and second.class_name is not None:
        return name_key(first.class_name) == name_key(second.class_name)
    if first.class_id is not None and second.class_id is not None:
        return first.class_id == second.class_id
    return True


def iou(a: Corners, b: Corners) -> float:
    """Intersection over union; of two boxes without area 1 if they are equal, else 0."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return float(a == b)
    shared = w * h
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
