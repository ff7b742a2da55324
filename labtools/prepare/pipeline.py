"""SUBMISSIONS -> DATASET, step by step."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from labtools.core.config import load_config
from labtools.core.errors import LabError
from labtools.core.findings import Finding
from labtools.core.names import folder_name, slug
from labtools.core.progress import Tick, silent
from labtools.prepare.annotations import Annotator, parse_all
from labtools.prepare.checks import Picture, read_pictures, same_pictures, twin_findings
from labtools.prepare.classes import ClassResolver, ClassTable, course_table, own_table
from labtools.prepare.config import CourseConfig, SplitPolicy
from labtools.prepare.copies import find_copies
from labtools.prepare.formats import Parsed
from labtools.prepare.headers import SUFFIXES
from labtools.prepare.ingest import Layout, Submission, plain_name, read_layout
from labtools.prepare.leftovers import leftover_findings, outside_findings
from labtools.prepare.lists import SplitList, split_lists
from labtools.prepare.naming import frame_of, place_pictures, sequences_of
from labtools.prepare.places import ImageIndex
from labtools.prepare.splits import Others, plan_splits
from labtools.prepare.summary import Summary, summarise
from labtools.prepare.tree import Tree, is_image_name
from labtools.prepare.walk import read_tree
from labtools.prepare.writer import Item, check_target, write_dataset


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
    images: str = "copy",
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
    tick("look at submissions", 0, 0)
    tree, findings = read_tree(submissions)
    course_file, config, layout = _course_for(tree, submissions, course, fallback_course)
    readings = [_Reading(submission, tree.under(submission.root)) for submission in layout.submissions]
    with paused_collector(), ThreadPoolExecutor(1) as background:
        # Pictures keep the disk busy, annotations the interpreter: side by side they take half the time.
        reading_pictures = background.submit(read_pictures, tree, [p for p in tree if is_image_name(p)], tick)
        for reading in readings:
            reading.parse()
        pictures, trouble = reading_pictures.result()
    findings += trouble
    if not pictures:
        raise LabError("there is no readable picture under this folder", submissions, _advice(findings))
    for reading in readings:
        reading.look_at(pictures)
    table = _class_table(config, layout, [reading.parsed for reading in readings])
    items: list[Item] = []
    outside = tree.without(path for reading in readings for path in reading.everything)
    others = _others(layout, split_lists(outside))
    for reading in readings:
        items += reading.items(table, config.split if config else SplitPolicy(), others[reading.submission.root])
    items = _placed(items)
    findings = _with_teams(findings, layout) + [f for reading in readings for f in reading.findings]
    findings += _twins(items) + outside_findings(outside)
    ordered = tuple(sorted(findings))
    fingerprint = write_dataset(out, tree, items, table.names, ordered, images, tick)
    tree.archives.close()
    counts = summarise(items, table.names, ordered)
    return PrepareResult(out, table.names, fingerprint, layout.is_cohort, course_file, ordered, counts)


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


class _Reading:
    """One submission on its way: its files, what its annotations say, and its findings."""

    def __init__(self, submission: Submission, tree: Tree) -> None:
        self.submission = submission
        self.everything = tuple(tree)
        self._findings = find_copies(tree)
        self.tree = tree.without(f.file for f in self._findings) if self._findings else tree
        # Pictures that cannot be read are in the index too: what points to them is not lost, they are.
        self.index = ImageIndex([p for p in self.tree if is_image_name(p)], submission.root)
        self.pictures: dict[str, Picture] = {}
        self.parsed = Parsed()

    def parse(self) -> None:
        """Read all annotations."""
        self.parsed = parse_all(self.tree, self.index)
        self._findings += self.parsed.findings

    def look_at(self, pictures: Mapping[str, Picture]) -> None:
        """Take the readable pictures of this submission."""
        self.pictures = {path: pictures[path] for path in self.tree if path in pictures}
        readable = tuple(r for r in self.parsed.records if r.image in self.pictures)
        self.parsed = replace(self.parsed, records=readable)

    def items(self, table: ClassTable, policy: SplitPolicy, others: Others) -> list[Item]:
        """The submission's part of the dataset; ``image`` is not yet given."""
        sub, paths = self.submission, list(self.pictures)
        sequences = sequences_of(paths, sub.root)
        splits = plan_splits(self.tree, self.index, paths, sequences, sub.root, policy, others)
        resolver = ClassResolver(table, sub, self.parsed.records)
        annotator = Annotator(resolver, self.pictures)
        kept = [path for path in paths if path in splits.of]
        annotations = annotator.annotate(kept, self.parsed.records)
        has_annotations = any(r.boxes for r in self.parsed.records)
        left = leftover_findings(self.tree, self.parsed.used | splits.used, has_annotations=has_annotations)
        self._findings += [*splits.findings, *annotator.findings, *resolver.findings(), *left]
        folder = table.names[sub.class_ids[0]] if len(sub.class_ids) == 1 else sub.class_folder
        class_folder, team = (folder_name(folder) if folder else ""), folder_name(sub.team)
        return [
            Item(
                "", self.pictures[p], class_folder, team, sequences[p], frame_of(p), splits.of[p],
                annotations[p].state, annotations[p].boxes,
            )
            for p in kept
        ]  # fmt: skip

    @property
    def findings(self) -> list[Finding]:
        """Signed with the team's name."""
        return [replace(f, team=folder_name(self.submission.team)) for f in self._findings]


def _placed(items: list[Item]) -> list[Item]:
    """Every picture with its path in the dataset, in the order of these paths."""
    wanted = {i.picture.path: ((i.class_folder, i.team, i.sequence), SUFFIXES[i.picture.header.format]) for i in items}
    placed = place_pictures(wanted)
    return sorted((replace(i, image=placed[i.picture.path]) for i in items), key=lambda i: i.image)


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
