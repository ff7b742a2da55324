"""Which pictures are the same, to the byte."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.pictures.reader import Picture


def same_pictures(pictures: Iterable[Picture]) -> list[tuple[str, ...]]:
    """Groups of two or more paths with the same bytes, each in order, ordered by the first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for picture in pictures:
        groups[picture.hash].append(picture.path)
    return sorted(tuple(sorted(paths)) for paths in groups.values() if len(paths) > 1)


def twin_findings(
    groups: Sequence[tuple[str, ...]],
    boxes: Mapping[str, Sequence[str]],
    splits: Mapping[str, str],
    teams: Mapping[str, str],
) -> list[Finding]:
    """One finding per repeated picture of the dataset: where else it is, whether the boxes or the split differ.

    Args:
        groups: see `same_pictures`.
        boxes, splits, teams: by path, of the pictures that are in the dataset.
    """
    findings: list[Finding] = []
    for group in groups:
        kept = [path for path in group if path in splits]
        for path in kept[1:]:
            first = kept[0]
            facts = [f"the same bytes as {first}"]
            if sorted(boxes[path]) != sorted(boxes[first]):
                facts.append("with different boxes")
            code, severity = "image-twice", Severity.WARNING
            if splits[path] != splits[first]:
                code, severity = "image-twice-across-splits", Severity.ERROR
                facts.append(f"which is in {splits[first]}, this one in {splits[path]}: evaluation sees training data")
            message = ", ".join(facts)
            findings.append(Finding(teams[path], path, 0, code, severity, message, Action.NOTED))
    return findings
