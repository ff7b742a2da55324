"""One submission -> its part of the dataset, on disk: read, understood, placed, labelled.

A function of the submission's own files, the course and the answers, so that parts can be made by several processes
and kept from one run to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labtools.core.findings import Finding
from labtools.core.progress import Tick, silent
from labtools.prepare.answers import Answers
from labtools.prepare.config import CourseConfig, SplitPolicy
from labtools.prepare.kept import keep, read_part, recall, reinstate, store_part
from labtools.prepare.labels.classes import ClassTable
from labtools.prepare.layout.naming import place_pictures
from labtools.prepare.layout.teams import Submission
from labtools.prepare.memory import Kept
from labtools.prepare.output.placing import (
    create,
    create_labels,
    label_texts,
    make_folders,
    place_files,
    placements,
    stamp,
)
from labtools.prepare.parts import Part, part_of
from labtools.prepare.pictures.ahead import taken_over
from labtools.prepare.pictures.converting import to_trainable
from labtools.prepare.pictures.known import rows_of, still_known
from labtools.prepare.pictures.reader import Look, Picture, PictureReader
from labtools.prepare.reading import Reading
from labtools.prepare.sources.scout import Known
from labtools.prepare.sources.tree import Tree
from labtools.prepare.sources.workers import Hands, Inline
from labtools.prepare.splits.others import Others
from labtools.prepare.staying import NOTHING, Staying, staying


@dataclass(frozen=True)
class Plan:
    """What all parts are made from.

    Attributes:
        tree: everything that was handed in.
        course: None if nobody named the classes.
        submissions, places, others: by root: who; class folder and team folder in the dataset; see `Others`.
        images: ``link`` or ``copy``.
        look: bytes and header of a picture -> its perceptual hashes; None if nobody asked for them.
        examined: what is known of pictures already, see `pictures.ahead`.
        base: the folder that is being written; ``""`` to write nothing.
        before: the dataset of the last run, which may not exist.
        kept: what is kept between two runs.
        unchanged: the roots whose kept part still holds.
        was: by root of the others, the kept part that lies in the dataset of before, where nobody touched its labels.
    """

    tree: Tree
    course: CourseConfig | None
    answers: Answers
    submissions: Mapping[str, Submission]
    places: Mapping[str, tuple[str, str]]
    others: Mapping[str, Others]
    images: str
    look: Look | None
    examined: Mapping[str, Known]
    base: str
    before: str
    kept: Kept
    unchanged: frozenset[str]
    was: Mapping[str, str]


def make_part(plan: Plan, table: ClassTable, root: str) -> Part:
    """All of one submission, here and now."""
    part = read_part(plan.kept.parts[root]) if root in plan.unchanged else None
    if part is not None and reinstate(part, plan.tree, plan.base, plan.before):
        return replace(part, how="reinstated")
    making = Making(plan, root, Inline())
    making.read()
    return making.write(table)


class Making:
    """The two halves, between which a cohort without a course collects its class names: `read`, then `write`."""

    def __init__(self, plan: Plan, root: str, hands: Hands) -> None:
        self._plan = plan
        self._root = root
        self._hands = hands
        self.reading = Reading(plan.submissions[root], plan.tree.under(root), plan.answers)
        self._trouble: list[Finding] = []

    def read(self, tick: Tick = silent) -> None:
        """Pictures and annotations, side by side: the hands read the ones, this interpreter parses the others."""
        reading = self.reading
        reader = PictureReader(reading.tree, reading.tree.images, self._hands, self._plan.look, self._known_pictures())
        reading.parse()
        pictures, self._trouble = reader.result(tick)
        reading.look_at(pictures)

    def _known_pictures(self) -> dict[str, Picture]:
        """Those that somebody has read ahead; of an earlier run too, where looks are wanted: all else of a picture is
        as soon seen as recalled."""
        plan = self._plan
        ahead = taken_over(plan.examined, self.reading.tree, looks=plan.look is not None)
        if plan.look is None or not plan.base:
            return ahead
        rows = recall(plan.kept.pictures[self._root])
        return still_known(rows or (), self.reading.tree) | ahead

    def _keep_pictures(self) -> None:
        if self._plan.look:
            told = {finding.file for finding in self._trouble}
            rows = rows_of(self.reading.pictures.values(), self.reading.tree, told)
            keep(self._plan.kept.pictures[self._root], rows)

    def write(self, table: ClassTable, tick: Tick = silent) -> Part:
        """Pictures and labels in the dataset's folder; the part, which is kept too."""
        plan, reading = self._plan, self.reading
        class_folder, team = plan.places[self._root]
        policy = plan.course.split if plan.course else SplitPolicy()
        wanted = reading.plan(policy, plan.others[self._root])
        placed = place_pictures({path: ((class_folder, team, seq), suffix) for path, (seq, suffix) in wanted.items()})
        pictures = [(image, reading.pictures[path]) for path, image in placed.items()]
        writing = _Writing(plan, self._hands, pictures, self._staying(pictures)) if plan.base else None
        items = reading.items(table, placed, class_folder, team)
        findings = sorted(replace(f, team=team) for f in (*self._trouble, *reading.findings))
        part = part_of(self._root, class_folder, team, items, findings)
        part = replace(part, shared_lines=tuple(sorted(reading.shared_lines)))
        if writing is None:
            return part
        part = replace(part, written=writing.finish(part, tick))
        store_part(plan.kept.parts[self._root], part)
        self._keep_pictures()
        return writing.told(part)

    def _staying(self, pictures: Sequence[tuple[str, Picture]]) -> Staying:
        plan = self._plan
        was = read_part(plan.was[self._root]) if self._root in plan.was else None
        return staying(was, pictures, plan.tree, plan.before, plan.images) if was is not None else NOTHING


