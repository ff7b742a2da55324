"""Files that put pictures into splits, found by name, by content, and by what ``obj.data`` or ``data.yaml`` point to.

``train.txt`` and its like in every writing of name and content, VOC's ImageSets, tables, JSON, YAML. What a line of
free text names is decided later, beside the pictures (`lines`, `claims`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import slug
from labtools.core.sentences import Sentence, verbatim
from labtools.prepare.layout.split_words import (
    has_split_word,
    list_stem,
    split_of_list_name,
    splits_in,
)
from labtools.prepare.sources.text import REPAIR_MESSAGES, Text, decode
from labtools.prepare.sources.tree import READ_ERRORS, Tree, name_of, suffix_of
from labtools.prepare.splits.cvat import subsets
from labtools.prepare.splits.documents import read_json_list
from labtools.prepare.splits.lines import REPAIRS
from labtools.prepare.splits.pointers import read_pointers
from labtools.prepare.splits.tables import Listed, read_table, split_of_value

_TEXTS = (".txt", ".text", ".lst", ".list", ".rtf", "")
_TABLES = (".csv", ".tsv")
_OFFICE = (".docx", ".doc", ".odt", ".xlsx", ".xls", ".ods", ".pdf", ".pages", ".numbers")
# A decimal comma counts as a separator here: read in two ways, a line of many numbers would take for ever.
_LABEL_LINE = re.compile(r"\s*\d+(?:[\s,;]+-?[\d.]+(?:e-?\d+)?){4,}[\s,;]*", re.IGNORECASE)
_PROSE = frozenset({"readme", "license", "licence", "notice", "authors", "changelog", "lisezmoi", "notes", "rapport"})
_SPLIT_FILE = re.compile(r"split|partition|repartition|subset|decoupage|train.?val|imageset", re.IGNORECASE)

TRAINVAL = "train+val"
"""The split of VOC's ``trainval.txt``: training and validation together."""


@dataclass(frozen=True)
class SplitList:
    """One file that puts pictures into splits.

    Attributes:
        split: of all its entries, as far as they do not say it themselves; ``""`` if they have to.
        entries: references as they are written in a document; empty for free text.
        lines: of free text, as they are written; a line's number is its place plus one.
        is_plain: the name is that of a list and nothing else, so that whatever it holds was meant as one.
        is_pointer: a folder that ``data.yaml`` or ``obj.data`` names, or CVAT's subsets, rather than a list.
    """

    path: str
    split: str
    entries: tuple[Listed, ...] = ()
    findings: tuple[Finding, ...] = ()
    lines: tuple[str, ...] = ()
    is_plain: bool = True
    is_pointer: bool = False


def split_lists(tree: Tree, is_label: Callable[[str], bool] = lambda stem: False) -> list[SplitList]:
    """Every file of a submission that may put pictures into splits, in order of paths.

    Args:
        is_label: is a picture called so? A text file of the same name is its annotation, whatever words it holds.
    """
    named = {path: split for path in tree.ending(*_TEXTS, *_TABLES, ".json") if (split := _split_of(path, is_label))}
    for path in tree.ending(*_TABLES, ".json"):
        if path not in named and not is_label(list_stem(path)):
            named[path] = "?"
    found, pointed = _pointed(tree, named)
    found += [SplitList(one.path, "", one.entries, is_pointer=True) for one in subsets(tree)]
    for path, split in sorted({**named, **pointed}.items()):
        one = read_list(tree, path, split.strip("?"), is_plain=not split.endswith("?"))
        if one is not None:
            found.append(one)
    return sorted(found, key=lambda one: (one.path, one.is_pointer))


def _split_of(path: str, is_label: Callable[[str], bool]) -> str:
    """The split of a list by its name; with a ``?`` where only its content can tell whether it is one at all."""
    if not _may_be_list(name_of(path)):
        return ""
    stem = list_stem(path)
    if split := split_of_list_name(path):
        return split
    if is_label(stem) or is_prose(path):
        return ""
    found, others = splits_in(stem)
    if found == {"train", "val"} and not others:
        return f"{TRAINVAL}?"
    if len(found) == 1:
        return f"{next(iter(found))}?"
    return "?" if _SPLIT_FILE.search(stem) or found else ""


@lru_cache(maxsize=1 << 14)  # the same few names in every sequence
def _may_be_list(name: str) -> bool:
    return has_split_word(name) or _SPLIT_FILE.search(name) is not None


