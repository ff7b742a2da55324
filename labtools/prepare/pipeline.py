"""SUBMISSIONS -> DATASET, step by step."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from labtools.core.config import load_config
from labtools.core.errors import LabError
from labtools.core.findings import Finding
from labtools.core.names import folder_name, slug
from labtools.core.progress import Tick, silent
from labtools.prepare.config import CourseConfig, SplitPolicy
from labtools.prepare.formats import Parsed
from labtools.prepare.items import Item
from labtools.prepare.labels.classes import ClassTable, course_table, own_table
from labtools.prepare.layout.naming import place_pictures
from labtools.prepare.layout.teams import Layout, plain_name, read_layout
from labtools.prepare.output.leftovers import outside_findings
from labtools.prepare.output.summary import Summary, summarise
from labtools.prepare.output.swap import check_target
from labtools.prepare.output.writer import DatasetWriter
from labtools.prepare.pictures.reader import Picture, PictureReader
from labtools.prepare.pictures.twins import same_pictures, twin_findings
from labtools.prepare.reading import Reading
from labtools.prepare.sources.tree import Tree
from labtools.prepare.sources.walk import read_tree
from labtools.prepare.sources.workers import Workers
from labtools.prepare.splits.lists import SplitList, split_lists
from labtools.prepare.splits.plan import Others


@dataclass(frozen=True)
class PrepareResult:
    """What was written, and where.

    Attributes:
        out: the dataset's folder.
        names: its classes in id order.
        fingerprint: see `labtools.artifacts.dataset.Dataset`.
        is_cohort: submissions of several teams, not one dataset.
        course: where the names come from: the course file, None for the submissions' own names.
        findings: all of them, sorted.
        summary: counts.
    """

    out: Path
    names: tuple[str, ...]
    fingerprint: str
    is_cohort: bool
    course: Path | None
    findings: tuple[Finding, ...]
    summary: Summary


def prepare(
    submissions: Path,
    out: Path,
    course: Path | None = None,
    images: str = "link",
    tick: Tick = silent,
    *,
    fallback_course: Path | None = None,
) -> PrepareResult:
    """Turn what teams handed in into one dataset; see the modules in the order of the steps.

    Args:
        submissions: a cohort or a single dataset; only read.
        out: the dataset's folder, replaced if labtools wrote it.
        course: the classes, whatever the folders look like.
        fallback_course: the classes, if the first-level folders bear their names; else not used.
        images: ``copy`` or ``link``.

    Raises:
        LabError: nothing to read, a course file that does not fit, or ``out`` is somebody else's.
    """
    check_target(out, _folder(submissions))
    with paused_collector():
        tree, findings = read_tree(submissions)
        tick("look at submissions", len(tree), len(tree))
        chosen = _course_for(tree, submissions, course, fallback_course)
        with Workers(len(tree)) as workers, DatasetWriter(out, tree, images, workers, tick) as writer:
            return _prepare(submissions, tree, findings, chosen, writer, workers, tick)


def _prepare(
    submissions: Path,
    tree: Tree,
    findings: list[Finding],
    chosen: tuple[Path | None, CourseConfig | None, Layout],
    writer: DatasetWriter,
    workers: Workers,
    tick: Tick,
) -> PrepareResult:
    course_file, config, layout = chosen
    readings = [Reading(submission, tree.under(submission.root)) for submission in layout.submissions]
    pictures, trouble = _read(tree, readings, workers, tick)
    findings += trouble
    if not pictures:
        raise LabError("there is no readable picture under this folder", submissions, _advice(findings))
    table = _class_table(config, layout, [reading.parsed for reading in readings])
    outside = tree.without(path for reading in readings for path in reading.everything)
    others = _others(layout, split_lists(outside))
    wanted: dict[str, tuple[tuple[str, str, str], str]] = {}
    for reading in readings:
        policy = config.split if config else SplitPolicy()
        wanted |= reading.plan(policy, others[reading.submission.root], table.names)
    placed = place_pictures(wanted)
    writer.start({image: pictures[path] for path, image in placed.items()})
    items = sorted((item for r in readings for item in r.items(table, placed)), key=lambda item: item.image)
    findings = _with_teams(findings, layout) + [f for reading in readings for f in reading.findings]
    ordered = tuple(sorted(findings + _twins(items) + outside_findings(outside)))
    fingerprint = writer.finish(items, table.names, ordered)
    tree.archives.close()
    counts = summarise(items, table.names, ordered)
    return PrepareResult(writer.out, table.names, fingerprint, layout.is_cohort, course_file, ordered, counts)


def _read(
    tree: Tree, readings: list[Reading], workers: Workers, tick: Tick
) -> tuple[dict[str, Picture], list[Finding]]:
    """Pictures and annotations, side by side: the workers read the ones, this interpreter parses the others."""
    reader = PictureReader(tree, tree.images, workers)
    for reading in readings:
        reading.parse()
        reader.tell(tick)
    pictures, findings = reader.result(tick)
    for reading in readings:
        reading.look_at(pictures)
    return pictures, findings


@contextmanager
def paused_collector() -> Iterator[None]:
    """No garbage collection meanwhile: a cohort's records are a million small objects without cycles, and looking
    through them again and again took a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _folder(submissions: Path) -> Path:
    if not submissions.exists():
        raise LabError("this folder does not exist", submissions, "Check the path.")
    if not submissions.is_dir():
        raise LabError("this is a file, not a folder", submissions, "Put it into a folder and give that folder.")
    return submissions


