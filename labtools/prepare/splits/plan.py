"""The split that a team meant: train, val or test for each of its pictures.

What counts, in this order: lists (``train.txt``, tables, JSON, VOC's ImageSets), what ``data.yaml`` or ``obj.data``
point to, folders (``train/``, ``valid/``, ``TEST/``). A picture that no list names goes by its folder, and else by the
course's policy. A team without any split gets one by whole sequences. Every decision that was not the team's own is a
finding; where its own files contradict each other, it is a question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from labtools.artifacts.dataset import SPLITS
from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT, Answers
from labtools.prepare.config import SplitPolicy
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree
from labtools.prepare.splits.claims import Claim, Claims
from labtools.prepare.splits.exports import without_exports
from labtools.prepare.splits.folders import differing_findings, splits_by_folder
from labtools.prepare.splits.keys import split_key
from labtools.prepare.splits.list_reading import Known
from labtools.prepare.splits.lists import SplitList, split_lists, unread_lists
from labtools.prepare.splits.made import make_split, sequences_by_name
from labtools.prepare.splits.others import Others
from labtools.prepare.splits.pointers import pointed_or_called, pointer_findings
from labtools.prepare.splits.settle import Settled, settle
from labtools.prepare.splits.unlisted import missing_splits, spare_findings, split_of_unlisted, unlisted_finding
from labtools.prepare.splits.unnamed import read_unnamed_lists

_NOTHING: Mapping[str, str] = MappingProxyType({})


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
    spares: Mapping[str, str] = _NOTHING,
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
        spares: pictures without annotation -> the annotated one of the same bytes; left out of a split that is made.
    """
    if len(set(sequences.values())) <= 1:
        sequences = sequences_by_name(images) or sequences
    known = Known(index, root, _groups(sequences), others or Others(), answers)
    plan = _Plan(tree, images, policy, known)
    plan.read_lists()
    plan.settle()
    if plan.knows_nothing:
        plan.read_unnamed()
    if plan.knows_nothing:
        made, findings = make_split([p for p in images if p not in spares], sequences, policy, root, twins)
        return plan.result(made, [*findings, *spare_findings(spares)])
    plan.place_unlisted()
    return plan.result(plan.split, missing_splits(plan.split, root))


def _groups(sequences: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The pictures of each sequence that has a name."""
    groups: dict[str, list[str]] = defaultdict(list)
    for path, sequence in sequences.items():
        if sequence:
            groups[sequence].append(path)
    return {name: tuple(paths) for name, paths in groups.items()}


class _Plan:
    """The steps of `plan_splits` and what they find.

    Attributes:
        split: of the pictures that are decided.
        disputed: those that wait for an answer.
        by_folder: what the folder of a picture is called after, or what points to it.
    """

    def __init__(self, tree: Tree, images: Sequence[str], policy: SplitPolicy, known: Known) -> None:
        self.split: dict[str, str] = {}
        self.disputed: frozenset[str] = frozenset()
        self.by_folder = splits_by_folder(images, known.root)
        self._tree, self._images, self._policy, self._known = tree, images, policy, known
        self._root, self._answers = known.root, known.answers
        self._present = frozenset(images)
        self._claims: list[Claim] = []
        self._findings: list[Finding] = []
        self._used: set[str] = set()
        self._shared_lines: frozenset[tuple[str, int]] = frozenset()

    @property
    def knows_nothing(self) -> bool:
        """Has the team said nothing of any picture so far?"""
        return not (self.split or self.disputed or self.by_folder)

    def result(self, split: Mapping[str, str], more: Sequence[Finding]) -> Splits:
        return Splits(split, (*self._findings, *more), frozenset(self._used), self._shared_lines)

    def read_lists(self) -> None:
        """All lists of the team, and those above all teams as far as they name this one."""
        lists, exports = without_exports(split_lists(self._tree, self._known.index.has_stem))
        self._findings += [*pointer_findings(self._tree, self._root, self._answers), *unread_lists(self._tree)]
        waiting = {finding.question.key for finding in self._findings if finding.question}
        self._findings += exports
        self._used |= {finding.file for finding in exports}
        reading = Claims(self._known)
        for one in lists:
            answered = self._as_answered(one, waiting)
            if answered is None or reading.read(answered):
                self._used.add(one.path)
        for one in self._known.others.shared_lists:
            reading.read(one, is_shared=True)
        self._claims = reading.claims
        self._findings += reading.findings
        self._shared_lines = frozenset(reading.shared_lines)

    def _as_answered(self, one: SplitList, waiting: set[str]) -> SplitList | None:
        """The list with the split that the teacher gave it; None if it is left out, or waits for her."""
        if one.is_pointer:
            return one
        key = split_key(self._root, one.path)
        answer = self._answers.get(key, "")
        if answer in SPLITS:
            return replace(one, split=answer)
        return None if answer == LEAVE_OUT or key in waiting else one

    def settle(self) -> None:
        """Lists first, then what documents point to, then the names of folders."""
        settled = self._settled([c for c in self._claims if not c.source.is_pointer])
        self.split = {path: name for path, name in settled.of.items() if path in self._present}
        self.disputed = settled.disputed & self._present
        self._settle_pointers()
        what = Sentence("the lists contradict each other about its split")
        self._findings += [
            Finding("", path, 0, "image-split-disputed", Severity.ERROR, what, Action.LEFT_OUT)
            for path in sorted(self.disputed)
        ]
        self._findings += differing_findings(self.split, self.by_folder)

    def _settled(self, claims: Sequence[Claim]) -> Settled:
        settled = settle(claims, self._policy, self._root, self._answers)
        self._findings += settled.findings
        return settled

    def _settle_pointers(self) -> None:
        """Folders that ``data.yaml`` names count like folders named for a split; where both speak, they must agree."""
        claims = [c for c in self._claims if c.source.is_pointer]
        if not claims:
            return
        listed = self.split.keys() | self.disputed
        pointed = {p: s for p, s in self._settled(claims).of.items() if p in self._present and p not in listed}
        against = sorted(p for p, s in pointed.items() if self.by_folder.get(p, s) != s)
        if against:
            file = claims[0].source.path
            choice = pointed_or_called(file, pointed, against, self._root, self._answers)
            self.disputed |= choice.disputed
            self._findings += choice.findings
            pointed = dict(choice.of)
        self.by_folder |= pointed

    def read_unnamed(self) -> None:
        """Files that list pictures, but whose names say no split."""
        unnamed = read_unnamed_lists(self._tree, self._known, self._used, len(self._present))
        self._findings += unnamed.questions
        self._used |= unnamed.used
        self._claims = unnamed.claims
        if self._claims:
            self._findings += [f for f in unnamed.findings if f.file in self._used]
            self.settle()

    def place_unlisted(self) -> None:
        """Pictures that no list names: by their folder, else by the policy, or by the teacher's word."""
        decided = self.split.keys() | self.disputed
        rest = [path for path in self._images if path not in decided]
        self.split |= {path: self.by_folder[path] for path in rest if path in self.by_folder}
        unlisted = [path for path in rest if path not in self.by_folder]
        given = set(self.split.values())
        target, asked = split_of_unlisted(
            len(unlisted), len(self._images), given, self._policy, self._root, self._answers
        )
        self._findings += [*asked, *(unlisted_finding(path, target) for path in unlisted)]
        if target in SPLITS:
            self.split |= dict.fromkeys(unlisted, target)
