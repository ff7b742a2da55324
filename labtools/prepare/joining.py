"""The parts of all submissions, together: whose findings, which pictures are the same, what came out in all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from labtools.core.findings import Finding
from labtools.prepare.parts import Part
from labtools.prepare.pictures.twins import twin_findings


def sign(findings: Iterable[Finding], places: dict[str, str]) -> list[Finding]:
    """Findings of the walk, signed with the team under whose folder they lie.

    Args:
        places: root -> team.
    """

    def team(path: str) -> str:
        folder = path
        while folder:
            if folder in places:
                return places[folder]
            folder = folder.rpartition("/")[0]
        return places.get("", "")

    return [replace(f, team=team(f.file)) for f in findings]


def twins(parts: Sequence[Part]) -> list[Finding]:
    """Pictures that are the same to the byte, within a team and across teams."""
    first: dict[str, tuple[Part, int]] = {}
    groups: dict[str, dict[str, tuple[Part, int]]] = {}
    for part in parts:
        for i, digest in enumerate(part.hash):
            before = first.setdefault(digest, (part, i))
            if before != (part, i):
                group = groups.setdefault(digest, {before[0].source[before[1]]: before})
                group[part.source[i]] = (part, i)
    members = {path: one for group in groups.values() for path, one in group.items()}
    return twin_findings(
        sorted(tuple(sorted(group)) for group in groups.values()),
        {path: part.label[i].splitlines() for path, (part, i) in members.items()},
        {path: part.split[i] for path, (part, i) in members.items()},
        {path: part.team for path, (part, _) in members.items()},
    )
