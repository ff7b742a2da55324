"""CSV and other tables that put pictures into splits: by their name, by a column, or with a column per split."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

from labtools.core.names import slug
from labtools.prepare.layout.split_words import SPLIT_WORDS, splits_in

_NAME_TITLES = (
    "filename", "file_name", "image_path", "img_path", "file_path", "filepath", "path", "image_name", "image_file",
    "img_name", "image", "img", "file", "filenames", "images", "fichier", "nom_fichier", "nom_du_fichier", "chemin",
    "photo", "picture", "image_id", "imageid", "frame", "name", "nom", "id", "stem",
)  # fmt: skip
_SPLIT_TITLES = frozenset(
    {"split", "subset", "set", "usage", "partition", "phase", "ensemble", "dataset", "jeu", "groupe", "group", "type"}
    | {"data_type", "data_split", "mode", "purpose", "ml_use"}
)
_NO_SPLIT = frozenset({"", "unassigned", "none", "na", "nan", "default", "unused"})


class Listed(NamedTuple):
    """One entry of a list: what it names, its line, and its split where the entry itself says it."""

    reference: str
    line: int
    split: str = ""


def split_of_value(value: str) -> str:
    """The split that a cell or a key means, ``""`` for anything else."""
    if len(value) > 40:
        return ""
    word = slug(value)
    if word in SPLIT_WORDS:
        return SPLIT_WORDS[word]
    found, others = splits_in(value)
    return next(iter(found)) if len(found) == 1 and not others and not any(c.isdigit() for c in value) else ""


def read_table(text: str) -> list[Listed] | None:
    """The distinct pictures of a table (one row per box is common), with the split of each where a column says it.

    None if it has no title row that names the column of the pictures: such a file is read line by line.
    """
    rows = _rows(text)
    if not rows:
        return None
    titles = [slug(title) for title in rows[0]]
    wide = {i: split for i, cell in enumerate(rows[0]) if (split := split_of_value(cell))}
    if len(wide) > 1 and len(wide) == sum(1 for title in titles if title):
        return [
            Listed(row[i].strip(), number, split)
            for number, row in enumerate(rows[1:], 2)
            for i, split in wide.items()
            if i < len(row) and row[i].strip()
        ]
    names = next((titles.index(title) for title in _NAME_TITLES if title in titles), None)
    if names is None:
        return None
    splits = _split_column(titles, rows[1:], names)
    found: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows[1:], 2):
        if names < len(row) and (reference := row[names].strip()):
            split = split_of_value(row[splits]) if splits is not None and splits < len(row) else ""
            found.setdefault((reference, split), number)
    return [Listed(reference, line, split) for (reference, split), line in found.items()]


def _rows(text: str) -> list[list[str]]:
    """All rows, numbered as lines as far as no cell holds a line break."""
    sample = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(",;\t|", key=sample.count)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return []


def _split_column(titles: Sequence[str], rows: Sequence[Sequence[str]], names: int) -> int | None:
    """The column whose cells are splits: by its title, or by two different splits in it and nothing else."""
    for column, title in enumerate(titles):
        cells = {row[column].strip() for row in rows if column < len(row)} if column != names else set()
        values = {cell for cell in cells if slug(cell) not in _NO_SPLIT}
        splits = {split_of_value(value) for value in values}
        if values and "" not in splits and (title in _SPLIT_TITLES or len(splits) > 1):
            return column
    return None
