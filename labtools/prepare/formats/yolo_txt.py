"""YOLO txt: one file per picture, one line ``class x y w h`` per box (centre and size in 0..1).

Darknet and CVAT *YOLO 1.1* (``obj.names``, ``obj_train_data/``), Ultralytics and Roboflow exports (``data.yaml``,
polygons), labels beside the pictures. Lines are read tolerantly, see `_yolo_line`; a bad line costs only itself.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.formats import Parsed, RawBox, Record, orphan
from labtools.prepare.formats._names import is_names_file, names_files, nearest_names
from labtools.prepare.formats._yolo_line import REPAIRS, LineError, parse_line
from labtools.prepare.layout.places import SPLIT_WORDS, ImageIndex, stem_key
from labtools.prepare.sources.text import REPAIR_MESSAGES, decode
from labtools.prepare.sources.tree import READ_ERRORS, Tree, folder_of, name_of, stem_of

TITLE = "YOLO txt"
RICHNESS = 1

_PLAIN = b"0123456789. \n-"
_CHANGES = frozenset({"label-polygon", "label-negative-size", "label-six-columns", "text-not-utf8"})


def sniff(tree: Tree) -> list[str]:
    """Text files named like a picture, and others that hold nothing but label lines."""
    stems = {stem_key(stem_of(path)) for path in tree.images}
    return [p for p in tree.ending(".txt") if not is_names_file(p) and _is_label(tree, p, stems)]


def _is_label(tree: Tree, path: str, stems: set[str]) -> bool:
    stem = stem_key(stem_of(path))
    if stem in stems:
        return True
    if stem in SPLIT_WORDS or stem.startswith("readme"):
        return False
    try:
        head = decode(tree.read(path)[:400]).lines
    except (*READ_ERRORS, ValueError):
        return False
    return bool(head) and bool(re.fullmatch(r"\s*\d+([\s,;]+[\d.,eE+-]+){4,}\s*", head[0]))


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """Every label file that belongs to one picture; labels without a picture are findings."""
    reading = _Reading(tree, index)
    for path in files:
        reading.label_file(path)
    used = frozenset(files) | {file.path for file in reading.names_files if files}
    return Parsed(tuple(reading.records), tuple(reading.findings), reading.own_names(), used)


@dataclass
class _Reading:
    """One pass over the label files of a submission."""

    tree: Tree
    index: ImageIndex
    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names_files, found = names_files(self.tree)
        self.findings.extend(found)
        self._names_by_folder: dict[str, tuple[str, ...]] = {}

    def own_names(self) -> tuple[str, ...]:
        """All declared names, those of the first file first."""
        return tuple(dict.fromkeys(name for file in self.names_files for name in file.names if name))

    def names_for(self, path: str) -> tuple[str, ...]:
        folder = folder_of(path)
        if folder not in self._names_by_folder:
            near = nearest_names(self.names_files, path)
            if near is None and len({file.names for file in self.names_files}) == 1:
                near = self.names_files[0]
            self._names_by_folder[folder] = near.names if near else ()
        return self._names_by_folder[folder]

    def label_file(self, path: str) -> None:
        match = self.index.find_beside(path)
        if match.path is None:
            self.findings.append(orphan(path, 0, name_of(path), match.rivals))
            return
        try:
            data = self.tree.read(path)
        except Exception as error:  # noqa: BLE001  any failure of a hostile archive is a fact about that file
            what = f"this label file cannot be read: {type(error).__name__}"
            self.findings.append(Finding("", path, 0, "label-unreadable", Severity.ERROR, what, Action.LEFT_OUT))
            return
        names = self.names_for(path)
        boxes, bad = _plain_boxes(data, names), 0
        if boxes is None:
            boxes, bad = self.careful_boxes(path, data, names)
        self.records.append(Record(path, match.path, tuple(boxes), None, names, bad))

    def careful_boxes(self, path: str, data: bytes, names: tuple[str, ...]) -> tuple[list[RawBox], int]:
        """Line by line, with a finding for each kind of repair and for each line left out."""
        text = decode(data)
        boxes: list[RawBox] = []
        bad = 0
        repairs: Counter[str] = Counter(text.repairs)
        first: dict[str, int] = {}
        for number, line in enumerate(text.lines, 1):
            if not line.strip():
                codes: tuple[str, ...] = ("label-blank-line",)
            else:
                try:
                    parsed = parse_line(line)
                except LineError as error:
                    bad += 1
                    self.findings.append(
                        Finding("", path, number, "label-bad-line", Severity.ERROR, str(error), Action.LEFT_OUT)
                    )
                    continue
                boxes.append(_raw_box(parsed.label, parsed.xyxy, number, names))
                codes = parsed.repairs
            repairs.update(codes)
            for code in codes:
                first.setdefault(code, number)
        self.findings.extend(_repair(path, code, first.get(code, 0), n) for code, n in repairs.items())
        return boxes, bad


def _repair(path: str, code: str, line: int, count: int) -> Finding:
    message = REPAIRS.get(code) or REPAIR_MESSAGES[code]
    times = f" ({count} lines)" if count > 1 else ""
    severity = Severity.WARNING if code in _CHANGES else Severity.INFO
    return Finding("", path, line, code, severity, message + times, Action.REPAIRED)


def _plain_boxes(data: bytes, names: tuple[str, ...]) -> list[RawBox] | None:
    """The boxes of a file without any oddity, fast; None if it needs care."""
    if data.translate(None, _PLAIN):
        return None
    boxes: list[RawBox] = []
    lines = data.decode("ascii").split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        tokens = line.split(" ")
        if len(tokens) != 5 or not tokens[0].isdecimal() or len(tokens[0]) > 9:
            return None
        try:
            x, y, w, h = (float(t) for t in tokens[1:])
        except ValueError:
            return None
        # Digits alone spell no NaN, and infinity is over 2.
        if max(x, y, w, h) > 2 or min(x, y) < -2 or w < 0 or h < 0:
            return None
        boxes.append(_raw_box(int(tokens[0]), (x - w / 2, y - h / 2, x + w / 2, y + h / 2), number, names))
    return boxes


def _raw_box(label: int | str, xyxy: tuple[float, float, float, float], line: int, names: tuple[str, ...]) -> RawBox:
    if isinstance(label, str):
        return RawBox(None, label, xyxy, line)
    name = names[label] if label < len(names) and names[label] else None
    return RawBox(label, name, xyxy, line)
