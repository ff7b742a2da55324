"""Lists whose names say no split, looked for where a team gave none: which split is each, the teacher knows."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from labtools.artifacts.dataset import SPLITS
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT
from labtools.prepare.layout.split_words import list_stem
from labtools.prepare.sources.tree import Tree, name_of
from labtools.prepare.splits.claims import Claim, Claims
from labtools.prepare.splits.keys import split_key
from labtools.prepare.splits.list_reading import Known
from labtools.prepare.splits.lists import is_prose, read_list

_MOST = 40  # text files that are looked into


class Unnamed(NamedTuple):
    """What came of them.

    Attributes:
        claims: of those that the teacher gave a split.
        findings: what was odd about any of them.
        questions: one finding for each that she has not decided.
        used: files that are lists.
    """

    claims: list[Claim]
    findings: list[Finding]
    questions: list[Finding]
    used: set[str]


def read_unnamed_lists(tree: Tree, known: Known, used: Collection[str], pictures: int) -> Unnamed:
    """Read whatever names pictures.

    Args:
        used: files that are known to be something else.
        pictures: how many the team has; a list of all of them is no split.
    """
    candidates = [
        path
        for path in tree.ending(".txt", ".lst", ".list", "")
        if path not in used and not is_prose(path) and not known.index.has_stem(list_stem(path))
    ]
    reading = Claims(known)
    result = Unnamed([], reading.findings, [], set())
    for path in candidates if len(candidates) <= _MOST else ():
        answer = known.answers.get(split_key(known.root, path), "")
        one = read_list(tree, path, answer if answer in SPLITS else "?", is_plain=False)
        if one is None or not reading.read(one):
            continue
        listed = len(reading.claims[-1].pictures)
        if answer in SPLITS or answer == LEAVE_OUT:
            result.used.add(path)
        elif listed < pictures:
            result.used.add(path)
            result.questions.append(_which_split(path, listed, known.root))
    result.claims.extend(claim for claim in reading.claims if claim.split in SPLITS)
    return result


def _which_split(path: str, listed: int, root: str) -> Finding:
    text = Sentence("Which split is the list {file} ({n} {n:picture|pictures})?", file=name_of(path), n=listed)
    question = Question(split_key(root, path), text, (*SPLITS, LEAVE_OUT))
    what = Sentence("it lists pictures, but its name does not say for which split")
    return Finding("", path, 0, "split-list-unnamed", Severity.ERROR, what, Action.ASKED, question)
