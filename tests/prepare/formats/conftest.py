"""A format's parser over files in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from labtools.core.registry import members
from labtools.prepare import formats
from labtools.prepare.formats import Parsed
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import File, Tree

Parse = Callable[..., Parsed]


class Files(Tree):
    """A tree whose files are bytes in memory; everything else is the real thing."""

    def __init__(self, content: Mapping[str, bytes]) -> None:
        super().__init__({path: File(path, path) for path in sorted(content)})
        object.__setattr__(self, "content", content)

    def read(self, path: str, near: object = None) -> bytes:
        return self.content[path]  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def parse() -> Parse:
    """``parse("voc_xml", {"a.xml": b"..."}, ["images/a.jpg"])``: what that format makes of these files."""

    def run(name: str, content: Mapping[str, bytes | str], images: Sequence[str] = ("images/a.jpg",)) -> Parsed:
        files = {path: data.encode() if isinstance(data, str) else data for path, data in content.items()}
        tree = Files({**dict.fromkeys(images, b""), **files})
        module = members(formats)[name]
        return module.parse(tree, module.sniff(tree), ImageIndex(images, ""))

    return run


@pytest.fixture(scope="session")
def claims() -> Callable[[Mapping[str, bytes]], dict[str, list[str]]]:
    """Which formats take which of these files."""

    def run(content: Mapping[str, bytes]) -> dict[str, list[str]]:
        tree = Files(content)
        found = {name: module.sniff(tree) for name, module in members(formats).items()}
        return {name: files for name, files in found.items() if files}

    return run


@pytest.fixture(scope="session")
def tree_of() -> Callable[[Mapping[str, bytes]], Tree]:
    """A tree of these files, in memory."""
    return Files
