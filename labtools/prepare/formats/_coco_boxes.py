"""COCO's boxes, and what a file means by ``bbox``: left, top, width, height in pixels, or other things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from labtools.prepare.formats._shapes import Corners, around, mask_box, number, numbers, unpacked_counts

Four = tuple[float, float, float, float]
LTWH, XYXY, RELATIVE = "ltwh", "xyxy", "relative"


class Shape(NamedTuple):
    """An annotation's numbers: ``bbox`` as written, and the box around its segmentation with that one's kind."""

    bbox: Four | None
    outline: Corners | None
    kind: str
    area: float | None

    def corners(self, meaning: str) -> Corners | None:
        """xyxy; the segmentation's where ``bbox`` is missing or has no area. None if there is neither."""
        if self.bbox is None:
            return self.outline
        a, b, c, d = self.bbox
        if meaning == XYXY:
            c, d = c - a, d - b
        if (c == 0 or d == 0) and self.outline is not None:
            return self.outline
        return min(a, a + c), min(b, b + d), max(a, a + c), max(b, b + d)


def read_shape(annotation: Mapping[str, Any]) -> Shape:
    """What an annotation says about its place; numbers may be texts."""
    given = annotation.get("bbox")
    values = numbers(given) if isinstance(given, list) and len(given) == 4 else None
    bbox = (values[0], values[1], values[2], values[3]) if values else None
    segmentation = annotation.get("segmentation")
    if isinstance(segmentation, dict):
        return Shape(bbox, _mask(segmentation), "mask", None)
    outline = _polygons(segmentation) if isinstance(segmentation, list) else None
    return Shape(bbox, outline, "polygon" if outline else "", None if outline else number(annotation.get("area")))


def _polygons(parts: Sequence[Any]) -> Corners | None:
    """The box around all parts: ``[[x, y, x, y, ...], ...]``, also without the outer list."""
    lists: list[Sequence[Any]] = [part for part in parts if isinstance(part, list)] or [parts]
    points = [value for part in lists for value in part]
    values = numbers(points) if len(points) >= 4 and all(len(part) % 2 == 0 for part in lists) else None
    return around(values[0::2], values[1::2]) if values else None


def _mask(rle: Mapping[str, Any]) -> Corners | None:
    size, counts = rle.get("size"), rle.get("counts")
    h_w = numbers(size) if isinstance(size, list) and len(size) == 2 else None
    if isinstance(counts, str):
        counts = unpacked_counts(counts)
    if h_w is None or not isinstance(counts, list) or not all(type(c) is int for c in counts):
        return None
    return mask_box(counts, (int(h_w[0]), int(h_w[1])))


def meaning_of(shapes: Iterable[tuple[Shape, tuple[float, float]]]) -> tuple[str, int]:
    """What the four numbers of a file's boxes are, and how many boxes leave the picture if they are what COCO says.

    They are corners only if all boxes fit their pictures so, and either most leave them as corner and size, or their
    own areas and outlines say so and none says otherwise.

    Args:
        shapes: with the sizes of their pictures, (0, 0) where unknown.
    """
    given = [(shape, size) for shape, size in shapes if shape.bbox is not None]
    boxes = [shape.bbox for shape, _ in given if shape.bbox is not None]
    if not boxes:
        return LTWH, 0
    if all(0 <= v <= 1 for box in boxes for v in box) and any(v != int(v) for box in boxes for v in box):
        return RELATIVE, 0
    leaving = sum(1 for box, (_, size) in zip(boxes, given, strict=True) if _leaves(box, size))
    if not all(_fits_as_corners(box, size) for box, (_, size) in zip(boxes, given, strict=True)):
        return LTWH, leaving
    votes = [_vote(shape) for shape, _ in given]
    is_corners = LTWH not in votes and (XYXY in votes or leaving * 2 > len(boxes))
    return (XYXY, 0) if is_corners else (LTWH, leaving)


def _leaves(box: Four, size: tuple[float, float]) -> bool:
    """As corner and size the box reaches far (5 %) beyond its picture, of which the size is known."""
    return min(size) > 0 and (box[0] + box[2] > size[0] * 1.05 or box[1] + box[3] > size[1] * 1.05)


def _fits_as_corners(box: Four, size: tuple[float, float]) -> bool:
    x1, y1, x2, y2 = box
    fits = min(size) <= 0 or (x2 <= size[0] + 1 and y2 <= size[1] + 1)
    return x1 < x2 and y1 < y2 and x1 >= -1 and y1 >= -1 and fits


def _vote(shape: Shape) -> str:
    """What the annotation's own outline or area says the numbers are; ``""`` if it says nothing."""
    a, b, c, d = shape.bbox or (0.0, 0.0, 0.0, 0.0)
    if shape.outline is not None:
        x1, y1, x2, y2 = shape.outline
        near = 0.02 * max(x2 - x1, y2 - y1) + 1.5
        for meaning, end in ((LTWH, (a + c, b + d)), (XYXY, (c, d))):
            if max(abs(x1 - a), abs(y1 - b), abs(x2 - end[0]), abs(y2 - end[1])) <= near:
                return meaning
    if shape.area is not None and shape.area > 0:
        for meaning, area in ((LTWH, c * d), (XYXY, (c - a) * (d - b))):
            if abs(area - shape.area) <= 0.01 * shape.area:
                return meaning
    return ""
