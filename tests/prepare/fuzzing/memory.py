"""A tree of files that are nowhere but in memory: what a parser sees, without a disk."""

from __future__ import annotations

from collections.abc import Mapping

from labtools.prepare.sources.tree import File, Tree


class Held(File):
    """A file whose bytes are at hand."""

    data: bytes

    @classmethod
    def of(cls, path: str, data: bytes) -> Held:
        held = cls(path, path, None, (len(data), 0, 0))
        held.data = data
        return held

    def read(self, near: object = None) -> bytes:
        return self.data


def tree_of(files: Mapping[str, bytes]) -> Tree:
    """These files, in the order of their paths as the walk gives them."""
    return Tree({path: Held.of(path, files[path]) for path in sorted(files)})
