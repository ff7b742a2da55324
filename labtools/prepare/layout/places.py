"""Which picture does this path mean? Students' lists and labels name pictures in many ways.

``./velo/tic_et_tac/4/images/frame_000002.jpg``, ``C:\\Users\\Zoé\\velo\\4\\images\\frame_000002.jpg``,
``data/obj_train_data/frame_000002.PNG``, ``frame_000002``: a path that leads to a picture from the list's own folder or
one above means just that. Others are compared from their end, folder by folder, with folders such as ``images`` left
aside. A path that contradicts the picture's place inside the submission (another sequence) does not mean it; one that
differs above (the student's own disk) does. What could mean two pictures means neither: both are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from labtools.core.names import slug
from labtools.prepare.layout.ranking import Fit, Rank, likelier
from labtools.prepare.layout.references import (
    STRUCTURE,
    Reference,
    folder_key,
    is_same_folder,
    key_of,
    loose_key,
    respelled,
    source_stem,
    stem_key,
)
from labtools.prepare.layout.split_words import SPLIT_WORDS
from labtools.prepare.sources.tree import folder_of, folders_of, name_of, stem_of

__all__ = ["SPLIT_WORDS", "STRUCTURE", "ImageIndex", "Match", "folder_key", "is_same_folder", "key_of", "stem_key"]


class Match(NamedTuple):
    """The picture that a reference means: `path`, or None with the pictures between which it cannot decide.

    ``is_loose``: the name differs in more than case (leading zeros, separators).
    """

    path: str | None
    rivals: tuple[str, ...] = ()
    is_loose: bool = False


@dataclass(eq=False)
class _Folder:
    """One folder that holds pictures.

    Attributes:
        stems: key -> its picture; several where suffix or case tell them apart.
        keys: its folders outside and inside the submission; a second time without the names of archives.
        inner: of each of `keys`, how many lie inside the submission.
    """

    path: str
    keys: tuple[tuple[str, ...], ...]
    inner: tuple[int, ...]
    stems: dict[str, str | tuple[str, ...]] = field(default_factory=dict)

    def named(self, stem: str) -> tuple[str, ...]:
        found = self.stems.get(stem, ())
        return (found,) if isinstance(found, str) else found


class ImageIndex:
    """The pictures of one submission, found by any of their names; `paths` are all of them.

    Args:
        images: their paths in the tree.
        root: the submission's folder in the tree, ``""`` for a single dataset.
    """

    def __init__(self, images: Iterable[str], root: str) -> None:
        self._root = root
        self.paths = frozenset(images)
        self._folders: dict[str, _Folder] = {}
        for path in images:
            above, _, name = path.rpartition("/")
            folder = self._folders.get(above)
            if folder is None:
                folder = self._folders[above] = _Folder(above, *self._keys(above))
            stem = key_of(name)
            if stem in folder.stems:
                folder.stems[stem] = (*folder.named(stem), path)
            else:
                folder.stems[stem] = path
        self._bases: dict[str, tuple[str, ...]] = {}
        self._beside: dict[str, list[list[_Folder]]] = {}
        self._ranks: dict[tuple[str, ...], dict[str, Rank]] = {}

    @cached_property
    def _fit(self) -> Fit:
        words = frozenset(word for part in self._root.split("/")[-2:] for word in slug(part).split("_") if word)
        return Fit(folder_key(name_of(self._root)), words)

    @cached_property
    def _by_keys(self) -> Mapping[tuple[str, ...], list[_Folder]]:
        found: dict[tuple[str, ...], list[_Folder]] = {}
        for folder in self._folders.values():
            for keys in folder.keys:
                found.setdefault(keys, []).append(folder)
        return found

    @cached_property
    def _by_stem(self) -> Mapping[str, list[_Folder]]:
        found: dict[str, list[_Folder]] = {}
        for folder in self._folders.values():
            for stem in folder.stems:
                found.setdefault(stem, []).append(folder)
        return found

    @cached_property
    def _by_loose(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            stem = stem_of(path)
            # A Roboflow copy bears its source's name too; but a copy that is asked for is never another copy.
            for key in dict.fromkeys((loose_key(stem), loose_key(source_stem(stem)))):
                found.setdefault(key, []).append(path)
        return found

    @cached_property
    def _above(self) -> frozenset[str]:
        """Every folder with pictures in it or below."""
        return frozenset(folders_of(self.paths))

    def _keys(self, folder: str) -> tuple[tuple[tuple[str, ...], ...], tuple[int, ...]]:
        alternatives, inner = [], []
        depth = len(self._root.split("/")) if self._root else 0
        for skip_archives in (False, True):
            outside: list[str] = []
            inside: list[str] = []
            for level, part in enumerate(folder.split("/") if folder else []):
                # The archive that is a whole submission keeps its name: it is the team.
                skipped = skip_archives and part.endswith("!") and level >= depth
                key = "" if skipped else folder_key(part)
                if key:
                    (outside if level < depth else inside).append(key)
            if (pair := (*outside, *inside)) not in alternatives:
                alternatives.append(pair)
                inner.append(len(inside))
        return tuple(alternatives), tuple(inner)

    def has_stem(self, stem: str) -> bool:
        """Is some picture called so?"""
        return stem_key(stem) in self._by_stem

    def bases(self, near: str) -> tuple[str, ...]:
        """What a relative path in the file ``near`` may begin at: its folder, those above, the submission's; each
        as a prefix of paths in the tree, the nearest first."""
        folder = folder_of(near)
        if folder not in self._bases:
            found = []
            for start in (folder, self._root):
                while start:
                    found.append(f"{start}/")
                    start = folder_of(start)
            self._bases[folder] = (*dict.fromkeys(found), "")
        return self._bases[folder]

    def exact(self, reference: str, base: str) -> str | None:
        """The picture at this very path below ``base``; a leading ``./`` does not count."""
        path = base + (reference[2:] if reference.startswith("./") else reference)
        return path if path in self.paths else None

    def find(self, reference: str, near: str = "") -> Match:
        """The picture that a path written in the file ``near`` means."""
        if near:
            for base in self.bases(near):
                if path := self.exact(reference, base):
                    return Match(path)
        wanted = Reference.parse(reference)
        if not wanted.stem:
            return Match(None)
        match = self._find(wanted, near)
        if match.path is None and not match.rivals:
            match = self._find_loosely(wanted, near)
        if match.path is None and not match.rivals:
            for other in respelled(reference):
                match = self._find(Reference.parse(other), near)
                if match.path or match.rivals:
                    break
        return match

    def find_beside(self, annotation: str) -> Match:
        """The picture whose annotation file this is, by the file's own place and name."""
        above, _, name = annotation.rpartition("/")
        groups = self._beside.get(above)
        if groups is None:
            groups = self._beside[above] = self._groups_beside(above)
        stem = key_of(name)
        for group in groups:
            if len(group) == 1 and isinstance(path := group[0].stems.get(stem), str):
                return Match(path)
        for group in groups:
            found = [path for folder in group for path in folder.named(stem)]
            if len(found) == 1:
                return Match(found[0])
        found_one = Match(None)
        for keys in self._keys(above)[0]:
            found_one = self._find(Reference(keys, stem, stem_of(name), ""), annotation)
            if found_one.path or found_one.rivals:
                break
        return found_one

    def _groups_beside(self, above: str) -> list[list[_Folder]]:
        """The folders of pictures that a folder of annotations may be about, the likelier first. ``1/labels_2`` is the
        second try at what lies in ``1/images``, not the second sequence; ``labels_2`` goes with ``images_2``."""
        groups = [self._by_keys.get(keys, []) for keys in self._keys(above)[0]]
        kind = slug(name_of(above)).rstrip("_0123456789")
        if kind in STRUCTURE and folder_key(name_of(above)):
            parent = folder_of(above)
            near = [f for keys in self._keys(parent)[0] for f in self._by_keys.get(keys, [])]
            groups.insert(0, [f for f in near if f.path == parent or folder_of(f.path) == parent])
        return groups

    def only_folder(self, above: str) -> str | None:
        """The folder that fits these folders of a reference better than any other: whatever picture of it a list
        names behind them is the one that is meant."""
        ranks = self._ranked(Reference.parse(f"{above}x").folders)
        top = max(ranks.values(), default=None)
        best = [folder for folder, rank in ranks.items() if rank == top]
        return best[0] if len(best) == 1 else None

    def only_suffix(self, folder: str) -> str:
        """The suffix of all pictures in a folder as they are written, if no two of them share a stem; else ``""``."""
        stems = self._folders[folder].stems.values() if folder in self._folders else ()
        found = {path.rpartition(".")[2] if isinstance(path, str) else "" for path in stems}
        return f".{found.pop()}" if len(found) == 1 and "" not in found else ""

    def _find(self, wanted: Reference, near: str) -> Match:
        folders = self._by_stem.get(wanted.stem)
        if not folders:
            return Match(None)
        if len(folders) > 1 or folders[0].keys[0] != wanted.folders:
            ranks = self._ranked(wanted.folders)
            fitting = [(ranks[f.path], f) for f in folders if f.path in ranks]
            if not fitting:
                return Match(None)
            top = max(rank for rank, _ in fitting)
            folders = [folder for rank, folder in fitting if rank == top]
        rivals = [path for folder in folders for path in folder.named(wanted.stem)]
        return _chosen(rivals if len(rivals) == 1 else likelier(rivals, wanted, near))

    def _find_loosely(self, wanted: Reference, near: str) -> Match:
        """By a name that differs in leading zeros or separators, where only one picture can be meant."""
        paths = self._by_loose.get(loose_key(wanted.written), ())
        ranks = self._ranked(wanted.folders) if paths else {}
        fitting = [(ranks[folder_of(p)], p) for p in paths if folder_of(p) in ranks]
        rivals = [path for rank, path in fitting if rank == max(r for r, _ in fitting)]
        if len(rivals) > 1:
            rivals = likelier(rivals, wanted, near)
        return _chosen(rivals)._replace(is_loose=bool(rivals))

    def _ranked(self, wanted: tuple[str, ...]) -> Mapping[str, Rank]:
        """The folders that these could be, each with how well it fits; kept: a list's lines have few folders."""
        if wanted not in self._ranks:
            found: dict[str, Rank] = {}
            for folder in self._folders.values():
                ranks = [
                    rank
                    for keys, inner in zip(folder.keys, folder.inner, strict=True)
                    if (rank := self._fit.rank(wanted, keys, inner)) is not None
                ]
                if ranks:
                    found[folder.path] = max(ranks)
            self._ranks[wanted] = found
        return self._ranks[wanted]

    def find_folder(self, reference: str, near: str = "") -> tuple[str, ...]:
        """The pictures below the folder that a path means (a whole sequence, ``images/train/``), in order.

        Empty if it means no folder, or could mean several.
        """
        text = reference.replace("\\", "/").strip()
        parts = [part for part in text.split("/") if part not in {"", ".", ".."}]
        if not parts:
            return ()
        for start in range(len(parts)):  # /home/zoe/velo/train, ../train: its end may be a path of ours
            tail = "/".join(parts[start:])
            for base in self.bases(near):
                if found := self._below(f"{base}{tail}/"):
                    return found
        keys = tuple(key for part in parts if (key := folder_key(part)))
        anchors = dict(self._anchors(keys)) if keys and folder_key(parts[-1]) else {}
        return tuple(sorted(self._below_keys(next(iter(anchors)), anchors))) if len(anchors) == 1 else ()

    def _below(self, prefix: str) -> tuple[str, ...]:
        if prefix[:-1] not in self._above:
            return ()
        return tuple(sorted(path for path in self.paths if path.startswith(prefix)))

    def _below_keys(self, anchor: tuple[str, ...], anchors: Mapping[tuple[str, ...], set[str]]) -> Iterator[str]:
        for folder in anchors[anchor]:
            for stem in self._folders[folder].stems:
                yield from self._folders[folder].named(stem)

    def _anchors(self, keys: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], set[str]]]:
        """The places inside the submission that end in such folders, with the folders of pictures below each."""
        found: dict[tuple[str, ...], set[str]] = {}
        for folder in self._folders.values():
            for ours, inner in zip(folder.keys, folder.inner, strict=True):
                for end in range(len(ours) - inner + 1, len(ours) + 1):
                    depth = end - (len(ours) - inner)
                    if self._fit.tail(keys, ours[:end], depth) and self._fit.is_same(keys[-1], ours[end - 1]):
                        found.setdefault(ours[:end], set()).add(folder.path)
        return found.items()


def _chosen(rivals: Sequence[str]) -> Match:
    return Match(rivals[0]) if len(rivals) == 1 else Match(None, tuple(rivals))
