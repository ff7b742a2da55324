"""Split lists in every writing: ``train.txt`` and its like, VOC's ImageSets, CSV with a column of file names."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import slug
from labtools.prepare.layout.places import SPLIT_WORDS
from labtools.prepare.sources.text import REPAIR_MESSAGES, decode
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, Tree, folder_of, name_of, stem_of, suffix_of

_NAME_COLUMNS = frozenset({"filename", "file_name", "file", "image", "image_name", "img", "path", "image_path"})
_REPAIRS = {
    "list-blank-line": "blank lines",
    "list-spaces": "stray spaces or tabs around paths",
    "list-quotes": "paths in quotes",
    "list-comment": "comment lines",
    "list-windows-path": "Windows paths with a drive or backslashes",
    "list-absolute-path": "absolute paths of somebody's computer",
    "list-label-path": "paths of label files instead of pictures",
    "list-extra-column": "more than a path in a line: what follows the first comma or tab is not used",
}


class Listed(NamedTuple):
    """One entry of a list: the path as a clean string, and its line."""

    reference: str
    line: int


@dataclass(frozen=True)
class SplitList:
    """One file that puts pictures into one split."""

    path: str
    split: str
    entries: tuple[Listed, ...]
    findings: tuple[Finding, ...]


def split_lists(tree: Tree) -> list[SplitList]:
    """Every list of a submission: by file name, and those that ``obj.data`` or ``data.yaml`` point to."""
    named = {path: split for path in tree.ending(".txt", ".csv") if (split := _split_of_name(path))}
    pointed = _pointed_lists(tree, named)
    lists = [read_list(tree, path, split) for path, split in sorted({**named, **pointed}.items())]
    return [one for one in lists if one is not None]


def _split_of_name(path: str) -> str:
    """``train.txt`` -> train, ``train_labels.csv`` -> train; ``""`` for any other file."""
    suffix, stem = suffix_of(path), stem_of(path)
    if stem.isascii() and not any(word in stem.lower() for word in SPLIT_WORDS):
        return ""
    stem = slug(stem)
    if suffix == ".txt":
        plain = stem.removesuffix("_list").removesuffix("_set").removesuffix("_images").removesuffix("_split")
        return SPLIT_WORDS.get(plain, "")
    if suffix == ".csv":
        words = {SPLIT_WORDS[w] for w in stem.split("_") if w in SPLIT_WORDS}
        return words.pop() if len(words) == 1 else ""
    return ""


def _pointed_lists(tree: Tree, named: dict[str, str]) -> dict[str, str]:
    """Lists with other names that ``obj.data`` gives (``train = data/my_list.txt``)."""
    found: dict[str, str] = {}
    for path in tree.ending(".data"):
        if name_of(path).lower() != "obj.data":
            continue
        for key, target in obj_data(tree, path).items():
            split = SPLIT_WORDS.get(key)
            match = _file_meant(tree, folder_of(path), target)
            if split and match and match not in named:
                found.setdefault(match, split)
    return found


def obj_data(tree: Tree, path: str) -> dict[str, str]:
    """The ``key = value`` lines of a Darknet ``obj.data``."""
    try:
        lines = decode(tree.read(path)).lines
    except Exception:  # noqa: BLE001  an unreadable member has its finding from the walk or the formats
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _file_meant(tree: Tree, folder: str, target: str) -> str:
    """The file of the tree that a relative path in ``folder`` means; ``""`` if none."""
    parts = [p for p in target.replace("\\", "/").split("/") if p not in {"", ".", ".."}]
    while parts:
        tail = "/".join(parts)
        base = folder
        while True:
            candidate = f"{base}/{tail}" if base else tail
            if candidate in tree:
                return candidate
            if not base:
                break
            base = folder_of(base)
        parts = parts[1:]
    return ""


def repeated_lists(tree: Tree) -> list[Finding]:
    """``obj.data`` that gives one list for training and for validation."""
    findings = []
    for path in tree.ending(".data"):
        if name_of(path).lower() == "obj.data":
            data = obj_data(tree, path)
            train, valid = data.get("train", ""), data.get("valid", data.get("val", ""))
            if train and train == valid:
                what = f"the validation list is the training list ({train}): its pictures stay in train only"
                findings.append(Finding("", path, 0, "split-val-is-train", Severity.WARNING, what, Action.REPAIRED))
    return findings


def read_list(tree: Tree, path: str, split: str) -> SplitList | None:
    """Read one list; None if it is no list at all (a label file called ``test.txt``)."""
    try:
        text = decode(tree.read(path))
    except Exception as error:  # noqa: BLE001  any failure of a hostile archive is a fact about that file
        what = f"this list cannot be read: {type(error).__name__}"
        return SplitList(
            path, split, (), (Finding("", path, 0, "list-unreadable", Severity.ERROR, what, Action.LEFT_OUT),)
        )
    repairs: Counter[str] = Counter(text.repairs)
    first: dict[str, int] = {}
    if suffix_of(path) == ".csv":
        entries = _csv_entries(text.whole)
        if entries is None:
            return None
    else:
        entries = []
        for number, line in enumerate(text.lines, 1):
            reference, codes = clean_line(line)
            repairs.update(codes)
            for code in codes:
                first.setdefault(code, number)
            if reference:
                entries.append(Listed(reference, number))
    findings = tuple(_repair(path, code, first.get(code, 0), n) for code, n in repairs.items())
    return SplitList(path, split, tuple(entries), findings)


def _repair(path: str, code: str, line: int, count: int) -> Finding:
    message = _REPAIRS.get(code) or REPAIR_MESSAGES[code]
    times = f" ({count} lines)" if count > 1 else ""
    return Finding("", path, line, code, Severity.INFO, message + times, Action.REPAIRED)


def clean_line(line: str) -> tuple[str, list[str]]:
    """One line of a text list -> the path it names (``""`` for none) and the codes of what was odd."""
    text = line.strip().strip("\u200b\ufeff")
    if not text:
        return "", ["list-blank-line"]
    if text.startswith(("#", "//")):
        return "", ["list-comment"]
    codes = ["list-spaces"] if text != line else []
    text, more = _unquote(text)
    codes += more
    if "\\" in text or re.match(r"[A-Za-z]:", text):
        codes.append("list-windows-path")
    elif text.startswith(("/", "~", "file:")):
        codes.append("list-absolute-path")
    if suffix_of(text) in {".txt", ".xml"}:
        codes.append("list-label-path")
    return text, codes


def _unquote(text: str) -> tuple[str, list[str]]:
    codes: list[str] = []
    if "\t" in text or _ends_early(text):
        codes.append("list-extra-column")
        text = re.split(r"[\t,;]", text, maxsplit=1)[0].strip()
    stripped = text.strip("\"'`").strip()
    if stripped != text:
        codes.append("list-quotes")
    return stripped, codes


def _ends_early(text: str) -> bool:
    """``a/b.jpg, 3`` or ``a/b.jpg;``: a picture's name ends at the first comma or semicolon."""
    head, separator, _ = re.sub(r"[,;]", "\n", text, count=1).partition("\n")
    return bool(separator) and suffix_of(head.strip("\"' ")) in IMAGE_SUFFIXES


def _csv_entries(text: str) -> list[Listed] | None:
    """The distinct file names of a CSV with a column for them; one row per box is common. None if there is none."""
    sample = text.partition("\n")[0]
    delimiter = max(",;\t", key=sample.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return None
    if not rows:
        return None
    columns = [i for i, title in enumerate(rows[0]) if slug(title) in _NAME_COLUMNS]
    if not columns:
        return None
    found: dict[str, int] = {}
    for number, row in enumerate(rows[1:], 2):
        if len(row) > columns[0] and row[columns[0]].strip():
            found.setdefault(row[columns[0]].strip(), number)
    return [Listed(reference, line) for reference, line in found.items()]
