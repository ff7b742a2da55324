"""Claims of several lists -> one split per picture.

A picture that one set of lists puts into two splits stays in one, by the course's policy. Two sets of lists that
contradict each other (the team's own, and others in an archive) are a question: until it is answered, the pictures
that they dispute are left out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from labtools.artifacts.dataset import SPLITS
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.names import slug
from labtools.core.sentences import Sentence, both, either
from labtools.prepare.answers import LEAVE_OUT, Answers
from labtools.prepare.config import SplitPolicy
from labtools.prepare.layout.split_words import SPLIT_NAMES, list_stem, splits_in
from labtools.prepare.sources.tree import below, folder_of
from labtools.prepare.splits.claims import Claim
from labtools.prepare.splits.keys import split_key
from labtools.prepare.splits.lists import TRAINVAL

_SAME = 0.5
"""Two lists that share this part of the smaller one speak of the same pictures: versions, not parts."""


@dataclass(frozen=True)
class Settled:
    """The split of each listed picture, those that wait for an answer, and what was found."""

    of: Mapping[str, str]
    disputed: frozenset[str]
    findings: tuple[Finding, ...]


def settle(claims: Sequence[Claim], policy: SplitPolicy, root: str, answers: Answers) -> Settled:
    """One split for each picture that some list names."""
    findings: list[Finding] = []
    claims, more = _trainval(claims)
    findings += more
    claims, more = _without_repeats(claims)
    findings += more
    bundles = []
    for bundle in _bundles(claims):
        own, more = _without_copies(bundle, policy)
        bundles.append(own)
        findings += more
    if len(bundles) > 1:
        bundles, disputed, more = _dispute(bundles, root, answers)
        findings += more
    else:
        disputed = frozenset()
    split, more = _one_split_each([c for bundle in bundles for c in bundle], policy, disputed)
    return Settled(split, disputed, (*findings, *more))


def _trainval(claims: Sequence[Claim]) -> tuple[list[Claim], list[Finding]]:
    """VOC's ``trainval``: what train or val leave of it is the other one; alone it is training."""
    both = [c for c in claims if c.split == TRAINVAL]
    rest = [c for c in claims if c.split != TRAINVAL]
    findings = []
    for claim in both:
        known = {name for name in ("train", "val") if any(c.split == name for c in rest)}
        if known == {"train", "val"}:
            continue
        other = "val" if known == {"train"} else "train"
        taken = {path for c in rest if c.split in known for path in c.pictures}
        left = {path: line for path, line in claim.pictures.items() if path not in taken}
        if left:
            rest.append(replace(claim, split=other, pictures=left))
            how = Sentence("taken as train")
            if known:
                how = Sentence("what {split} does not take is {other}", split=next(iter(known)), other=other)
            what = Sentence(
                "a list of training and validation together: {how} ({n} {n:picture|pictures})", how=how, n=len(left)
            )
            code = "split-trainval"
            findings.append(Finding("", claim.source.path, 0, code, Severity.WARNING, what, Action.REPAIRED))
    return rest, findings


def _without_repeats(claims: Sequence[Claim]) -> tuple[list[Claim], list[Finding]]:
    """The same list twice: the one nearer to the top is used."""
    kept: list[Claim] = []
    findings = []
    for claim in sorted(claims, key=lambda c: _order(c.source.path)):
        same = next((k for k in kept if k.split == claim.split and k.pictures.keys() == claim.pictures.keys()), None)
        if same is None:
            kept.append(claim)
        elif same.source.path != claim.source.path:
            what = Sentence("the same pictures as {path}", path=same.source.path)
            findings.append(Finding("", claim.source.path, 0, "list-repeated", Severity.INFO, what, Action.NOTED))
    return kept, findings


def _order(path: str) -> tuple[bool, int, int, str]:
    return "!/" in path, path.count("/"), len(path), path


def _without_copies(claims: Sequence[Claim], policy: SplitPolicy) -> tuple[list[Claim], list[Finding]]:
    """A validation list that is the training list, to the picture: one of them is no split at all."""
    members = {name: {p for c in claims if c.split == name for p in c.pictures} for name in SPLITS}
    dropped: set[str] = set()
    findings = []
    for kept, copy in (("train", "val"), ("train", "test"), (("val", "test") if _first(policy) else ("test", "val"))):
        if members[copy] and members[copy] == members[kept] and not dropped & {copy, kept}:
            dropped.add(copy)
            path = next(c.source.path for c in claims if c.split == copy)
            what = Sentence(
                "the {split} list names exactly the {other} pictures: they stay in {kept} only",
                split=copy,
                other=SPLIT_NAMES[kept],
                kept=kept,
            )
            code = f"split-{copy}-is-{kept}"
            findings.append(Finding("", path, 0, code, Severity.WARNING, what, Action.REPAIRED))
    return [c for c in claims if c.split not in dropped], findings


