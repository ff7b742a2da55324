"""The table of the grid for a terminal, drawn line by line.

rich's own table measures and wraps each cell, which for 1,000 runs takes longer than reading them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from rich.box import ASCII, ROUNDED, Box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from labtools.artifacts.record import State
from labtools.train.status import cells
from labtools.train.status.cells import PAINT, Column
from labtools.train.status.grid import Grid
from labtools.train.status.run_status import RunStatus

_BOLD = Style(bold=True)
_FILLS = {s: Style.parse(f"{'bold ' if s is State.FAILED else ''}{p.ink} on {p.fill}") for s, p in PAINT.items()}
_NOTHING = Style()


@dataclass(frozen=True)
class _Line:
    """One line of a filled cell."""

    words: str
    style: Style


@dataclass(frozen=True)
class _Row:
    """A row of the table: its image size ("" where it is that of the row above), its label, and its cells."""

    imgsz: str
    variant: str
    cells: tuple[tuple[_Line, ...], ...]


@dataclass(frozen=True)
class GridTable:
    """Some columns of the grid. Sub-cells stand in rows of their own, with their labels on the left.

    Attributes:
        grid: all of it.
        columns: those that are drawn.
        signs: of the states.
        lines: of each cell: 1, 2, or 0 for all that is known.
        wide: cells say more on each line.
        padding: blanks on both sides of a cell.
        rules: lines between the rows.
    """

    grid: Grid
    columns: Sequence[Column]
    signs: dict[State, str]
    lines: int
    wide: bool = False
    padding: int = 0
    rules: bool = True

    def fits(self, width: int) -> bool:
        """Is a terminal of so many columns wide enough? Its heads alone often tell, long before all cells are made."""
        heads = [
            2 * self.padding + max(map(cell_len, cells.column_words(self.grid, column))) for column in self.columns
        ]
        return sum(heads) + len(heads) < width and sum(self._widths) + len(self._widths) < width

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        box = ASCII if options.ascii_only else ROUNDED
        widths = self._widths
        yield from _rule(box.get_top(widths))
        heads = [cells.column_words(self.grid, column) for column in self.columns]
        for line, title in enumerate(("", "imgsz")):
            names = [title, ""] if self._has_labels else [title]
            words = [_Line(word, _BOLD) for word in (*names, *(head[line] for head in heads))]
            yield from _line(box, words, widths, is_head=True)
        yield from _rule(box.get_row(widths, "head"))
        for index, row in enumerate(self._rows):
            if index and self.rules and (row.imgsz or self._is_separate):
                yield from _rule(box.get_row(widths, "row"))
            yield from self._draw(box, row)
        yield from _rule(box.get_bottom(widths))

    @property
    def _has_labels(self) -> bool:
        return len(self.grid.variants) > 1

    @property
    def _is_separate(self) -> bool:
        """A rule between sub-rows, where each has several lines."""
        return self.lines != 1

    @cached_property
    def _rows(self) -> tuple[_Row, ...]:
        return tuple(row for imgsz in self.grid.rows for row in self._rows_of(imgsz))

    def _rows_of(self, imgsz: int) -> Iterator[_Row]:
        """The sub-rows of an image size that hold any run in these columns."""
        there = self._by_place
        used = {variant for size, column, variant in there if size == imgsz and column in self.columns}
        for index, variant in enumerate(variant for variant in self.grid.variants if variant in used):
            found = [there.get((imgsz, column, variant), ()) for column in self.columns]
            yield _Row(str(imgsz) if index == 0 else "", variant, tuple(self._cell(runs) for runs in found))

    @cached_property
    def _by_place(self) -> dict[tuple[int, Column, str], tuple[RunStatus, ...]]:
        places: dict[tuple[int, Column, str], tuple[RunStatus, ...]] = {}
        for run in self.grid.runs:
            place = (run.imgsz, (run.model, run.freeze), run.variant)
            places[place] = (*places.get(place, ()), run)
        return places

    def _cell(self, runs: Sequence[RunStatus]) -> tuple[_Line, ...]:
        return tuple(_Line(words, _FILLS[run.state]) for run in runs for words in self._words(run))

    def _words(self, run: RunStatus) -> list[str]:
        sign, gap = self.signs[run.state], " " if self.padding or run.state is not State.RUNNING else ""
        if self.lines == 1:
            return [f"{sign}{gap}{cells.one_line(run, wide=self.wide)}"]
        first, *rest = cells.two_lines(run, wide=self.wide) if self.lines else cells.all_lines(run)
        # Under figures that follow a sign, figures; words are centred.
        indent = "  " if run.state is State.DONE and self.lines and not self.wide else ""
        return [f"{sign}{gap}{first}", *(f"{indent}{line}" for line in rest)]

    @cached_property
    def _widths(self) -> list[int]:
        """Of the columns, without the lines between them."""
        widths = [max([5, *(1 + len(str(imgsz)) for imgsz in self.grid.rows)])]
        if self._has_labels:
            widths.append(1 + max(map(cell_len, self.grid.variants)))
        for index, column in enumerate(self.columns):
            words = {line.words for row in self._rows for line in row.cells[index]}
            widths.append(max([self._head_width(column), *(2 * self.padding + cell_len(word) for word in words)]))
        return widths

    def _head_width(self, column: Column) -> int:
        return 2 * self.padding + max(map(cell_len, cells.column_words(self.grid, column)))

    def _draw(self, box: Box, row: _Row) -> Iterator[Segment]:
        """Cells are filled over the whole height of their row; what stands on the left is beside its middle."""
        height = max(map(len, row.cells))
        middle = (height - 1) // 2
        fills = [cell[-1].style if cell else _NOTHING for cell in row.cells]
        for index, lines in zip(range(height), zip_longest(*row.cells), strict=True):
            filled = [line or _Line("", fill) for line, fill in zip(lines, fills, strict=True)]
            names = [_Line(row.imgsz if index == middle else "", _BOLD)]
            names += [_Line(row.variant if index == middle else "", _NOTHING)] if self._has_labels else []
            yield from _line(box, [*names, *filled], self._widths)


def _rule(text: str) -> tuple[Segment, Segment]:
    return Segment(text), Segment.line()


def _line(box: Box, words: Sequence[_Line], widths: Sequence[int], *, is_head: bool = False) -> Iterator[Segment]:
    """One line of the terminal: the first column to the right, the others centred."""
    left, between, right = (
        (box.head_left, box.head_vertical, box.head_right)
        if is_head
        else (box.mid_left, box.mid_vertical, box.mid_right)
    )
    for index, (line, width) in enumerate(zip(words, widths, strict=True)):
        yield Segment(between if index else left)
        free = width - cell_len(line.words)
        before = max(0, free - 1) if index == 0 else free // 2
        yield Segment(f"{' ' * before}{line.words}{' ' * (free - before)}", line.style)
    yield Segment(right)
    yield Segment.line()
