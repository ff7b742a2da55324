"""A team's findings, gathered by kind; and their places, short enough to read."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import natural_key
from labtools.prepare.sources.tree import stem_of

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_FRAME = re.compile(r"(.*?)(\d+)(\.\w+)$")
_SPECIFIC = re.compile(r"[\d'\"/]")
_MOST_SORTED = 5000  # of so many findings of one kind, the first ones as they come are as good


@dataclass(frozen=True)
class Kind:
    """Findings of one code in one team, in the order that people would list their files.

    Attributes:
        code: of all of them.
        severity: the gravest among them.
        findings: at least one.
    """

    code: str
    severity: Severity
    findings: tuple[Finding, ...]

    @property
    def is_repaired(self) -> bool:
        return all(f.action in {Action.REPAIRED, Action.CLIPPED} for f in self.findings)


class Place(NamedTuple):
    """Where a finding is, or a run of equal findings in neighbouring files.

    Attributes:
        first: see `inside`; ``""`` if it is about the whole submission.
        last: file name at the end of a run, ``""`` for a single place.
        times: findings.
        message: the first one's.
    """

    first: str
    last: str
    times: int
    message: str


def kinds_of(findings: Iterable[Finding]) -> list[Kind]:
    """The kinds among a team's findings: the gravest first, then the most frequent."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.code].append(finding)
    kinds = []
    for code, found in groups.items():
        ordered = sorted(found[:_MOST_SORTED], key=lambda f: (natural_key(f.file), f.line))
        severity = min((f.severity for f in found), key=_RANK.__getitem__)
        kinds.append(Kind(code, severity, (*ordered, *found[_MOST_SORTED:])))
    return sorted(kinds, key=lambda kind: (_RANK[kind.severity], -len(kind.findings), kind.code))


def places(findings: Sequence[Finding], root: str, most: int) -> tuple[list[Place], int]:
    """The first places, runs of frames drawn together, and how many findings are not among them.

    >>> from labtools.core.findings import Action, Finding, Severity
    >>> def at(n): return Finding("t", f"a/t/1/f_{n:03}.jpg", 0, "c", Severity.INFO, "m", Action.NOTED)
    >>> shown, more = places([at(7), at(8), at(9), at(40), at(50)], "a/t", most=2)
    >>> [(place.first, place.last, place.times) for place in shown], more
    ([('1/f_007.jpg', 'f_009.jpg', 3), ('1/f_040.jpg', '', 1)], 1)
    """
    found: list[Place] = []
    done = 0
    for run in itertools.islice(runs(findings), most):
        end = run[-1].file.rpartition("/")[2] if len(run) > 1 else ""
        found.append(Place(inside(run[0], root), end, len(run), run[0].message))
        done += len(run)
    return found, len(findings) - done


def is_telling(shown: Sequence[Place]) -> bool:
    """Do the messages say more than their kind's title: a number, a name? Five times the same one does not."""
    messages = {place.message for place in shown}
    return any(map(_SPECIFIC.search, messages)) and (len(shown) == 1 or len(messages) > 1)


def runs(findings: Sequence[Finding]) -> Iterator[Sequence[Finding]]:
    """Findings one by one, but those that say the same of frames at equal steps together."""
    done = 0
    while done < len(findings):
        size = _run(findings, done)
        yield findings[done : done + size]
        done += size


def inside(finding: Finding, root: str) -> str:
    """Where a finding is, as its team knows it: below the submission's folder, with the line if there is one, and with
    the picture if the file is about many."""
    path = _below(finding.file, root)
    place = f"{path}:{finding.line}" if finding.line else path
    if not finding.image or stem_of(finding.file).startswith(stem_of(finding.image)):
        return place
    return f"{place} ({_below(finding.image, root)})"


def _below(path: str, root: str) -> str:
    return path[len(root) + 1 :] if root and (path == root or path.startswith(f"{root}/")) else path


def _run(findings: Sequence[Finding], start: int) -> int:
    """How many findings from ``start`` on say the same of frames at equal steps in one folder; below 3 it is no run."""
    first = _FRAME.match(findings[start].file)
    size, step = 1, 0
    if first is None or findings[start].line:
        return 1
    number = int(first[2])
    for finding in findings[start + 1 :]:
        match = _FRAME.match(finding.file)
        if match is None or (match[1], match[3]) != (first[1], first[3]):
            break
        gap = int(match[2]) - number
        if finding.message != findings[start].message or finding.line or gap <= 0 or gap != (step or gap):
            break
        size, step, number = size + 1, gap, number + gap
    return size if size > 2 else 1
