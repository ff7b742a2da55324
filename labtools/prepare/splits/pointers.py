"""Lists and folders that ``obj.data`` and ``data.yaml`` point to: which files they mean, and for which split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT, Answers
from labtools.prepare.layout.split_words import SPLIT_NAMES, split_of_folder, split_of_list_name
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, READ_ERRORS, Tree, below, folder_of, name_of, suffix_of
from labtools.prepare.splits.documents import pointers
from labtools.prepare.splits.keys import split_key


@dataclass(frozen=True)
class Pointer:
    """One list or folder that ``obj.data`` or ``data.yaml`` names, and the splits that it is said to be.

    Attributes:
        file: the list in the tree, ``""`` for anything else.
        own: the split that its own name says.
    """

    path: str
    target: str
    file: str
    own: str
    splits: tuple[str, ...]

    @property
    def kept(self) -> str:
        """Its own name decides between two splits; Darknet knows no test split and calls the test list ``valid``."""
        if self.own in self.splits or (self.own == "test" and self.splits == ("val",)):
            return self.own
        return "train" if "train" in self.splits else self.splits[0]

    @property
    def is_contradiction(self) -> bool:
        return bool(self.file and self.own and self.own != self.kept)


def read_pointers(tree: Tree) -> list[Pointer]:
    """All of a submission, in order of files."""
    found = []
    for path in tree.ending(".data", ".yaml", ".yml"):
        try:
            given = pointers(path, tree.read(path))
        except READ_ERRORS:
            continue  # reported where its names are read
        by_target: dict[str, list[str]] = defaultdict(list)
        for split, target in given:
            by_target[target].append(split)
        for target, splits in by_target.items():
            file = file_meant(tree, folder_of(path), target) if suffix_of(target) not in IMAGE_SUFFIXES else ""
            own = split_of_list_name(file) if file else split_of_folder(name_of(target.replace("\\", "/").rstrip("/")))
            found.append(Pointer(path, target, file, own, tuple(dict.fromkeys(splits))))
    return found


def file_meant(tree: Tree, folder: str, target: str) -> str:
    """The file of the tree that a relative path in ``folder`` means; ``""`` if none."""
    parts = [p for p in target.replace("\\", "/").split("/") if p not in {"", ".", ".."}]
    while parts:
        tail = "/".join(parts)
        base = folder
        while True:
            candidate = f"{base}/{tail}" if base else tail
            if candidate in tree:
                return candidate
            if not base:
                break
            base = folder_of(base)
        parts = parts[1:]
    return ""


def pointer_findings(tree: Tree, root: str, answers: Answers) -> list[Finding]:
    """``obj.data`` or ``data.yaml`` that give one list or folder for two splits, or a list against its name."""
    findings = []
    for one in read_pointers(tree):
        for split in one.splits:
            if split != one.kept:
                what = Sentence(
                    "the {split} list is the {other} list ({path}): its pictures stay in {kept} only",
                    split=SPLIT_NAMES[split],
                    other=SPLIT_NAMES[one.kept],
                    path=one.target,
                    kept=one.kept,
                )
                code = f"split-{split}-is-{one.kept}"
                findings.append(Finding("", one.path, 0, code, Severity.WARNING, what, Action.REPAIRED))
        key = split_key(root, one.file)
        if one.is_contradiction and key not in answers:
            what = Sentence(
                "{file} gives {path} as the {split} list: which split is it?",
                file=name_of(one.path),
                path=one.target,
                split=SPLIT_NAMES[one.kept],
            )
            options = (one.kept, one.own, LEAVE_OUT)
            question = Question(key, what, options)
            code = "split-list-contradicted"
            findings.append(Finding("", one.path, 0, code, Severity.ERROR, what, Action.ASKED, question))
    return findings


class Choice(NamedTuple):
    """What counts of pictures of which two things are said: their splits, those that wait, what was found."""

    of: Mapping[str, str]
    disputed: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()


def pointed_or_called(
    file: str, pointed: Mapping[str, str], against: Sequence[str], root: str, answers: Answers
) -> Choice:
    """What counts where ``data.yaml`` and the names of folders contradict each other: the teacher's word.

    Args:
        file: the ``data.yaml``.
        pointed: the split that it gives each picture.
        against: those of them whose folders are called after another split, in order.
    """
    key = split_key(root, "folders")
    by_file = Sentence("as {file} says", file=below(file, root))
    options = (by_file, Sentence("as the folders are called"), LEAVE_OUT)
    answer = answers.get(key)
    if answer == options[0]:
        return Choice(pointed)
    contradicted = frozenset(against)
    rest = {path: name for path, name in pointed.items() if path not in contradicted}
    if answer == options[1]:
        return Choice(rest)
    what = Sentence(
        "{file} puts {n} {n:picture|pictures} into another split than {n:its folder is|their folders are} called, "
        "such as {path} into {split}",
        file=name_of(file),
        n=len(against),
        path=against[0],
        split=pointed[against[0]],
    )
    asked = None
    if answer != LEAVE_OUT:
        asked = Question(key, Sentence("{what}: what counts?", what=what), options)
    action = Action.ASKED if asked else Action.LEFT_OUT
    finding = Finding("", file, 0, "split-yaml-differs", Severity.ERROR, what, action, asked)
    return Choice(rest, contradicted, (finding,))
