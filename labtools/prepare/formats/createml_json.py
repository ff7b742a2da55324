"""CreateML JSON (Apple; also an export of Roboflow): boxes by their centre and size in pixels.

Format: https://developer.apple.com/documentation/createml/building-an-object-detector-data-source
"""

from __future__ import annotations

from typing import Any

from labtools.prepare.formats import Parsed
from labtools.prepare.formats._json import items, text_of
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._many import Many, parse_many
from labtools.prepare.formats._shapes import numbers, ordered
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree

TITLE = "CreateML JSON"
RICHNESS = 2


def sniff(tree: Tree) -> list[str]:
    """JSON lists of pictures with ``coordinates``."""
    return [path for path, look in of_kind(tree, "json") if look.root == "[" and "coordinates" in look.words]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """A picture that is listed without annotations is an explicit background."""
    return parse_many(tree, files, index, _understand)


def _understand(content: Any, many: Many) -> tuple[str, ...]:
    for one in items(content):
        name = text_of(one.get("image")) or text_of(one.get("imagefilename"))
        if name:
            many.picture(name)
            for shape in items(one.get("annotations") or one.get("annotation")):
                at = shape.get("coordinates")
                v = numbers(at.get(key) for key in ("x", "y", "width", "height")) if isinstance(at, dict) else None
                box = ordered((v[0] - v[2] / 2, v[1] - v[3] / 2, v[0] + v[2] / 2, v[1] + v[3] / 2)) if v else None
                many.box(text_of(shape.get("label")), box)
    return ()
