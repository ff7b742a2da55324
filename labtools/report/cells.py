"""Rows -> the cells of a page's tables: how numbers are written, what is shaded, where a name leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from labtools.report.content import Cell, Table

DASH = "–"

Format = Callable[[Any], Cell]


def text(value: object) -> Cell:
    return Cell(str(value))


def _known(value: Any) -> float | None:
    """The number, or None where it is absent (None, NaN, <NA>)."""
    return None if pd.isna(value) else float(value)


def count(value: object) -> Cell:
    """17,119; a dash where it is not known."""
    return decimal(0)(value)


def percent(value: object) -> Cell:
    """33.4 % of a value in 0..100."""
    number = _known(value)
    return Cell(DASH if number is None else f"{number:.1f} %", number=True)


def metric(value: object) -> Cell:
    """0.873, shaded by its value."""
    number = _known(value)
    if number is None:
        return Cell(DASH, number=True, hint="there was nothing to measure")
    return Cell(f"{number:.3f}", number=True, shade=min(1.0, max(0.0, number)))


def decimal(digits: int, scale: float = 1.0, grouped: bool = True) -> Format:
    """A format with so many digits after the point, after multiplying by ``scale``; thousands apart if ``grouped``."""

    def show(value: object) -> Cell:
        number = _known(value)
        if number is None:
            return Cell(DASH, number=True)
        shown = f"{number * scale:,.{digits}f}"
        return Cell(shown if grouped else shown.replace(",", ""), number=True)

    return show


def duration(value: object) -> Cell:
    """Seconds as 42 s, 3 min 05 s or 2 h 10 min."""
    number = _known(value)
    if number is None:
        return Cell(DASH, number=True)
    minutes, seconds = divmod(round(number), 60)
    if not minutes:
        return Cell(f"{seconds} s", number=True)
    if minutes < 60:
        return Cell(f"{minutes} min {seconds:02d} s", number=True)
    return Cell(f"{minutes // 60} h {minutes % 60:02d} min", number=True)


def linked(hrefs: Mapping[str, str]) -> Format:
    """A name that leads to its page, where it has one."""

    def show(value: object) -> Cell:
        return Cell(str(value), href=hrefs.get(str(value), ""))

    return show


def make_table(
    caption: str,
    frame: pd.DataFrame,
    columns: Sequence[tuple[str, str, Format]],
    *,
    name: str = "",
    best: Mapping[str, str] | None = None,
) -> Table:
    """A table of a frame.

    Args:
        caption: what it shows.
        frame: the rows.
        columns: (column, heading, format) in the order shown.
        name: stem of the CSV beside it, which gets the whole frame; "" for none.
        best: column -> value: a row in which every one of them is equal is marked as the best.
    """
    rows = []
    for _, row in frame.iterrows():
        cells = tuple(show(row[column]) for column, _, show in columns)
        if best and all(str(row[c]) == v for c, v in best.items()):
            cells = tuple(Cell(c.text, c.number, c.shade, "best", c.href, c.hint) for c in cells)
        rows.append(cells)
    heads = tuple(heading for _, heading, _ in columns)
    return Table(caption, heads, tuple(rows), name, frame if name else None)


def mark_total(table: Table) -> Table:
    """The last row as a total."""
    last = tuple(Cell(c.text, c.number, None, "total", "", c.hint) for c in table.rows[-1])
    return Table(table.caption, table.head, (*table.rows[:-1], last), table.name, table.frame)
