"""The grid of the course, drawn with rich like the spreadsheet that it replaces: cells filled with colour, and signs
that say the same where there is no colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labtools.artifacts.record import State
from labtools.cli._lanes_table import lanes_table
from labtools.train.status import cells
from labtools.train.status.cells import ASCII_SIGNS, PAINT, SHOWN_ORDER, SIGNS, WORDS
from labtools.train.status.grid import Grid
from labtools.train.status.run_status import RunStatus
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
_BAR = 24


@dataclass(frozen=True)
class Shape:
    """How much of the grid is drawn.

    Attributes:
        lines: of each cell: 1, 2, or 0 for all that is known.
        lanes: show the table of lanes.
        troubles: how many at most.
    """

    lines: int
    lanes: bool = True
    troubles: int = _TROUBLES_SHOWN


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
            parts = list(self._parts(console, options, shape))
            if self.height is None or _height(parts, console, options) <= self.height:
                break
        yield from parts

    def _shapes(self) -> Iterator[Shape]:
        """The richest first; without a limit on the height there is only that."""
        yield Shape(self.lines)
        yield Shape(self.lines, troubles=3)
        yield Shape(1, troubles=3)
        yield Shape(1, lanes=False, troubles=3)
        yield Shape(1, lanes=False, troubles=1)

    def _parts(self, console: Console, options: ConsoleOptions, shape: Shape) -> Iterator[RenderableType]:
        signs = ASCII_SIGNS if options.ascii_only else SIGNS
        yield _title(self.grid, signs)
        yield from _totals(self.grid, options.ascii_only)
        yield from _tables(self.grid, signs, shape.lines, console, options)
        yield _legend(self.grid, signs, shape.lines)
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
    return title


def _totals(grid: Grid, ascii_only: bool) -> Iterator[Text]:
    if not grid.totals.epochs_done and grid.forecast is None:
        return
    full, empty = ("#", "-") if ascii_only else ("█", "░")
    filled = int(cells.share_done(grid) * _BAR)
    yield Text.assemble((full * filled, "green"), (empty * (_BAR - filled), "dim"), f"  {cells.totals_words(grid)}")
    if words := cells.forecast_words(grid):
        yield Text(words)


def _tables(
    grid: Grid, signs: dict[State, str], lines: int, console: Console, options: ConsoleOptions
) -> Iterator[Table]:
    """The widest table that fits; several, one below the other, where not even the narrowest does."""
    columns = grid.columns
    for wide, padding in ((True, 1), (False, 1), (False, 0)):
        table = _Drawing(grid, signs, lines, wide, padding).table(columns)
        if _width(table, console, options) <= options.max_width:
            yield table
            return
    drawing = _Drawing(grid, signs, lines, wide=False, padding=0)
    while columns:
        count = len(columns)
        while count > 1 and _width(drawing.table(columns[:count]), console, options) > options.max_width:
            count -= 1
        yield drawing.table(columns[:count])
        columns = columns[count:]


def _width(table: Table, console: Console, options: ConsoleOptions) -> int:
    return Measurement.get(console, options.update(max_width=10_000), table).maximum


@dataclass(frozen=True)
class _Drawing:
    grid: Grid
    signs: dict[State, str]
    lines: int
    wide: bool
    padding: int

    def table(self, columns: Sequence[tuple[str, int | None]]) -> Table:
        """Those columns of the grid; sub-cells stand in rows of their own, with their labels on the left."""
        grid, variants = self.grid, self.grid.variants
        separate = self.lines != 1 or len(variants) == 1
        table = Table(box=box.ROUNDED, show_lines=separate, header_style="bold", padding=(0, 0), pad_edge=False)
        table.add_column(Text("imgsz", style="bold"), justify="right", style="bold", vertical="middle", no_wrap=True)
        if len(variants) > 1:
            table.add_column("", no_wrap=True, vertical="middle")
        for column in columns:
            head = Padding(Text("\n".join(cells.column_words(grid, column)), justify="center"), (0, self.padding))
            table.add_column(head, justify="center", no_wrap=True)
        for imgsz in grid.rows:
            rows = self._rows(imgsz, columns)
            for index, (variant, blocks) in enumerate(rows):
                names = [f"{imgsz} " if index == 0 else ""] + ([f"{variant} "] if len(variants) > 1 else [])
                table.add_row(*names, *blocks, end_section=index == len(rows) - 1)
        return table

    def _rows(self, imgsz: int, columns: Sequence[tuple[str, int | None]]) -> list[tuple[str, list[RenderableType]]]:
        """The sub-rows of an image size that hold any run: label and cells."""
        found = {column: self.grid.cell(imgsz, *column) for column in columns}
        rows = []
        for variant in self.grid.variants:
            runs = [[run for run in found[column] if run.variant == variant] for column in columns]
            if any(run.imgsz == imgsz and run.variant == variant for run in self.grid.runs):
                rows.append((variant, [self._cell(here) for here in runs]))
        return rows

    def _cell(self, runs: Sequence[RunStatus]) -> RenderableType:
        """One filled block per run."""
        blocks = []
        for run in runs:
            words = Text("\n".join(self._words(run)), justify="center", no_wrap=True)
            paint = PAINT[run.state]
            style = f"{'bold ' if run.state is State.FAILED else ''}{paint.ink} on {paint.fill}"
            blocks.append(Padding(words, (0, self.padding), style=style, expand=True))
        return Group(*blocks)

    def _words(self, run: RunStatus) -> list[str]:
        sign, gap = self.signs[run.state], " " if self.padding or run.state is not State.RUNNING else ""
        if self.lines == 1:
            return [f"{sign}{gap}{cells.one_line(run, wide=self.wide)}"]
        first, *rest = cells.two_lines(run, wide=self.wide) if self.lines else cells.all_lines(run)
        # Under figures that follow a sign, figures; words are centred.
        indent = "  " if run.state is State.DONE and self.lines and not self.wide else ""
        return [f"{sign}{gap}{first}", *(f"{indent}{line}" for line in rest)]


def _legend(grid: Grid, signs: dict[State, str], lines: int) -> Text:
    """What the figures in the cells are; only of states that there are."""
    done = "mAP50 (of wide cells also mAP50-95)" if lines == 1 else "mAP50, mAP50-95 on val"
    running = "epoch" if lines == 1 else "epoch, time left"
    parts = [
        f"{signs[state]} {meaning}"
        for state, meaning in {State.DONE: done, State.RUNNING: running}.items()
        if grid.count(state)
    ]
    if any(run.is_smaller for run in grid.runs):
        parts.append("<: a smaller batch than asked" if lines == 1 else "b16<64: batch really used < asked")
    return Text("   ".join(parts), style="dim")


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
