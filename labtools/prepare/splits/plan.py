"""The split that a team meant: train, val or test for each of its pictures.

What counts, in this order: lists (``train.txt``, CSV, VOC ImageSets), folders (``train/``, ``valid/``, ``TEST/``).
A picture that no list names goes by its folder, and else by the course's policy. A team without any split gets one
by whole sequences. Every decision that was not the team's own is a finding.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import slug
from labtools.prepare.config import SplitPolicy
from labtools.prepare.layout.places import SPLIT_WORDS, ImageIndex
from labtools.prepare.sources.tree import Tree, folder_of
from labtools.prepare.splits.lists import SplitList, repeated_lists, split_lists

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Splits:
    """The split of each picture (absent: left out, with a finding) and how that came about."""

    of: Mapping[str, str]
    findings: tuple[Finding, ...]
    used: frozenset[str] = field(default_factory=frozenset)


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


def plan_splits(
    tree: Tree,
    index: ImageIndex,
    images: Sequence[str],
    sequences: Mapping[str, str],
    root: str,
    policy: SplitPolicy,
    others: Others | None = None,
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
    """
    others = others or Others()
    reading = _Lists(index, others)
    found = split_lists(tree)
    lists = _without_exports(found, reading)
    for one in lists:
        reading.read(one)
    if not reading.claims:
        lists += [reading.shared(one) for one in others.shared_lists]
    used = frozenset(one.path for one in found)
    findings = [*reading.findings, *repeated_lists(tree)]
    listed, more = _one_split_each(reading.claims, policy, lists)
    by_folder = _by_folder(images, root)
    findings += more
    present = frozenset(images)
    split = {path: name for path, name in listed.items() if path in present}
    if not split and not by_folder:
        made, made_findings = _made_split(images, sequences, policy, root)
        return Splits(made, (*findings, *made_findings), used)
    for path in images:
        if path not in split and path in by_folder:
            split[path] = by_folder[path]
        elif path not in split:
            findings.append(_unlisted(path, policy))
            if policy.unlisted != "leave out":
                split[path] = policy.unlisted
    findings += _missing(split, root)
    return Splits(split, tuple(findings), used)


def _unlisted(path: str, policy: SplitPolicy) -> Finding:
    if policy.unlisted == "leave out":
        what = "no list of the team names this picture"
        return Finding("", path, 0, "image-unlisted", Severity.WARNING, what, Action.LEFT_OUT)
    what = f"no list of the team names this picture: put into {policy.unlisted}"
    return Finding("", path, 0, "image-unlisted", Severity.WARNING, what, Action.REPAIRED)


def _missing(split: Mapping[str, str], root: str) -> list[Finding]:
    found = Counter(split.values())
    return [
        Finding("", root, 0, f"split-no-{name}", Severity.WARNING, f"the team gave no {name} split", Action.NOTED)
        for name in SPLITS
        if not found[name]
    ]


class _Lists:
    """Lists being read: which splits claim each picture."""

    def __init__(self, index: ImageIndex, others: Others) -> None:
        self._index = index
        self._others = others
        self.claims: dict[str, dict[str, None]] = defaultdict(dict)
        self.findings: list[Finding] = []

    def read(self, one: SplitList) -> None:
        self.findings.extend(one.findings)
        seen: dict[str, int] = {}
        for entry in one.entries:
            if _names_team(entry.reference, self._others.foreign):
                what = f"names a picture of another team: {entry.reference[:160]!r}"
                self.say(one, entry.line, "list-other-team", Severity.WARNING, what)
                continue
            match = self._index.find(entry.reference, one.path)
            if match.path is None:
                self.unmatched(one, entry.line, entry.reference, match.rivals)
            elif match.path in seen:
                what = f"{entry.reference[:160]!r} is listed already on line {seen[match.path]}"
                self.say(one, entry.line, "list-twice", Severity.INFO, what)
            else:
                seen[match.path] = entry.line
                self.claims[match.path][one.split] = None

    def shared(self, one: SplitList) -> SplitList:
        """Read the lines of a whole cohort's list that name this team; the others are their teams' business."""
        own = frozenset([self._others.own] if self._others.own else [])
        ours = SplitList(one.path, one.split, tuple(e for e in one.entries if _names_team(e.reference, own)), ())
        self.read(ours)
        return ours

    def unmatched(self, one: SplitList, line: int, reference: str, rivals: tuple[str, ...]) -> None:
        if rivals:
            what = f"{reference[:160]!r} could be any of: {', '.join(rivals[:3])}"
            self.findings.append(Finding("", one.path, line, "list-ambiguous", Severity.ERROR, what, Action.ASKED))
        else:
            self.say(one, line, "list-absent", Severity.WARNING, f"listed, but not there: {reference[:160]!r}")

    def say(self, one: SplitList, line: int, code: str, severity: Severity, what: str) -> None:
        self.findings.append(Finding("", one.path, line, code, severity, what, Action.LEFT_OUT))


def _names_team(reference: str, pairs: frozenset[tuple[str, str]]) -> bool:
    """Does a path hold one of these class and team folders, one after the other?"""
    if not pairs:
        return False
    return any(pair in pairs for pair in _neighbours(reference.replace("\\", "/").rpartition("/")[0]))


@lru_cache(maxsize=1 << 14)
def _neighbours(folder: str) -> tuple[tuple[str, str], ...]:
    """Each folder of a path with the one below it, as keys."""
    return tuple(itertools.pairwise(slug(part) for part in folder.split("/")))


