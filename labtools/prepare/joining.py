"""The parts of all submissions, together: whose findings, which pictures are the same, what came out in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from labtools.core.findings import Finding
from labtools.core.progress import Tick
from labtools.prepare.leakage import Columns, Compared, compare
from labtools.prepare.parts import Part
from labtools.prepare.pictures.twins import twin_findings


@dataclass(frozen=True)
class Joined:
    """What only all parts together show.

    Attributes:
        findings: all of them, sorted.
        compared: how near val and test are to train; None if nobody asked.
    """

    findings: tuple[Finding, ...]
    compared: Compared | None = None


def join(
    parts: Sequence[Part], outside: Sequence[Finding], leakage: bool, tick: Tick, before: Compared | None = None
) -> Joined:
    """Findings of all, pictures that are the same, and how near val and test are to train.

    Args:
        outside: findings that belong to no part.
        before: `Joined.compared` of an earlier run.
    """
    findings = [*outside, *(finding for part in parts for finding in part.findings), *twins(parts)]
    if not leakage:
        return Joined(tuple(sorted(findings)))
    tick("compare splits", 0, 1)
    compared = compare(_columns(parts), before)
    tick("compare splits", 1, 1)
    return Joined(tuple(sorted([*findings, *compared.findings])), compared)


def _columns(parts: Sequence[Part]) -> Columns:
    def joined(name: str) -> list[Any]:
        return list(chain.from_iterable(getattr(part, name) for part in parts))

    names = ("image", "source", "split", "sequence", "frame", "hash", "phash", "tone")
    plain = {name: joined(name) for name in names}
    owners = {name: [getattr(part, name) for part in parts for _ in part.image] for name in ("class_folder", "team")}
    return Columns(**plain, **owners)


def sign(findings: Iterable[Finding], places: Mapping[str, tuple[str, str]]) -> list[Finding]:
    """Findings of the walk, signed with the team under whose folder they lie.

    Args:
        places: root -> class folder and team.
    """

    def team(path: str) -> str:
        folder = path
        while folder:
            if folder in places:
                return places[folder][1]
            folder = folder.rpartition("/")[0]
        return places.get("", ("", ""))[1]

    return [replace(f, team=team(f.file)) for f in findings]


def twins(parts: Sequence[Part]) -> list[Finding]:
    """Pictures that are the same to the byte, within a team and across teams."""
    times = Counter(chain.from_iterable(part.hash for part in parts))
    groups: dict[str, dict[str, tuple[Part, int]]] = {digest: {} for digest, count in times.items() if count > 1}
    for part in parts if groups else ():
        for i, digest in enumerate(part.hash):
            if digest in groups:
                groups[digest][part.source[i]] = (part, i)
    members = {path: one for group in groups.values() for path, one in group.items()}
    return twin_findings(
        sorted(tuple(sorted(group)) for group in groups.values()),
        {path: part.label[i].splitlines() for path, (part, i) in members.items()},
        {path: part.split[i] for path, (part, i) in members.items()},
        {path: part.team for path, (part, _) in members.items()},
    )
