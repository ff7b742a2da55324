"""JSON formats of one file for many pictures: read, understand, bind; each format only says what a file holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import Parsed, RawBox, Record
from labtools.prepare.formats._json import read_json
from labtools.prepare.formats._pictures import Listed, bind_listed, names_of
from labtools.prepare.formats._shapes import Corners, around_finding, kind_name
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree


@dataclass
class Many:
    """One file on its way: pictures with boxes, findings, and what became a box, counted by kind."""

    path: str
    pictures: list[Listed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def picture(self, name: str, size_wh: tuple[float, float] | None = (0.0, 0.0)) -> None:
        """The next picture; `box` adds to it."""
        self.pictures.append(Listed(name, size_wh=size_wh))

    def box(self, label: str, corners: Corners | None, kind: str = "") -> None:
        """One shape of the last picture; without label or corners it is told and left out.

        Args:
            kind: what it is if it is more than a box, e.g. ``polygon``.
        """
        one = self.pictures[-1]
        if not label or corners is None:
            one.bad += 1
            what = Sentence("a shape of {image!r} has no label", image=one.name)
            if label:
                what = Sentence(
                    "a shape of {image!r} has no corners that can be read ({kind})",
                    image=one.name,
                    kind=kind_name(kind or "box"),
                )
            self.findings.append(Finding("", self.path, 0, "shape-unreadable", Severity.ERROR, what, Action.LEFT_OUT))
            return
        self.kinds.update([kind] if kind else [])
        one.boxes.append(RawBox(None, label, corners, 0))

    def bound(self, index: ImageIndex, findings: list[Finding]) -> list[Record]:
        """The records of the whole file; its findings are added."""
        records = bind_listed(self.path, self.pictures, index, findings)
        findings += [*self.findings, *around_finding(self.path, self.kinds)]
        return records


def parse_many(
    tree: Tree, files: Sequence[str], index: ImageIndex, understand: Callable[[Any, Many], Sequence[str]]
) -> Parsed:
    """Parse files with a function that fills a `Many` from the JSON and gives the class names that it declares."""
    records: list[Record] = []
    findings: list[Finding] = []
    names: list[str] = []
    for path in files:
        content = read_json(tree, path, findings)
        if content is None:
            continue
        many = Many(path)
        names += understand(content, many)
        records += many.bound(index, findings)
    return Parsed(tuple(records), tuple(findings), tuple(dict.fromkeys((*names, *names_of(records)))), frozenset(files))
