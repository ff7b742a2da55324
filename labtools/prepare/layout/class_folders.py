"""Which classes of the course a folder's name stands for: by name or alias, or by the teacher's answer. Never a guess:
a name that is only near one is a question."""

from __future__ import annotations

import re
from collections import defaultdict

from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.names import slug
from labtools.core.sentences import Sentence, both
from labtools.prepare.answers import LEAVE_OUT, NO_ANSWERS, Answers
from labtools.prepare.config import CourseConfig, name_key
from labtools.prepare.sources.downloads import without_stamp
from labtools.prepare.sources.names import archive_stem, original_name

_AND = frozenset({"et", "and", "y", "e", "ou", "or", "plus"})
_BETWEEN = re.compile(r"\s*[,;+&/]\s*")
_NUMBER_IN_FRONT = re.compile(r"^\d{1,2}\s*[-_.)\s]\s*")  # "01_velo", "2 - velo": folders in the order of a list


def plain_name(folder: str) -> str:
    """A folder's name; an archive standing as a folder loses its ``.zip!``, a download its date."""
    name = folder.rpartition("/")[2]
    return without_stamp(archive_stem(name[:-1]) if name.endswith("!") else name)


class FolderClasses:
    """The course's classes and the writings that folders use for them."""

    def __init__(self, course: CourseConfig | None, answers: Answers = NO_ANSWERS) -> None:
        self._names = course.names if course is not None else ()
        self._answers = answers if course is not None else NO_ANSWERS
        self._ids: dict[str, set[int]] = defaultdict(set)
        for class_id, name in enumerate(self._names):
            for writing in (name, *(course.aliases.get(name, ()) if course is not None else ())):
                self._ids[name_key(writing)].add(class_id)

    def of(self, folder: str) -> tuple[int, ...]:
        """The ids of its class: none, one, or two for a folder that holds both. A copy of a folder is of its class."""
        name = plain_name(folder)
        for written in (name, original_name(name), _NUMBER_IN_FRONT.sub("", name)):
            if written and (found := self._ids.get(name_key(written))):
                return tuple(sorted(found))
        return self._by_name(self._answers.get(_question_key(folder), ""))

    def is_left_out(self, folder: str) -> bool:
        """Did the teacher answer that it is not to come into the dataset?"""
        return not self.of(folder) and self._answers.get(_question_key(folder)) == LEAVE_OUT

    def _by_name(self, answer: str) -> tuple[int, ...]:
        """Classes by their names, several separated by commas; none if one of the names is unknown."""
        ids = [self._ids.get(name_key(part), set()) for part in _BETWEEN.split(answer)]
        return tuple(sorted(set().union(*ids))) if all(ids) else ()

    def near(self, folder: str) -> tuple[str, ...]:
        """Names of classes that a folder of no class may mean, the likelier first."""
        words = slug(plain_name(folder)).split("_")
        whole = "".join(words)
        scores: dict[str, int] = {}
        for key, ids in self._ids.items():
            spellings = [whole, *(word for word in words if len(word) > 3)]
            score = min(distance(spelling, key) for spelling in spellings)
            if len(key) > 3 and key in whole:
                score = 1
            if key in words:
                score = 0
            if score <= _tolerance(key):
                for class_id in ids:
                    name = self._names[class_id]
                    scores[name] = min(score, scores.get(name, score))
        return tuple(sorted(scores, key=lambda name: (scores[name], self._names.index(name))))

    def question(self, folder: str, *, is_surely_class: bool) -> Finding | None:
        """What the teacher has to decide about a folder of no class, None if nothing.

        Args:
            is_surely_class: it lies among class folders and holds teams, as they do.
        """
        near = self.near(folder)
        if not self._names or self.of(folder) or not (near or is_surely_class):
            return None
        name = plain_name(folder)
        joint = ", ".join(near) if len(near) > 1 and self._names_all(folder) else ""
        if near:
            code = "class-folder-near"
            what = Sentence("{name!r} is no class of the course, but near {near}", name=name, near=both(near))
        else:
            code, what = "class-folder-unknown", Sentence("{name!r} is no class of the course", name=name)
        wrong = self._answers.get(_question_key(folder), "")
        if wrong and wrong != LEAVE_OUT:
            what = Sentence("{what} (neither is the answer {answer!r})", what=what, answer=wrong)
        options = (*([joint] if joint else []), *(near or self._names), LEAVE_OUT)
        text = Sentence("Which class is the folder {name!r}?", name=name)
        question = Question(_question_key(folder), text, options)
        what = Sentence("{what}: asked; meanwhile only boxes that name their class are used", what=what)
        return Finding("", folder, 0, code, Severity.WARNING, what, Action.ASKED, question)

    def _names_all(self, folder: str) -> bool:
        """Is the folder called after classes and nothing else: ``ballon et prise``?"""
        words = slug(plain_name(folder)).split("_")
        return all(word in _AND or word in self._ids for word in words)


def _question_key(folder: str) -> str:
    return f"class-folder:{plain_name(folder)}"


def _tolerance(key: str) -> int:
    """How many letters may differ for a name to be near."""
    return 1 if len(key) <= 4 else 2 if len(key) <= 8 else 3


def distance(first: str, second: str) -> int:
    """Letters to insert, drop, replace or swap with their neighbour to get from one word to the other (the restricted
    Damerau-Levenshtein distance).

    >>> distance("telefone", "telephone"), distance("balon", "ballon"), distance("vleo", "velo")
    (2, 1, 1)
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        above, before, row = before, row, [i]
        for j, b in enumerate(second, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                row[j] = min(row[j], above[j - 2] + 1)
    return row[-1]
