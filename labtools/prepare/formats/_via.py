"""What the JSON and the CSV of VGG's Image Annotator have in common: regions, and the attribute that names the class.

Format: https://www.robots.ox.ac.uk/~vgg/software/via/
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from labtools.prepare.config import name_key
from labtools.prepare.formats._json import text_of
from labtools.prepare.formats._shapes import Corners, around, ellipse_box, number, numbers, ordered

# How people call the attribute that names the class, the likeliest first.
_CLASS_WORDS = (
    "class", "classname", "label", "labels", "category", "name", "object", "type", "classe", "classes", "etiquette",
    "nom", "objet", "categorie", "kind", "species", "id",
)  # fmt: skip


class Region(NamedTuple):
    """One region: its box, what it is if it is more than a box (``""``), its attributes, and the line or 0."""

    corners: Corners | None
    kind: str
    attributes: Mapping[str, Any]
    line: int = 0


def region(shape: Any, attributes: Any, line: int = 0) -> Region:
    """One region as VIA 1 and 2 write it; ``corners`` is None if its numbers cannot be read."""
    shape = shape if isinstance(shape, dict) else {}
    name = text_of(shape.get("name"))
    kind = "" if name == "rect" else "set of points" if name == "point" else name
    return Region(_corners(name, shape), kind, attributes if isinstance(attributes, dict) else {}, line)


def _corners(name: str, shape: Mapping[str, Any]) -> Corners | None:
    def given(*keys: str) -> list[float] | None:
        return numbers(shape.get(key) for key in keys)

    if name == "rect" and (v := given("x", "y", "width", "height")):
        return ordered((v[0], v[1], v[0] + v[2], v[1] + v[3]))
    if name == "circle" and (v := given("cx", "cy", "r")):
        return ellipse_box((v[0], v[1]), (v[2], v[2]))
    if name == "ellipse" and (v := given("cx", "cy", "rx", "ry")):
        return ellipse_box((v[0], v[1]), (v[2], v[3]), math.degrees(number(shape.get("theta", 0)) or 0.0))
    if name == "point" and (v := given("cx", "cy")):
        return v[0], v[1], v[0], v[1]
    points = shape.get("all_points_x"), shape.get("all_points_y")
    if name in {"polygon", "polyline"} and isinstance(points[0], list) and isinstance(points[1], list):
        xs, ys = numbers(points[0]), numbers(points[1])
        return around(xs, ys) if xs and ys else None
    return None


def class_attribute(all_attributes: Iterable[Mapping[str, Any]]) -> tuple[str | None, tuple[str, ...]]:
    """The attribute that names the class, and those between which that cannot be told.

    The only one; else the only one with a name such as ``class``; else the only one that every region has filled in.
    """
    filled: Counter[str] = Counter()
    regions = 0
    for attributes in all_attributes:
        regions += 1
        filled.update(key for key, value in attributes.items() if _value(value))
    if len(filled) <= 1:
        return next(iter(filled), None), ()
    for word in _CLASS_WORDS:
        named = [key for key in filled if name_key(key) == word]
        if len(named) == 1:
            return named[0], ()
    everywhere = [key for key, count in filled.items() if count == regions]
    return (everywhere[0], ()) if len(everywhere) == 1 else (None, tuple(sorted(filled)))


def class_name(value: Any, options: Mapping[str, Any]) -> str | None:
    """The class that an attribute's value says: a text, a chosen option, or a single ticked box."""
    name = _value(value)
    described = options.get(name)
    # Options have an id and a description; an id that is a mere number names nothing.
    if name.isdecimal() and isinstance(described, str) and described.strip():
        return described.strip()
    return name or None


def _value(value: Any) -> str:
    if isinstance(value, dict):
        ticked = [key for key, on in value.items() if on in (True, "true", 1)]
        return ticked[0].strip() if len(ticked) == 1 else ""
    return text_of(value)


def options_of(attributes: Any, name: str | None) -> Mapping[str, Any]:
    """The options of a region attribute in a VIA 2 project."""
    regions = attributes.get("region") if isinstance(attributes, dict) else None
    one = regions.get(name) if isinstance(regions, dict) else None
    options = one.get("options") if isinstance(one, dict) else None
    return options if isinstance(options, dict) else {}


_VIA3_KINDS = {1: "point", 2: "rect", 3: "circle", 4: "ellipse", 5: "polyline", 6: "polyline", 7: "polygon", 8: "rect"}


def region_of_via3(xy: Any, attributes: Any) -> Region:
    """One region as VIA 3 writes it: ``[kind, number, number, ...]``."""
    values = numbers(xy) if isinstance(xy, Sequence) and not isinstance(xy, str) else None
    name = _VIA3_KINDS.get(int(values[0]), "") if values else ""
    v = values[1:] if values else []
    keys = {"rect": ("x", "y", "width", "height"), "circle": ("cx", "cy", "r"), "ellipse": ("cx", "cy", "rx", "ry"),
            "point": ("cx", "cy")}  # fmt: skip
    if name in keys:
        return region({"name": name, **dict(zip(keys[name], v, strict=False))}, attributes)
    return region({"name": name, "all_points_x": v[0::2], "all_points_y": v[1::2]}, attributes)