class _Writing:
    """Pictures on their way into the dataset's folder, but for those that stay where they are."""

    def __init__(self, plan: Plan, hands: Hands, pictures: Sequence[tuple[str, Picture]], stay: Staying) -> None:
        self._plan = plan
        self._hands = hands
        self._stay = stay
        new = [one for one in pictures if one[0] not in stay.pictures]
        make_folders(plan.base, [image for image, _ in new])
        plain, self._others = placements(plan.base, plan.tree, new, plan.images)
        self._running = hands.start(place_files, plain)

    def finish(self, part: Part, tick: Tick) -> tuple[tuple[str, int, int], ...]:
        """Labels too, then everything is there: see `Part.written`."""
        labelling = self._hands.start(create_labels, self._labels(part))
        written = [_place_member(self._plan.tree, *one) for one in self._others]
        total = len(self._running) + len(labelling)
        for done, future in enumerate(self._running, 1):
            written += future.result()
            tick("write dataset", done, total)
        for done, label in enumerate(labelling, len(self._running) + 1):
            label.result()
            tick("write dataset", done, total)
        start = len(self._plan.base) + 1
        placed = [(path[start:], size, time) for path, size, time in written]
        return tuple(sorted([*placed, *(one for one in self._stay.pictures.values() if one is not None)]))

    def _labels(self, part: Part) -> list[tuple[str, str]]:
        """Path on disk and text of each label file that has to be written."""
        base, there = self._plan.base, self._stay.labels
        texts = label_texts(part.image, part.state, part.label)
        new = {path: text for path, text in texts.items() if there.get(path) != text}
        for folder in {path.rpartition("/")[0] for path in new}:
            Path(base, folder).mkdir(parents=True, exist_ok=True)
        return [(f"{base}/{path}", text) for path, text in new.items()]

    def told(self, part: Part) -> Part:
        """The part, which knows how it came into the dataset."""
        return part if self._stay is NOTHING else replace(part, how="mended", gone=self._stay.gone(part))


def _place_member(tree: Tree, source: str, picture: Picture, path: str) -> tuple[str, int, int]:
    """A picture that is not a plain file, or not one that a trainer reads as people see it."""
    data = tree.read(source)
    create(path, to_trainable(data, picture.header) if picture.header.needs_conversion else data)
    return stamp(path)


def biggest_first(sizes: Mapping[str, int]) -> list[str]:
    """The order in which several processes are done soonest."""
    return sorted(sizes, key=lambda root: (-sizes[root], root))
