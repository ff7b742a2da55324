"""A column ``bbox`` with four numbers in each cell, ``"[834.0, 222.0, 56.0, 36.0]"``: tables of Kaggle and pandas."""

from __future__ import annotations

import re
from collections.abc import Sequence

from labtools.prepare.formats._shapes import number
from labtools.prepare.formats._table import Table

_TITLES = frozenset({"bbox", "box", "boundingbox"})
_WIDTHS, _HEIGHTS = ("width", "imagewidth", "imgwidth"), ("height", "imageheight", "imgheight")
CORNERS, CORNER_AND_SIZE = ("x1", "y1", "x2", "y2"), ("bboxx", "bboxy", "bboxwidth", "bboxheight")


def box_column(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    """The column whose cells hold four numbers each, as far as they are not blank; None if there is none."""
    for column, title in enumerate(titles):
        if title in _TITLES:
            cells = [row[column] for row in rows if column < len(row) and row[column].strip()]
            if cells and all(_four(cell) for cell in cells):
                return column
    return None


def unfolded(table: Table, column: int) -> Table | None:
    """The table with the four numbers in columns of their own; None if they could be corners, or a corner and a size.

    A size may be less than the corner's place, which the other corner never is; a corner and the other one added up
    may lie beyond the picture, which a corner and a size do not.
    """
    boxes = [box for _, row in table.rows if column < len(row) and (box := _four(row[column]))]
    if any(c <= a or d <= b for a, b, c, d in boxes):
        titles = CORNER_AND_SIZE
    elif _reach_beyond(table, column):
        titles = CORNERS
    else:
        return None
    rows = tuple((line, _opened(row, column)) for line, row in table.rows)
    return Table((*table.titles, *titles), rows, table.first)


def _four(cell: str) -> tuple[float, float, float, float] | None:
    found = [number(part) for part in re.split(r"[\s,;]+", cell.strip().strip("[](){}").strip())]
    values = [value for value in found if value is not None]
    return (values[0], values[1], values[2], values[3]) if len(found) == len(values) == 4 else None


def _reach_beyond(table: Table, column: int) -> bool:
    sides = [next((table.titles.index(t) for t in some if t in table.titles), None) for some in (_WIDTHS, _HEIGHTS)]
    return any(_is_beyond(row, column, sides) for _, row in table.rows)


def _is_beyond(row: Sequence[str], column: int, sides: Sequence[int | None]) -> bool:
    box = _four(row[column]) if column < len(row) else None
    limits = [number(row[side]) if side is not None and side < len(row) else None for side in sides]
    return box is not None and any(
        limit and low + high > limit for low, high, limit in zip(box[:2], box[2:], limits, strict=True)
    )


def _opened(row: Sequence[str], column: int) -> list[str]:
    box = _four(row[column]) if column < len(row) else None
    return [*row, *(map(str, box) if box else [""] * 4)]
