"""COCO JSON: one file for many pictures, ``bbox`` = left, top, width, height in pixels; also Roboflow's
``_annotations.coco.json``. A polygon's own ``bbox`` is used; without one, the box around the polygon or the mask.

Format: https://cocodataset.org/#format-data
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.config import name_key
from labtools.prepare.formats import Parsed, RawBox, Record, orphan
from labtools.prepare.formats._coco_boxes import RELATIVE, XYXY, meaning_of, read_shape
from labtools.prepare.formats._json import items, read_json, text_of
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._pictures import find_picture, hints_of
from labtools.prepare.formats._shapes import around_finding, number
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree, name_of

TITLE = "COCO JSON"
RICHNESS = 2

_NAME_KEYS = ("file_name", "filename", "path", "name", "coco_url", "image")
_MOST_IDS = 10_000


def sniff(tree: Tree) -> list[str]:
    """JSON files that speak of images and annotations."""
    return [
        path
        for path, look in of_kind(tree, "json")
        if look.root == "{"
        and {"images", "annotations"} & look.words
        and {"categories", "image_id", "annotations"} & look.words
        and not {"items", "shapes", "regions"} & look.words
    ]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """A picture that the file lists without annotations is an explicit background."""
    records: list[Record] = []
    findings: list[Finding] = []
    names: list[str] = []
    used: set[str] = set()
    for path in files:
        before = len(findings)
        content = read_json(tree, path, findings)
        if isinstance(content, dict):
            used.add(path)
            if "annotations" not in content or not (content["annotations"] or content.get("categories")):
                continue  # a list of pictures (image_info) and no word about boxes: not even that there are none
            file = _File(path, content, index)
            records.extend(file.records())
            findings.extend(file.findings)
            names.extend(file.used_names)
        elif len(findings) > before:
            used.add(path)
    return Parsed(tuple(records), tuple(findings), tuple(dict.fromkeys(names)), frozenset(used))


def _key(value: Any) -> str:
    """An id for looking up: exporters write 7, "7" and 7.0 for the same."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value).strip()