def _without_exports(lists: list[SplitList], reading: _Lists) -> list[SplitList]:
    """CVAT puts a ``train.txt`` of everything into each YOLO 1.1 export: that is a table of contents, not a split."""
    exports = [one for one in lists if any("obj_train_data/" in e.reference for e in one.entries[:3])]
    others = [one for one in lists if one not in exports]
    if {one.split for one in exports} != {"train"}:
        return lists
    for one in exports:
        what = "CVAT's own list of everything it exported, not a split"
        reading.findings.append(Finding("", one.path, 0, "list-of-export", Severity.INFO, what, Action.NOTED))
    return others


def _one_split_each(
    claims: Mapping[str, Mapping[str, None]], policy: SplitPolicy, lists: Sequence[SplitList]
) -> tuple[dict[str, str], list[Finding]]:
    """The one split of each listed picture; two claims are settled by the policy."""
    findings: list[Finding] = []
    members = {name: {p for p, c in claims.items() if name in c} for name in SPLITS}
    copies: set[str] = set()
    for name in ("val", "test"):
        if members[name] and members[name] == members["train"]:
            copies.add(name)
            path = next(one.path for one in lists if one.split == name)
            what = f"the {name} list names exactly the training pictures: they stay in train only"
            findings.append(Finding("", path, 0, f"split-{name}-is-train", Severity.WARNING, what, Action.REPAIRED))
    split: dict[str, str] = {}
    for path, wanted in claims.items():
        candidates = [name for name in policy.priority if name in wanted and name not in copies]
        split[path] = candidates[0]
        if len(candidates) > 1:
            what = f"listed in {' and '.join(sorted(candidates))}: kept in {split[path]} only"
            findings.append(Finding("", path, 0, "image-in-two-splits", Severity.WARNING, what, Action.REPAIRED))
    return split, findings


def _by_folder(images: Iterable[str], root: str) -> dict[str, str]:
    """The split that a folder above a picture is called after; the innermost such folder counts."""
    cache: dict[str, str] = {}
    found: dict[str, str] = {}
    for path in images:
        folder = folder_of(path)
        if folder not in cache:
            inside = folder[len(root) :] if root else folder
            words = [SPLIT_WORDS.get(slug(p.removesuffix(".zip!")), "") for p in inside.split("/")]
            cache[folder] = next((w for w in reversed(words) if w), "")
        if cache[folder]:
            found[path] = cache[folder]
    return found


def natural_key(path: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts frame_2 before frame_10."""
    return tuple((0, int(t)) if t.isdecimal() else (1, t) for t in re.split(r"(\d+)", path, flags=re.ASCII) if t)


def _made_split(
    images: Sequence[str], sequences: Mapping[str, str], policy: SplitPolicy, root: str
) -> tuple[dict[str, str], list[Finding]]:
    """Whole sequences, near the shares; with fewer than three of them, three blocks in the order of names."""
    members: dict[str, list[str]] = defaultdict(list)
    for path in images:
        members[sequences[path]].append(path)
    if len(members) >= 3:
        of_sequence = share_sequences({name: len(paths) for name, paths in members.items()}, policy, root)
        split = {path: of_sequence[name] for name, paths in members.items() for path in paths}
        listed = {s: [n for n in sorted(of_sequence, key=natural_key) if of_sequence[n] == s] for s in SPLITS}
        how = "whole sequences, " + "; ".join(f"{s}: {', '.join(listed[s]) or 'none'}" for s in SPLITS)
    else:
        split = _blocks(sorted(images, key=natural_key), policy)
        how = "blocks in the order of the file names, as there are fewer than three sequences"
    counts = Counter(split.values())
    what = f"no split was handed in; made one of {how} ({'/'.join(str(counts[s]) for s in SPLITS)} pictures)"
    return split, [Finding("", root, 0, "split-made", Severity.WARNING, what, Action.REPAIRED)] if images else []


def _blocks(images: Sequence[str], policy: SplitPolicy) -> dict[str, str]:
    first = round(len(images) * policy.shares["train"])
    second = first + round(len(images) * policy.shares["val"])
    return {p: "train" if i < first else "val" if i < second else "test" for i, p in enumerate(images)}


def share_sequences(sizes: Mapping[str, int], policy: SplitPolicy, team: str) -> dict[str, str]:
    """Give each sequence to a split so that the pictures come near the shares.

    Args:
        sizes: pictures per sequence, three sequences at least.
        policy: its shares and seed.
        team: mixed into the seed, so that not every team tests on its last video.
    """
    names = sorted(sizes, key=natural_key)
    random.Random(f"{policy.seed}:{team}").shuffle(names)  # noqa: S311  not a secret
    wanted = [s for s in SPLITS if policy.shares[s] > 0]
    total = sum(sizes.values())

    def miss(choice: Sequence[str]) -> float:
        got = dict.fromkeys(wanted, 0)
        for name, split in zip(names, choice, strict=True):
            got[split] += sizes[name]
        empty = sum(1 for n in got.values() if not n)
        return empty * 10 + sum((got[s] / total - policy.shares[s]) ** 2 for s in wanted)

    if len(names) <= 7:
        best = min(itertools.product(wanted, repeat=len(names)), key=miss)
        return dict(zip(names, best, strict=True))
    got = dict.fromkeys(wanted, 0.0)
    result: dict[str, str] = {}
    for name in sorted(names, key=lambda n: -sizes[n]):
        split = max(wanted, key=lambda s: policy.shares[s] * total - got[s])
        result[name] = split
        got[split] += sizes[name]
    return result
