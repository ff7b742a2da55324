"""CVAT for images: one XML file for many pictures, shapes in pixels of ``<image width height>``.

A picture without shapes is listed too, and is an explicit background.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import Parsed, RawBox, Record
from labtools.prepare.formats._cvat import SHAPES, Header, Shape, read_shape, skeleton, walk_files
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._pictures import Listed, bind_listed, hints_of
from labtools.prepare.formats._shapes import number
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree

TITLE = "CVAT for images"
RICHNESS = 5


def sniff(tree: Tree) -> list[str]:
    """XML files whose root is ``<annotations>``, with ``<image>`` and without ``<track>``."""
    return [
        path
        for path, look in of_kind(tree, "xml")
        if look.root == "annotations" and "image" in look.words and not {"track", "annotation"} & look.words
    ]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """One record per picture that a file lists; shapes of a file that ends early are kept up to there."""
    records: list[Record] = []
    findings: list[Finding] = []
    names: list[str] = []
    for file in walk_files(tree, files, _File, findings):
        tasks = file.header.tasks
        hints = hints_of(file.path, *(task.name for task in tasks), *(task.source for task in tasks))
        records += bind_listed(file.path, file.images, index, findings, hints)
        names += file.header.names
        names += [box.class_name or "" for image in file.images for box in image.boxes]
    return Parsed(tuple(records), tuple(findings), tuple(dict.fromkeys(names)), frozenset(files))


@dataclass
class _File:
    """One file being walked through."""

    path: str
    images: list[Listed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    header: Header = field(default_factory=Header)
    _in_meta: bool = False
    _skeleton: list[Shape] | None = None
    _label: tuple[str, int] = ("", 0)

    def open(self, tag: str, attributes: dict[str, str], line: int) -> None:
        if tag == "meta":
            self._in_meta = True
        if self._in_meta:
            self.header.open(tag)
        elif tag == "image":
            size = max(0.0, number(attributes.get("width")) or 0.0), max(0.0, number(attributes.get("height")) or 0.0)
            self.images.append(Listed(attributes.get("name", "").strip(), size_wh=size, line=line))
        elif tag in SHAPES and self.images:
            self.shape(tag, attributes, line)

    def close(self, tag: str, text: str) -> None:
        if self._in_meta:
            self.header.close(tag, text)
            self._in_meta = tag != "meta"
        elif tag == "skeleton" and self._skeleton is not None:
            self.take(skeleton(self._skeleton), *self._label)
            self._skeleton = None

    def shape(self, tag: str, attributes: dict[str, str], line: int) -> None:
        if tag == "skeleton":
            self._skeleton, self._label = [], (attributes.get("label", ""), line)
            return
        shape = read_shape(tag, attributes)
        if self._skeleton is None:
            self.take(shape, attributes.get("label", ""), line)
        elif shape is not None and attributes.get("outside") != "1":
            self._skeleton.append(shape)

    def take(self, shape: Shape | None, label: str, line: int) -> None:
        image = self.images[-1]
        corners = shape.corners if shape is not None else None
        if shape is None or corners is None or not label.strip():
            image.bad += 1
            what = Sentence("a shape of {image!r} has no label", image=image.name)
            if label.strip():
                what = Sentence("a shape of {image!r} has no readable corners", image=image.name)
            self.findings.append(Finding("", self.path, line, "cvat-bad-shape", Severity.ERROR, what, Action.LEFT_OUT))
            return
        if shape.title:
            self.kinds[shape.title] += 1
        image.boxes.append(RawBox(None, label.strip(), corners, line))
