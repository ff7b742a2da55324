"""Which picture does this path mean? Students' lists and labels name pictures in many ways.

``./velo/tic_et_tac/4/images/frame_000002.jpg``, ``C:\\Users\\Zoé\\velo\\4\\images\\frame_000002.jpg``,
``data/obj_train_data/frame_000002.PNG``, ``frame_000002``: paths are compared from their end, folder by folder,
with folders such as ``images`` and ``labels`` left aside. A path that contradicts the picture's place inside the
submission (another sequence) does not mean it; one that differs above (the student's own disk) does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from labtools.core.names import slug
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, folder_of, stem_of, suffix_of

# Folders that say what kind of file they hold, not which sequence it belongs to.
STRUCTURE = frozenset(
    {"images", "image", "img", "imgs", "pictures", "picture", "photos", "photo", "frames", "frame"}
    | {"jpegimages", "jpg", "jpeg", "png", "jpgs", "pngs"}
    | {"labels", "label", "lbl", "lbls", "labels_yolo", "annotations", "annotation", "annots", "annotated"}
    | {"xml", "xmls", "txt", "txts", "yolo", "voc", "pascal_voc", "coco", "darknet"}
    | {"obj_train_data", "obj_valid_data", "obj_validation_data", "obj_test_data", "obj_data"}
    | {"data", "dataset", "datasets", "archive", "export"}
)

SPLIT_WORDS = {
    "train": "train", "training": "train", "entrainement": "train", "apprentissage": "train",
    "val": "val", "valid": "val", "validate": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test", "tests": "test",
}  # fmt: skip

_FILE_SUFFIXES = IMAGE_SUFFIXES | {".txt", ".xml", ".json"}


def stem_key(name: str) -> str:
    """A file name without suffix, for comparing: composed, case and outer spaces do not count."""
    return name.lower().strip() if name.isascii() else unicodedata.normalize("NFC", name).casefold().strip()


@lru_cache(maxsize=1 << 14)  # a pure function of few different names, asked for in every line of every list
def folder_key(name: str) -> str:
    """A folder's name for comparing; an archive counts as a folder; ``""`` for ``images`` and its like."""
    bare = name.removesuffix("!")
    key = slug(bare[:-4] if bare.lower().endswith(".zip") else bare)
    return "" if key in STRUCTURE else SPLIT_WORDS.get(key, key)


def is_same_folder(first: str, second: str) -> bool:
    """Two keys mean one folder: equal, or a bare number and a name with that one number (``4``, ``seq_04``)."""
    if first == second:
        return True
    if first.isdecimal() or second.isdecimal():
        a, b = (re.findall(r"\d+", key, flags=re.ASCII) for key in (first, second))
        return len(a) == len(b) == 1 and int(a[0]) == int(b[0])
    return False


@lru_cache(maxsize=1 << 14)
def _folder_keys(folder: str) -> tuple[str, ...]:
    parts = [part.strip() for part in folder.split("/")]
    return tuple(key for part in parts if part not in {"", ".", ".."} if (key := folder_key(part)))


class Reference(NamedTuple):
    """A path taken apart: folders from outer to inner as keys, stem as key and as written, image suffix asked for."""

    folders: tuple[str, ...]
    stem: str
    written: str
    suffix: str

    @staticmethod
    def parse(path: str) -> Reference:
        """Forward and backward slashes both separate; a suffix counts only if it is one of pictures or labels."""
        above, _, name = path.replace("\\", "/").rpartition("/")
        name = name.strip()
        suffix = suffix_of(name)
        stem = stem_of(name) if suffix in _FILE_SUFFIXES else name
        return Reference(_folder_keys(above), stem_key(stem), stem, suffix if suffix in IMAGE_SUFFIXES else "")


@dataclass(frozen=True)
class Place:
    """Where one picture lies: its folders outside and inside its submission, with and without archive names."""

    path: str
    suffix: str
    folders: tuple[tuple[str, ...], ...]
    inner: tuple[int, ...]  # of each of `folders`, how many lie inside the submission


class Match(NamedTuple):
    """The picture that a reference means: `path`, or None with the pictures between which it cannot decide."""

    path: str | None
    rivals: tuple[str, ...] = ()


