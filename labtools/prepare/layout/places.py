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
from labtools.prepare.layout.references import (
    STRUCTURE,
    Reference,
    folder_key,
    folder_number,
    is_same_folder,
    loose_key,
    respelled,
    source_stem,
    stem_key,
)
from labtools.prepare.layout.split_words import SPLIT_WORDS
from labtools.prepare.sources.tree import folder_of, name_of, stem_of, suffix_of

__all__ = ["SPLIT_WORDS", "STRUCTURE", "ImageIndex", "Match", "folder_key", "is_same_folder", "stem_key"]

_SPLITS = frozenset(SPLIT_WORDS.values())


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


Rank = tuple[int, int, int]
"""How well a folder fits a reference: the kind of agreement, the folders that agree, those that agree to the letter."""


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
            stem, dot, _ = name.rpartition(".")
            stem = stem_key(stem if dot and stem else name)
            if stem in folder.stems:
                folder.stems[stem] = (*folder.named(stem), path)
            else:
                folder.stems[stem] = path
        self._bases: dict[str, tuple[str, ...]] = {}
        self._beside: dict[str, list[list[_Folder]]] = {}
        self._ranks: dict[tuple[str, ...], dict[str, Rank]] = {}

    @cached_property
    def _team(self) -> str:
        return folder_key(name_of(self._root))

    @cached_property
    def _own_words(self) -> frozenset[str]:
        """Words that may stand beside a sequence's number: those of the team and of its class (``velo_4.zip``)."""
        return frozenset(word for part in self._root.split("/")[-2:] for word in slug(part).split("_") if word)

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
            groups = self._beside[above] = [self._by_keys.get(keys, []) for keys in self._keys(above)[0]]
        written, dot, _ = name.rpartition(".")
        written = written if dot and written else name
        stem = stem_key(written)
        for group in groups:
            if len(group) == 1 and isinstance(path := group[0].stems.get(stem), str):
                return Match(path)
        for group in groups:
            found = [path for folder in group for path in folder.named(stem)]
            if len(found) == 1:
                return Match(found[0])
        found_one = Match(None)
        for keys in self._keys(above)[0]:
            found_one = self._find(Reference(keys, stem, written, ""), annotation)
            if found_one.path or found_one.rivals:
                break
        return found_one

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
        return _chosen(rivals if len(rivals) == 1 else _likelier(rivals, wanted, near))

    def _find_loosely(self, wanted: Reference, near: str) -> Match:
        """By a name that differs in leading zeros or separators, where only one picture can be meant."""
        paths = self._by_loose.get(loose_key(wanted.written), ())
        ranks = self._ranked(wanted.folders) if paths else {}
        fitting = [(ranks[folder_of(p)], p) for p in paths if folder_of(p) in ranks]
        rivals = [path for rank, path in fitting if rank == max(r for r, _ in fitting)]
        if len(rivals) > 1:
            rivals = _likelier(rivals, wanted, near)
        return _chosen(rivals)._replace(is_loose=bool(rivals))

    def _ranked(self, wanted: tuple[str, ...]) -> Mapping[str, Rank]:
        """The folders that these could be, each with how well it fits; kept: a list's lines have few folders."""
        if wanted not in self._ranks:
            found: dict[str, Rank] = {}
            for folder in self._folders.values():
                ranks = [
                    rank
                    for keys, inner in zip(folder.keys, folder.inner, strict=True)
                    if (rank := self._rank(wanted, keys, inner)) is not None
                ]
                if ranks:
                    found[folder.path] = max(ranks)
            self._ranks[wanted] = found
        return self._ranks[wanted]

    def _rank(self, wanted: Sequence[str], keys: Sequence[str], inner: int) -> Rank | None:
        """How a reference's folders fit a picture's; None if it means another place.

        From best to worst: their ends agree, up to where one of them ends inside the submission; the same when the
        names of splits are left aside on one side (moved into ``train/`` after the list was written); one of them
        has a level that the other has not.
        """
        rank = self._tail_rank(wanted, keys, inner)
        if rank is not None:
            return (2, *rank)
        ours, theirs = keys[len(keys) - inner :], _SPLITS.intersection(wanted)
        if bool(theirs) != bool(_SPLITS.intersection(ours)):
            bare = [key for key in ours if key not in _SPLITS]
            rank = self._tail_rank(
                [key for key in wanted if key not in _SPLITS], [*keys[: len(keys) - inner], *bare], len(bare)
            )
            if rank is not None:
                return (1, *rank)
        return (0, 0, 0) if self._differs_by_a_level(wanted, ours) else None

    def _tail_rank(self, wanted: Sequence[str], keys: Sequence[str], inner: int) -> tuple[int, int] | None:
        same = literal = 0
        for a, b in zip(reversed(wanted), reversed(keys), strict=False):
            if not is_same_folder(a, b, self._own_words):
                break
            same += 1
            literal += a == b
        is_exhausted = same == len(wanted) or same >= inner
        return (same, literal) if is_exhausted or (self._team and wanted[-same - 1] == self._team) else None

    def _differs_by_a_level(self, wanted: Sequence[str], ours: Sequence[str]) -> bool:
        """Are our folders all in the wanted ones in order, or the other way round, and what is over no sequence?"""
        if not ours or not wanted:
            return False
        rest = self._rest_after(wanted, ours)
        if rest is not None and all(folder_number(key, self._own_words) is None for key in rest):
            return True
        if self._team and self._team in wanted:
            wanted = wanted[len(wanted) - list(reversed(wanted)).index(self._team) :]
        return bool(wanted) and self._rest_after(ours, wanted) is not None

    def _rest_after(self, long: Sequence[str], short: Sequence[str]) -> Sequence[str] | None:
        """What follows in ``long`` after all of ``short`` was seen in order; None if it is not seen."""
        left = list(reversed(short))
        for place in range(len(long) - 1, -1, -1):
            if is_same_folder(long[place], left[0], self._own_words):
                if len(left) == len(short):
                    end = place + 1
                left.pop(0)
                if not left:
                    return long[end:]
        return None

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
        if not any(f"{folder}/".startswith(prefix) for folder in self._folders):
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
                    if self._tail_rank(keys, ours[:end], depth) and is_same_folder(
                        keys[-1], ours[end - 1], self._own_words
                    ):
                        found.setdefault(ours[:end], set()).add(folder.path)
        return found.items()


