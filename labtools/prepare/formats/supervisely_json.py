"""Supervisely JSON: one file per picture, ``frame_000001.jpg.json``, ``objects`` of points in pixels.

Format: https://docs.supervisely.com/data-organization/00_ann_format_navi
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import Parsed, RawBox
from labtools.prepare.formats._json import items, read_json, text_of
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._pictures import Draft, bind, names_of
from labtools.prepare.formats._shapes import Corners, around, around_finding, kind_name, number, numbers
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree, stem_of

TITLE = "Supervisely JSON"
RICHNESS = 4


def sniff(tree: Tree) -> list[str]:
    """JSON files whose objects have a ``classTitle``."""
    return [path for path, look in of_kind(tree, "json") if {"objects", "classTitle"} <= look.words]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """The file's name is the picture's, suffix and all, with ``.json`` behind it."""
    drafts: list[Draft] = []
    findings: list[Finding] = []
    for path in files:
        content = read_json(tree, path, findings)
        if isinstance(content, dict):
            drafts.append(Draft(path, (stem_of(path),), is_own=False, findings=[]))
            _read(content, drafts[-1])
    records = bind(drafts, index, findings)
    return Parsed(tuple(records), tuple(findings), names_of(records), frozenset(files))


def _read(content: dict[str, Any], draft: Draft) -> None:
    kinds: Counter[str] = Counter()
    for shape in items(content.get("objects")):
        label, kind = text_of(shape.get("classTitle")), text_of(shape.get("geometryType"))
        corners = _corners(shape.get("points"))
        if not label or corners is None:
            draft.bad += 1
            shape_kind = kind_name(kind) if kind else Sentence("unknown")
            what = Sentence("a shape ({kind}) has no class", kind=shape_kind)
            if label:
                what = Sentence("a shape ({kind}) has no points that can be read", kind=shape_kind)
            draft.say(0, "shape-unreadable", Severity.ERROR, what, Action.LEFT_OUT)
            continue
        kinds.update([] if kind == "rectangle" else [kind or "shape"])
        draft.boxes.append(RawBox(None, label, corners, 0))
    draft.findings += around_finding(draft.path, kinds)
    size = content.get("size")
    sides = [number(size.get(key)) or 0.0 for key in ("width", "height")] if isinstance(size, dict) else [0.0, 0.0]
    draft.size_wh = max(0.0, sides[0]), max(0.0, sides[1])


def _corners(points: Any) -> Corners | None:
    """Around the outer ring; None for a bitmap, which has no points."""
    outer = points.get("exterior") if isinstance(points, dict) else None
    pairs = [numbers(p) for p in outer if isinstance(p, list) and len(p) == 2] if isinstance(outer, list) else []
    given = [p for p in pairs if p is not None]
    return around([p[0] for p in given], [p[1] for p in given]) if given and len(given) == len(pairs) else None