class ImageIndex:
    """The pictures of one submission, found by any of their names.

    Args:
        images: their paths in the tree.
        root: the submission's folder in the tree, ``""`` for a single dataset.
    """

    def __init__(self, images: Iterable[str], root: str) -> None:
        self._root = root
        self._places: dict[str, tuple[tuple[tuple[str, ...], ...], tuple[int, ...]]] = {}
        self._by_stem: dict[str, list[Place]] = {}
        for path in images:
            alternatives, inner = self._folders(folder_of(path))
            place = Place(path, suffix_of(path), alternatives, inner)
            self._by_stem.setdefault(stem_key(stem_of(path)), []).append(place)
        self._by_place: dict[tuple[tuple[str, ...], str], list[Place]] = {}
        for stem, places in self._by_stem.items():
            for place in places:
                for folders in place.folders:
                    self._by_place.setdefault((folders, stem), []).append(place)

    @cached_property
    def _team(self) -> str:
        return folder_key(self._root.rpartition("/")[2])

    def _folders(self, folder: str) -> tuple[tuple[tuple[str, ...], ...], tuple[int, ...]]:
        """Cached per folder: 28,610 pictures share a few hundred of them."""
        if folder not in self._places:
            alternatives, inner = [], []
            for skip_archives in (False, True):
                outside: list[str] = []
                inside: list[str] = []
                depth = len(self._root.split("/")) if self._root else 0
                for level, part in enumerate(folder.split("/") if folder else []):
                    # The archive that is a whole submission keeps its name: it is the team.
                    skipped = skip_archives and part.endswith("!") and level >= depth
                    key = "" if skipped else folder_key(part)
                    if key:
                        (outside if level < depth else inside).append(key)
                pair = (*outside, *inside)
                if pair not in alternatives:
                    alternatives.append(pair)
                    inner.append(len(inside))
            self._places[folder] = tuple(alternatives), tuple(inner)
        return self._places[folder]

    def find(self, reference: str, near: str = "") -> Match:
        """The picture that a path written in the file ``near`` means."""
        wanted = Reference.parse(reference)
        exact = self._by_place.get((wanted.folders, wanted.stem), ())
        if len(exact) == 1:
            return Match(exact[0].path)
        return self._best(wanted, near)

    def find_beside(self, annotation: str) -> Match:
        """The picture whose annotation file this is, by the file's own place and name."""
        stem = stem_key(stem_of(annotation))
        for folders in self._folders(folder_of(annotation))[0]:
            exact = self._by_place.get((folders, stem), ())
            if len(exact) == 1:
                return Match(exact[0].path)
        found = Match(None)
        for folders in self._folders(folder_of(annotation))[0]:
            found = self._best(Reference(folders, stem, stem_of(annotation), ""), annotation)
            if found.path or found.rivals:
                return found
        return found

    def _best(self, wanted: Reference, near: str) -> Match:
        scored = [(score, p) for p in self._by_stem.get(wanted.stem, ()) if (score := self._score(wanted, p)) >= 0]
        if not scored:
            return Match(None)
        top = max(score for score, _ in scored)
        rivals = [place for score, place in scored if score == top]
        if len(rivals) > 1:  # twins but for case or accents' encoding
            rivals = [p for p in rivals if stem_of(p.path) == wanted.written] or rivals
        if len(rivals) > 1:
            rivals = [p for p in rivals if p.suffix == wanted.suffix] or rivals
        if len(rivals) > 1:
            shared = [_shared_folders(place.path, near) for place in rivals]
            rivals = [p for p, n in zip(rivals, shared, strict=True) if n == max(shared)]
        if len(rivals) > 1:  # the copy in an archive is not preferred to the file beside it
            rivals = [p for p in rivals if "!/" not in p.path] or rivals
        paths = tuple(place.path for place in rivals)
        return Match(paths[0]) if len(paths) == 1 else Match(None, paths)

    def _score(self, wanted: Reference, place: Place) -> int:
        """How many folders agree, counted from the file; -1 if the reference means another place."""
        best = -1
        for folders, inner in zip(place.folders, place.inner, strict=True):
            n = 0
            for a, b in zip(reversed(wanted.folders), reversed(folders), strict=False):
                if not is_same_folder(a, b):
                    break
                n += 1
            exhausted = n == len(wanted.folders) or n >= inner
            if exhausted or (self._team and wanted.folders[-n - 1] == self._team):
                best = max(best, n)
        return best


def _shared_folders(first: str, second: str) -> int:
    shared = 0
    for a, b in zip(folder_of(first).split("/"), folder_of(second).split("/"), strict=False):
        if a != b:
            break
        shared += 1
    return shared