def _chosen(rivals: Sequence[str]) -> Match:
    return Match(rivals[0]) if len(rivals) == 1 else Match(None, tuple(rivals))


def _likelier(rivals: list[str], wanted: Reference, near: str) -> list[str]:
    """Of pictures in places that fit equally well those whose names fit best: twins but for case, for the encoding of
    accents, for the suffix; then those nearest to the file that names them; a copy in an archive comes last."""
    rivals = [p for p in rivals if stem_of(p) == wanted.written] or rivals
    if len(rivals) > 1 and wanted.suffix:
        rivals = [p for p in rivals if suffix_of(p) == wanted.suffix] or rivals
    if len(rivals) > 1 and wanted.above:
        ends = [_shared_end(folder_of(p), wanted.above) for p in rivals]
        rivals = [p for p, n in zip(rivals, ends, strict=True) if n == max(ends)]
    if len(rivals) > 1:
        shared = [_shared_start(p, near) for p in rivals]
        rivals = [p for p, n in zip(rivals, shared, strict=True) if n == max(shared)]
    if len(rivals) > 1:
        rivals = [p for p in rivals if "!/" not in p] or rivals
    return rivals


def _shared_start(first: str, second: str) -> int:
    shared = 0
    for a, b in zip(folder_of(first).split("/"), folder_of(second).split("/"), strict=False):
        if a != b:
            break
        shared += 1
    return shared


def _shared_end(first: str, second: str) -> int:
    shared = 0
    for a, b in zip(reversed(first.split("/")), reversed(second.replace("\\", "/").split("/")), strict=False):
        if a.casefold() != b.casefold():
            break
        shared += 1
    return shared
