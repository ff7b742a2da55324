"""Tables of text from strangers: any delimiter, any case of the titles, a comment sign before them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import slug
from labtools.core.sentences import Sentence, verbatim
from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import READ_ERRORS, Tree

Row = tuple[int, list[str]]
"""1-based line of the file, and the cells."""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        titles: of the first row, as `title_key` makes them.
        rows: all rows but the first; blank ones are left out.
        first: the first row, which may be no titles at all.
    """

    titles: tuple[str, ...]
    rows: tuple[Row, ...]
    first: Row

    @property
    def all_rows(self) -> tuple[Row, ...]:
        """With the first one, for a table without titles."""
        return (self.first, *self.rows)


@lru_cache(maxsize=1 << 12)  # few different titles, asked for by every format
def title_key(title: str) -> str:
    """A column's title for comparing.

    >>> title_key(" #X_Min "), title_key("bbox/xmin")
    ('xmin', 'bboxxmin')
    """
    return slug(title.strip().lstrip("#")).replace("_", "")


def titles_of(head: bytes) -> tuple[str, ...]:
    """The titles of a table of which the first kilobytes are at hand."""
    lines = _lines(head)
    if not lines:
        return ()
    try:
        return tuple(title_key(cell) for cell in next(csv.reader([lines[0]], delimiter=delimiter_of(lines)), ()))
    except csv.Error:
        return ()


def first_rows(head: bytes, most: int = 20) -> list[list[str]]:
    """The first rows of a table of which the first kilobytes are at hand."""
    lines = _lines(head)
    try:
        rows = list(csv.reader(lines[: most + 1], delimiter=delimiter_of(lines)))
    except csv.Error:
        return []
    return rows[:-1] if len(head) >= 4096 and len(rows) > 1 else rows  # the last one may be cut


def read_table(tree: Tree, path: str, findings: list[Finding]) -> Table | None:
    """A whole table; None, and a finding, if it cannot be read or is empty."""
    try:
        data = tree.read(path)
    except READ_ERRORS as error:
        what = Sentence("this file cannot be read: {why}", why=verbatim(type(error).__name__))
        findings.append(_unreadable(path, what))
        return None
    lines = _lines(data)
    skipped = len(decode(data).lines) - len(lines)
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter_of(lines))
    rows: list[Row] = []
    try:
        at = 1
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((at + skipped, row))
            at = reader.line_num + 1
    except csv.Error as error:
        what = Sentence(
            "this table cannot be read from line {line} on: {why}", line=at + skipped, why=verbatim(str(error))
        )
        findings.append(_unreadable(path, what))
    if not rows:
        return None
    return Table(tuple(title_key(cell) for cell in rows[0][1]), tuple(rows[1:]), rows[0])


def delimiter_of(lines: Sequence[str]) -> str:
    """The delimiter: the one that the first line holds most; a table of decimal commas uses another one."""
    sample = lines[0] if lines else ""
    best = max(";\t|,", key=sample.count)
    return best if sample.count(best) else ","


def _lines(data: bytes) -> list[str]:
    """From the first line that is not blank and not Excel's ``sep=;``."""
    lines = list(decode(data).lines)
    while lines and (not lines[0].strip() or lines[0].lower().startswith(("sep=", "//"))):
        lines.pop(0)
    return lines


def _unreadable(path: str, what: Sentence) -> Finding:
    return Finding("", path, 0, "csv-unreadable", Severity.ERROR, what, Action.LEFT_OUT)
