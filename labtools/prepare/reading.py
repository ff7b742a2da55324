"""One submission on its way: its files, its split, what its annotations say, and its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from labtools.core.findings import Finding
from labtools.core.names import folder_name
from labtools.prepare.config import SplitPolicy
from labtools.prepare.formats import Parsed
from labtools.prepare.items import Item
from labtools.prepare.labels.annotations import Annotator, parse_all
from labtools.prepare.labels.classes import ClassResolver, ClassTable
from labtools.prepare.layout.copies import find_copies
from labtools.prepare.layout.naming import frame_of, sequences_of
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.layout.teams import Submission
from labtools.prepare.output.leftovers import leftover_findings
from labtools.prepare.pictures.headers import SUFFIXES
from labtools.prepare.pictures.reader import Picture
from labtools.prepare.sources.tree import Tree
from labtools.prepare.splits.plan import Others, Splits, plan_splits


class Reading:
    """The steps in order: `parse`, `look_at`, `plan`, `items`; then `findings` holds everything that was found."""

    def __init__(self, submission: Submission, tree: Tree) -> None:
        self.submission = submission
        self.team = folder_name(submission.team)
        self.everything = tuple(tree)
        self._findings = find_copies(tree)
        self.tree = tree.without(f.file for f in self._findings) if self._findings else tree
        # Pictures that cannot be read are in the index too: what points to them is not lost, they are.
        self.index = ImageIndex(self.tree.images, submission.root)
        self.pictures: dict[str, Picture] = {}
        self.parsed = Parsed()
        self._splits = Splits({}, ())
        self._sequences: dict[str, str] = {}
        self._class_folder = ""

    def parse(self) -> None:
        """Read all annotations."""
        self.parsed = parse_all(self.tree, self.index)
        self._findings += self.parsed.findings

    def look_at(self, pictures: Mapping[str, Picture]) -> None:
        """Take the readable pictures of this submission."""
        self.pictures = {path: pictures[path] for path in self.tree if path in pictures}
        readable = tuple(r for r in self.parsed.records if r.image in self.pictures)
        self.parsed = replace(self.parsed, records=readable)

    def plan(
        self, policy: SplitPolicy, others: Others, names: Sequence[str]
    ) -> dict[str, tuple[tuple[str, str, str], str]]:
        """The folders and the suffix that each picture of the dataset will have.

        Args:
            names: the dataset's classes in id order.
        """
        sub, paths = self.submission, list(self.pictures)
        self._sequences = sequences_of(paths, sub.root)
        self._splits = plan_splits(self.tree, self.index, paths, self._sequences, sub.root, policy, others)
        folder = names[sub.class_ids[0]] if len(sub.class_ids) == 1 else sub.class_folder
        self._class_folder = folder_name(folder) if folder else ""
        return {
            path: ((self._class_folder, self.team, self._sequences[path]), SUFFIXES[self.pictures[path].header.format])
            for path in paths
            if path in self._splits.of
        }

    def items(self, table: ClassTable, placed: Mapping[str, str]) -> list[Item]:
        """The submission's part of the dataset.

        Args:
            placed: picture -> path in the dataset.
        """
        resolver = ClassResolver(table, self.submission, self.parsed.records)
        annotator = Annotator(resolver, self.pictures)
        splits = self._splits.of
        kept = [path for path in self.pictures if path in splits]
        annotations = annotator.annotate(kept, self.parsed.records)
        has_annotations = any(r.boxes for r in self.parsed.records)
        left = leftover_findings(self.tree, self.parsed.used | self._splits.used, has_annotations=has_annotations)
        self._findings += [*self._splits.findings, *annotator.findings, *resolver.findings(), *left]
        return [
            Item(
                placed[p], self.pictures[p], self._class_folder, self.team, self._sequences[p], frame_of(p), splits[p],
                annotations[p].state, annotations[p].boxes,
            )
            for p in kept
        ]  # fmt: skip

    @property
    def findings(self) -> list[Finding]:
        """Signed with the team's name."""
        return [replace(f, team=self.team) for f in self._findings]
