"""LabelMe: one JSON file per picture, ``shapes`` of points in pixels of ``imageWidth`` x ``imageHeight``.

Format: https://github.com/wkentaro/labelme (``labelme/label_file.py``); AnyLabeling and PaddleLabel write it too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import Parsed, RawBox
from labtools.prepare.formats._json import items, read_json, text_of
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._pictures import Draft, bind, names_of
from labtools.prepare.formats._shapes import Corners, around, around_finding, number, numbers
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree

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
    findings: list[Finding] = []
    drafts: list[Draft] = []
    for path in files:
        content = read_json(tree, path, findings)
        if isinstance(content, dict):
            drafts.append(Draft(path, (text_of(content.get("imagePath")),), is_own=True, findings=[]))
            _read(content, drafts[-1])
    records = bind(drafts, index, findings)
    return Parsed(tuple(records), tuple(findings), tuple(sorted(names_of(records))), frozenset(files))


def _read(content: dict[str, Any], draft: Draft) -> None:
    """Fill in boxes, size and findings."""
    kinds: Counter[str] = Counter()
    groups: dict[tuple[str, str], int] = {}
    for place, shape in enumerate(items(content.get("shapes")), 1):
        label, kind = text_of(shape.get("label")), text_of(shape.get("shape_type")) or "polygon"
        corners = _corners(kind, shape.get("points"))
        if not label or corners is None:
            draft.bad += 1
            what = Sentence("shape {n} has no label", n=place)
            if label:
                what = Sentence("shape {n} has no readable points", n=place)
            draft.say(0, "labelme-bad-shape", Severity.ERROR, what, Action.LEFT_OUT)
            continue
        group = (label, text_of(shape.get("group_id")))
        if kind != "rectangle":
            kinds[_TITLES.get(kind, kind)] += 1
            if group[1] and group in groups:  # the parts of an object that something hides: one box around them
                draft.boxes[groups[group]] = _wider(draft.boxes[groups[group]], corners)
                continue
            groups.setdefault(group, len(draft.boxes))
        draft.boxes.append(RawBox(None, label, corners, 0))
    draft.findings += around_finding(draft.path, kinds)
    draft.size_wh = _length(content.get("imageWidth")), _length(content.get("imageHeight"))


def _wider(box: RawBox, corners: Corners) -> RawBox:
    (a, b, c, d), (x1, y1, x2, y2) = box.xyxy, corners
    return box._replace(xyxy=(min(a, x1), min(b, y1), max(c, x2), max(d, y2)))


def _length(value: Any) -> float:
    return max(0.0, number(value) or 0.0)


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
