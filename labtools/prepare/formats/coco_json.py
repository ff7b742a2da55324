"""COCO JSON: one file for many pictures, ``bbox`` = left, top, width, height in pixels; also Roboflow's
``_annotations.coco.json``. A polygon's own ``bbox`` is used; without one, the box around the polygon."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.formats import Parsed, RawBox, Record, finite, orphan
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import READ_ERRORS, Tree

TITLE = "COCO JSON"
RICHNESS = 2


def sniff(tree: Tree) -> list[str]:
    """JSON files that speak of images and annotations."""
    found = []
    for path in tree.ending(".json"):
        try:
            data = tree.read(path)
        except READ_ERRORS:
            continue  # whatever no format claims is reported as not used
        if b'"images"' in data and (b'"annotations"' in data or b'"categories"' in data):
            found.append(path)
    return found


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """A picture that the file lists without annotations is an explicit background."""
    records: list[Record] = []
    findings: list[Finding] = []
    names: list[str] = []
    for path in files:
        try:
            content = json.loads(decode(tree.read(path)).whole)
        except Exception as error:  # noqa: BLE001  malformed JSON, a deep nest, a broken member: facts about the file
            what = f"this JSON cannot be read: {str(error)[:120]}"
            findings.append(Finding("", path, 0, "json-unreadable", Severity.ERROR, what, Action.LEFT_OUT))
            continue
        if isinstance(content, dict):
            file = _File(path, content, index)
            records.extend(file.records())
            findings.extend(file.findings)
            names.extend(file.used_names)
    return Parsed(tuple(records), tuple(findings), tuple(dict.fromkeys(names)), frozenset(files))


def _items(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _key(value: Any) -> str:
    """An id for looking up: exporters write 7 and "7" for the same."""
    return str(value)


class _File:
    """One COCO file being read; `findings` and `used_names` fill up."""

    def __init__(self, path: str, content: dict[str, Any], index: ImageIndex) -> None:
        self.path = path
        self.index = index
        self.findings: list[Finding] = []
        self.images = _items(content.get("images"))
        self.annotations = _items(content.get("annotations"))
        self.categories: dict[str, str] = {}
        for category in _items(content.get("categories")):
            if isinstance(category.get("name"), str) and category["name"].strip():
                self.categories.setdefault(_key(category.get("id")), category["name"].strip())
        self.used_names: list[str] = []
        self.look_at_categories()

    def say(self, code: str, severity: Severity, message: str, action: Action) -> None:
        self.findings.append(Finding("", self.path, 0, code, severity, message, action))

    def look_at_categories(self) -> None:
        used = {_key(a.get("category_id")) for a in self.annotations}
        self.used_names = [name for key, name in self.categories.items() if key in used]
        for key, name in self.categories.items():
            if key not in used:
                what = f"category {key} {name!r} is never used"
                self.say("coco-category-unused", Severity.INFO, what, Action.NOTED)
        for name in sorted({n for n in self.categories.values() if [*self.categories.values()].count(n) > 1}):
            ids = ", ".join(k for k, n in self.categories.items() if n == name)
            what = f"categories {ids} are all called {name!r}: they become one class"
            self.say("coco-categories-same-name", Severity.WARNING, what, Action.REPAIRED)

    def records(self) -> list[Record]:
        boxes, bad = self.boxes_by_image()
        records: list[Record] = []
        for image in self.images:
            key = _key(image.get("id"))
            name = image.get("file_name")
            if not isinstance(name, str) or not name:
                self.say("coco-bad-image", Severity.ERROR, f"image {key} has no file name", Action.LEFT_OUT)
                continue
            match = self.index.find(name, self.path)
            if match.path is None:
                self.findings.append(orphan(self.path, 0, name, match.rivals))
                continue
            size = (_length(image.get("width")), _length(image.get("height")))
            records.append(Record(self.path, match.path, tuple(boxes.pop(key, ())), size, (), bad.get(key, 0)))
        known = {_key(image.get("id")) for image in self.images}
        for key in sorted(set(boxes) - known):
            what = f"{len(boxes[key])} annotations are about image {key}, which the file does not list"
            self.say("coco-unknown-image", Severity.ERROR, what, Action.LEFT_OUT)
        return records

    def boxes_by_image(self) -> tuple[dict[str, list[RawBox]], dict[str, int]]:
        boxes: dict[str, list[RawBox]] = defaultdict(list)
        bad: dict[str, int] = defaultdict(int)
        polygons = 0
        for annotation in self.annotations:
            image, key = _key(annotation.get("image_id")), _key(annotation.get("id"))
            name = self.categories.get(_key(annotation.get("category_id")))
            corners = _corners(annotation)
            if name is None or corners is None:
                bad[image] += 1
                what = f"annotation {key} has no " + ("known category" if name is None else "readable box")
                self.say("coco-bad-annotation", Severity.ERROR, what, Action.LEFT_OUT)
                continue
            polygons += bool(annotation.get("segmentation"))
            boxes[image].append(RawBox(None, name, corners, 0))
        if polygons:
            what = f"{polygons} annotations are polygons: their boxes are taken"
            self.say("label-polygon", Severity.INFO, what, Action.REPAIRED)
        return boxes, bad


def _corners(annotation: dict[str, Any]) -> tuple[float, float, float, float] | None:
    """xyxy in pixels, None if neither box nor polygon can be read."""
    box = annotation.get("bbox")
    if isinstance(box, list) and len(box) == 4 and _are_numbers(box):
        x, y, w, h = (float(v) for v in box)
        return min(x, x + w), min(y, y + h), max(x, x + w), max(y, y + h)
    segmentation = annotation.get("segmentation")
    if not isinstance(segmentation, list):
        return None
    points = [v for part in segmentation if isinstance(part, list) for v in part]
    if len(points) < 6 or len(points) % 2 or not _are_numbers(points):
        return None
    xs, ys = points[0::2], points[1::2]
    return float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))


def _are_numbers(values: list[Any]) -> bool:
    kinds = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    return kinds and all(abs(v) < 1e7 for v in values) and finite(*(float(v) for v in values))


def _length(value: Any) -> float:
    return float(value) if _are_numbers([value]) and value > 0 else 0.0
