"""Pascal VOC: one XML file per picture, ``<object><name>`` and ``<bndbox>`` in pixels.

Corners are taken as written, without VOC's original offset of one pixel: labelImg, CVAT and Roboflow count from 0.
Also read: polygons of Roboflow and of the old LabelMe, turned boxes of roLabelImg, several ``<annotation>`` in a file.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import Parsed, RawBox
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._pictures import Draft, bind, names_of
from labtools.prepare.formats._shapes import Corners, around, around_finding, number, ordered, rotated_box
from labtools.prepare.formats._xml import XmlError, parse_xml, read_xml, unreadable
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree

TITLE = "Pascal VOC"
RICHNESS = 3


def sniff(tree: Tree) -> list[str]:
    """XML files whose root is ``<annotation>`` (CVAT's is ``<annotations>``), or that hold such."""
    return [path for path, look in of_kind(tree, "xml") if look.root in {"annotation", ""} or "bndbox" in look.words]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """The file's own name says which picture it is about; ``<filename>``, often stale, only helps out."""
    drafts: list[Draft] = []
    findings: list[Finding] = []
    for path in files:
        data = read_xml(tree, path, findings)
        if data is None:
            continue
        try:
            root = parse_xml(data)
        except XmlError as error:
            findings.append(unreadable(path, error.sentence))
            continue
        several = [] if root.tag == "annotation" else list(root.iter("annotation"))
        lines = iter(_lines_of_objects(data))
        for node in several or [root]:
            written = (_text(node, "filename"), _text(node, "path"))
            draft = Draft(path, written, is_own=not several, findings=[])
            _read(node, draft, lines)
            drafts.append(draft)
    records = bind(drafts, index, findings)
    return Parsed(tuple(records), tuple(findings), tuple(sorted(names_of(records))), frozenset(files))


def _lines_of_objects(data: bytes) -> list[int]:
    """The lines on which ``<object>`` stands, in order."""
    lines, line, at = [], 1, 0
    for match in re.finditer(rb"<object[\s>]", data):
        line += data.count(b"\n", at, match.start())
        at = match.start()
        lines.append(line)
    return lines


def _read(root: Element, draft: Draft, lines: Iterator[int]) -> None:
    """Fill in boxes, size and findings."""
    kinds: Counter[str] = Counter()
    parts = 0
    for node in root.iter("object"):
        line = next(lines, 0)
        if _text(node, "deleted") == "1":  # the old LabelMe keeps what its annotator deleted
            continue
        parts += sum(1 for _ in node.iter("part"))
        name = _text(node, "name")
        corners, kind = _corners(node)
        if not name or corners is None:
            draft.bad += 1
            what = Sentence("an object has no readable box") if name else Sentence("an object has no name")
            draft.say(line, "voc-bad-object", Severity.ERROR, what, Action.LEFT_OUT)
            continue
        if corners != ordered(corners):
            what = Sentence("the corners are swapped")
            draft.say(line, "box-corners-swapped", Severity.WARNING, what, Action.REPAIRED)
        kinds.update([kind] if kind else [])
        draft.boxes.append(RawBox(None, name, ordered(corners), line))
    if parts:
        what = Sentence(
            "{n} {n:part of an object|parts of objects} (heads, hands ...) {n:is no object of its own|"
            "are no objects of their own}",
            n=parts,
        )
        draft.say(0, "voc-parts", Severity.INFO, what, Action.LEFT_OUT)
    draft.findings += around_finding(draft.path, kinds)
    w = _number(root, "size/width") or _number(root, "imagesize/ncols") or 0.0
    h = _number(root, "size/height") or _number(root, "imagesize/nrows") or 0.0
    draft.size_wh = max(0.0, w), max(0.0, h)


def _corners(node: Element) -> tuple[Corners | None, str]:
    """xyxy as written, and what the object is if it is more than a box; the box counts before a polygon."""
    for box in node.findall("bndbox"):
        values = {child.tag.lower().replace("_", ""): number(child.text or "") for child in box}
        x1, y1, x2, y2 = (values.get(key) for key in ("xmin", "ymin", "xmax", "ymax"))
        if x1 is not None and y1 is not None and x2 is not None and y2 is not None:
            return (x1, y1, x2, y2), ""
    turned = [_number(node, f"robndbox/{key}") for key in ("cx", "cy", "w", "h", "angle")]
    if None not in turned:
        x, y, w, h, angle = (v or 0.0 for v in turned)
        return rotated_box((x - w / 2, y - h / 2, x + w / 2, y + h / 2), math.degrees(angle)), "rotated box"
    xs = [number(child.text or "") for child in node.iterfind("polygon//") if child.tag.lower().startswith("x")]
    ys = [number(child.text or "") for child in node.iterfind("polygon//") if child.tag.lower().startswith("y")]
    if len(xs) < 2 or None in xs or None in ys:
        return None, ""
    return around([v for v in xs if v is not None], [v for v in ys if v is not None]), "polygon"


def _text(node: Element, path: str) -> str:
    return (node.findtext(path) or "").strip()


def _number(node: Element, path: str) -> float | None:
    return number(_text(node, path))
