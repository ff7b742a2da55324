"""Findings without floods: what happens again and again in one folder is said some times, then counted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from labtools.core.findings import Finding
from labtools.core.sentences import Sentence
from labtools.prepare.sources.tree import folder_of

MOST = 50


class Told:
    """Findings of one submission; of one kind in one folder, the first `MOST` are told one by one."""

    def __init__(self) -> None:
        self._told: list[Finding] = []
        self._counts: dict[tuple[object, ...], int] = defaultdict(int)
        self._next: dict[tuple[object, ...], Finding] = {}

    def add(self, finding: Finding) -> None:
        """Tell it, or count it."""
        key = (folder_of(finding.file), finding.code, finding.severity, finding.action, finding.question)
        self._counts[key] += 1
        if self._counts[key] <= MOST:
            self._told.append(finding)
        else:
            self._next.setdefault(key, finding)

    def findings(self) -> list[Finding]:
        """All that was told, then one for each kind that was counted, at the first place that was not told."""
        return self._told + [
            replace(one, message=_counted(one.message, self._counts[key] - MOST)) for key, one in self._next.items()
        ]


def _counted(message: Sentence, more: int) -> Sentence:
    return Sentence("{message} (one of {n} more of this kind in this folder)", message=message, n=more)