class _File:
    """One COCO file being read; `findings` and `used_names` fill up."""

    def __init__(self, path: str, content: dict[str, Any], index: ImageIndex) -> None:
        self.path = path
        self.index = index
        self.findings: list[Finding] = []
        self.annotations = items(content.get("annotations"))
        self.images = items(content.get("images")) or self.images_of_annotations()
        self.sizes = {_key(i.get("id")): (_length(i.get("width")), _length(i.get("height"))) for i in self.images}
        self.categories = self.read_categories(content.get("categories"))
        used = {_key(a.get("category_id")) for a in self.annotations}
        self.used_names = [name for key, name in self.categories.items() if key in used]
        self.look_at_categories(used)

    def say(self, code: str, severity: Severity, message: Sentence, action: Action, image: str = "") -> None:
        self.findings.append(Finding("", self.path, 0, code, severity, message, action, None, image))

    def images_of_annotations(self) -> list[dict[str, Any]]:
        """Without a list of images an annotation may still name its picture."""
        found: dict[str, dict[str, Any]] = {}
        for annotation in self.annotations:
            name = _name(annotation)
            key = _key(annotation.get("image_id"))
            if name or not key.isdecimal():
                found.setdefault(key, {"id": key, "file_name": name or key})
        return list(found.values())

    def read_categories(self, given: Any) -> dict[str, str]:
        names: dict[str, str] = {}
        unclear: set[str] = set()
        for category in items(given):
            key, name = _key(category.get("id")), text_of(category.get("name"))
            if name and name_key(names.setdefault(key, name)) != name_key(name):
                unclear.add(key)
                what = Sentence(
                    "category {id} is called {first!r} and {second!r}", id=key, first=names[key], second=name
                )
                self.say("coco-category-id-twice", Severity.ERROR, what, Action.ASKED)
        return {key: name for key, name in names.items() if key not in unclear}

    def look_at_categories(self, used: set[str]) -> None:
        for key, name in self.categories.items():
            if key not in used:
                what = Sentence("category {id} {name!r} is never used", id=key, name=name)
                self.say("coco-category-unused", Severity.INFO, what, Action.NOTED)
        counts = Counter(self.categories.values())
        for name in sorted(name for name, count in counts.items() if count > 1):
            ids = tuple(k for k, n in self.categories.items() if n == name)
            what = Sentence("categories {ids} are all called {name!r}: they become one class", ids=ids, name=name)
            self.say("coco-categories-same-name", Severity.WARNING, what, Action.REPAIRED)

    def records(self) -> list[Record]:
        """One per picture; where it is listed twice, what is said about it is put together."""
        places = self.pictures_by_id()
        unclear = {key for key, paths in places.items() if len(paths) > 1}
        boxes, bad, is_relative = self.boxes_by_id(places)
        for key in sorted(unclear):
            what = Sentence(
                "id {id} is the id of {pictures} pictures, {names}: whose its {n} {n:annotation is|annotations are} "
                "cannot be told",
                id=key,
                pictures=len(places[key]),
                names=tuple(name_of(path) for path in places[key][:2]),
                n=len(boxes[key]),
            )
            self.say("coco-image-id-twice", Severity.ERROR, what, Action.ASKED)
            bad[key] += len(boxes.pop(key, ()))
        ids: dict[str, list[str]] = defaultdict(list)
        for key, paths in places.items():
            for path in paths:
                ids[path].append(key)
        again = sum(1 for keys in ids.values() if len(keys) > 1)
        if again:
            what = Sentence(
                "{n} {n:picture is|pictures are} listed twice: what is said about {n:it|them} is put together", n=again
            )
            self.say("coco-image-twice", Severity.INFO, what, Action.REPAIRED)
        self.look_at_unknown(boxes, bad, {_key(image.get("id")) for image in self.images})
        names = tuple(dict.fromkeys(self.categories.values()))
        return [
            Record(self.path, path, tuple(b for k in keys for b in boxes.get(k, ())),
                   None if is_relative else self.sizes[keys[0]], names, sum(bad[k] for k in keys))
            for path, keys in ids.items()
        ]  # fmt: skip

    def pictures_by_id(self) -> dict[str, list[str]]:
        """Id -> the different pictures that bear it: one, if all is well."""
        found: dict[str, list[str]] = defaultdict(list)
        hints = hints_of(self.path)
        for image in self.images:
            key, name = _key(image.get("id")), _name(image)
            if not name:
                what = Sentence("image {id} has no file name", id=key)
                self.say("coco-bad-image", Severity.ERROR, what, Action.LEFT_OUT)
                continue
            match = find_picture(self.index, name, self.path, hints)
            if match.path is None:
                self.findings.append(orphan(self.path, 0, name, match.rivals))
            elif match.path not in found[key]:
                found[key].append(match.path)
        return {key: paths for key, paths in found.items() if paths}

    def look_at_unknown(self, boxes: dict[str, list[RawBox]], bad: Counter[str], known: set[str]) -> None:
        for key in sorted((set(boxes) | set(bad)) - known):
            what = Sentence(
                "{n} {n:annotation is|annotations are} about image {id}, which the file does not list",
                n=len(boxes.get(key, ())) + bad[key],
                id=key,
            )
            self.say("coco-unknown-image", Severity.ERROR, what, Action.LEFT_OUT)

    def boxes_by_id(self, places: Mapping[str, Sequence[str]]) -> tuple[dict[str, list[RawBox]], Counter[str], bool]:
        """Boxes and the number of those that cannot be read, by the image's id; and whether they are in 0..1."""
        shapes = [(read_shape(a), self.sizes.get(_key(a.get("image_id")), (0.0, 0.0))) for a in self.annotations]
        meaning, leaving = meaning_of(shapes)
        self.look_at_meaning(meaning, leaving, len(shapes))
        boxes: dict[str, list[RawBox]] = defaultdict(list)
        bad: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        for annotation, (shape, size) in zip(self.annotations, shapes, strict=True):
            image, label = _key(annotation.get("image_id")), self.label(annotation)
            corners = shape.corners(meaning)
            if meaning == RELATIVE and shape.bbox is None and corners and min(size) > 0:
                corners = corners[0] / size[0], corners[1] / size[1], corners[2] / size[0], corners[3] / size[1]
            if label is None or corners is None:
                bad[image] += 1
                what = Sentence("annotation {id} has no readable box", id=_key(annotation.get("id")))
                if label is None:
                    what = Sentence("annotation {id} has no known category", id=_key(annotation.get("id")))
                self.say("coco-bad-annotation", Severity.ERROR, what, Action.LEFT_OUT, *places.get(image, ())[:1])
                continue
            if shape.bbox is not None and min(shape.bbox[2:]) < 0 and meaning != XYXY:
                what = Sentence(
                    "annotation {id} has a negative width or height: taken to the other side",
                    id=_key(annotation.get("id")),
                )
                self.say("box-corners-swapped", Severity.WARNING, what, Action.REPAIRED, *places.get(image, ())[:1])
            kinds.update([shape.kind] if shape.kind else [])
            boxes[image].append(RawBox(*label, corners, 0))
        self.findings += around_finding(self.path, kinds)
        return boxes, bad, meaning == RELATIVE

    def label(self, annotation: dict[str, Any]) -> tuple[int | None, str | None] | None:
        """The class as id and name; an id that no category has is left to whoever knows the context."""
        given = annotation.get("category_id")
        key = _key(given)
        name = self.categories.get(key)
        if name is None and given is None:
            names = set(self.categories.values()) | {text_of(annotation.get("category_name")), ""}
            name = next(iter(names - {""})) if len(names) == 2 else None
        if name is not None:
            return None, name
        return (int(key), None) if key.isascii() and key.isdecimal() and int(key[:9]) < _MOST_IDS else None

    def look_at_meaning(self, meaning: str, leaving: int, count: int) -> None:
        crowds = sum(1 for a in self.annotations if _key(a.get("iscrowd")) in {"1", "True"})
        if meaning == XYXY:
            what = Sentence(
                "the {n} {n:box is|boxes are} written as corners (x1, y1, x2, y2), not as corner and size", n=count
            )
            self.say("coco-corners", Severity.WARNING, what, Action.REPAIRED)
        elif meaning == RELATIVE:
            what = Sentence("the {n} {n:box is|boxes are} written in 0..1, not in pixels", n=count)
            self.say("coco-relative", Severity.WARNING, what, Action.REPAIRED)
        elif leaving > count * 0.3:
            what = Sentence(
                "{leaving} of {n} {n:box|boxes} {leaving:reaches|reach} far beyond "
                "{leaving:its picture|their pictures}: are they corner and size in pixels?",
                leaving=leaving,
                n=count,
            )
            self.say("coco-boxes-leave", Severity.ERROR, what, Action.NOTED)
        if crowds:
            what = Sentence(
                "{n} {n:annotation is marked as a crowd|annotations are marked as crowds} (CVAT marks every mask so): "
                "{n:its box is|their boxes are} kept",
                n=crowds,
            )
            self.say("coco-crowd", Severity.WARNING, what, Action.NOTED)


def _name(image: dict[str, Any]) -> str:
    return next((name for key in _NAME_KEYS if (name := text_of(image.get(key)))), "")


def _length(value: Any) -> float:
    return max(0.0, number(value) or 0.0)
