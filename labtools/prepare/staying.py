"""A team has mended a few files: what of its part lies in the dataset as it has to be, and need not be placed again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labtools.prepare.memory import is_untouched
from labtools.prepare.output.placing import is_plain, label_texts, may_link
from labtools.prepare.parts import Part
from labtools.prepare.pictures.reader import Picture
from labtools.prepare.sources.tree import Stamp, Tree
from labtools.prepare.sources.walk import stamp_of

_LEAST = 0.5
"""Where fewer pictures stay, the part is written whole: one rename brings it all."""


@dataclass(frozen=True)
class Staying:
    """What stays of a part.

    Attributes:
        pictures: in the dataset, and the entry of `Part.written` of those that are files of their own.
        labels: path of each label file that is there, and its text.
        files: all that the part had.
    """

    pictures: Mapping[str, tuple[str, int, int] | None]
    labels: Mapping[str, str]
    files: frozenset[str]

    def gone(self, part: Part) -> tuple[str, ...]:
        """The files that the part had, and has no more."""
        labels = label_texts(part.image, part.state, part.label)
        return tuple(sorted(self.files.difference(part.image, labels)))


NOTHING = Staying({}, {}, frozenset())


def staying(was: Part, pictures: Iterable[tuple[str, Picture]], tree: Tree, before: str, images: str) -> Staying:
    """What stays of a part; `NOTHING` if that is not worth while.

    Args:
        was: the part in the dataset of before, whose labels nobody touched since.
        pictures: that it has now, by their paths in the dataset.
        before, images: see `labtools.prepare.making.Plan`.
    """
    hashes, own = dict(zip(was.image, was.hash, strict=True)), {one[0]: one for one in was.written}
    stay: dict[str, tuple[str, int, int] | None] = {}
    for image, picture in pictures:
        file, written = tree.files[picture.path], own.get(image)
        if hashes.get(image) != picture.hash:
            continue
        if is_plain(file, picture) and may_link(picture, images):
            if written is None and _is_file(f"{before}/{image}", file.stamp):
                stay[image] = None
        elif written is not None and is_untouched(f"{before}/{image}", written[1:]):
            stay[image] = written
    if len(stay) < _LEAST * len(was):
        return NOTHING
    labels = label_texts(was.image, was.state, was.label)
    return Staying(stay, labels, frozenset((*was.image, *labels)))


def _is_file(path: str, expected: Stamp) -> bool:
    """Is this the very file that the walk saw, under another name?"""
    try:
        found = stamp_of(os.lstat(path))
    except OSError:
        return False
    return found == expected and found[2] != 0  # 0 on a disk that does not number its files