def is_prose(path: str) -> bool:
    """A file for people to read, in which some line may happen to name something."""
    return slug(list_stem(path)).split("_")[0] in _PROSE


def _pointed(tree: Tree, named: Mapping[str, str]) -> tuple[list[SplitList], dict[str, str]]:
    """What ``obj.data`` and ``data.yaml`` name: folders of pictures as lists of their own, and lists by any name."""
    by_split: dict[tuple[str, str], list[Listed]] = defaultdict(list)
    files: dict[str, str] = {}
    for one in read_pointers(tree):
        if not one.file:
            by_split[one.path, one.kept].append(Listed(one.target, 0, one.kept))
        elif one.file not in named or named[one.file].endswith("?"):
            files.setdefault(one.file, one.kept)
    folders = [SplitList(path, split, tuple(e), is_pointer=True) for (path, split), e in by_split.items()]
    return folders, files


def read_list(tree: Tree, path: str, split: str, *, is_plain: bool = True) -> SplitList | None:
    """Read one list; None if it is no list at all (a label file called ``test.txt``)."""
    try:
        data = tree.read(path)
    except READ_ERRORS as error:
        what = Sentence("this list cannot be read: {why}", why=verbatim(type(error).__name__))
        finding = Finding("", path, 0, "list-unreadable", Severity.ERROR, what, Action.LEFT_OUT)
        return SplitList(path, split, (), (finding,), is_plain=is_plain)
    if suffix_of(path) == ".json":
        entries = read_json_list(data, split)
        return None if entries is None else SplitList(path, split, tuple(entries), is_plain=is_plain)
    text = decode(data)
    if text.lines and text.lines[0].lstrip()[:1] in {"[", "{"}:
        entries = read_json_list(data, split)  # json.dump into train.txt
        if entries is not None:
            return SplitList(path, split, tuple(entries), is_plain=is_plain)
    findings = tuple(repair_findings(path, Counter(text.repairs), {}))
    if suffix_of(path) in _TABLES or (suffix_of(path) in _TEXTS and _has_titles(text)):
        table = read_table(text.whole)
        if table is not None:
            is_said = bool(split) or any(entry.split for entry in table)
            return SplitList(path, split, tuple(table), findings, is_plain=is_plain) if is_said else None
    if suffix_of(path) in _TABLES and not split and not _has_split_cells(text):
        return None
    if _is_label_file(text):
        return None
    return SplitList(path, split, (), findings, text.lines, is_plain=is_plain)


def _has_titles(text: Text) -> bool:
    """Does a text file begin with the title row of a table?"""
    first = next((line for line in text.lines if line.strip()), "").lower()
    return any(mark in first for mark in ",;\t") and "." not in first and "/" not in first


def _has_split_cells(text: Text) -> bool:
    """Is there a column of splits in a table without titles?"""
    cells = [re.split(r"[,;\t|]", line) for line in text.lines[:20] if line.strip()]
    return bool(cells) and all(any(split_of_value(cell) for cell in row) for row in cells)


def _is_label_file(text: Text) -> bool:
    """Nothing but numbers, five and more to a line, some of them fractions: boxes of a picture called ``test``."""
    lines = [line for line in text.lines if line.strip()]
    return bool(lines) and all(_LABEL_LINE.fullmatch(line) for line in lines[:50]) and "." in "".join(lines[:50])


def unread_lists(tree: Tree) -> list[Finding]:
    """Lists in formats of an office, which are not read: nothing of them may be lost without a word."""
    what = Sentence("a split list in this format is not read: save it as plain text (.txt)")
    return [
        Finding("", path, 0, "list-unsupported", Severity.ERROR, what, Action.LEFT_OUT)
        for path in tree.ending(*_OFFICE)
        if split_of_list_name(f"{list_stem(path).rpartition('.')[0] or list_stem(path)}.txt")
    ]


def repair_findings(path: str, repairs: Mapping[str, int], first: Mapping[str, int]) -> Iterable[Finding]:
    """One finding per kind of oddity, with the number of lines and the first of them."""
    for code, count in repairs.items():
        what = REPAIRS.get(code) or REPAIR_MESSAGES[code]
        if count > 1:
            what = Sentence("{what} ({n} lines)", what=what, n=count)
        yield Finding("", path, first.get(code, 0), code, Severity.INFO, what, Action.REPAIRED)