def _first(policy: SplitPolicy) -> bool:
    """Does val come before test where a picture is in both?"""
    return policy.priority.index("val") < policy.priority.index("test")


def _bundles(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Lists that were meant together. A list that repeats much of another begins a version of its own, unless the two
    lie side by side, are called alike and are of different splits: then their pictures are in two splits."""
    bundles: list[list[Claim]] = []
    for together in _sets(claims):
        for bundle in bundles:
            if not any(_is_version(claim, other) for claim in together for other in bundle):
                bundle += together
                break
        else:
            bundles.append(together)
    return bundles


def _sets(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Lists side by side that are called alike: of ``v2/train.txt`` and ``v2/val.txt`` both count, or none does."""
    sets: dict[tuple[str, str], list[list[Claim]]] = {}
    for claim in claims:
        alike = sets.setdefault(_set_of(claim.source.path), [])
        fitting = (one for one in alike if not any(_is_version(claim, other) for other in one))
        found = next(fitting, None)
        if found is None:
            alike.append([claim])
        else:
            found.append(claim)
    return [one for alike in sets.values() for one in alike]


def _is_version(first: Claim, second: Claim) -> bool:
    if first.source is second.source:
        return False
    if first.split != second.split and _set_of(first.source.path) == _set_of(second.source.path):
        return False
    smaller = min(len(first.pictures), len(second.pictures))
    return len(first.pictures.keys() & second.pictures.keys()) >= _SAME * smaller


def _set_of(path: str) -> tuple[str, str]:
    """The folder of a list and what its name says besides the split: ``train (1).txt`` belongs to ``val (1).txt``."""
    words = re.findall(r"[^\W\d_]+|\d+", slug(list_stem(path)))
    return folder_of(path), " ".join(word for word in words if not splits_in(word)[0])


def _dispute(
    bundles: list[list[Claim]], root: str, answers: Answers
) -> tuple[list[list[Claim]], frozenset[str], list[Finding]]:
    """The sets of lists that count, the pictures that wait for an answer, and what was found."""
    disputed = _disputed([_splits(bundle) for bundle in bundles])
    if not disputed:
        return bundles, disputed, []
    names, n = _bundle_names(bundles, root), len(disputed)
    key = split_key(root, "lists")
    answer = answers.get(key)

    def say(severity: Severity, what: Sentence, action: Action, asked: Question | None = None) -> list[Finding]:
        return [Finding("", bundles[1][0].source.path, 0, "split-lists-differ", severity, what, action, asked)]

    if answer in names:
        what = Sentence(
            "lists contradict each other about {n} {n:picture|pictures}: {answer} counts, as the teacher decided",
            n=n,
            answer=answer,
        )
        return [bundles[names.index(answer)]], frozenset(), say(Severity.WARNING, what, Action.REPAIRED)
    what = Sentence(
        "the lists contradict each other about the split of {n} {n:picture|pictures}: {lists}", n=n, lists=either(names)
    )
    if answer == LEAVE_OUT:
        return bundles, disputed, say(Severity.WARNING, what, Action.LEFT_OUT)
    text = Sentence("Which lists count? They disagree about {n} {n:picture|pictures}.", n=n)
    return bundles, disputed, say(Severity.ERROR, what, Action.ASKED, Question(key, text, (*names, LEAVE_OUT)))


def _disputed(splits: Sequence[Mapping[str, frozenset[str]]]) -> frozenset[str]:
    """The pictures that two sets of lists put into different splits."""
    return frozenset(
        path
        for first, second in itertools.combinations(splits, 2)
        for path in first.keys() & second.keys()
        if first[path] != second[path]
    )


def _splits(bundle: Iterable[Claim]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for claim in bundle:
        for path in claim.pictures:
            found.setdefault(path, set()).add(claim.split)
    return {path: frozenset(splits) for path, splits in found.items()}


def _bundle_names(bundles: Sequence[Sequence[Claim]], root: str) -> list[str]:
    """Each set by its files, as the team sees them."""
    return [", ".join(sorted({below(c.source.path, root) for c in bundle})) for bundle in bundles]


def _one_split_each(
    claims: Sequence[Claim], policy: SplitPolicy, disputed: frozenset[str]
) -> tuple[dict[str, str], list[Finding]]:
    """The one split of each picture that is not disputed; two claims are settled by the policy."""
    split: dict[str, str] = {}
    twice: dict[str, set[str]] = {}
    for claim in claims:
        for path in claim.pictures:
            if split.setdefault(path, claim.split) != claim.split:
                twice.setdefault(path, {split[path]}).add(claim.split)
    findings = []
    for path, names in twice.items():
        split[path] = next(name for name in policy.priority if name in names)
        if path not in disputed:
            what = Sentence("listed in {splits}: kept in {kept} only", splits=both(sorted(names)), kept=split[path])
            findings.append(Finding("", path, 0, "image-in-two-splits", Severity.WARNING, what, Action.REPAIRED))
    for path in disputed:
        split.pop(path, None)
    return split, findings
