"""Each team's names and ids -> the course's class ids. What they leave open is asked, never guessed.

An annotator working alone gets class id 0 in CVAT whatever the class, so a bare number is read in its context:

1. a name (the number's name by the nearest ``obj.names``, ``data.yaml``; or written as such) decides;
2. without names, all ids 0 under a class folder are that class;
3. without names, ids among which the folder's own course id is found are course ids;
4. everything else is left out with an error that asks.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.config import CourseConfig, name_key
from labtools.prepare.formats import Parsed, RawBox, Record
from labtools.prepare.layout.teams import Submission
from labtools.prepare.sources.tree import folder_of


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
        return self.ids.get(name_key(name))

    def nearest(self, name: str) -> str:
        """`` (did you mean ...?)`` or nothing."""
        close = difflib.get_close_matches(name_key(name), list(self.ids), 1, 0.6)
        return f" (did you mean {self.names[self.ids[close[0]]]!r}?)" if close else ""


def course_table(course: CourseConfig, *, trusts_ids: bool) -> ClassTable:
    """The classes that a course names."""
    means: dict[str, set[int]] = defaultdict(set)
    for class_id, name in enumerate(course.names):
        for writing in (name, *course.aliases.get(name, ())):
            means[name_key(writing)].add(class_id)
    return ClassTable(course.names, {k: min(v) for k, v in means.items() if len(v) == 1}, trusts_ids)


def own_table(parsed: Sequence[Parsed], *, is_cohort: bool) -> ClassTable:
    """The submissions' own classes, in the order of submissions and ids; writings that differ in case are one."""
    names: dict[str, str] = {}
    for one in parsed:
        for name in one.names:
            names.setdefault(name_key(name) or name, name)
    if names or is_cohort:
        ordered = tuple(names.values())
        return ClassTable(ordered, {name_key(n): i for i, n in enumerate(ordered)}, False)
    ids = [b.class_id for one in parsed for r in one.records for b in r.boxes if b.class_id is not None]
    ordered = tuple(f"class_{i}" for i in range(max((i for i in ids if i < 1000), default=-1) + 1))
    return ClassTable(ordered, {}, True)


@dataclass(frozen=True)
class Refusal:
    """A box whose class is not known: nothing was guessed."""

    code: str
    message: str


class ClassResolver:
    """The classes of one submission's boxes; `findings` says what was decided by the folder."""

    def __init__(self, table: ClassTable, submission: Submission, records: Iterable[Record]) -> None:
        self._table = table
        self._folder_ids = frozenset(submission.class_ids)
        self._folder = submission.class_folder
        self._scope_ids: dict[str, set[int]] = defaultdict(set)
        self._unknown: set[str] = set()
        self._taken: dict[tuple[str, str], list[str]] = {}
        self._known: dict[
            tuple[str, tuple[str, ...], int | None, str | None], tuple[int | Refusal, tuple[str, str] | None]
        ] = {}
        self._decided: tuple[str, str] | None = None
        known = False
        for record in records:
            scope = self._scope_ids[folder_of(record.file)]
            for box in record.boxes:
                if box.class_id is not None:
                    scope.add(box.class_id)
                if box.class_name is not None:
                    is_known = table.id_of(box.class_name) is not None
                    known = known or is_known
                    if not is_known:
                        self._unknown.add(name_key(box.class_name))
        self._one_unknown = len(self._unknown) == 1 and not known

    @property
    def _only(self) -> int | None:
        return next(iter(self._folder_ids)) if len(self._folder_ids) == 1 else None

    def resolve(self, box: RawBox, record: Record) -> int | Refusal:
        """The class of one box, or why it has none."""
        key = (folder_of(record.file), record.names, box.class_id, box.class_name)
        if key not in self._known:  # decided once per folder of annotations; a sequence has hundreds of files
            self._known[key] = self._resolve(box, record)
        found, taken = self._known[key]
        if taken is not None:
            self._taken.setdefault(taken, []).append(record.file)
        return found

    def _resolve(self, box: RawBox, record: Record) -> tuple[int | Refusal, tuple[str, str] | None]:
        """The class, and the code and message if the class folder decided."""
        self._decided = None
        found = self._by_context(box, record)
        return found, self._decided

    def _by_context(self, box: RawBox, record: Record) -> int | Refusal:
        if box.class_name is not None:
            return self._by_name(box.class_name, box, record)
        if box.class_id is None:
            return Refusal("class-missing", "the box names no class")
        if record.names:
            named = f"{len(record.names)} class" + ("es" if len(record.names) > 1 else "")
            what = f"class id {box.class_id} has no name: the names file lists {named}"
            return Refusal("class-id-without-name", what)
        return self._by_id(box.class_id, record)

    def _by_name(self, name: str, box: RawBox, record: Record) -> int | Refusal:
        found = self._table.id_of(name)
        scope = self._scope_ids[folder_of(record.file)]
        only = self._only
        all_zero = box.class_id == 0 and scope == {0} and found is not None
        if all_zero and only not in {None, found} and only in {self._table.id_of(n) for n in record.names}:
            what = f"id 0 is {name!r} by the names file, but every id here is 0: taken as the folder's class"
            return self._take(only, "class-id-zero", what)
        if found is not None:
            return found
        if self._one_unknown and only is not None:
            what = f"{name!r} is no class of the course: taken as the folder's class"
            return self._take(only, "class-name-from-folder", what)
        what = f"{name!r} is no class of the course{self._table.nearest(name)}: name it or add an alias"
        return Refusal("class-name-unknown", what)

    def _by_id(self, class_id: int, record: Record) -> int | Refusal:
        scope = self._scope_ids[folder_of(record.file)]
        count = len(self._table.names)
        if self._table.trusts_ids or (self._folder_ids & scope and scope != {0}):
            if class_id < count:
                return class_id
            return Refusal("class-id-unknown", f"class id {class_id} is beyond the {count} classes")
        if class_id == 0 and self._only is not None:
            return self._take(self._only, "class-id-zero", "id 0 without a name: taken as the folder's class")
        where = f"in the folder {self._folder!r}" if self._folder else "outside any class folder"
        what = f"class id {class_id} {where} has no name: hand in obj.names, or use the course's ids"
        return Refusal("class-id-ambiguous", what)

    def _take(self, folder_class: int, code: str, message: str) -> int:
        self._decided = code, message
        return folder_class

    def findings(self) -> list[Finding]:
        """What the class folder decided, one for each kind, at the first file that it concerns."""
        found = []
        for (code, message), files in sorted(self._taken.items()):
            severity = Severity.WARNING if code == "class-name-from-folder" else Severity.INFO
            name = self._table.names[self._only] if self._only is not None else ""
            what = f"{message}, {name!r} ({len(files)} boxes in {len(set(files))} files)"
            found.append(Finding("", min(files), 0, code, severity, what, Action.REPAIRED))
        return found
