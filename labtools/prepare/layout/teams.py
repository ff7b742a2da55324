"""A folder of submissions -> who handed in what.

Three layouts are told apart by looking, see `read_layout`:

* the course's, ``<class>/<team>/...``: some first-level folder bears a class name of the course (or any group
  name, where the folders on the second level are datasets and those on the first are not);
* a folder of teams, ``<team>/...``, each a dataset by itself;
* a single dataset: pictures, lists, ``images``/``labels`` or ``train``/``valid``/``test`` at the top.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labtools.core.names import slug
from labtools.prepare.config import CourseConfig, name_key
from labtools.prepare.layout.places import SPLIT_WORDS
from labtools.prepare.sources.tree import Tree, folder_of, is_image_name, name_of, stem_of, suffix_of

_DATASET_FILES = frozenset({"obj.data", "obj.names", "data.yaml", "data.yml", "dataset.yaml", "_annotations.coco.json"})
# Only the plainest of the names that `places.STRUCTURE` knows: a team may well be called "coco" or "export".
_CONTENT = frozenset(
    {"images", "image", "img", "imgs", "labels", "label", "annotations", "annotation", "jpegimages", "obj_train_data"}
)
_SEQUENCE = frozenset({"seq", "sequence", "video", "vid", "clip", "film", "sequences", "videos"})


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
    """All submissions, by root, and whether this is a cohort or one dataset."""

    submissions: tuple[Submission, ...]
    is_cohort: bool
    has_class_folders: bool


class FolderClasses:
    """Which course classes a folder's name stands for."""

    def __init__(self, course: CourseConfig | None) -> None:
        self._ids: dict[str, set[int]] = defaultdict(set)
        if course is not None:
            for class_id, name in enumerate(course.names):
                for writing in (name, *course.aliases.get(name, ())):
                    self._ids[name_key(writing)].add(class_id)

    def of(self, folder: str) -> tuple[int, ...]:
        return tuple(sorted(self._ids.get(name_key(plain_name(folder)), ())))


def plain_name(folder: str) -> str:
    """A folder's name; an archive standing as a folder loses its ``.zip!``."""
    name = folder.rpartition("/")[2]
    return stem_of(name) if name.endswith("!") else name


def read_layout(tree: Tree, name: str, course: CourseConfig | None) -> Layout:
    """Find the submissions.

    Args:
        tree: everything below the submissions folder.
        name: that folder's name: the team, if it is a single dataset.
        course: the classes whose names may be on the first level; None if nobody said.
    """
    folders = _Folders(tree)
    classes = FolderClasses(course)
    top = ""
    while len(folders.below(top)) == 1 and not folders.is_dataset(top) and not folders.files(top):
        only = folders.below(top)[0]
        if classes.of(only) or folders.is_dataset(only):
            break
        top = only
    first = folders.below(top)
    if not any(classes.of(folder) for folder in first):
        first_are_datasets = [f for f in first if folders.is_submission(f)]
        groups_hold_datasets = any(folders.is_submission(g) for f in first for g in folders.below(f))
        begins_here = folders.is_dataset(top, weak=not first_are_datasets) or folders.has_lists(top)
        if begins_here or len(first) < 2 or not (first_are_datasets or groups_hold_datasets):
            return Layout((Submission("", name, "", ()),), False, False)
        if all(folders.is_bare(f) for f in first_are_datasets) and len(first_are_datasets) == len(first):
            return Layout((Submission("", name, "", ()),), False, False)
        by_team = bool(first_are_datasets)
    else:
        # Class names on the level of teams: where most first-level folders are datasets, all of them are teams.
        are_teams = [f for f in first if folders.is_dataset(f, weak=not classes.of(f))]
        by_team = len(are_teams) > len([f for f in first if classes.of(f) and f not in are_teams])
    found: list[Submission] = []
    for folder in first:
        found.extend(_submissions_of(folder, folders, classes, by_team))
    return Layout(tuple(found), True, any(s.class_ids for s in found))


def _submissions_of(folder: str, folders: _Folders, classes: FolderClasses, by_team: bool) -> Iterable[Submission]:
    """A first-level folder is a class (or group) of teams, or a team whose class level is missing."""
    ids = classes.of(folder)
    name = plain_name(folder)
    teams = folders.below(folder)
    is_team = folders.is_dataset(folder, weak=not ids) or folders.has_sequences(folder) or not teams
    if is_team or (by_team and not ids):
        yield Submission(folder, name, name if ids else "", ids)
        return
    for team in teams:
        yield Submission(team, plain_name(team), name, ids)


class _Folders:
    """The folders of a tree with what lies directly in each."""

    def __init__(self, tree: Tree) -> None:
        self._files: dict[str, list[str]] = defaultdict(list)
        below: dict[str, set[str]] = defaultdict(set)
        for path in tree:
            folder = folder_of(path)
            self._files[folder].append(path)
            while folder:
                parent = folder_of(folder)
                if folder in below[parent]:
                    break
                below[parent].add(folder)
                folder = parent
        self._below: Mapping[str, list[str]] = {k: sorted(v) for k, v in below.items()}

    def below(self, folder: str) -> list[str]:
        return self._below.get(folder, [])

    def files(self, folder: str) -> list[str]:
        return self._files.get(folder, [])

    def is_dataset(self, folder: str, *, weak: bool = True) -> bool:
        """Does a dataset begin right here: pictures, metadata, or folders named for their content?

        ``weak`` counts lists and lone annotation files too: in a class folder they may be about all its teams.
        """
        for path in self.files(folder):
            name = name_of(path).lower()
            if is_image_name(path) or name in _DATASET_FILES or suffix_of(path) == ".names":
                return True
            if weak and (_is_list(path) or suffix_of(path) in {".xml", ".json"}):
                return True
        return any(slug(plain_name(f)) in _CONTENT or slug(plain_name(f)) in SPLIT_WORDS for f in self.below(folder))

    def has_lists(self, folder: str) -> bool:
        return any(_is_list(path) for path in self.files(folder))

    def has_sequences(self, folder: str) -> bool:
        """Are the folders here numbered videos of one team?"""
        names = [slug(plain_name(f)) for f in self.below(folder)]
        return bool(names) and all(n.isdecimal() or n.rstrip("_0123456789") in _SEQUENCE for n in names)

    def is_submission(self, folder: str) -> bool:
        return self.is_dataset(folder) or self.has_sequences(folder)

    def is_bare(self, folder: str) -> bool:
        """Nothing but ``images`` and ``labels``: a sequence, rather than a dataset that somebody handed in."""
        if any(name_of(p).lower() in _DATASET_FILES or suffix_of(p) in {".txt", ".csv"} for p in self.files(folder)):
            return False
        return not any(slug(plain_name(f)) in SPLIT_WORDS or f.endswith("!") for f in self.below(folder))


def _is_list(path: str) -> bool:
    return suffix_of(path) == ".txt" and slug(stem_of(path)) in SPLIT_WORDS
