"""Annotation formats, one file each. A format answers two questions about the files of one submission:

* ``sniff(tree)``: which of these files are mine? Found by looking at the content, not by the suffix alone.
* ``parse(tree, files, index)``: what do they say? Records and findings; bad data is a finding, never an exception.

`labtools.core.registry.members` lists this folder; `RICHNESS` breaks a tie when two formats annotate a picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree

CORNERS = "corners"
CENTRE = "centre"
PIXELS = "pixels"
PIXEL_CORNERS = "pixel corners"


class RawBox(NamedTuple):
    """One box as it was written. (A tuple: a cohort has 100,000 of them, and a dataclass takes thrice as long.)

    Attributes:
        class_id: the number written, None where only a name was.
        class_name: the name written, or the number's name by the nearest names file; None where there is none.
        xyxy: corners; in 0..1 or in pixels, see `Record.size_wh`. Not clipped.
        line: 1-based line in the annotation file, 0 where unknown.
        form: how sure `xyxy` is. `CORNERS`: as said above. `CENTRE`: four numbers in 0..1, read as centre and size as
            usual; `PIXELS`: four numbers beyond 0..1, unread; `PIXEL_CORNERS`: corners in pixels of the picture
            whatever the record's unit. The last three occur in YOLO files only, see `labels.units`.
    """

    class_id: int | None
    class_name: str | None
    xyxy: tuple[float, float, float, float]
    line: int
    form: str = CORNERS


@dataclass(frozen=True)
class Record:
    """What one annotation file says about one picture; no boxes is an explicit background.

    Attributes:
        file: the annotation file.
        image: the picture's path in the tree.
        boxes: in the order written; a tuple, or a view into a table of many files.
        size_wh: None if the boxes are in 0..1; else they are pixels of a picture of this size ((0, 0): unknown).
        names: all names that the file's ids may mean, in id order; empty where no names file applies.
        bad_lines: lines or objects that could not be read at all.
    """

    file: str
    image: str
    boxes: Sequence[RawBox]
    size_wh: tuple[float, float] | None = None
    names: tuple[str, ...] = ()
    bad_lines: int = 0


@dataclass(frozen=True)
class Parsed:
    """All that a format found in a submission.

    Attributes:
        names: the class names that it declares or uses, in id order: a single dataset's own classes.
        used: files that were understood (names files too), so that the others can be reported.
    """

    records: tuple[Record, ...] = ()
    findings: tuple[Finding, ...] = ()
    names: tuple[str, ...] = ()
    used: frozenset[str] = field(default_factory=frozenset)


class Format(Protocol):
    """What every module of this folder offers."""

    TITLE: str
    RICHNESS: int

    def sniff(self, tree: Tree) -> list[str]:
        """The annotation files of this format, in order."""
        ...

    def parse(self, tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
        """Their records, each bound to a picture of ``index``."""
        ...


def orphan(file: str, line: int, name: str, rivals: Iterable[str]) -> Finding:
    """An annotation whose picture is not there, or cannot be told from others."""
    listed = tuple(sorted(rivals)[:3])
    if listed:
        what = Sentence("annotates {name!r}, which could be any of: {rivals}", name=name, rivals=listed)
        return Finding("", file, line, "annotation-ambiguous", Severity.ERROR, what, Action.ASKED)
    what = Sentence("annotates {name!r}, but there is no such picture", name=name)
    return Finding("", file, line, "annotation-without-image", Severity.WARNING, what, Action.LEFT_OUT)


MOST_BOXES = 20_000
"""In one picture. The densest datasets have some thousands (aerial photographs, DOTA); a detector finds 300."""


def crowd(file: str, n: int, image: str) -> Finding:
    """An annotation with more than `MOST_BOXES` boxes for one picture: comparing them would take hours."""
    what = Sentence("{n} boxes in one picture: no more than {most} are read", n=n, most=MOST_BOXES)
    return Finding("", file, 0, "annotation-crowded", Severity.ERROR, what, Action.LEFT_OUT, None, image)


def finite(*values: float) -> bool:
    """All of them are numbers that a picture can hold (not NaN, not infinite, not beyond any screen)."""
    return all(math.isfinite(v) and abs(v) < 1e7 for v in values)
