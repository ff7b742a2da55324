"""Lists -> the pictures that each claims for a split; what a list names and is not there is a finding."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.names import slug
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT, Answers
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.layout.split_words import without_archive
from labtools.prepare.sources.tree import folder_of, name_of, stem_of
from labtools.prepare.splits.lines import INVISIBLE, headed, read_line, section, unquoted
from labtools.prepare.splits.lists import SplitList, below, repair_findings
from labtools.prepare.splits.meanings import Meanings

_SHOWN = 160  # characters of a line in a message


@dataclass(frozen=True)
class Others:
    """The rest of the cohort, as far as one team's split must know it.

    Attributes:
        own: (class folder, team) of this submission, as keys; ``None`` for a single dataset.
        foreign: the same of all others: a line with such a pair is not ours.
        shared_lists: lists above all submissions, as in a cohort that was merged by hand.
    """

    own: tuple[str, str] | None = None
    foreign: frozenset[tuple[str, str]] = frozenset()
    shared_lists: tuple[SplitList, ...] = ()


@dataclass(frozen=True)
class Claim:
    """The pictures that one list puts into one split, each with the line that says so."""

    source: SplitList
    split: str
    pictures: Mapping[str, int]


@dataclass
class Claims:
    """Lists being read, one after the other; `claims` and `findings` fill up.

    Args:
        root: the submission's folder.
        groups: sequences that only file names tell.
    """

    index: ImageIndex
    root: str
    others: Others
    groups: Mapping[str, tuple[str, ...]]
    answers: Answers
    claims: list[Claim] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    shared_lines: set[tuple[str, int]] = field(default_factory=set)

    def read(self, one: SplitList, *, is_shared: bool = False) -> bool:
        """Read a list; False if it turned out to be none (only where its name left that open).

        Args:
            is_shared: it lies above all teams: only lines that name this one are its business.
        """
        reading = _ListReading(self, one, is_shared)
        reading.read()
        if not one.is_plain and (2 * reading.named < reading.told or not reading.named):
            return False
        if is_shared and not reading.named:
            return True
        self.findings += [*one.findings, *reading.all_findings()]
        self.claims += [Claim(one, split, pictures) for split, pictures in reading.found.items() if pictures]
        return True


@dataclass
class _Head:
    """How a list writes the pictures of one folder: what stands behind a name, and what was odd about it.

    ``lines`` counts those that were understood by it.
    """

    folder: str
    tail: str
    suffix: str
    codes: tuple[str, ...]
    lines: int = 0


class _ListReading:
    """One list being read."""

    def __init__(self, claims: Claims, one: SplitList, is_shared: bool) -> None:
        self.one = one
        self.index = claims.index
        self.others = claims.others
        self.is_shared = is_shared
        self.shared_lines = claims.shared_lines
        self.question = f"split:{claims.root}:{below(one.path, claims.root)}#folder"
        within = claims.answers.get(self.question, "")
        self.is_left = within == LEAVE_OUT
        self.meanings = Meanings(claims.index, one.path, claims.groups, within, is_shared=is_shared or one.is_pointer)
        self.team = slug(without_archive(name_of(claims.root)))
        self.class_folder = folder_of(claims.root)
        self.split = one.split
        self.found: dict[str, dict[str, int]] = {}
        self.findings: list[Finding] = []
        self.foreign: list[tuple[int, str]] = []
        self.repairs: Counter[str] = Counter()
        self.first: dict[str, int] = {}
        self.heads: dict[str, _Head] = {}
        self.named = self.told = 0
        self.rivals: list[tuple[int, str, tuple[str, ...]]] = []

    def read(self) -> None:
        bases = self.index.bases(self.one.path)
        if self.is_shared:  # "1/images/a.jpg" in a list above the teams is anybody's
            bases = tuple(base for base in bases if self.one.path.startswith(base))
        paths = self.index.paths
        for number, line in enumerate(self.one.lines, 1):
            # Most lines are paths from here or from above, to the letter: no need to look closer.
            text = line[2:] if line[:2] == "./" else line
            for base in bases:
                if (path := base + text) in paths and self.split:
                    self.claim(path, number, self.split)
                    break
            else:
                if known := self.as_before(line):
                    self.claim(known, number, self.split)
                elif not self.is_shared or ("/" not in line and "\\" not in line) or self.is_ours(line):
                    self.line(line, number)
        for head in self.heads.values():
            self.repairs.update(dict.fromkeys(head.codes, head.lines))
        for entry in self.one.entries:
            text = entry.reference
            if not self.meanings.is_something(text):
                text = unquoted(text.translate(INVISIBLE).strip())
            self.reference(text, entry.line, entry.split or self.split)

    def as_before(self, line: str) -> str | None:
        """The picture of a line that begins and ends like one that was understood, without looking closer."""
        cut = max(line.rfind("/"), line.rfind("\\")) + 1
        head = self.heads.get(line[:cut])
        if head is None or not line.endswith(head.tail):
            return None
        path = f"{head.folder}/{line[cut : len(line) - len(head.tail)]}{head.suffix}"
        if path not in self.index.paths:
            return None
        head.lines += 1
        return path

    def remember(self, line: str, path: str, codes: tuple[str, ...]) -> None:
        """What stands around the name of a picture, where all names in that folder would be understood alike."""
        cut = max(line.rfind("/"), line.rfind("\\")) + 1
        stem = stem_of(path)
        tail = line[cut + len(stem) :]
        suffix = (
            self.index.only_suffix(folder_of(path)) if line.startswith(stem, cut) and not tail[:1].isalnum() else ""
        )
        if suffix and self.index.only_folder(line[:cut]) == folder_of(path):
            self.heads[line[:cut]] = _Head(folder_of(path), tail, suffix, codes)

    def line(self, line: str, number: int) -> None:
        """A line that is not just a path as it lies here."""
        if self.header(line):
            self.note(("list-comment",), number)
            return
        split, rest = headed(line) if ":" in line or "=" in line else ("", line)
        if split:
            self.split = split
        if self.is_foreign(rest):
            self.foreign.append((number, rest))
            return
        reading = read_line(rest, self.meanings.is_something, is_alone=len(self.one.lines) == 1 or bool(split))
        self.note(reading.codes, number)
        for reference in reading.references:
            self.reference(reference, number, reading.split or self.split)
        if len(reading.references) == 1 and not reading.split and not split:
            meaning = self.meanings.of(reading.references[0])
            if len(meaning.pictures) == 1 and not meaning.is_loose:
                self.remember(line, meaning.pictures[0], reading.codes)

    def header(self, line: str) -> bool:
        """``[val]``, ``# Train``: the lines below are of that split; ``# sequence 2``: of that folder."""
        text = line.strip().strip("#[]=*:-_<>\ufeff ").strip()
        if split := section(text):
            self.split = split
            return True
        is_marked = line.lstrip().startswith(("#", "//", "[")) or line.rstrip().endswith(":")
        if is_marked and text and self.meanings.folder(text):
            self.meanings.enter(text)
            return True
        return False

    def note(self, codes: Iterable[str], number: int) -> None:
        self.repairs.update(codes)
        for code in codes:
            self.first.setdefault(code, number)

    def reference(self, reference: str, line: int, split: str) -> None:
        if self.is_foreign(reference):
            self.foreign.append((line, reference))
            return
        if self.is_shared:
            if not self.is_ours(reference):
                return
            self.shared_lines.add((self.one.path, line))
        self.told += 1
        meaning = self.meanings.of(reference)
        shown = reference[:_SHOWN]
        if meaning.rivals:
            self.rivals.append((line, shown, meaning.rivals))
        elif not meaning.pictures:
            if not self.one.is_pointer:
                self.say(line, "list-absent", Severity.WARNING, Sentence("listed, but not there: {text!r}", text=shown))
        elif not split:
            self.say(line, "list-no-split", Severity.WARNING, Sentence("no split is named for {text!r}", text=shown))
        else:
            if meaning.is_loose:
                self.note(("list-name-differs",), line)
            elif len(meaning.pictures) > 1 and not self.one.is_pointer:
                self.note(("list-whole-folder",), line)
            for path in meaning.pictures:
                self.claim(path, line, split, told=0)

    def claim(self, path: str, line: int, split: str, told: int = 1) -> None:
        pictures = self.found.setdefault(split, {})
        self.named += 1
        self.told += told
        if self.is_shared:
            self.shared_lines.add((self.one.path, line))
        if path in pictures:
            what = Sentence("{path!r} is listed already on line {line}", path=path[:_SHOWN], line=pictures[path])
            self.say(line, "list-twice", Severity.INFO, what)
        else:
            pictures[path] = line

    def is_foreign(self, reference: str) -> bool:
        """Does a line name another team's picture?"""
        foreign, own = self.others.foreign, self.others.own
        if not foreign:
            return False
        pairs = _pairs(reference.replace("\\", "/").rpartition("/")[0])
        return any(pair in foreign for pair in pairs) and own not in pairs

    def is_ours(self, reference: str) -> bool:
        """Does a line of a shared list name this team: with its class, or alone where that can be no other?"""
        path = reference.strip().replace("\\", "/")
        if self.others.own in _pairs(path):
            return True
        if self.team not in _keys(path):
            return False
        namesake = any(team == self.team for _, team in self.others.foreign)
        return not namesake or folder_of(self.one.path) == self.class_folder

    def say(self, line: int, code: str, severity: Severity, what: Sentence) -> None:
        self.findings.append(Finding("", self.one.path, line, code, severity, what, Action.LEFT_OUT))

    def all_findings(self) -> list[Finding]:
        found = [*self.findings, *repair_findings(self.one.path, self.repairs, self.first), *self._ambiguous()]
        if self.is_shared:
            return found
        if self.foreign and not self.named:
            what = Sentence(
                "all {n} {n:line names|lines name} pictures of another team, such as {text!r}",
                n=len(self.foreign),
                text=self.foreign[0][1][:_SHOWN],
            )
            return [*found, Finding("", self.one.path, 0, "list-of-other-team", Severity.ERROR, what, Action.LEFT_OUT)]
        for line, text in self.foreign:
            what = Sentence("names a picture of another team: {text!r}", text=text[:_SHOWN])
            found.append(Finding("", self.one.path, line, "list-other-team", Severity.WARNING, what, Action.LEFT_OUT))
        if not self.told and not self.foreign and self.one.is_plain and not self.one.is_pointer:
            what = Sentence("the list names no picture")
            found.append(Finding("", self.one.path, 0, "list-empty", Severity.WARNING, what, Action.NOTED))
        return found

    def _ambiguous(self) -> list[Finding]:
        """Lines that could mean several pictures, with one question for all of them: in which folder?"""
        if not self.rivals:
            return []
        folders = Counter(folder_of(path) for _, _, rivals in self.rivals for path in rivals)
        text = Sentence(
            "In which folder {n:is|are} the {n} {n:picture|pictures} that {file} names without one?",
            n=len(self.rivals),
            file=name_of(self.one.path),
        )
        options = (*(below(f, self.class_folder) for f, _ in folders.most_common(12)), LEAVE_OUT)
        question = Question(self.question, text, options)
        action, asked = (Action.LEFT_OUT, None) if self.is_left else (Action.ASKED, question)
        found = []
        for line, shown, rivals in self.rivals:
            what = Sentence("{text!r} could be any of: {rivals}", text=shown, rivals=rivals[:3])
            found.append(Finding("", self.one.path, line, "list-ambiguous", Severity.ERROR, what, action, asked))
        return found


@lru_cache(maxsize=1 << 14)
def _keys(path: str) -> tuple[str, ...]:
    return tuple(slug(part) for part in path.split("/"))


@lru_cache(maxsize=1 << 14)
def _pairs(path: str) -> tuple[tuple[str, str], ...]:
    """Each folder of a path with the one below it, as keys."""
    return tuple(itertools.pairwise(_keys(path)))
