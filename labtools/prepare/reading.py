"""One submission on its way: its files, its split, what its annotations say, and its findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import NO_ANSWERS, Answers
from labtools.prepare.config import SplitPolicy
from labtools.prepare.formats import Parsed
from labtools.prepare.items import Item
from labtools.prepare.labels.choice import parse_all
from labtools.prepare.labels.classes import ClassTable, steering_findings
from labtools.prepare.labels.understand import understand
from labtools.prepare.layout.byproducts import find_byproducts
from labtools.prepare.layout.copies import find_copies
from labtools.prepare.layout.naming import frame_of, sequences_of
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.layout.teams import Submission
from labtools.prepare.output.leftovers import leftover_findings
from labtools.prepare.pictures.reader import Picture
from labtools.prepare.sources.tree import Tree, folder_of
from labtools.prepare.splits.others import Others
from labtools.prepare.splits.plan import Splits, plan_splits


class Reading:
    """The steps in order: `parse`, `look_at`, `plan`, `items`; then `findings` holds everything that was found."""

    def __init__(self, submission: Submission, tree: Tree, answers: Answers = NO_ANSWERS) -> None:
        self.submission = submission
        self._answers = answers
        copies, self.findings = find_copies(tree)
        left, found = find_byproducts(tree)
        self.findings += found
        self.tree = tree.without(copies | left) if copies or left else tree
        # Pictures that cannot be read are in the index too: what points to them is not lost, they are.
        self.index = ImageIndex(self.tree.images, submission.root)
        self.pictures: dict[str, Picture] = {}
        self.parsed = Parsed()
        self._splits = Splits({}, ())
        self._sequences: dict[str, str] = {}

    def parse(self) -> None:
        """Read all annotations."""
        self.parsed = parse_all(self.tree, self.index)
        self.findings += [*self.parsed.findings, *steering_findings(self.parsed.names, self.submission.root)]

    def look_at(self, pictures: Mapping[str, Picture]) -> None:
        """Take the readable pictures of this submission."""
        self.pictures = {path: pictures[path] for path in self.tree if path in pictures}
        readable = tuple(r for r in self.parsed.records if r.image in self.pictures)
        self.parsed = replace(self.parsed, records=readable)

    def plan(self, policy: SplitPolicy, others: Others) -> dict[str, tuple[str, str]]:
        """The sequence, and the suffix in the dataset, of each picture that some split has."""
        root, paths = self.submission.root, list(self.pictures)
        self._sequences = sequences_of(paths, root)
        twins = {path: picture.hash for path, picture in self.pictures.items()}
        self._splits = plan_splits(
            self.tree, self.index, paths, self._sequences, root, policy, others, self._answers, twins, self._spares()
        )
        return {
            path: (self._sequences[path], self.pictures[path].header.written_suffix)
            for path in paths
            if path in self._splits.of
        }

    def _spares(self) -> dict[str, str]:
        """Pictures that nothing annotates -> the annotated one of the same bytes in another folder: the frames as they
        were cut out of the video, beside those that were worked on."""
        annotated = {record.image for record in self.parsed.records}
        if len(annotated) == len(self.pictures):
            return {}
        by_hash = {self.pictures[path].hash: path for path in sorted(annotated, reverse=True)}
        others = {path: by_hash.get(picture.hash, path) for path, picture in self.pictures.items()}
        return {
            path: other
            for path, other in others.items()
            if path not in annotated and folder_of(path) != folder_of(other)
        }

    @property
    def shared_lines(self) -> frozenset[tuple[str, int]]:
        """Of the lists above all teams, what names this one."""
        return self._splits.shared_lines

    def items(self, table: ClassTable, placed: Mapping[str, str], class_folder: str, team: str) -> list[Item]:
        """The submission's part of the dataset.

        Args:
            placed: picture -> path in the dataset.
            class_folder, team: as they are called in the dataset.
        """
        splits = self._splits.of
        kept = {path: picture for path, picture in self.pictures.items() if path in splits}
        annotations, found = understand(
            self.submission, table, self.parsed.records, kept, self._sequences, self._answers
        )
        has_annotations = any(r.boxes for r in self.parsed.records)
        lists = self._splits.used - self.parsed.used
        left = leftover_findings(self.tree, self.parsed.used, has_annotations=has_annotations, lists=lists)
        self.findings += [*self._splits.findings, *found, *left]
        if not self.tree.images:
            what = Sentence("there is no picture here: nothing of this team is in the dataset")
            self.findings.append(
                Finding("", self.submission.root, 0, "team-without-pictures", Severity.ERROR, what, Action.NOTED)
            )
        return [
            Item(
                placed[p], self.pictures[p], class_folder, team, self._sequences[p], frame_of(p), splits[p],
                annotations[p].state, annotations[p].label,
            )
            for p in kept
        ]  # fmt: skip
