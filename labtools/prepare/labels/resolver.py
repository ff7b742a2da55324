"""Each team's names and ids -> the dataset's class ids. What they leave open is asked, never guessed.

An annotator working alone gets class id 0 in CVAT whatever the class, so a bare number is read in its context:

1. what the teacher answered decides;
2. a name (written in the label, or the id's name by the nearest ``obj.names``, ``data.yaml``) that means one class of
   the course decides, whatever the folder is called. One exception: every id is 0, the names file lists several
   classes, the folder's among them but not first: then nobody chose that 0, and the folder decides;
3. without names, ids that are all 0 in a folder of labels are the class folder's class;
4. without names, ids are the course's ids if most boxes there bear the id of the class folder's class (a 0 among them
   that never shares a file with another id may be somebody's 3: it is asked);
5. a name that is no class is the class folder's, if nothing else in the submission is, and either it is the only such
   name or it differs from the class's name by a letter;
6. everything else is a question, and the boxes are left out until it is answered.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT, NO_ANSWERS, Answers
from labtools.prepare.config import name_key
from labtools.prepare.formats import RawBox, Record
from labtools.prepare.formats._yolo_plain import PlainBoxes, PlainTable
from labtools.prepare.labels.classes import ClassTable
from labtools.prepare.labels.decisions import Decision, Refusal, Scope, Tally
from labtools.prepare.layout.teams import Submission
from labtools.prepare.sources.tree import folder_of

_NEAR = 0.8


class ClassResolver:
    """The classes of one submission's boxes; `findings` says what was decided without a name."""

    def __init__(
        self, table: ClassTable, submission: Submission, records: Iterable[Record], answers: Answers = NO_ANSWERS
    ) -> None:
        self._table = table
        self._root = submission.root
        self._folder = submission.class_folder
        self._folder_ids = frozenset(submission.class_ids)
        self._only = next(iter(self._folder_ids)) if len(self._folder_ids) == 1 else None
        self._answers = answers
        self._scopes: dict[str, Scope] = defaultdict(Scope)
        self._known: set[int] = set()  # classes that some name in use means
        self._unknown: set[str] = set()
        self._decisions: dict[tuple[str, tuple[str, ...], int | None, str | None], Decision] = {}
        self._tallies: dict[Decision, Tally] = {}
        self._look_at(records)

    def _look_at(self, records: Iterable[Record]) -> None:
        seen: set[int] = set()
        for record in records:
            boxes = record.boxes
            if isinstance(boxes, PlainBoxes):
                if id(boxes.table) not in seen:
                    seen.add(id(boxes.table))
                    self._look_at_table(boxes.table, self._scopes[folder_of(record.file)])
                continue
            self._scopes[folder_of(record.file)].add(box.class_id for box in boxes if box.class_id is not None)
            for box in boxes:
                if box.class_name is not None:
                    self._meet(box.class_name)

    def _look_at_table(self, table: PlainTable, scope: Scope) -> None:
        scope.ids += Counter(table.ids)
        for class_id in table.ids:
            if class_id < len(table.names) and table.names[class_id]:
                self._meet(table.names[class_id])
        if 0 in table.ids and len(table.ids) > 1:
            scope.zero_has_company = scope.zero_has_company or table.mixes(0)

    def _meet(self, name: str) -> None:
        found = self._table.id_of(name)
        if found is None:
            self._unknown.add(name_key(name))
        else:
            self._known.add(found)

    def resolve(self, box: RawBox, record: Record) -> int | Refusal:
        """The class of one box, or why it has none."""
        decision = self.decide(box.class_id, box.class_name, record)
        self.count(decision, 1, 1, (record.file, record.image))
        return decision.to

    def decide(self, class_id: int | None, class_name: str | None, record: Record) -> Decision:
        """The same for all boxes of an id or name in a folder: a sequence has hundreds of files."""
        folder = folder_of(record.file)
        key = (folder, record.names, class_id, class_name)
        if key not in self._decisions:
            decision = self._decide(class_id, class_name, record.names, folder)
            self._decisions[key] = self._answered(decision, class_id, class_name, folder)
        return self._decisions[key]

    def count(self, decision: Decision, boxes: int, files: int, first: tuple[str, str]) -> None:
        """Boxes for which a decision was taken, in as many files; ``first``: file and picture, the first in order."""
        tally = self._tallies.setdefault(decision, Tally(first))
        tally.boxes += boxes
        tally.files += files if first[0] != tally.last else files - 1
        tally.last = first[0]
        tally.first = min(tally.first, first)

    def _answered(self, decision: Decision, class_id: int | None, class_name: str | None, folder: str) -> Decision:
        """With the teacher's answer, if she gave one, instead."""
        key = self._key(class_id, class_name, folder)
        answer = self._answers.get(key)
        if answer is None:
            return decision
        what = Sentence("class id {id}", id=_written(class_id))
        if class_name is not None:
            what = Sentence("the name {name!r}", name=class_name)
        if answer == LEAVE_OUT:
            return Decision(Refusal("class-left-out", Sentence("{what} is to be left out, as answered", what=what)))
        found = self._table.id_of(answer)
        if found is not None:
            return Decision(found, "class-answered", Sentence("{what}: taken as answered", what=what))
        if not isinstance(decision.to, Refusal):
            return decision
        wrong = Sentence("{message} (the answer {answer!r} is no class)", message=decision.to.message, answer=answer)
        return Decision(Refusal(decision.to.code, wrong, decision.to.question))

    def _key(self, class_id: int | None, class_name: str | None, folder: str) -> str:
        if class_name is not None:
            return f"class-name:{self._root}:{class_name}"
        return f"class-id:{self._root}:{folder}:{_written(class_id)}"

    def _decide(self, class_id: int | None, name: str | None, names: tuple[str, ...], folder: str) -> Decision:
        scope = self._scopes[folder]
        if name is not None:
            return self._by_name(name, class_id, names, scope)
        if class_id is None:
            return self._without_class(scope, folder)
        if names:
            return self._by_unnamed_id(class_id, names, scope, folder)
        return self._by_id(class_id, scope, folder)

    def _by_name(self, name: str, class_id: int | None, names: tuple[str, ...], scope: Scope) -> Decision:
        found, only = self._table.id_of(name), self._only
        listed = {self._table.id_of(one) for one in names}
        if class_id is not None and 0 not in scope.ids and max(scope.ids, default=0) == len(names) and names:
            what = Sentence(
                "the ids here run from 1 to {n} and the names file lists {n}: is 1 the first name?", n=len(names)
            )
            question = Sentence("Which class is {name!r} in {place}?", name=name, place=self._place())
            return self._ask("class-id-off-by-one", what, question, name)
        nobody_chose = class_id == 0 and set(scope.ids) == {0} and found is not None
        if nobody_chose and only is not None and only != found and only in listed:
            what = Sentence(
                "id 0 is {name!r} by the names file, but every id here is 0: taken as the folder's class", name=name
            )
            return Decision(only, "class-id-zero", what)
        if found is not None:
            return Decision(found)
        if only is not None and not self._known and len(self._unknown) == 1:
            what = Sentence("{name!r} is no class of the course: taken as the folder's class", name=name)
            return Decision(only, "class-name-from-folder", what)
        if only is not None and only not in self._known and self._table.near(name, _NEAR) == [only]:
            what = Sentence("{name!r} is no class of the course, but nearly the folder's: taken as that", name=name)
            return Decision(only, "class-name-from-folder", what)
        near = self._table.near(name)
        what = Sentence("{name!r} is no class of the course: name it or add an alias", name=name)
        if near:
            what = Sentence(
                "{name!r} is no class of the course (did you mean {near!r}?): name it or add an alias",
                name=name,
                near=self._table.names[near[0]],
            )
        question = Sentence("Which class does {place} call {name!r}?", place=self._place(), name=name)
        return self._ask("class-name-unknown", what, question, name, near)

    def _without_class(self, scope: Scope, folder: str) -> Decision:
        if self._only is not None and not self._known and not self._unknown and set(scope.ids) <= {0}:
            what = Sentence("the lines name no class: taken as the folder's")
            return Decision(self._only, "class-missing", what)
        what = Sentence("the box names no class")
        question = Sentence("Which class are the boxes without any in {place}?", place=folder or self._place())
        return self._ask_id("class-missing", what, question, None, folder)

    def _by_unnamed_id(self, class_id: int, names: tuple[str, ...], scope: Scope, folder: str) -> Decision:
        if class_id == self._only and set(scope.ids) == {class_id}:
            what = Sentence(
                "class id {id} has no name, but every id here is the course's id of the folder's class", id=class_id
            )
            return Decision(class_id, "class-id-course", what)
        what = Sentence(
            "class id {id} has no name: the names file lists {n} {n:class|classes}", id=class_id, n=len(names)
        )
        question = Sentence("Which class is id {id} in {place}?", id=class_id, place=folder or self._place())
        return self._ask_id("class-id-without-name", what, question, class_id, folder)

    def _by_id(self, class_id: int, scope: Scope, folder: str) -> Decision:
        count = len(self._table.names)
        question = Sentence("Which class is id {id} in {place}?", id=class_id, place=folder or self._place())
        if self._table.trusts_ids or self._are_course_ids(scope):
            if class_id >= count:
                what = Sentence("class id {id} is beyond the {n} {n:class|classes}", id=class_id, n=count)
                return self._ask_id("class-id-unknown", what, question, class_id, folder)
            alone = class_id == 0 and self._only not in {None, 0} and not scope.zero_has_company
            if self._table.trusts_ids or not alone:
                return Decision(class_id)
        if class_id == 0 and self._only is not None and (set(scope.ids) == {0} or self._only == 0):
            what = Sentence("id 0 without a name: taken as the folder's class")
            return Decision(self._only, "class-id-zero", what)
        where = Sentence("outside any class folder")
        if self._folder:
            where = Sentence("in the folder {folder!r}", folder=self._folder)
        what = Sentence(
            "class id {id} {where} has no name: hand in obj.names, or use the course's ids", id=class_id, where=where
        )
        return self._ask_id("class-id-ambiguous", what, question, class_id, folder)

    def _are_course_ids(self, scope: Scope) -> bool:
        """Most boxes bear the id that the folder's class has in the course. (0 bears witness to nothing.)"""
        bearing = sum(scope.ids[i] for i in self._folder_ids if i)
        return bearing > 0 and bearing * 2 >= scope.ids.total()

    def _ask(self, code: str, what: Sentence, question: Sentence, name: str, near: Iterable[int] = ()) -> Decision:
        options = self._table.options([*near, *sorted(self._folder_ids)])
        return Decision(Refusal(code, what, Question(self._key(None, name, ""), question, options)))

    def _ask_id(self, code: str, what: Sentence, question: Sentence, class_id: int | None, folder: str) -> Decision:
        options = self._table.options(sorted(self._folder_ids))
        return Decision(Refusal(code, what, Question(self._key(class_id, None, folder), question, options)))

    def _place(self) -> str:
        return self._root or Sentence("this dataset")

    def findings(self) -> list[Finding]:
        """What was decided without a name, one for each kind, at the first file that it concerns."""
        found = []
        for decision, tally in sorted(self._tallies.items(), key=lambda pair: (pair[0].code, pair[0].message or "")):
            if decision.message is None or isinstance(decision.to, Refusal):
                continue
            doubtful = decision.code in {"class-name-from-folder", "class-missing"}
            severity = Severity.WARNING if doubtful else Severity.INFO
            what = Sentence(
                "{message}, {name!r} ({boxes} {boxes:box|boxes} in {files} {files:file|files})",
                message=decision.message,
                name=self._table.names[decision.to],
                boxes=tally.boxes,
                files=tally.files,
            )
            file, image = tally.first
            found.append(Finding("", file, 0, decision.code, severity, what, Action.REPAIRED, None, image))
        return found + self._contradiction()

    def _contradiction(self) -> list[Finding]:
        """A class folder in which nobody saw the class: by the names, all boxes are of others."""
        boxes = [(d.to, t) for d, t in self._tallies.items() if not isinstance(d.to, Refusal) and t.boxes]
        answered = any(d.code == "class-answered" for d in self._tallies)
        if self._only is None or not boxes or answered or any(to in self._folder_ids for to, _ in boxes):
            return []
        to, tally = max(boxes, key=lambda pair: pair[1].boxes)
        name = self._table.names[to]
        what = Sentence(
            "no box here is of the folder's class {wanted!r}: by name, they are {name!r}",
            wanted=self._table.names[self._only],
            name=name,
        )
        written = next((n for (_, _, _, n), d in self._decisions.items() if d.to == to and n is not None), name)
        options = (name, self._table.names[self._only], LEAVE_OUT)
        text = Sentence("Which class are the boxes called {name!r}?", name=written)
        question = Question(self._key(None, written, ""), text, options)
        file, image = tally.first
        code, severity = "class-other-than-folder", Severity.WARNING
        return [Finding("", file, 0, code, severity, what, Action.NOTED, question, image)]


def _written(class_id: int | None) -> str:
    return "none" if class_id is None else str(class_id)
