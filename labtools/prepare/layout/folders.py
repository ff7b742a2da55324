"""The folders of a tree, and what each looks like from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from labtools.core.names import slug
from labtools.prepare.layout.class_folders import plain_name
from labtools.prepare.layout.split_words import SPLIT_WORDS, split_of_folder, split_of_list_name
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, Tree, folder_of, is_image_name, name_of, stem_of, suffix_of

_DATASET_FILES = frozenset({"obj.data", "obj.names", "data.yaml", "data.yml", "dataset.yaml", "_annotations.coco.json"})
# Only the plainest of the names that `references.STRUCTURE` knows: a team may well be called "coco" or "export".
_CONTENT = frozenset(
    {"images", "image", "img", "imgs", "labels", "label", "annotations", "annotation", "jpegimages", "obj_train_data"}
)
_ANNOTATIONS = frozenset({".txt", ".xml", ".json", ".csv"})
_SEQUENCE = frozenset({"seq", "sequence", "video", "vid", "clip", "film", "sequences", "videos"})
# What people call a folder that they put around others.
_WRAPPING = frozenset(
    {"rendu", "rendus", "final", "finale", "finaux", "data", "dataset", "datasets", "donnees", "export", "exports"}
    | {"archive", "archives", "submission", "submissions", "depot", "depots", "projet", "projets", "project"}
    | {"equipes", "teams", "groupes", "groups", "travail", "travaux", "tp", "lab", "zip", "dossier", "nouveau", "new"}
    | {"folder", "copie", "copy", "de", "du", "des", "les", "la", "le", "l", "d", "of", "the", "v1", "v2", "upload"}
)


class Folders:
    """The folders of a tree with what lies directly in each."""

    def __init__(self, tree: Tree) -> None:
        self._files: dict[str, list[str]] = defaultdict(list)
        for path in tree:
            self._files[path.rpartition("/")[0]].append(path)
        below: dict[str, set[str]] = defaultdict(set)
        self._with_pictures: set[str] = set()
        self._with_data: set[str] = set()
        self._with_annotations: set[str] = set()
        for folder, paths in self._files.items():
            suffixes = set(map(suffix_of, paths))
            if suffixes & IMAGE_SUFFIXES:
                self._mark(folder, self._with_pictures)
            if suffixes & _ANNOTATIONS:
                self._mark(folder, self._with_annotations)
            if suffixes & (IMAGE_SUFFIXES | _ANNOTATIONS):
                self._mark(folder, self._with_data)
            while folder:
                parent = folder_of(folder)
                if folder in below[parent]:
                    break
                below[parent].add(folder)
                folder = parent
        self._below: Mapping[str, list[str]] = {k: sorted(v) for k, v in below.items()}

    @staticmethod
    def _mark(folder: str, marked: set[str]) -> None:
        """This folder and all above it."""
        while folder and folder not in marked:
            marked.add(folder)
            folder = folder_of(folder)

    def has_data(self, folder: str) -> bool:
        """Is there a picture, or a file of a kind that may annotate one, anywhere below?"""
        return folder in self._with_data

    def are_apart(self, folders: Iterable[str]) -> bool:
        """Pictures in some of these folders, annotations in others, and nowhere both: none is a dataset by itself."""
        with_pictures = self._with_pictures.intersection(folders)
        with_annotations = self._with_annotations.intersection(folders)
        return bool(with_pictures and with_annotations) and not with_pictures & with_annotations

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
        return any(is_content(f) or is_split(f) for f in self.below(folder))

    def has_lists(self, folder: str) -> bool:
        return any(_is_list(path) for path in self.files(folder))

    def has_sequences(self, folder: str) -> bool:
        """Are the folders here the videos of one team: numbered, but for a few that look no more like teams?"""
        numbered = [f for f in self.below(folder) if _is_sequence(f)]
        others = [f for f in self.below(folder) if not _is_sequence(f) and f in self._with_pictures]
        return len(numbered) > len(others) and not any(self._is_team_inside(f) for f in (*numbered, *others))

    def _is_team_inside(self, folder: str) -> bool:
        """``velo/3`` may be the third team: it holds lists, or several sequences (one: it was unpacked twice)."""
        sequences = [f for f in self.below(folder) if _is_sequence(f)]
        return self.has_lists(folder) or len(sequences) > 1 or bool(sequences and not _is_sequence(folder))

    def is_submission(self, folder: str) -> bool:
        return self.is_dataset(folder) or self.has_sequences(folder)

    def is_bare(self, folder: str) -> bool:
        """Nothing but ``images`` and ``labels``: a sequence, rather than a dataset that somebody handed in."""
        if any(name_of(p).lower() in _DATASET_FILES or suffix_of(p) in {".txt", ".csv"} for p in self.files(folder)):
            return False
        return not any(is_split(f) or f.endswith("!") for f in self.below(folder))

    def has_teams_inside(self, folder: str) -> bool:
        """Do submissions lie below, while nothing is annotated right here?"""
        inside = any(self.is_submission(f) and not _is_sequence(f) for f in self.below(folder))
        if not inside or self.has_sequences(folder):
            return False
        if any((is_content(f) or is_split(f)) and not self.is_whole(f) for f in self.below(folder)):
            return False
        names = {name_of(path).lower() for path in self.files(folder)}
        if names & _DATASET_FILES:
            return False
        stems = {stem_of(path) for path in self.files(folder) if is_image_name(path)}
        return not any(stem_of(path) in stems for path in self.files(folder) if not is_image_name(path))

    def is_whole(self, folder: str) -> bool:
        """Numbered videos and the lists about them: somebody's submission, though he calls himself ``images``."""
        return self.has_sequences(folder) and self.has_lists(folder)

    def is_wrapper(self, folder: str) -> bool:
        """Was this folder put around teams, and is none itself? By what it is called, or because teams lie in it."""
        if self.is_submission(folder) or not self.below(folder) or self.are_apart(self.below(folder)):
            return False
        inside = [f for f in self.below(folder) if self.is_submission(f) and not _is_sequence(f)]
        if len([f for f in inside if self.has_lists(f)]) > 1:
            return True
        return bool(inside) and is_wrapping_name(folder) and not any(is_wrapping_name(f) for f in inside)


def is_wrapping_name(folder: str) -> bool:
    """Does the name say that something is inside, but not whose it is: ``rendu final``?"""
    return all(word in _WRAPPING or word.isdecimal() for word in slug(plain_name(folder)).split("_"))


def is_content(folder: str) -> bool:
    """``images``, ``labels_1``."""
    return slug(plain_name(folder)).rstrip("_0123456789") in _CONTENT


def is_split(folder: str) -> bool:
    """``train``, ``TEST``, ``val_images``."""
    return slug(plain_name(folder)) in SPLIT_WORDS or bool(split_of_folder(plain_name(folder)))


def _is_sequence(folder: str) -> bool:
    name = slug(plain_name(folder))
    return name.isdecimal() or name.rstrip("_0123456789") in _SEQUENCE


def _is_list(path: str) -> bool:
    return suffix_of(path) == ".txt" and bool(split_of_list_name(path))
