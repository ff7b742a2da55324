"""Which pictures are the same, to the byte."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.sources.tree import folder_of

_LISTED = 20
"""So many twins between two folders are named one by one; of more, a copied video for instance, the first."""


def twin_findings(
    groups: Sequence[tuple[str, ...]],
    boxes: Mapping[str, Sequence[str]],
    splits: Mapping[str, str],
    teams: Mapping[str, str],
) -> list[Finding]:
    """Every repeated picture of the dataset: where else it is, whether the boxes, the team or the split differ.

    Args:
        groups: paths of pictures with the same bytes, each in order.
        boxes, splits, teams: by path, of the pictures that are in the dataset.
    """
    pairs: dict[tuple[str, str, str, tuple[Sentence, ...]], list[tuple[str, str]]] = defaultdict(list)
    for group in groups:
        first, *others = [path for path in group if path in splits] or [""]
        for path in others:
            facts = tuple(_facts(path, first, boxes, splits, teams))
            pairs[teams[path], folder_of(path), folder_of(first), facts].append((path, first))
    return [finding for (team, _, _, facts), found in pairs.items() for finding in _findings(team, facts, found)]


def _facts(
    path: str,
    first: str,
    boxes: Mapping[str, Sequence[str]],
    splits: Mapping[str, str],
    teams: Mapping[str, str],
) -> Iterator[Sentence]:
    if teams[path] != teams[first]:
        yield Sentence("of another team ({team})", team=teams[first])
    if sorted(boxes[path]) != sorted(boxes[first]):
        yield Sentence("with different boxes")
    if splits[path] != splits[first]:
        yield Sentence(
            "which is in {other}, this one in {own}: evaluation sees training data",
            other=splits[first],
            own=splits[path],
        )


def _findings(team: str, facts: tuple[Sentence, ...], pairs: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    code, severity = "image-twice", Severity.WARNING
    if any(fact.startswith("which is in") for fact in facts):
        code, severity = "image-twice-across-splits", Severity.ERROR
    more = len(pairs) - 1 if len(pairs) > _LISTED else 0
    for path, first in pairs[:1] if more else pairs:
        what = Sentence("the same bytes as {path}", path=first)
        if facts:
            what = Sentence("{what}, {facts}", what=what, facts=facts)
        if more:
            what = Sentence("{what} (and {n} more pictures of these two folders)", what=what, n=more)
        yield Finding(team, path, 0, code, severity, what, Action.NOTED)