def _advice(findings: list[Finding]) -> str:
    refused = next((f for f in sorted(findings) if f.severity.value == "error"), None)
    if refused is None:
        return "Give the folder that holds the class folders, or one dataset with its pictures."
    return f"For instance {refused.file}: {refused.message}."


def _course_for(
    tree: Tree, submissions: Path, course: Path | None, fallback: Path | None
) -> tuple[Path | None, CourseConfig | None, Layout]:
    """The course that applies, and the layout seen with its eyes."""
    name = submissions.resolve().name
    if course is not None:
        config = load_config(course, CourseConfig)
        return course, config, read_layout(tree, name, config)
    if fallback is not None and fallback.is_file():
        config = load_config(fallback, CourseConfig)
        layout = read_layout(tree, name, config)
        if layout.has_class_folders:
            return fallback, config, layout
    return None, None, read_layout(tree, name, None)


def _class_table(config: CourseConfig | None, layout: Layout, parsed: list[Parsed]) -> ClassTable:
    if config is not None:
        return course_table(config, trusts_ids=not layout.is_cohort)
    return own_table(parsed, is_cohort=layout.is_cohort)


def _others(layout: Layout, shared: list[SplitList]) -> dict[str, Others]:
    """By root, what each submission's split must know of the others."""
    pairs = {s.root: (slug(plain_name(s.root.rpartition("/")[0])), slug(s.team)) for s in layout.submissions}
    nested = frozenset(pair for root, pair in pairs.items() if "/" in root)
    return {
        root: Others(pair if pair in nested else None, nested - {pair}, tuple(shared)) for root, pair in pairs.items()
    }


def _twins(items: list[Item]) -> list[Finding]:
    by_path = {item.picture.path: item for item in items}
    return twin_findings(
        same_pictures(item.picture for item in items),
        {path: item.boxes for path, item in by_path.items()},
        {path: item.split for path, item in by_path.items()},
        {path: item.team for path, item in by_path.items()},
    )


def _with_teams(findings: list[Finding], layout: Layout) -> list[Finding]:
    """Findings of the walk and of the pictures, signed with the team under whose folder they lie."""
    roots = {s.root: folder_name(s.team) for s in layout.submissions}

    def team(path: str) -> str:
        folder = path
        while folder:
            if folder in roots:
                return roots[folder]
            folder = folder.rpartition("/")[0]
        return roots.get("", "")

    return [replace(f, team=team(f.file)) for f in findings]
