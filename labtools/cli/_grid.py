"""The grid of the course, drawn with rich like the spreadsheet that it replaces: cells filled with colour, and signs
that say the same where there is no colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from labtools.artifacts.record import State
from labtools.cli._grid_table import GridTable
from labtools.cli._lanes_table import lanes_table
from labtools.train.status import cells
from labtools.train.status.cells import ASCII_SIGNS, SHOWN_ORDER, SIGNS, WORDS
from labtools.train.status.grid import Grid
from labtools.train.status.troubles import Level, Trouble

__all__ = ["INK", "SIGNS", "WORDS", "render_grid"]

INK = {
    State.DONE: "green",
    State.RUNNING: "yellow",
    State.TODO: "red",
    State.FAILED: "bold red",
    State.CANCELLED: "dim",
    State.STALE: "magenta",
}
"""Of words on the terminal's own background."""

_LEVEL_INK = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.NOTE: "dim"}
_LEVEL_SIGNS = {Level.ERROR: "✖", Level.WARNING: "!", Level.NOTE: "·"}
_TROUBLES_SHOWN = 12
_NAMED = 3
_MANY_ROWS = 8
_SHORTEST_BAR, _LONGEST_BAR = 8, 24


@dataclass(frozen=True)
class Shape:
    """How much of the grid is drawn.

    Attributes:
        lines: of each cell: 1, 2, or 0 for all that is known.
        lanes: show the table of lanes.
        troubles: how many at most.
        rules: lines between the rows of the table.
    """

    lines: int
    lanes: bool = True
    troubles: int = _TROUBLES_SHOWN
    rules: bool = True


def render_grid(grid: Grid, *, lines: int | None = None, height: int | None = None) -> RenderableType:
    """Totals, the grid (rows imgsz, columns model x freeze), what the cells say, the lanes, and what is wrong.

    Args:
        grid: what to draw.
        lines: of each cell: 1, 2, 0 for all that is known; None: 2, or 1 where there are many rows.
        height: lines of the terminal that it should fit, if it can be made to.
    """
    rows = len(grid.rows) * len(grid.variants)
    chosen = lines if lines is not None else 1 if rows > _MANY_ROWS else 2
    return _GridView(grid, chosen, height)


@dataclass(frozen=True)
class _GridView:
    grid: Grid
    lines: int
    height: int | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for shape in self._shapes():
            parts = list(self._parts(options, shape))
            if self.height is None or _height(parts, console, options) <= self.height:
                break
        yield from parts

    def _shapes(self) -> Iterator[Shape]:
        """The richest first; without a limit on the height there is only that."""
        yield Shape(self.lines)
        yield Shape(self.lines, troubles=3)
        yield Shape(1, troubles=3)
        yield Shape(1, troubles=3, rules=False)
        yield Shape(1, lanes=False, troubles=3, rules=False)
        yield Shape(1, lanes=False, troubles=1, rules=False)
        yield Shape(1, lanes=False, troubles=0, rules=False)

    def _parts(self, options: ConsoleOptions, shape: Shape) -> Iterator[RenderableType]:
        signs = ASCII_SIGNS if options.ascii_only else SIGNS
        yield _title(self.grid, signs)
        yield from _totals(self.grid, options.max_width, options.ascii_only)
        tables = list(_tables(self.grid, signs, shape, options))
        yield from tables
        if legend := _legend(self.grid, signs, shape.lines, wide=any(table.wide for table in tables)):
            yield Text(legend, style="dim")
        if shape.lanes and (table := lanes_table(self.grid, options.max_width, options.ascii_only)) is not None:
            yield table
        yield from _troubles(self.grid, shape.troubles, options.ascii_only)


def _height(parts: Sequence[RenderableType], console: Console, options: ConsoleOptions) -> int:
    return len(console.render_lines(Group(*parts), options.update(height=None), pad=False))


def _title(grid: Grid, signs: dict[State, str]) -> Text:
    title = Text.assemble((grid.name, "bold"), f"   {len(grid.runs)} runs", no_wrap=False)
    for state in SHOWN_ORDER:
        if count := grid.count(state):
            title.append("   ").append(f"{signs[state]} {count} {WORDS[state]}", INK[state])
    if grid.at is not None:
        title.append(f"   {grid.at.astimezone():%a %H:%M:%S}", "dim")
    return title


def _totals(grid: Grid, width: int, ascii_only: bool) -> Iterator[Text]:
    """A bar as long as there is room for, and the sums beside it."""
    if not grid.totals.epochs_done and grid.forecast is None:
        return
    full, empty = ("#", "-") if ascii_only else ("█", "░")
    words = cells.totals_words(grid)
    bar = min(_LONGEST_BAR, width - len(words) - 2)
    filled = int(cells.share_done(grid) * bar) if bar >= _SHORTEST_BAR else 0
    drawn = (full * filled, "green"), (empty * (bar - filled), "dim"), "  "
    yield Text.assemble(*(drawn if bar >= _SHORTEST_BAR else ()), words)
    if words := cells.forecast_words(grid):
        yield Text(words)


def _tables(grid: Grid, signs: dict[State, str], shape: Shape, options: ConsoleOptions) -> Iterator[GridTable]:
    """The widest table that fits; several, one below the other, where not even the narrowest does."""
    table = GridTable(grid, grid.columns, signs, shape.lines, rules=shape.rules)
    for wide, padding in ((True, 1), (False, 1), (False, 0)):
        fitting = replace(table, wide=wide, padding=padding)
        if fitting.fits(options.max_width):
            yield fitting
            return
    for band in cells.split_columns(grid.columns, lambda some: replace(table, columns=some).fits(options.max_width)):
        yield replace(table, columns=band)


def _legend(grid: Grid, signs: dict[State, str], lines: int, *, wide: bool) -> str:
    """What the figures in the cells are; only of states that there are."""
    done = "mAP50" if lines == 1 and not wide else "mAP50, mAP50-95 on val"
    running = "epoch, mAP50" if wide else "epoch"
    if lines != 1:
        done += "; time, lane" if wide else ""
        running += "; time left, lane" if wide else ", time left"
    parts = [
        f"{signs[state]} {meaning}"
        for state, meaning in {State.DONE: done, State.RUNNING: running}.items()
        if grid.count(state)
    ]
    if any(run.is_smaller for run in grid.runs):
        parts.append("<: a smaller batch than asked" if lines == 1 else "b16<64: batch really used < asked")
    return "   ".join(parts)


def _troubles(grid: Grid, most: int, ascii_only: bool) -> Iterator[Text]:
    """The worst first, each with what to type."""
    for trouble in grid.troubles[:most]:
        yield _sentence(trouble, ascii_only)
    if (more := len(grid.troubles) - most) > 0:
        yield Text(f"... and {more} more; `labtools status --plain` tells them all", style="dim")


def _sentence(trouble: Trouble, ascii_only: bool) -> Text:
    sign = {Level.ERROR: "X", Level.WARNING: "!", Level.NOTE: "-"}[trouble.level] if ascii_only else ""
    text = Text(f"{sign or _LEVEL_SIGNS[trouble.level]} ", style=_LEVEL_INK[trouble.level])
    if trouble.who:
        more = f" and {len(trouble.who) - _NAMED} more" if len(trouble.who) > _NAMED else ""
        text.append(f"{', '.join(trouble.who[:_NAMED])}{more}  ")
    text.append(trouble.what, "default not bold not dim" if trouble.level is not Level.NOTE else "dim")
    if trouble.fix:
        text.append(f"\n  {trouble.fix}", "default not bold not dim")
    return text
