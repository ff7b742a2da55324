"""Feedback sheets that a teacher can send as they are: one per team, in English and in French.

::

    datasets/<name>/teams/
      <class>__<team>.md  <class>__<team>.fr.md      (without class folders: <team>.md)
      pictures/           the first problems as pictures, 40 KB at most each

A sheet depends on its own team's part and findings, and on the medians of the class and of everybody; nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from labtools.artifacts.wording import LANGUAGES
from labtools.core.findings import Finding
from labtools.core.names import folder_name
from labtools.prepare.layout.teams import plain_name
from labtools.prepare.output.sheets.counts import TeamCounts, count, medians
from labtools.prepare.output.sheets.gallery import Drawing, plan_drawings
from labtools.prepare.output.sheets.kinds import kinds_of
from labtools.prepare.output.sheets.render import Sheet, render
from labtools.prepare.parts import Part

_SUFFIXES = {"en": ".md", "fr": ".fr.md"}


def write_sheets(
    folder: Path,
    parts: Sequence[Part],
    findings: Iterable[Finding],
    names: Sequence[str],
    leakage: Iterable[Mapping[str, Any]] = (),
    before: Path | None = None,
) -> None:
    """Write all sheets and their pictures.

    Args:
        folder: the dataset that is being written; its pictures are in place.
        parts: of all teams, those without any picture too.
        findings: of the whole cohort.
        names: the dataset's classes in id order.
        leakage: rows as `labtools.artifacts.leakage.SUMMARY_COLUMNS`.
        before: the dataset of the last run, from which drawings are taken over.
    """
    sheets = plan_sheets(parts, findings, names, leakage)
    target = folder / "teams"
    target.mkdir(exist_ok=True)
    drawings = {drawing.name: drawing for sheet in sheets.values() for drawing in sheet.drawings}
    drawn = _draw(drawings, folder, before or folder, names)
    for stem, sheet in sheets.items():
        there = tuple(drawing for drawing in sheet.drawings if drawing.name in drawn)
        for language in LANGUAGES:
            text = render(replace(sheet, drawings=there), language)
            (target / f"{stem}{_SUFFIXES[language]}").write_bytes(text.encode("utf-8", "replace"))


def _draw(drawings: Mapping[str, Drawing], folder: Path, before: Path, names: Sequence[str]) -> set[str]:
    """Put each drawing into ``teams/pictures``. Returns the names of those that are there."""
    if not drawings:
        return set()
    target = folder / "teams" / "pictures"
    target.mkdir(exist_ok=True)
    there = {name for name in drawings if _take_over(before / "teams" / "pictures" / name, target / name)}
    new = [drawing for name, drawing in drawings.items() if name not in there]
    if not new:
        return there
    from labtools.prepare.output.sheets.drawing import draw_all  # OpenCV takes a tenth of a second to import

    return there | draw_all(new, target, (folder, before), names)


def _take_over(old: Path, new: Path) -> bool:
    """A drawing of the last run that has the same name is the same; False if there is none."""
    try:
        data = old.read_bytes()
    except OSError:
        return False
    new.write_bytes(data)
    return True


def plan_sheets(
    parts: Sequence[Part],
    findings: Iterable[Finding],
    names: Sequence[str],
    leakage: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Sheet]:
    """What the sheets say, by the stem of their file names; see `write_sheets`."""
    counts = {part.root: count(part) for part in parts}
    everybody = medians(counts.values()) if len(parts) > 1 else None
    by_class: dict[str, list[TeamCounts]] = {}
    for part in parts:
        by_class.setdefault(part.class_folder, []).append(counts[part.root])
    classes = {name: medians(teams) for name, teams in by_class.items() if name and len(teams) > 1}
    rows = {
        (str(row["class_folder"]), str(row["team"])): row
        for row in leakage
        if row["level"] == "team" and row["split"] == "val+test"
    }
    of_team = findings_by_root(parts, findings)
    class_names = {folder_name(name): name for name in names}
    sheets: dict[str, Sheet] = {}
    for part in parts:
        stem = sheet_stem(part.class_folder, part.team)
        kinds = tuple(kinds_of(of_team[part.root]))
        sheets[stem] = Sheet(
            plain_name(part.root) or part.team, class_names.get(part.class_folder, part.class_folder), part.root,
            counts[part.root],
            classes.get(part.class_folder), everybody, kinds, tuple(plan_drawings(stem, part, kinds, names)),
            rows.get((part.class_folder, part.team), {}), tuple(names),
        )  # fmt: skip
    return sheets


def sheet_stem(class_folder: str, team: str) -> str:
    """A team's sheet without its suffix: ``ballon__les_rouges``."""
    return f"{class_folder}__{team}" if class_folder else team


def findings_by_root(parts: Iterable[Part], findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Every team's findings: those about its files, and those about shared files that are signed with its name.

    Two teams of one name, in two classes, are told apart by their files.
    """
    roots = {part.root: part.team for part in parts}
    by_team: dict[str, list[str]] = {}
    for root, team in roots.items():
        by_team.setdefault(team, []).append(root)
    found: dict[str, list[Finding]] = {root: [] for root in roots}
    for finding in findings:
        # Where the name is nobody else's, no path need be looked at.
        named = by_team.get(finding.team, [])
        meant = named[0] if len(named) == 1 else _root_of(finding.file, roots)
        for root in named if meant is None else [meant]:
            found[root].append(finding)
    return found


def _root_of(path: str, roots: Mapping[str, str]) -> str | None:
    """The submission in whose folder a file lies."""
    while path:
        if path in roots:
            return path
        path = path.rpartition("/")[0]
    return "" if "" in roots else None
