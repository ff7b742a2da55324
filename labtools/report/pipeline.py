"""RESULTS -> PAGES, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import labtools.report.pages
from labtools.core.progress import Tick, silent
from labtools.core.registry import members
from labtools.report.assemble import assemble
from labtools.report.content import Missing, Page, page_blocks
from labtools.report.links import choose, page_paths
from labtools.report.load import Results, load_results
from labtools.report.pages import Plan


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        folder: the report's folder; ``index`` is the file to open.
        pages, figures, pictures, tables: how many files of each.
        split: the split shown, None where nothing was evaluated.
        best: run id of the best configuration, or None.
        missing: what the pages say is not there, each once.
    """

    folder: Path
    index: Path
    pages: int
    figures: int
    pictures: int
    tables: int
    split: str | None
    best: str | None
    missing: tuple[str, ...]


def write_report(
    matrix: Path | None,
    out: Path,
    *,
    data: Path | None = None,
    compare: Path | None = None,
    split: str | None = None,
    classes: Sequence[str] = (),
    teams: Sequence[str] = (),
    tick: Tick = silent,
) -> Report:
    """Write the report of a matrix, or of a dataset alone, into ``out``, which is replaced as a whole.

    Args:
        matrix: folder of the runs; None for a dataset that nothing was trained on yet.
        out: the report's folder.
        data: the dataset, where it is not the one that the runs name.
        compare: another dataset, which gets a page beside this one.
        split: whose results to show; None for test, or the best there is.
        classes, teams: those that get a page of their own; both empty means everyone.
        tick: progress.

    Raises:
        LabError: a name is unknown, an artifact cannot be read, ``out`` is not a report's folder.
    """
    tick("reading", 0, 1)
    results = load_results(None if matrix is None else matrix.absolute(), data, split, compare)
    plan = plan_pages(results, classes, teams)
    tick("reading", 1, 1)
    pages = build_pages(plan)
    written = assemble(pages, results, out.absolute(), tick)
    missing = {block.what: None for page in pages for block in page_blocks(page) if isinstance(block, Missing)}
    return Report(
        out.absolute(), out.absolute() / "index.html", len(pages), written.figures, written.pictures, written.tables,
        results.split, results.best, tuple(missing),
    )  # fmt: skip


def plan_pages(results: Results, classes: Sequence[str], teams: Sequence[str]) -> Plan:
    """Which classes and teams get a page; nobody named means everybody."""
    everyone = not classes and not teams
    chosen_classes = results.classes if everyone else choose("class", classes, results.classes)
    chosen_teams = results.teams if everyone else choose("team", teams, results.teams)
    return Plan(
        results,
        chosen_classes,
        chosen_teams,
        page_paths("class", chosen_classes),
        page_paths("team", chosen_teams),
    )


def build_pages(plan: Plan) -> list[Page]:
    """All pages, in the order that their modules ask for."""
    modules = sorted(members(labtools.report.pages).items(), key=lambda item: (item[1].order, item[0]))
    return [page for _, module in modules for page in module.build(plan)]
