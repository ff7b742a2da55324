"""The split that a team meant: train, val or test for each of its pictures.

What counts, in this order: lists (``train.txt``, tables, JSON, VOC's ImageSets), what ``data.yaml`` or ``obj.data``
point to, folders (``train/``, ``valid/``, ``TEST/``). A picture that no list names goes by its folder, and else by the
course's policy. A team without any split gets one by whole sequences. Every decision that was not the team's own is a
finding; where its own files contradict each other, it is a question.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from labtools.artifacts.dataset import SPLITS
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT, Answers
from labtools.prepare.config import SplitPolicy
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.layout.split_words import list_stem
from labtools.prepare.sources.tree import Tree, folder_of, name_of
from labtools.prepare.splits.claims import Claim, Claims
from labtools.prepare.splits.folders import splits_by_folder
from labtools.prepare.splits.list_reading import Known
from labtools.prepare.splits.lists import (
    SplitList,
    below,
    is_prose,
    pointer_findings,
    read_list,
    split_lists,
    unread_lists,
)
from labtools.prepare.splits.made import make_split, sequences_by_name
from labtools.prepare.splits.others import Others
from labtools.prepare.splits.settle import settle
from labtools.prepare.splits.unlisted import missing_splits, unlisted_finding

_NOTHING: Mapping[str, str] = MappingProxyType({})
_EXPORTED = re.compile(r".*obj_train_data/|data/images/train/")
"""How CVAT begins the lines of its *YOLO 1.1* and its *Ultralytics YOLO* exports."""
_MOST_UNKNOWN = 40
"""Text files without any word for a split that are looked into where a team gave none."""


@dataclass(frozen=True)
class Splits:
    """The split of each picture (absent: left out, with a finding) and how that came about.

    Attributes:
        used: the lists.
        shared_lines: (list, line) of the lists above all teams that name this one, see `nobodys_lines`.
    """

    of: Mapping[str, str]
    findings: tuple[Finding, ...]
    used: frozenset[str] = field(default_factory=frozenset)
    shared_lines: frozenset[tuple[str, int]] = field(default_factory=frozenset)


def plan_splits(
    tree: Tree,
    index: ImageIndex,
    images: Sequence[str],
    sequences: Mapping[str, str],
    root: str,
    policy: SplitPolicy,
    others: Others | None = None,
    answers: Answers = _NOTHING,
    twins: Mapping[str, Hashable] = _NOTHING,
) -> Splits:
    """Decide for one submission.

    Args:
        tree: its files.
        index: its pictures by name.
        images: its readable pictures, in order.
        sequences: the sequence of each of them.
        root: its folder in the tree.
        policy: what to do where the team said nothing or too much.
        others: what is known of the rest of the cohort.
        answers: what the teacher decided.
        twins: pictures with an equal value are the same to the byte: a split that is made keeps them together.
    """
    plan = _Plan(tree, index, images, root, policy, others or Others(), answers)
    plan.sequences = sequences if len(set(sequences.values())) > 1 else sequences_by_name(images) or sequences
    plan.read_lists()
    plan.settle()
    if not plan.split and not plan.disputed and not plan.has_folders:
        plan.ask_about_unknown_lists()
    if not plan.split and not plan.disputed and not plan.has_folders:
        made, findings = make_split(images, plan.sequences, policy, root, twins)
        return plan.result(made, findings)
    plan.place_unlisted()
    return plan.result(plan.split, missing_splits(plan.split, root))


class _Plan:
    """The steps of `plan_splits` and what they find."""

    def __init__(
        self,
        tree: Tree,
        index: ImageIndex,
        images: Sequence[str],
        root: str,
        policy: SplitPolicy,
        others: Others,
        answers: Answers,
    ) -> None:
        self.tree, self.index, self.images, self.root = tree, index, images, root
        self.policy, self.others, self.answers = policy, others, answers
        self.sequences: Mapping[str, str] = {}
        self.present = frozenset(images)
        self.split: dict[str, str] = {}
        self.disputed: frozenset[str] = frozenset()
        self.by_folder: dict[str, str] = splits_by_folder(images, root)
        self.claims: list[Claim] = []
        self.findings: list[Finding] = []
        self.used: set[str] = set()
        self.shared_lines: frozenset[tuple[str, int]] = frozenset()

    @property
    def has_folders(self) -> bool:
        return bool(self.by_folder)

    def result(self, split: Mapping[str, str], more: Sequence[Finding]) -> Splits:
        return Splits(split, (*self.findings, *more), frozenset(self.used), self.shared_lines)

    def reading(self) -> Claims:
        groups: dict[str, list[str]] = defaultdict(list)
        for path, sequence in self.sequences.items():
            if sequence:
                groups[sequence].append(path)
        tuples = {name: tuple(paths) for name, paths in groups.items()}
        return Claims(Known(self.index, self.root, tuples, self.others, self.answers))

    def read_lists(self) -> None:
        """All lists of the team, and those above all teams as far as they name this one."""
        lists = split_lists(self.tree, self.index.has_stem)
        reading = self.reading()
        self.findings += [*pointer_findings(self.tree, self.root, self.answers), *unread_lists(self.tree)]
        for one in self.without_exports(lists):
            answered = self.as_answered(one)
            if answered is None or reading.read(answered):
                self.used.add(one.path)
        for one in self.others.shared_lists:
            reading.read(one, is_shared=True)
        self.claims = reading.claims
        self.findings += reading.findings
        self.shared_lines = frozenset(reading.shared_lines)

    def as_answered(self, one: SplitList) -> SplitList | None:
        """The list with the split that the teacher gave it; None if it is left out, or waits for her."""
        if one.is_pointer:
            return one
        answer = self.answers.get(f"split:{self.root}:{below(one.path, self.root)}", "")
        if answer in SPLITS:
            return replace(one, split=answer)
        waits = any(
            f.question and f.question.key == f"split:{self.root}:{below(one.path, self.root)}" for f in self.findings
        )
        return None if answer == LEAVE_OUT or waits else one

    def without_exports(self, lists: Sequence[SplitList]) -> list[SplitList]:
        """CVAT puts a ``train.txt`` of everything into each YOLO export: a table of contents, not a split.

        Where other splits lie beside it, somebody has made lists of it.
        """
        beside = {folder_of(one.path) for one in lists if one.split != "train" and one.lines}
        kept = []
        for one in lists:
            is_export = one.split == "train" and any(_EXPORTED.match(line) for line in one.lines[:3])
            if is_export and folder_of(one.path) not in beside:
                what = Sentence("CVAT's own list of everything it exported, not a split")
                self.findings.append(Finding("", one.path, 0, "list-of-export", Severity.INFO, what, Action.NOTED))
                self.used.add(one.path)
            else:
                kept.append(one)
        return kept

    def settle(self) -> None:
        """Lists first, then what documents point to, then the names of folders."""
        settled = settle([c for c in self.claims if not c.source.is_pointer], self.policy, self.root, self.answers)
        self.findings += settled.findings
        self.split = {path: name for path, name in settled.of.items() if path in self.present}
        self.disputed = settled.disputed & self.present
        self.settle_pointers()
        self.say_disputed()
        self.say_folders_differ()

    def settle_pointers(self) -> None:
        """Folders that ``data.yaml`` names count like folders named for a split; where both speak, they must agree."""
        claims = [c for c in self.claims if c.source.is_pointer]
        if not claims:
            return
        settled = settle(claims, self.policy, self.root, self.answers)
        self.findings += settled.findings
        listed = self.split.keys() | self.disputed
        pointed = {p: s for p, s in settled.of.items() if p in self.present and p not in listed}
        against = sorted(p for p, s in pointed.items() if self.by_folder.get(p, s) != s)
        file = claims[0].source.path
        if against:
            pointed = self.pointers_or_folders(file, pointed, against)
        self.by_folder |= pointed

    def pointers_or_folders(self, file: str, pointed: dict[str, str], against: Sequence[str]) -> dict[str, str]:
        """What counts where ``data.yaml`` and the names of folders contradict each other: the teacher's word."""
        key = f"split:{self.root}:folders"
        by_file = Sentence("as {file} says", file=below(file, self.root))
        options = (by_file, Sentence("as the folders are called"), LEAVE_OUT)
        answer = self.answers.get(key)
        first = against[0]
        what = Sentence(
            "{file} puts {n} {n:picture|pictures} into another split than {n:its folder is|their folders are} called, "
            "such as {path} into {split}",
            file=name_of(file),
            n=len(against),
            path=first,
            split=pointed[first],
        )
        if answer == options[0]:
            return pointed
        if answer != options[1]:
            self.disputed |= frozenset(against)
            text = Sentence("{what}: what counts?", what=what)
            asked = None if answer == LEAVE_OUT else Question(key, text, options)
            action = Action.ASKED if asked else Action.LEFT_OUT
            self.findings.append(Finding("", file, 0, "split-yaml-differs", Severity.ERROR, what, action, asked))
        return {path: name for path, name in pointed.items() if path not in set(against)}

    def say_disputed(self) -> None:
        what = Sentence("the lists contradict each other about its split")
        self.findings += [
            Finding("", path, 0, "image-split-disputed", Severity.ERROR, what, Action.LEFT_OUT)
            for path in sorted(self.disputed)
        ]

    def say_folders_differ(self) -> None:
        """A list's word counts more than the name of the folder in which a picture lies; said once for each pair."""
        differing: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for path, name in self.split.items():
            if self.by_folder.get(path, name) != name:
                differing[folder_of(path), self.by_folder[path], name].append(path)
        for (folder, of_folder, name), paths in sorted(differing.items()):
            what = Sentence(
                "{n} {n:picture|pictures} in this folder of {split} {n:is|are} listed in {listed}: the list counts",
                n=len(paths),
                split=of_folder,
                listed=name,
            )
            self.findings.append(
                Finding("", folder, 0, "split-folder-differs", Severity.WARNING, what, Action.REPAIRED)
            )

    def ask_about_unknown_lists(self) -> None:
        """Files that list pictures, but whose names say no split: which one is it?"""
        candidates = [
            path
            for path in self.tree.ending(".txt", ".lst", ".list", "")
            if path not in self.used and not is_prose(path) and not self.index.has_stem(list_stem(path))
        ]
        if len(candidates) > _MOST_UNKNOWN:
            return
        reading = self.reading()
        asked = []
        for path in candidates:
            key = f"split:{self.root}:{below(path, self.root)}"
            answer = self.answers.get(key, "")
            one = read_list(self.tree, path, answer if answer in SPLITS else "?", is_plain=False)
            if one is None or not reading.read(one):
                continue
            claim = reading.claims[-1]
            if answer in SPLITS or answer == LEAVE_OUT:
                self.used.add(path)
            elif len(claim.pictures) < len(self.present):  # a list of everything is no split
                text = Sentence(
                    "Which split is the list {file} ({n} {n:picture|pictures})?",
                    file=name_of(path),
                    n=len(claim.pictures),
                )
                asked.append((path, Question(key, text, (*SPLITS, LEAVE_OUT))))
        for path, question in asked:
            what = Sentence("it lists pictures, but its name does not say for which split")
            code = "split-list-unnamed"
            self.findings.append(Finding("", path, 0, code, Severity.ERROR, what, Action.ASKED, question))
            self.used.add(path)
        self.claims = [c for c in reading.claims if c.split in SPLITS]
        if self.claims:
            self.findings += [f for f in reading.findings if f.file in self.used]
            self.settle()

    def place_unlisted(self) -> None:
        """Pictures that no list names: by their folder, else by the policy, or by the teacher's word."""
        unlisted = []
        for path in self.images:
            if path in self.split or path in self.disputed:
                continue
            if path in self.by_folder:
                self.split[path] = self.by_folder[path]
            else:
                unlisted.append(path)
        target = self.split_of_unlisted(unlisted)
        for path in unlisted:
            self.findings.append(unlisted_finding(path, target))
            if target in SPLITS:
                self.split[path] = target

    def split_of_unlisted(self, unlisted: Sequence[str]) -> str:
        """Where one split has no list and pictures are in none, they may well be that split: a question."""
        missing = [name for name in SPLITS if name not in set(self.split.values())]
        key = f"split:{self.root}:unlisted"
        answer = self.answers.get(key)
        if answer in (*SPLITS, LEAVE_OUT):
            return answer
        is_policy = self.policy.unlisted != LEAVE_OUT
        if len(missing) == 1 and not is_policy and len(unlisted) >= max(2, 0.05 * len(self.images)):
            name = missing[0]
            what = Sentence("there is no {split} list, and {n} pictures are in no list", split=name, n=len(unlisted))
            text = Sentence(
                "There is no {split} list, and {n} pictures are in no list: are they {split}?",
                split=name,
                n=len(unlisted),
            )
            question = Question(key, text, (name, LEAVE_OUT))
            code = "split-unlisted-many"
            self.findings.append(Finding("", self.root, 0, code, Severity.ERROR, what, Action.ASKED, question))
        return self.policy.unlisted
