r"""Texts in CSV that a spreadsheet shows instead of computing them.

Whoever opens ``findings.csv`` in Excel or LibreOffice would run what a student called a file: ``=HYPERLINK(...)``, or
``=cmd|'/c calc'!A1``. Such a cell gets an apostrophe in front, the spreadsheets' own sign for text (OWASP, "CSV
injection"); our readers take it off again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd

_FIRST = frozenset("'=@+-\t\r")
# A sign before one word or number is harmless, and common: `-10`, `+2`, `-frame`.
_COMPUTED = re.compile(r"'*(?:[=@\t\r]|[+-](?![\w.,%]*\s*\Z))")

Cell = TypeVar("Cell")


def inert(cell: Cell) -> Cell | str:
    """A cell as it is written; numbers and nearly all texts are as they were.

    >>> inert("=1+1"), inert("+2"), inert("a=b"), inert("'=1"), inert(-3)
    ("'=1+1", '+2', 'a=b', "''=1", -3)
    """
    if isinstance(cell, str) and cell[:1] in _FIRST and _COMPUTED.match(cell):
        return f"'{cell}"
    return cell


def meant(cell: Cell) -> Cell | str:
    """What `inert` was given.

    >>> meant("'=1+1"), meant("''=1"), meant("'quoted'")
    ('=1+1', "'=1", "'quoted'")
    """
    if isinstance(cell, str) and cell[:1] == "'" and _COMPUTED.match(cell):
        return cell[1:]
    return cell


def inert_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `inert` cells and titles."""
    return _mapped(table, inert).rename(columns=inert)


def meant_table(table: pd.DataFrame) -> pd.DataFrame:
    """The cells that `inert_table` was given; its titles are ours, hence never changed."""
    return _mapped(table, meant)


def _mapped(table: pd.DataFrame, function: Any) -> pd.DataFrame:
    texts = [name for name, kind in table.dtypes.items() if kind.kind not in "biufcmM"]
    return table.assign(**{str(name): table[name].map(function) for name in texts})
