"""The dataset's classes, and the writings that mean them."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.core.visible import unsteered
from labtools.prepare.answers import LEAVE_OUT, NO_ANSWERS, Answers
from labtools.prepare.config import CourseConfig, name_key
from labtools.prepare.formats import Parsed, Record
from labtools.prepare.formats._yolo_plain import PlainBoxes

_MOST_OWN_CLASSES = 1000


@dataclass(frozen=True)
class ClassTable:
    """The dataset's classes and the writings that mean them.

    Attributes:
        names: in id order.
        ids: `name_key` of every writing -> its one class; a writing of two classes (a folder of both) is absent.
        trusts_ids: bare ids are ids of these names (one dataset whose labels name nothing).
    """

    names: tuple[str, ...]
    ids: dict[str, int]
    trusts_ids: bool

    def id_of(self, name: str) -> int | None:
        """The class that a writing means; None if it means none, or two."""
        return self.ids.get(name_key(name))

    def near(self, name: str, closeness: float = 0.6) -> list[int]:
        """Classes with a writing that differs in a letter or two, the nearest first.

        Args:
            closeness: 0..1, see `difflib.get_close_matches`.
        """
        close = difflib.get_close_matches(name_key(name), list(self.ids), 5, closeness)
        return list(dict.fromkeys(self.ids[key] for key in close))

    def options(self, first: Iterable[int]) -> tuple[str, ...]:
        """The answers to a question about a class, the likelier ones first."""
        return (*(self.names[i] for i in dict.fromkeys([*first, *range(len(self.names))])), LEAVE_OUT)


def course_table(course: CourseConfig, *, trusts_ids: bool) -> ClassTable:
    """The classes that a course names."""
    means: dict[str, set[int]] = defaultdict(set)
    for class_id, name in enumerate(course.names):
        for writing in (name, *course.aliases.get(name, ())):
            means[name_key(writing)].add(class_id)
    return ClassTable(course.names, {k: min(v) for k, v in means.items() if len(v) == 1}, trusts_ids)


def own_table(parsed: Sequence[Parsed], *, is_cohort: bool, answers: Answers = NO_ANSWERS) -> ClassTable:
    """The submissions' own classes, in the order of submissions and ids; writings that differ in case are one.

    They are written into every later file and onto every screen, so as `unsteered` has them.

    Args:
        answers: may name classes that nobody else does.
    """
    names: dict[str, str] = {}
    for one in parsed:
        for name in one.names:
            if key := name_key(name):
                names.setdefault(key, unsteered(name))
    for key, answer in sorted(answers.items()):
        if key.startswith(("class-id:", "class-name:")) and answer != LEAVE_OUT and name_key(answer):
            names.setdefault(name_key(answer), unsteered(answer))
    if names or is_cohort:
        ordered = tuple(names.values())
        return ClassTable(ordered, {name_key(n): i for i, n in enumerate(ordered)}, False)
    ids = {i for one in parsed for i in _ids(one.records)}
    ordered = tuple(f"class_{i}" for i in range(max((i for i in ids if i < _MOST_OWN_CLASSES), default=-1) + 1))
    return ClassTable(ordered, {}, True)


def steering_findings(names: Iterable[str], root: str) -> list[Finding]:
    """Names with characters that would steer a terminal or an editor, of the submission in that folder."""
    findings = []
    for name in names:
        if (shown := unsteered(name)) != name:
            what = Sentence(
                "the class name {name!r} holds control characters: it is {shown!r} here", name=name, shown=shown
            )
            findings.append(Finding("", root, 0, "names-steering", Severity.WARNING, what, Action.REPAIRED))
    return findings


def _ids(records: Iterable[Record]) -> set[int]:
    found: set[int] = set()
    seen: set[int] = set()
    for record in records:
        if isinstance(record.boxes, PlainBoxes):
            if id(record.boxes.table) not in seen:
                seen.add(id(record.boxes.table))
                found |= set(record.boxes.table.ids)
        else:
            found |= {box.class_id for box in record.boxes if box.class_id is not None}
    return found
