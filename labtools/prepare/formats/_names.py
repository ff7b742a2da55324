"""Files that name class ids: ``obj.names``, ``classes.txt``, ``data.yaml``; and ``obj.data`` beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import READ_ERRORS, Tree, folder_of, name_of, suffix_of

_LIST_NAMES = frozenset({"classes.txt", "class.txt", "labels.txt", "names.txt", "predefined_classes.txt"})
_PRIORITY = (".names", ".yaml", ".yml", ".txt")


@dataclass(frozen=True)
class NamesFile:
    """The class names that one file gives, in id order; ``""`` for an id that it skips."""

    path: str
    names: tuple[str, ...]


def names_files(tree: Tree) -> tuple[list[NamesFile], list[Finding]]:
    """Every file of a submission that names ids, and what was wrong with some."""
    found: list[NamesFile] = []
    findings: list[Finding] = []
    for path in tree.ending(".txt", ".names", ".yaml", ".yml"):
        if not is_names_file(path):
            continue
        try:
            names = _names_of(path, tree.read(path))
        except (*READ_ERRORS, ValueError, yaml.YAMLError) as error:
            what = f"the class names cannot be read: {type(error).__name__}"
            findings.append(Finding("", path, 0, "names-unreadable", Severity.WARNING, what, Action.LEFT_OUT))
            continue
        if names:
            found.append(NamesFile(path, names))
    return found, findings


def is_names_file(path: str) -> bool:
    """Does the name promise class names? (A YAML file may turn out to hold something else.)"""
    name = name_of(path).lower()
    return name in _LIST_NAMES or name.endswith((".names", ".yaml", ".yml"))


def _names_of(path: str, data: bytes) -> tuple[str, ...]:
    if suffix_of(path) not in {".yaml", ".yml"}:
        names = tuple(line.strip().strip("\"'") for line in decode(data).lines)
        while names and not names[-1]:
            names = names[:-1]
        numeric = all(re.fullmatch(r"[\d\s.,;eE+-]+", n) for n in names if n)
        return () if numeric or len(names) > 10_000 else names
    if len(data) > 1 << 20:
        return ()
    # The safe loader still expands aliases: `&a [*b, *b]` towers need an anchor, which no data.yaml has.
    text = decode(data).whole
    if re.search(r"(^|[\s\[{,])[&*]\w", text):
        raise ValueError("YAML anchors are not read")
    content = yaml.safe_load(text)
    given: object = content.get("names") if isinstance(content, dict) else None
    if isinstance(given, list):
        return tuple(str(n) for n in given)
    if isinstance(given, dict) and given and all(isinstance(k, int) and 0 <= k < 10_000 for k in given):
        return tuple(str(given.get(i, "")) for i in range(max(given) + 1))
    return ()


def nearest_names(files: list[NamesFile], label: str) -> NamesFile | None:
    """The names file for a label file: in its folder or the nearest one above; none if there is no such."""
    best: NamesFile | None = None
    rank = (-1, 0)
    folder = folder_of(label)
    for file in files:
        above = folder_of(file.path)
        if above == "" or folder == above or folder.startswith(f"{above}/"):
            order = -_PRIORITY.index(suffix_of(file.path)) if suffix_of(file.path) in _PRIORITY else -9
            if (len(above), order) > rank:
                best, rank = file, (len(above), order)
    return best
