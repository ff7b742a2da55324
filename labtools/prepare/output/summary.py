"""What came out, counted: for the screen, and for programs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labtools.core.findings import Finding, Severity

if TYPE_CHECKING:
    from labtools.prepare.parts import Part

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True)
class SplitCount:
    """One cell of the table: pictures that show the class, and its boxes in them."""

    images: int
    boxes: int


@dataclass(frozen=True)
class CodeCount:
    """Findings of one kind in one team, with the first as an example."""

    team: str
    severity: Severity
    code: str
    count: int
    example: Finding


@dataclass(frozen=True)
class Summary:
    """Counts of a written dataset.

    Attributes:
        classes: class name -> split -> count, in id order; classes without boxes too.
        images: split -> all pictures.
        states: split -> state -> pictures.
        teams: (class folder, team) -> split -> pictures.
        findings: grouped by team, the severe first.
    """

    classes: dict[str, dict[str, SplitCount]]
    images: dict[str, int]
    states: dict[str, dict[str, int]]
    teams: dict[tuple[str, str], dict[str, int]]
    findings: tuple[CodeCount, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "images": self.images,
            "states": self.states,
            "classes": {
                name: {split: {"images": c.images, "boxes": c.boxes} for split, c in splits.items()}
                for name, splits in self.classes.items()
            },
            "teams": [
                {"class_folder": folder, "team": team, **splits} for (folder, team), splits in self.teams.items()
            ],
            "findings": [
                {"team": f.team, "severity": f.severity.value, "code": f.code, "count": f.count} for f in self.findings
            ],
        }


def summary_from_json(content: dict[str, Any], findings: Iterable[Finding]) -> Summary:
    """What `Summary.to_json` said, with the findings that it only counts."""
    classes = {
        name: {split: SplitCount(one["images"], one["boxes"]) for split, one in splits.items()}
        for name, splits in content["classes"].items()
    }
    teams = {
        (one["class_folder"], one["team"]): {k: v for k, v in one.items() if k not in {"class_folder", "team"}}
        for one in content["teams"]
    }
    return Summary(classes, content["images"], content["states"], teams, group_findings(findings))


def summarise(parts: Sequence[Part], names: Sequence[str], findings: Iterable[Finding]) -> Summary:
    """Count everything once."""
    splits = ("train", "val", "test")
    shown: dict[tuple[int, str], int] = Counter()
    boxes: dict[tuple[int, str], int] = Counter()
    states: dict[str, Counter[str]] = {split: Counter() for split in splits}
    teams: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(splits, 0))
    for part in parts:
        for (split, state), pictures in Counter(zip(part.split, part.state, strict=True)).items():
            states[split][state] += pictures
        for split, count in Counter(part.split).items():
            teams[(part.class_folder, part.team)][split] += count
        for split, class_id, pictures, count in part.counts:
            shown[(class_id, split)] += pictures
            boxes[(class_id, split)] += count
    classes = {
        name: {split: SplitCount(shown[(i, split)], boxes[(i, split)]) for split in splits}
        for i, name in enumerate(names)
    }
    return Summary(
        classes,
        {split: states[split].total() for split in splits},
        {split: dict(sorted(states[split].items())) for split in splits},
        dict(sorted(teams.items())),
        group_findings(findings),
    )


def group_findings(findings: Iterable[Finding]) -> tuple[CodeCount, ...]:
    """Counts per team and kind: errors first, then by number."""
    groups: dict[tuple[str, Severity, str], list[Finding]] = defaultdict(list)
    for finding in sorted(findings):
        groups[(finding.team, finding.severity, finding.code)].append(finding)
    counts = [CodeCount(team, severity, code, len(f), f[0]) for (team, severity, code), f in groups.items()]
    return tuple(sorted(counts, key=lambda c: (c.team, _ORDER[c.severity], -c.count, c.code)))
