"""Box arithmetic. One convention, always in the name.

::

    (0,0) ------------------> x          xyxy   x1 y1 x2 y2, pixels
      |    (x1,y1)+-----+                xyxyn  the same divided by width, height: 0..1
      |           |     | h              xywhn  centre x, centre y, width, height in 0..1 (a YOLO line)
      |           +-----+(x2,y2)         ltwh   left, top, width, height in pixels (COCO)
      v y            w

All functions take and return ``(N, 4)`` float64 arrays and never write into their arguments. ``wh`` is the
image's ``(width, height)`` in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Boxes = NDArray[np.float64]


def as_boxes(boxes: ArrayLike) -> Boxes:
    """Any sequence of 4-tuples as an ``(N, 4)`` float64 array; an empty one as ``(0, 4)``."""
    return np.asarray(boxes, dtype=np.float64).reshape(-1, 4)


def xywhn_to_xyxyn(boxes: ArrayLike) -> Boxes:
    """Centre and size to corners, both in 0..1."""
    b = as_boxes(boxes)
    half = b[:, 2:] / 2
    return np.hstack([b[:, :2] - half, b[:, :2] + half])


def xyxyn_to_xywhn(boxes: ArrayLike) -> Boxes:
    """Corners to centre and size, both in 0..1."""
    b = as_boxes(boxes)
    return np.hstack([(b[:, :2] + b[:, 2:]) / 2, b[:, 2:] - b[:, :2]])


def xywhn_to_xyxy(boxes: ArrayLike, wh: tuple[float, float]) -> Boxes:
    """A YOLO line's numbers to corner pixels."""
    return xywhn_to_xyxyn(boxes) * np.array([*wh, *wh], dtype=np.float64)


def xyxy_to_xywhn(boxes: ArrayLike, wh: tuple[float, float]) -> Boxes:
    """Corner pixels to a YOLO line's numbers."""
    return xyxyn_to_xywhn(as_boxes(boxes) / np.array([*wh, *wh], dtype=np.float64))


def polygon_to_xyxy(points: Sequence[float] | ArrayLike) -> Boxes:
    """The box around one polygon ``x1 y1 x2 y2 ...`` in whatever unit it came, as a ``(1, 4)`` array."""
    p = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    return np.hstack([p.min(axis=0), p.max(axis=0)]).reshape(1, 4)


def area(boxes: ArrayLike) -> NDArray[np.float64]:
    """Areas ``(N,)`` of corner boxes; 0 for a box whose corners are swapped."""
    b = as_boxes(boxes)
    size = np.clip(b[:, 2:] - b[:, :2], 0, None)
    return np.asarray(size[:, 0] * size[:, 1])


def iou_matrix(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of every pair of corner boxes: ``(N, M)`` in 0..1; 0 where a union is empty."""
    first, second = as_boxes(a), as_boxes(b)
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    overlap = np.clip(bottom_right - top_left, 0, None).prod(axis=2)
    union = area(first)[:, None] + area(second)[None, :] - overlap
    return np.asarray(np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0))
