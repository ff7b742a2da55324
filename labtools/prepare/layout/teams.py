"""A folder of submissions -> who handed in what.

Three layouts are told apart by looking, see `read_layout`:

* the course's, ``<class>/<team>/...``: some first-level folder bears a class name of the course (or any group
  name, where the folders on the second level are datasets and those on the first are not);
* a folder of teams, ``<team>/...``, each a dataset by itself;
* a single dataset: pictures, lists, ``images``/``labels`` or ``train``/``valid``/``test`` at the top.

Levels too many are looked through: around everything, around some classes (``promo A/velo/...``), around the teams of
a class (``velo/rendus/tic_et_tac``), a class twice (``velo.zip!/velo``). A team may lie above its classes
(``tic_et_tac/velo/1``), or have no level of its own (``velo/1``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import folder_name
from labtools.core.sentences import Sentence
from labtools.prepare.answers import NO_ANSWERS, Answers
from labtools.prepare.config import CourseConfig
from labtools.prepare.layout.class_folders import FolderClasses, plain_name
from labtools.prepare.layout.folders import Folders, is_split, is_wrapping_name
from labtools.prepare.sources.tree import Tree, folder_of

__all__ = ["Layout", "Submission", "plain_name", "read_layout"]


@dataclass(frozen=True)
class Submission:
    """What one team handed in.

    Attributes:
        root: its folder in the tree (``velo/tic_et_tac``), ``""`` if everything is one dataset.
        team: name for findings and folders; as the folder is called.
        class_folder: name of the class folder above it as the folder is called, ``""`` if there is none.
        class_ids: course classes that this folder stands for: none, one, or two for a folder that holds two.
    """

    root: str
    team: str
    class_folder: str
    class_ids: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """All submissions, and whether this is a cohort or one dataset.

    Attributes:
        findings: what is odd about the folders, and questions about them.
        left_out: folders that are no submissions, as the teacher answered.
    """

    submissions: tuple[Submission, ...]
    is_cohort: bool
    has_class_folders: bool
    findings: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()


def read_layout(tree: Tree, name: str, course: CourseConfig | None, answers: Answers = NO_ANSWERS) -> Layout:
    """Find the submissions.

    Args:
        tree: everything below the submissions folder.
        name: that folder's name: the team, if it is a single dataset.
        course: the classes whose names may be on the first level; None if nobody said.
        answers: of the teacher, to questions such as `FolderClasses.question` asks.
    """
    return _Reader(Folders(tree), FolderClasses(course, answers)).read(name)


class _Reader:
    """One look at a tree; the lists fill up with what is found."""

    def __init__(self, folders: Folders, classes: FolderClasses) -> None:
        self.folders = folders
        self.classes = classes
        self.top = self.descend("")
        self.first = self.looked_through(self.top)
        self.submissions: list[Submission] = []
        self.findings: list[Finding] = []
        self.left_out: list[str] = []

    def read(self, name: str) -> Layout:
        if not any(self.is_class(folder) for folder in self.first):
            if self.is_one_dataset():
                return Layout((Submission("", name, "", ()),), False, False)
            by_team = any(self.folders.is_submission(f) for f in self.first)
        else:
            by_team = self.are_mostly_teams()
        for folder in self.first:
            self.read_first(folder, by_team)
        self.find_namesakes()
        has_class_folders = any(s.class_ids for s in self.submissions)
        return Layout(tuple(self.submissions), True, has_class_folders, tuple(self.findings), tuple(self.left_out))

    def descend(self, top: str) -> str:
        """Through folders that hold a single one: what was put around everything."""
        while len(self.folders.below(top)) == 1 and not self.begins_at(top):
            only = self.folders.below(top)[0]
            if self.is_class(only) or self.begins_at(only):
                break
            top = only
        return top

    def begins_at(self, folder: str) -> bool:
        """Does a dataset begin here? Lists and lone annotation files may be about the datasets in the folder."""
        holds_datasets = any(self.folders.is_submission(f) for f in self.folders.below(folder))
        return self.folders.is_dataset(folder, weak=not holds_datasets)

    def looked_through(self, folder: str) -> list[str]:
        """The folders on the level of classes; those around some of them do not count."""
        if self.folders.is_dataset(folder, weak=False):
            return self.folders.below(folder)
        found: list[str] = []
        for child in self.folders.below(folder):
            is_seen = bool(self.classes.of(child)) or self.folders.is_submission(child) or is_split(child)
            inside = [] if is_seen else self.looked_through(child)
            found += inside if any(self.classes.of(f) for f in inside) else [child]
        return found

    def is_class(self, folder: str) -> bool:
        """By its name; or nearly, where it holds teams as a class folder does."""
        if self.classes.of(folder) or self.classes.is_left_out(folder):
            return True
        holds_teams = any(self.folders.is_submission(f) for f in self.folders.below(folder))
        return holds_teams and not self.folders.is_submission(folder) and bool(self.classes.near(folder))

    def is_one_dataset(self) -> bool:
        """No first-level folder bears a class name: is all this one dataset, rather than several?"""
        datasets = [f for f in self.first if self.folders.is_submission(f)]
        groups = any(self.folders.is_submission(g) for f in self.first for g in self.folders.below(f))
        begins_here = self.begins_at(self.top) or self.folders.has_lists(self.top)
        if begins_here or len(self.first) < 2 or not (datasets or groups) or self.folders.are_apart(self.first):
            return True
        return len(datasets) == len(self.first) and all(self.folders.is_bare(f) for f in datasets)

    def are_mostly_teams(self) -> bool:
        """Class names on the level of teams: where most first-level folders are datasets, all of them are teams."""
        teams = {f for f in self.first if self.folders.is_dataset(f, weak=not self.classes.of(f))}
        return len(teams) > len([f for f in self.first if self.is_class(f) and f not in teams])

    def read_first(self, folder: str, by_team: bool) -> None:
        """A first-level folder is a class (or group) of teams, or a team whose class level is missing."""
        if self.classes.is_left_out(folder):
            self.left_out.append(folder)
            what = Sentence("the whole folder is left out, as answered")
            self.findings.append(Finding("", folder, 0, "class-folder-left-out", Severity.INFO, what, Action.LEFT_OUT))
            return
        ids = self.classes.of(folder)
        if not ids and not self.folders.has_data(folder):
            return  # reports, videos: nobody's submission
        name = plain_name(folder)
        inner = self.without_repetition(folder)
        is_team = self.is_team(inner, bool(ids)) or (by_team and not self.is_class(folder))
        if is_team:
            team = self.team_above(folder) if ids else name
            self.submissions.append(Submission(folder, team, name if ids else "", ids))
        else:
            for team in self.teams_in(inner):
                self.submissions.append(Submission(team, plain_name(team), name, ids))
        among_classes = not is_team and any(self.classes.of(f) for f in self.first)
        if among_classes or self.is_class(folder):
            question = self.classes.question(folder, is_surely_class=among_classes)
            self.findings += [question] if question is not None else []

    def is_team(self, folder: str, is_class: bool) -> bool:
        """A photo beside the teams of a class does not make them one."""
        if is_class and self.folders.has_teams_inside(folder):
            return False
        if self.folders.is_dataset(folder, weak=not is_class) or self.folders.has_sequences(folder):
            return True
        return not self.folders.below(folder)

    def without_repetition(self, folder: str) -> str:
        """``velo.zip!/velo`` is one class, not a team of its name."""
        ids = self.classes.of(folder)
        below = self.folders.below(folder)
        while ids and len(below) == 1 and self.classes.of(below[0]) == ids and not self.is_team(folder, True):
            folder, below = below[0], self.folders.below(below[0])
        return folder

    def team_above(self, folder: str) -> str:
        """The team of a class folder that has no teams in it: whoever stands above it, or else the class."""
        parent = folder_of(folder)
        is_named = len(parent) > len(self.top) and not is_wrapping_name(parent)
        return plain_name(parent if is_named else folder)

    def teams_in(self, folder: str) -> list[str]:
        """The teams of a class, those inside a folder that was put around them too."""
        found: list[str] = []
        for child in self.folders.below(folder):
            found += self.teams_in(child) if self.folders.is_wrapper(child) else [child]
        return found

    def find_namesakes(self) -> None:
        """Two folders of one class that read alike are two submissions; perhaps they are one team's."""
        groups: dict[tuple[object, str], list[Submission]] = defaultdict(list)
        for one in self.submissions:
            groups[(one.class_ids or folder_name(one.class_folder), folder_name(one.team))].append(one)
        for first, *others in groups.values():
            for other in others:
                what = Sentence(
                    "reads like {folder}, of the same class: two submissions, numbered in the dataset",
                    folder=first.root,
                )
                self.findings.append(
                    Finding("", other.root, 0, "team-name-twice", Severity.WARNING, what, Action.NOTED)
                )
