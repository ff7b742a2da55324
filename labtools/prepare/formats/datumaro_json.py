"""Datumaro JSON (an export of CVAT): boxes by their corner and size, polygons and masks, in pixels.

Format: https://openvinotoolkit.github.io/datumaro/latest/docs/data-formats/formats/datumaro.html
"""

from __future__ import annotations

from typing import Any

from labtools.prepare.formats import Parsed
from labtools.prepare.formats._coco_boxes import LTWH, read_shape
from labtools.prepare.formats._json import items, text_of
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._many import Many, parse_many
from labtools.prepare.formats._shapes import Corners, around, number, numbers
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree

TITLE = "Datumaro JSON"
RICHNESS = 4

_SHAPES = frozenset({"bbox", "polygon", "polyline", "points", "mask", "ellipse"})


def sniff(tree: Tree) -> list[str]:
    """JSON with ``items`` that have annotations, and categories."""
    words = {"items", "annotations", "categories"}
    return [path for path, look in of_kind(tree, "json") if look.root == "{" and words <= look.words]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """An item without annotations is an explicit background."""
    return parse_many(tree, files, index, _understand)


def _understand(content: Any, many: Many) -> list[str]:
    if not isinstance(content, dict):
        return []
    categories = content.get("categories")
    labels = categories.get("label") if isinstance(categories, dict) else None
    names = [text_of(one.get("name")) for one in items(labels.get("labels") if isinstance(labels, dict) else None)]
    for one in items(content.get("items")):
        image = one.get("image") or one.get("media")
        image = image if isinstance(image, dict) else {}
        h_w = numbers(image["size"]) if isinstance(image.get("size"), list) and len(image["size"]) == 2 else None
        many.picture(text_of(image.get("path")) or text_of(one.get("id")), (h_w[1], h_w[0]) if h_w else (0.0, 0.0))
        for shape in items(one.get("annotations")):
            kind = text_of(shape.get("type"))
            if kind in _SHAPES:  # a `label` is about the whole picture
                place = number(shape.get("label_id"))
                label = names[int(place)] if place is not None and 0 <= place < len(names) else ""
                many.box(label, _corners(kind, shape), "" if kind == "bbox" else kind)
    return names


def _corners(kind: str, shape: dict[str, Any]) -> Corners | None:
    if kind == "bbox":
        return read_shape({"bbox": shape.get("bbox")}).corners(LTWH)
    if kind == "mask":
        return read_shape({"segmentation": shape.get("rle")}).corners(LTWH)
    given = shape.get("points")
    points = numbers(given) if isinstance(given, list) else None
    return around(points[0::2], points[1::2]) if points and len(points) % 2 == 0 else None
