"""Label files that are not quite called like their picture: ``frame_1.txt``, ``frame_000001.jpg.txt``,
``9f86d081-frame_000001.txt``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from labtools.core.names import slug
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.layout.references import without_upload
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, folder_of, stem_of, suffix_of

_SECOND_SUFFIXES = IMAGE_SUFFIXES | {".txt"}


def bare_stem(path: str) -> str:
    """The name without any suffix of pictures or texts: ``frame_1`` of ``frame_1.jpg.txt``."""
    stem = stem_of(path)
    while suffix_of(stem) in _SECOND_SUFFIXES:
        stem = stem_of(stem)
    return stem


def loose_key(stem: str) -> str:
    """What two writings of one frame's name have in common: zeros in front, case, accents, separators do not count."""
    parts = re.findall(r"\d+|[^\W\d_]+", slug(stem))
    return "_".join(str(int(part)) if part.isascii() and part.isdecimal() else part for part in parts)


class LooseNames:
    """The pictures of a submission by `loose_key`. Only asked where no picture has the very name."""

    def __init__(self, images: Iterable[str]) -> None:
        self._stems: dict[str, set[str]] = defaultdict(set)
        for stem in {stem_of(path) for path in images}:
            self._stems[loose_key(stem)].add(stem)

    def knows(self, path: str) -> bool:
        """Is there a picture with nearly this name?"""
        return bool(self._named_like(path))

    def _named_like(self, path: str) -> list[str]:
        """The stems of pictures that this file may mean; without the prefix of an upload if none has it too."""
        stem = bare_stem(path)
        found = self._stems.get(loose_key(stem)) or self._stems.get(loose_key(without_upload(stem))) or ()
        return sorted(found) if loose_key(stem) else []

    def match(self, labels: Iterable[str], index: ImageIndex, taken: Collection[str]) -> dict[str, str]:
        """The picture of each label file that has exactly one, of which no other file says anything.

        A file with a suffix too many says the name itself: it may be the second one about its picture.

        Args:
            taken: pictures that a label file with the very name annotates.
        """
        found: dict[str, str] = {}
        claims: dict[str, list[str]] = defaultdict(list)
        for path in labels:
            exact = index.find_beside(f"{folder_of(path)}/{bare_stem(path)}.txt") if bare_stem(path) else None
            if exact is not None and exact.path is not None and bare_stem(path) != stem_of(path):
                found[path] = exact.path
                continue
            images = {
                match.path
                for stem in self._named_like(path)
                if (match := index.find_beside(f"{folder_of(path)}/{stem}.txt")).path is not None
            }
            if len(images) == 1:
                claims[images.pop() or ""].append(path)
        covered = {*taken, *found.values()}
        return found | {paths[0]: image for image, paths in claims.items() if len(paths) == 1 and image not in covered}
