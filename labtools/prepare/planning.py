"""What was handed in, looked at from above: who, where it goes, and what each submission must know of the others."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from labtools.core.findings import Finding
from labtools.core.names import folder_name, slug
from labtools.prepare.answers import Answers
from labtools.prepare.config import CourseConfig
from labtools.prepare.handed_in import HandedIn, context_of
from labtools.prepare.layout.class_folders import FolderClasses
from labtools.prepare.layout.teams import Layout, Submission, plain_name, read_layout
from labtools.prepare.memory import signature
from labtools.prepare.sources.names import archive_stem
from labtools.prepare.sources.tree import Tree
from labtools.prepare.splits.lists import SplitList, split_lists
from labtools.prepare.splits.others import Others


@dataclass(frozen=True)
class Survey:
    """The submissions before any of them is opened.

    Attributes:
        tree: all files; `outside` are those under no submission.
        findings: of the walk and of the layout.
        course_file, course: None if nobody named the classes.
        places: by root, the class folder and the team folder in the dataset; no two are the same.
        shared_lists: split lists above all submissions.
        others: by root, see there.
        language: of what students read.
    """

    tree: Tree
    outside: Tree
    findings: tuple[Finding, ...]
    course_file: Path | None
    course: CourseConfig | None
    layout: Layout
    places: Mapping[str, tuple[str, str]]
    shared_lists: tuple[SplitList, ...]
    others: Mapping[str, Others]
    language: Literal["fr", "en"]

    @property
    def submissions(self) -> dict[str, Submission]:
        return {one.root: one for one in self.layout.submissions}

    def signatures(self, answers: Answers, options: Sequence[object]) -> dict[str, str]:
        """By root, of everything that a part is made from, see `memory.signature`."""
        common = context_of(self.course, answers, options)
        found = {}
        for one in self.layout.submissions:
            others = self.others[one.root]
            known = [repr(others.own), repr(sorted(others.foreign)), repr(others.shared_lists)]
            context = "\n".join([common, repr(one), repr(self.places[one.root]), *known])
            found[one.root] = signature(context, self.tree, self.tree.paths_under(one.root))
        return found


def survey(given: HandedIn, answers: Answers, *, in_place: bool = False) -> Survey:
    """Look at the folders, and read nothing but the lists above all submissions.

    Args:
        in_place: this may be a part of a cohort, a team's folder or a class's, and is seen as such even if nobody
            named the course.
    """
    tree, request = given.tree, given.request
    folder, course = request.folder, request.course
    name = folder.resolve().name if folder.is_dir() else archive_stem(folder.name)
    layout = read_layout(tree, name, course, answers)
    # Without `--course` a lone dataset keeps its own names, however its folder is called.
    if (in_place or layout.is_cohort or not request.is_fallback) and not layout.has_class_folders:
        layout = _within_class(layout, folder.resolve(), FolderClasses(course, answers))
    if request.is_fallback and not layout.has_class_folders:
        course = None
        layout = read_layout(tree, name, None, answers)
    outside = _outside(tree, layout)
    shared = tuple(split_lists(outside))
    return Survey(
        tree, outside, (*given.findings, *layout.findings), request.course_file if course else None, course, layout,
        places_of(layout, course), shared, _others(layout, shared), given.language,
    )  # fmt: skip


def _within_class(layout: Layout, folder: Path, classes: FolderClasses) -> Layout:
    """One team's folder in that of its class, or a class's folder with its teams: what the names above say of it.

    Without that, a cohort given one level too low would be the course's first class, as its ids are all 0; and a team
    that checks its own folder would be told other things than when it has handed it in.
    """
    above = (folder.name,) if layout.is_cohort else (folder.name, folder.parent.name)
    name = next((name for name in above if classes.of(name)), "")
    if not name:
        return layout
    ids = classes.of(name)
    of_class = tuple(replace(one, class_folder=name, class_ids=ids) for one in layout.submissions)
    return replace(layout, submissions=of_class, is_cohort=True, has_class_folders=True)


def places_of(layout: Layout, course: CourseConfig | None) -> dict[str, tuple[str, str]]:
    """Class folder and team folder of each submission; where two would be the same, the later is numbered."""
    class_folders = {one.root: _class_folder(one, course) for one in layout.submissions}
    taken: set[tuple[str, ...]] = {(_key(folder),) for folder in class_folders.values() if folder}
    places = {}
    for one in layout.submissions:
        folder, team = class_folders[one.root], folder_name(one.team)
        unique, number = team, 2
        while _keys(folder, unique) in taken:
            unique, number = f"{team}_{number}", number + 1
        taken.add(_keys(folder, unique))
        places[one.root] = (folder, unique)
    return places


def _class_folder(one: Submission, course: CourseConfig | None) -> str:
    folder = course.names[one.class_ids[0]] if course and len(one.class_ids) == 1 else one.class_folder
    return folder_name(folder) if folder else ""


def _keys(*folders: str) -> tuple[str, ...]:
    return tuple(_key(folder) for folder in folders if folder)


def _key(folder: str) -> str:
    """Equal for names that are one on some disk."""
    return unicodedata.normalize("NFKC", folder).casefold()


def _outside(tree: Tree, layout: Layout) -> Tree:
    paths = list(tree)
    inside: list[tuple[int, int]] = []
    for root in (*(one.root for one in layout.submissions), *layout.left_out):
        if not root:
            return Tree({}, tree.archives)
        # "0" is the character after "/"
        inside.append((bisect_left(paths, f"{root}/"), bisect_left(paths, f"{root}0")))
    left: list[str] = []
    end = 0
    for first, last in sorted(inside):
        left += paths[end:first]
        end = max(end, last)
    return Tree({path: tree.files[path] for path in left + paths[end:]}, tree.archives)


def _others(layout: Layout, shared: tuple[SplitList, ...]) -> dict[str, Others]:
    pairs = {s.root: (slug(plain_name(s.root.rpartition("/")[0])), slug(s.team)) for s in layout.submissions}
    nested = frozenset(pair for root, pair in pairs.items() if "/" in root)
    return {root: Others(pair if pair in nested else None, nested - {pair}, shared) for root, pair in pairs.items()}
