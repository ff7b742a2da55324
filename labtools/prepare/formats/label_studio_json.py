"""Label Studio JSON and JSON-MIN: boxes, polygons and ellipses in per cent of the picture.

Format: https://labelstud.io/guide/export (``result`` items of ``rectanglelabels`` and its like). A turned rectangle is
turned about its upper left corner. Uploaded files bear a prefix (``9f86d081-frame_000001.jpg``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import Parsed
from labtools.prepare.formats._json import items, text_of
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._many import Many, parse_many
from labtools.prepare.formats._shapes import Corners, around, ellipse_box, number, numbers
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree, name_of

TITLE = "Label Studio JSON"
RICHNESS = 4

_KINDS = {"rectanglelabels": "", "polygonlabels": "polygon", "ellipselabels": "ellipse", "brushlabels": "mask",
          "keypointlabels": "set of points", "labels": ""}  # fmt: skip


def sniff(tree: Tree) -> list[str]:
    """JSON lists with per-cent shapes of pictures whose size is given with each."""
    return [path for path, look in of_kind(tree, "json") if look.root == "[" and "original_width" in look.words]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """A task whose annotation holds nothing is an explicit background; one without any annotation is left aside."""

    def understand(content: Any, many: Many) -> tuple[str, ...]:
        for part in content if _is_nested(content) else [content]:  # the SDK's converter: a list per project
            for task in items(part):
                add_task(task, many, index)
        return ()

    return parse_many(tree, files, index, understand)


def _is_nested(content: Any) -> bool:
    return isinstance(content, list) and any(isinstance(part, list) for part in content)


def add_task(task: Mapping[str, Any], many: Many, index: ImageIndex) -> None:
    """One task of JSON, or of JSON-MIN: a column's name -> the list of its shapes."""
    shapes = _shapes_of(task, many)
    if shapes is not None:
        many.picture(_picture(task, index))
        _add(shapes, many)


def _shapes_of(task: Mapping[str, Any], many: Many) -> list[dict[str, Any]] | None:
    """The shapes of a task: of its first annotation that was not cancelled; in JSON-MIN the lists of its own."""
    if "annotations" not in task and "completions" not in task:
        return [one for value in task.values() for one in items(value) if "original_width" in one]
    given = [a for a in items(task.get("annotations") or task.get("completions")) if a.get("was_cancelled") is not True]
    if len(given) > 1:
        what = Sentence("task {id} has {n} annotations: the first is used", id=repr(task.get("id")), n=len(given))
        many.findings.append(
            Finding("", many.path, 0, "annotation-twice", Severity.WARNING, what, Action.LEFT_OUT)
        )  # fmt: skip
    return items(given[0].get("result")) if given else None


def _picture(task: Mapping[str, Any], index: ImageIndex) -> str:
    """The picture's name; without the prefix of an upload if only that is known."""
    data = task.get("data")
    given = next((text_of(v) for v in data.values() if text_of(v)), "") if isinstance(data, dict) else ""
    name = unquote((given or text_of(task.get("image")) or text_of(task.get("file_upload"))).rpartition("?d=")[2])
    bare = re.sub(r"^[0-9a-f]{6,8}-", "", name_of(name.replace("\\", "/")))
    return name if index.find(name).path is not None else bare or name


def _add(shapes: list[dict[str, Any]], many: Many) -> None:
    for shape in shapes:
        nested = shape.get("value")
        value = nested if isinstance(nested, dict) else shape
        kind = next((key for key in _KINDS if isinstance(value.get(key), list)), "")
        if not kind:
            continue  # a choice or a text about the whole picture
        size = number(shape.get("original_width")) or 0.0, number(shape.get("original_height")) or 0.0
        if many.pictures[-1].size_wh == (0.0, 0.0):
            many.pictures[-1].size_wh = size
        labels = [text_of(label) for label in value[kind]]
        many.box(labels[0] if labels else "", _corners(value, size), _KINDS[kind])


def _corners(value: dict[str, Any], size: tuple[float, float]) -> Corners | None:
    """xyxy in pixels of the picture's size as given."""
    w, h = size[0] / 100, size[1] / 100
    points = value.get("points")
    if isinstance(points, list):
        pairs = [numbers(p) for p in points if isinstance(p, list) and len(p) == 2]
        given = [p for p in pairs if p is not None]
        return around([p[0] * w for p in given], [p[1] * h for p in given]) if len(given) == len(points) else None
    angle = number(value.get("rotation", 0)) or 0.0
    if v := numbers(value.get(key) for key in ("x", "y", "radiusX", "radiusY")):
        return ellipse_box((v[0] * w, v[1] * h), (v[2] * w, v[3] * h), angle)
    if v := numbers(value.get(key) for key in ("x", "y", "width", "height")):
        x, y, across, down = v[0] * w, v[1] * h, v[2] * w, v[3] * h
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        ends = [(x + a * cos - b * sin, y + a * sin + b * cos) for a in (0.0, across) for b in (0.0, down)]
        return around([p[0] for p in ends], [p[1] for p in ends])
    return None
