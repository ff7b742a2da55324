"""Pictures that an earlier run has read, hashed and decoded: where the file is the same, so is what was seen of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from labtools.prepare.pictures.headers import Header
from labtools.prepare.pictures.reader import Picture
from labtools.prepare.sources.tree import Tree


def rows_of(pictures: Iterable[Picture], tree: Tree, told: Collection[str]) -> list[tuple[Any, ...]]:
    """Plain values for the cache.

    Args:
        told: paths of pictures that something was found out about: they are looked at again, so that it is found again.
            So are members of archives, whose stamp is the archive's.
    """
    files = tree.files
    return [
        (path, files[path].stamp, tuple(header), *seen)
        for path, header, *seen in pictures
        if path not in told and files[path].member is None
    ]


def still_known(rows: Iterable[tuple[Any, ...]], tree: Tree) -> dict[str, Picture]:
    """By path, of what `rows_of` gave, the pictures whose files are the same to the stamp."""
    files = tree.files
    return {
        path: Picture(path, Header(*header), *seen)
        for path, stamp, header, *seen in rows
        if path in files and files[path].member is None and files[path].stamp == stamp
    }
