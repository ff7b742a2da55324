"""One list read beside the pictures of its team; what it names and is not there is a finding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.names import slug
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT, Answers
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.layout.split_words import without_archive
from labtools.prepare.sources.tree import below, folder_of, name_of
from labtools.prepare.splits.habits import Habits
from labtools.prepare.splits.keys import split_key
from labtools.prepare.splits.lines import INVISIBLE, headed, read_line, section, unquoted
from labtools.prepare.splits.lists import SplitList, repair_findings
from labtools.prepare.splits.meanings import Meaning, Meanings
from labtools.prepare.splits.others import Others

# What Windows' `dir` writes above the names of a folder; in the code page of DOS, the accent may be anything.
_LISTING = re.compile(r"(?:R.{1,2}pertoire de|Directory of|Verzeichnis von)\s+(?=\S)")
_SHOWN = 160  # characters of a line in a message


@dataclass(frozen=True)
class Known:
    """What is known of a submission when its lists are read.

    Attributes:
        index: its pictures by name.
        root: its folder in the tree.
        groups: sequences that only file names tell, each with its pictures.
        others: the rest of the cohort.
        answers: what the teacher decided.
    """

    index: ImageIndex
    root: str
    groups: Mapping[str, tuple[str, ...]]
    others: Others
    answers: Answers


class ListReading:
    """One list being read: `read`, then ask what it found.

    Args:
        is_shared: it lies above all teams: only lines that name this one are its business.

    Attributes:
        found: split -> picture -> the first line that puts it there.
        told, named: references to something of this team's, and those of them whose pictures are there.
        shared_lines: those of a shared list that name this team.
    """

    def __init__(self, known: Known, one: SplitList, *, is_shared: bool) -> None:
        self.found: dict[str, dict[str, int]] = {}
        self.named = self.told = 0
        self.shared_lines: set[int] = set()
        self._one, self._is_shared = one, is_shared
        self._index, self._others = known.index, known.others
        self._team, self._class_folder = slug(without_archive(name_of(known.root))), folder_of(known.root)
        self._question = f"{split_key(known.root, one.path)}#folder"
        within = known.answers.get(self._question, "")
        self._is_left = within == LEAVE_OUT
        is_shared = is_shared or one.is_pointer
        self._meanings = Meanings(known.index, one.path, known.groups, within, is_shared=is_shared)
        self._habits = Habits(known.index)
        self._split = one.split  # of the lines that follow; a header changes it
        self._findings: list[Finding] = []
        self._foreign: list[tuple[int, str]] = []
        self._repairs: Counter[str] = Counter()
        self._first: dict[str, int] = {}
        self._rivals: list[tuple[int, str, tuple[str, ...]]] = []

    # ------------------------------------------------------------------------------------------------ lines

    def read(self) -> None:
        bases = self._index.bases(self._one.path)
        if self._is_shared:  # "1/images/a.jpg" in a list above the teams is anybody's
            bases = tuple(base for base in bases if self._one.path.startswith(base))
        paths = self._index.paths
        for number, line in enumerate(self._one.lines, 1):
            # Most lines are paths from here or from above, to the letter: no need to look closer.
            text = line[2:] if line[:2] == "./" else line
            for base in bases:
                if (path := base + text) in paths and self._split:
                    self._claim(path, number, self._split)
                    break
            else:
                if known := self._habits.understand(line):
                    self._claim(known, number, self._split)
                elif not self._is_shared or ("/" not in line and "\\" not in line) or self._is_ours(line):
                    self._line(line, number)
        self._repairs.update(self._habits.oddities())
        for entry in self._one.entries:
            text = entry.reference
            if not self._meanings.is_something(text):
                text = unquoted(text.translate(INVISIBLE).strip())
            self._reference(text, entry.line, entry.split or self._split)

    def _line(self, line: str, number: int) -> None:
        """A line that is not just a path as it lies here."""
        if self._is_header(line):
            self._note(("list-comment",), number)
            return
        split, rest = headed(line) if ":" in line or "=" in line else ("", line)
        if split:
            self._split = split
        if self._others.are_meant(rest):
            self._foreign.append((number, rest))
            return
        is_alone = len(self._one.lines) == 1 or bool(split)
        reading = read_line(rest, self._meanings.is_something, is_alone=is_alone)
        self._note(reading.codes, number)
        for reference in reading.references:
            self._reference(reference, number, reading.split or self._split)
        if len(reading.references) == 1 and not reading.split and not split:
            meaning = self._meanings.of(reading.references[0])
            if len(meaning.pictures) == 1 and not meaning.is_loose:
                self._habits.learn(line, meaning.pictures[0], reading.codes)

    def _is_header(self, line: str) -> bool:
        """``[val]``, ``# Train``: the lines below are of that split; ``# sequence 2``: of that folder."""
        text = line.strip().strip("#[]=*:-_<>\ufeff ").strip()
        if split := section(text):
            self._split = split
            return True
        listing = _LISTING.match(text)
        text = text[listing.end() :] if listing else text
        is_marked = listing or line.lstrip().startswith(("#", "//", "[")) or line.rstrip().endswith(":")
        if is_marked and text and self._meanings.folder(text):
            self._meanings.enter(text)
            return True
        return listing is not None

    def _reference(self, reference: str, line: int, split: str) -> None:
        if self._others.are_meant(reference):
            self._foreign.append((line, reference))
            return
        if self._is_shared:
            if not self._is_ours(reference):
                return
            self.shared_lines.add(line)
        self.told += 1
        meaning = self._meanings.of(reference)
        if not meaning.pictures or not split:
            self._not_claimed(meaning, reference[:_SHOWN], line)
            return
        if meaning.is_loose:
            self._note(("list-name-differs",), line)
        elif len(meaning.pictures) > 1 and not self._one.is_pointer:
            self._note(("list-whole-folder",), line)
        for path in meaning.pictures:
            self._claim(path, line, split, told=0)

    def _not_claimed(self, meaning: Meaning, text: str, line: int) -> None:
        """A reference that puts no picture into a split, and why."""
        if meaning.rivals:
            self._rivals.append((line, text, meaning.rivals))
        elif meaning.pictures:
            self._say(line, "list-no-split", Severity.WARNING, Sentence("no split is named for {text!r}", text=text))
        elif not self._one.is_pointer:
            self._say(line, "list-absent", Severity.WARNING, Sentence("listed, but not there: {text!r}", text=text))

    def _claim(self, path: str, line: int, split: str, told: int = 1) -> None:
        pictures = self.found.setdefault(split, {})
        self.named += 1
        self.told += told
        if self._is_shared:
            self.shared_lines.add(line)
        if path in pictures:
            what = Sentence("{path!r} is listed already on line {line}", path=path[:_SHOWN], line=pictures[path])
            self._say(line, "list-twice", Severity.INFO, what)
        else:
            pictures[path] = line

    def _is_ours(self, reference: str) -> bool:
        is_beside = folder_of(self._one.path) == self._class_folder
        return self._others.is_ours(reference, self._team, is_beside=is_beside)

    # --------------------------------------------------------------------------------------------- findings

    def _note(self, codes: Iterable[str], number: int) -> None:
        self._repairs.update(codes)
        for code in codes:
            self._first.setdefault(code, number)

    def _say(self, line: int, code: str, severity: Severity, what: Sentence) -> None:
        self._findings.append(Finding("", self._one.path, line, code, severity, what, Action.LEFT_OUT))

    def findings(self) -> Iterator[Finding]:
        """What was odd about it."""
        yield from self._findings
        yield from repair_findings(self._one.path, self._repairs, self._first)
        yield from self._ambiguous()
        if not self._is_shared:
            yield from self._of_others()
            if not self.told and not self._foreign and self._one.is_plain and not self._one.is_pointer:
                what = Sentence("the list names no picture")
                yield Finding("", self._one.path, 0, "list-empty", Severity.WARNING, what, Action.NOTED)

    def _of_others(self) -> Iterator[Finding]:
        """Lines that name another team's pictures: once where the whole list does, else one by one."""
        file = self._one.path
        if self._foreign and not self.named:
            what = Sentence(
                "all {n} {n:line names|lines name} pictures of another team, such as {text!r}",
                n=len(self._foreign),
                text=self._foreign[0][1][:_SHOWN],
            )
            yield Finding("", file, 0, "list-of-other-team", Severity.ERROR, what, Action.LEFT_OUT)
            return
        for line, text in self._foreign:
            what = Sentence("names a picture of another team: {text!r}", text=text[:_SHOWN])
            yield Finding("", file, line, "list-other-team", Severity.WARNING, what, Action.LEFT_OUT)

    def _ambiguous(self) -> Iterator[Finding]:
        """Lines that could mean several pictures, with one question for all of them: in which folder?"""
        if not self._rivals:
            return
        folders = Counter(folder_of(path) for _, _, rivals in self._rivals for path in rivals)
        text = Sentence(
            "In which folder {n:is|are} the {n} {n:picture|pictures} that {file} names without one?",
            n=len(self._rivals),
            file=name_of(self._one.path),
        )
        options = (*(below(f, self._class_folder) for f, _ in folders.most_common(12)), LEAVE_OUT)
        question = Question(self._question, text, options)
        action, asked = (Action.LEFT_OUT, None) if self._is_left else (Action.ASKED, question)
        for line, shown, rivals in self._rivals:
            what = Sentence("{text!r} could be any of: {rivals}", text=shown, rivals=rivals[:3])
            yield Finding("", self._one.path, line, "list-ambiguous", Severity.ERROR, what, action, asked)
