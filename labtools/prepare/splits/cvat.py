"""The split that CVAT knows of each picture: ``<image subset="Train">`` of a project, ``<subset>`` of a single task.

Also a file for each split, ``train.xml`` beside ``test.xml``, as Datumaro writes CVAT's format. Weaker than any list,
as what ``data.yaml`` points to: a subset is chosen when a task is created, long before anybody thinks of splits. Where
all that is exported is one and the same subset, it says nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._xml import XmlError, walk_xml
from labtools.prepare.layout.split_words import split_of_list_name
from labtools.prepare.sources.tree import READ_ERRORS, Tree
from labtools.prepare.splits.tables import Listed, split_of_value


@dataclass(frozen=True)
class Subsets:
    """One annotation file: its pictures with the split that it gives each."""

    path: str
    entries: tuple[Listed, ...]


def subsets(tree: Tree) -> list[Subsets]:
    """The files of *CVAT for images* that tell splits; none unless at least two splits are told."""
    found = []
    for path, look in of_kind(tree, "xml"):
        if look.root == "annotations" and "image" in look.words and (entries := _entries(tree, path)):
            found.append(Subsets(path, entries))
    return found if len({entry.split for one in found for entry in one.entries}) > 1 else []


def _entries(tree: Tree, path: str) -> tuple[Listed, ...]:
    own = split_of_list_name(path)
    try:
        data = tree.read(path)
    except READ_ERRORS:
        return ()  # reported by the format
    if not own and b"subset" not in data:
        return ()
    file = _File()
    with suppress(XmlError):  # reported by the format, which uses what came before, too
        walk_xml(data, file.open, file.close)
    of_tasks = {split_of_value(name) for name in file.of_tasks}
    otherwise = (next(iter(of_tasks)) if len(of_tasks) == 1 else "") or own
    told = [Listed(name, line, split_of_value(subset) or otherwise) for name, subset, line in file.pictures]
    return tuple(one for one in told if one.split)


@dataclass
class _File:
    """Being walked through: (name, subset, line) of each picture, and the subsets of its tasks."""

    pictures: list[tuple[str, str, int]] = field(default_factory=list)
    of_tasks: set[str] = field(default_factory=set)

    def open(self, tag: str, attributes: dict[str, str], line: int) -> None:
        if tag == "image" and attributes.get("name", "").strip():
            self.pictures.append((attributes["name"].strip(), attributes.get("subset", ""), line))

    def close(self, tag: str, text: str) -> None:
        if tag == "subset":
            self.of_tasks.add(text)
