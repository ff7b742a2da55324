"""LabelMe: one JSON file per picture, ``shapes`` of points in pixels of ``imageWidth`` x ``imageHeight``.

Format: https://github.com/wkentaro/labelme (``labelme/label_file.py``); AnyLabeling and PaddleLabel write it too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.formats import Parsed, RawBox, Record, orphan
from labtools.prepare.formats._json import items, read_json, text_of
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._pictures import find_picture, hints_of
from labtools.prepare.formats._shapes import Corners, around, around_finding, number, numbers
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree, name_of

TITLE = "LabelMe JSON"
RICHNESS = 4

_TITLES = {"linestrip": "line", "points": "set of points", "point": "set of points"}


def sniff(tree: Tree) -> list[str]:
    """JSON files with ``shapes`` and either their type or the picture's path."""
    return [
        path
        for path, look in of_kind(tree, "json")
        if look.root == "{" and "shapes" in look.words and {"imagePath", "shape_type"} & look.words
    ]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """The file's own name says which picture it is about; ``imagePath``, often stale, only helps out."""
    records: list[Record] = []
    findings: list[Finding] = []
    for path in files:
        content = read_json(tree, path, findings)
        if not isinstance(content, dict):
            continue
        written = text_of(content.get("imagePath"))
        match = index.find_beside(path)
        if match.path is None and written:
            match = find_picture(index, written, path, hints_of(path))
        if match.path is None:
            findings.append(orphan(path, 0, written or name_of(path), match.rivals))
            continue
        records.append(_record(path, match.path, content, findings))
    names = sorted({box.class_name for record in records for box in record.boxes if box.class_name})
    return Parsed(tuple(records), tuple(findings), tuple(names), frozenset(files))


def _record(path: str, image: str, content: dict[str, Any], findings: list[Finding]) -> Record:
    kinds: Counter[str] = Counter()
    groups: dict[tuple[str, str], int] = {}
    boxes: list[RawBox] = []
    bad = 0
    for place, shape in enumerate(items(content.get("shapes")), 1):
        label, kind = text_of(shape.get("label")), text_of(shape.get("shape_type")) or "polygon"
        corners = _corners(kind, shape.get("points"))
        if not label or corners is None:
            bad += 1
            what = f"shape {place} has no " + ("label" if not label else "readable points")
            findings.append(Finding("", path, 0, "labelme-bad-shape", Severity.ERROR, what, Action.LEFT_OUT))
            continue
        if kind != "rectangle":
            kinds[_TITLES.get(kind, kind)] += 1
        group = (label, text_of(shape.get("group_id")))
        if kind != "rectangle" and group[1] and group in groups:  # the parts of an object that something hides
            before = boxes[groups[group]].xyxy
            corners = around(
                (before[0], before[2], corners[0], corners[2]), (before[1], before[3], corners[1], corners[3])
            )
            boxes[groups[group]] = RawBox(None, label, corners or before, 0)
            continue
        if kind != "rectangle" and group[1]:
            groups[group] = len(boxes)
        boxes.append(RawBox(None, label, corners, 0))
    findings += around_finding(path, kinds)
    size = number(content.get("imageWidth")) or 0.0, number(content.get("imageHeight")) or 0.0
    return Record(path, image, tuple(boxes), (max(0.0, size[0]), max(0.0, size[1])), (), bad)


def _corners(kind: str, points: Any) -> Corners | None:
    """xyxy in pixels; the corners of a rectangle may be given in any order."""
    pairs = [numbers(p[:2]) for p in points if isinstance(p, Sequence)] if isinstance(points, list) else []
    given = [p for p in pairs if p is not None and len(p) == 2]
    if len(given) < len(pairs) or not given:
        return None
    if kind == "circle":  # its centre, and a point of its rim
        if len(given) != 2:
            return None
        (x, y), radius = given[0], math.dist(given[0], given[1])
        return x - radius, y - radius, x + radius, y + radius
    return around([p[0] for p in given], [p[1] for p in given])
