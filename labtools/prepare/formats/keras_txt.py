"""YOLO Keras txt (also an export of Roboflow): one line per picture, ``path x1,y1,x2,y2,id x1,y1,x2,y2,id ...``.

Corners in pixels. The ids are named by ``_classes.txt`` beside it, or by another names file. Such a file is often a
split list too (``train.txt``); that is read by `splits.lists`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence, verbatim
from labtools.prepare.formats import Parsed, RawBox, Record
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._names import names_files, nearest_names
from labtools.prepare.formats._pictures import Listed, bind_listed
from labtools.prepare.formats._shapes import numbers, ordered
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import READ_ERRORS, Tree, folder_of, is_image_name

TITLE = "YOLO Keras txt"
RICHNESS = 2

_BOX = re.compile(r"(?<!\s)\s+(?=-?[\d.]+,-?[\d.]+,-?[\d.]+,-?[\d.]+,\d+(\s|$))")
_CLASSES = "_classes.txt"


def sniff(tree: Tree) -> list[str]:
    """Texts of which one of the first lines is a picture's name and a box."""
    return [path for path, look in of_kind(tree, "table") if _has_box(decode(look.head).lines[:20])]


def _has_box(lines: Sequence[str]) -> bool:
    return any(len(parts := _split(line)) > 1 and is_image_name(parts[0]) for line in lines)


def _split(line: str) -> list[str]:
    """The path, which may hold spaces, and the boxes."""
    found = _BOX.search(line)
    return [line[: found.start()].strip(), *line[found.start() :].split()] if found else [line.strip()]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """A path without boxes is a background."""
    findings: list[Finding] = []
    records: list[Record] = []
    used = set(files)
    named = names_files(tree)[0] if files else []
    names: list[str] = []
    for path in files:
        try:
            lines = decode(tree.read(path)).lines
        except READ_ERRORS as error:
            what = Sentence("this file cannot be read: {why}", why=verbatim(type(error).__name__))
            findings.append(Finding("", path, 0, "label-unreadable", Severity.ERROR, what, Action.LEFT_OUT))
            continue
        beside = f"{folder_of(path)}/{_CLASSES}".lstrip("/")
        near = nearest_names(named, path)
        own = _classes(tree, beside) or (near.names if near else ())
        used |= {place for place in (beside, near.path if near else "") if place in tree}
        pictures = [_picture(path, n, line, own, findings) for n, line in enumerate(lines, 1) if line.strip()]
        names += own
        records += [replace(record, names=own) for record in bind_listed(path, pictures, index, findings)]
    return Parsed(tuple(records), tuple(findings), tuple(dict.fromkeys(names)), frozenset(used))


def _classes(tree: Tree, path: str) -> tuple[str, ...]:
    try:
        return tuple(line.strip() for line in decode(tree.read(path)).lines) if path in tree else ()
    except READ_ERRORS:
        return ()  # its ids stay without names, which is told box by box


def _picture(path: str, number: int, line: str, names: Sequence[str], findings: list[Finding]) -> Listed:
    name, *boxes = _split(line)
    picture = Listed(name, line=number)
    for text in boxes:
        values = numbers(text.split(","))
        if values is None or len(values) != 5 or values[4] != int(values[4]) or values[4] < 0:
            picture.bad += 1
            what = Sentence("{text!r} is no box x1,y1,x2,y2,id", text=text[:40])
            findings.append(Finding("", path, number, "label-bad-line", Severity.ERROR, what, Action.LEFT_OUT))
            continue
        x1, y1, x2, y2, label = values
        known = names[int(label)] if label < len(names) and names[int(label)] else None
        picture.boxes.append(RawBox(int(label), known, ordered((x1, y1, x2, y2)), number))
    return picture
