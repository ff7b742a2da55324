"""Pascal VOC: one XML file per picture, ``<object><name>`` and ``<bndbox>`` in pixels.

Corners are taken as written, without VOC's original offset of one pixel: labelImg, CVAT and Roboflow count from 0.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.formats import Parsed, RawBox, Record, finite, orphan
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._xml import XmlError, parse_xml
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree, name_of

TITLE = "Pascal VOC"
RICHNESS = 3


def sniff(tree: Tree) -> list[str]:
    """XML files whose root is ``<annotation>`` (CVAT's is ``<annotations>``)."""
    return [path for path, look in of_kind(tree, "xml") if look.root in {"annotation", ""} or "bndbox" in look.words]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """The file's own name says which picture it is about; ``<filename>``, often stale, only helps out."""
    records: list[Record] = []
    findings: list[Finding] = []
    for path in files:
        try:
            root = parse_xml(tree.read(path))
        except XmlError as error:
            findings.append(Finding("", path, 0, "xml-unreadable", Severity.ERROR, str(error), Action.LEFT_OUT))
            continue
        except Exception as error:  # noqa: BLE001  any failure of a hostile archive is a fact about that file
            what = f"this file cannot be read: {type(error).__name__}"
            findings.append(Finding("", path, 0, "xml-unreadable", Severity.ERROR, what, Action.LEFT_OUT))
            continue
        written = (root.findtext("filename") or "").strip()
        match = index.find_beside(path)
        if match.path is None and written:
            match = index.find(written, path)
        if match.path is None:
            findings.append(orphan(path, 0, written or name_of(path), match.rivals))
            continue
        records.append(_record(path, match.path, root, findings))
    names = sorted({box.class_name for record in records for box in record.boxes if box.class_name})
    return Parsed(tuple(records), tuple(findings), tuple(names), frozenset(files))


def _record(path: str, image: str, root: Element, findings: list[Finding]) -> Record:
    boxes: list[RawBox] = []
    bad = 0
    for number, node in enumerate(root.iter("object"), 1):
        name = (node.findtext("name") or "").strip()
        corners = _corners(node)
        if not name or corners is None:
            bad += 1
            what = f"object {number} has no " + ("name" if not name else "readable box")
            findings.append(Finding("", path, 0, "voc-bad-object", Severity.ERROR, what, Action.LEFT_OUT))
            continue
        x1, y1, x2, y2 = corners
        if x1 > x2 or y1 > y2:
            what = f"object {number}: the corners are swapped"
            findings.append(Finding("", path, 0, "box-corners-swapped", Severity.WARNING, what, Action.REPAIRED))
        boxes.append(RawBox(None, name, (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), 0))
    size = (_number(root, "size/width") or 0.0, _number(root, "size/height") or 0.0)
    return Record(path, image, tuple(boxes), size, (), bad)


def _corners(node: Element) -> tuple[float, float, float, float] | None:
    values = [_number(node, f"bndbox/{key}") for key in ("xmin", "ymin", "xmax", "ymax")]
    if any(v is None for v in values):
        return None
    x1, y1, x2, y2 = (v for v in values if v is not None)
    return x1, y1, x2, y2


def _number(node: Element, path: str) -> float | None:
    text = (node.findtext(path) or "").strip().replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if finite(value) else None
