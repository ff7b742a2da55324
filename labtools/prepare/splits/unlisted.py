"""What no list says: pictures without one, splits without one, lines that are nobody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from labtools.artifacts.dataset import SPLITS
from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.sources.tree import suffix_of
from labtools.prepare.splits.lists import SplitList


def unlisted_finding(path: str, target: str) -> Finding:
    """A picture that no list names, and the split that it goes into; any other word: it is left out."""
    if target not in SPLITS:
        what = Sentence("no list of the team names this picture")
        return Finding("", path, 0, "image-unlisted", Severity.WARNING, what, Action.LEFT_OUT)
    what = Sentence("no list of the team names this picture: put into {split}", split=target)
    return Finding("", path, 0, "image-unlisted", Severity.WARNING, what, Action.REPAIRED)


def missing_splits(split: Mapping[str, str], root: str) -> list[Finding]:
    """One for each split in which the team put no picture."""
    found = Counter(split.values())
    return [
        Finding("", root, 0, f"split-no-{name}", Severity.WARNING, _gave_none(name), Action.NOTED)
        for name in SPLITS
        if not found[name]
    ]


def _gave_none(split: str) -> Sentence:
    return Sentence("the team gave no {split} split", split=split)


def nobodys_lines(shared: Sequence[SplitList], taken: Collection[tuple[str, int]]) -> list[Finding]:
    """Lines of the lists above all teams that no team has taken for its own: they must not vanish unsaid.

    Args:
        taken: `Splits.shared_lines` of all teams.
    """
    findings = []
    for one in shared:
        lines = [(number, line) for number, line in enumerate(one.lines, 1)]
        lines += [(entry.line, entry.reference) for entry in one.entries]
        for number, line in lines:
            if (one.path, number) not in taken and ("/" in line or "\\" in line or suffix_of(line.strip())):
                what = Sentence("names no team's picture: {text!r}", text=line.strip()[:160])
                findings.append(Finding("", one.path, number, "list-absent", Severity.WARNING, what, Action.LEFT_OUT))
    return findings
