"""The grid of the course, drawn with rich like the spreadsheet that it replaces: cells filled with colour, and signs
that say the same where there is no colour."""

from __future__ import annotations

from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labtools.artifacts.record import State
from labtools.core.words import duration, score
from labtools.train.status.grid import Grid, RunStatus

WORDS = {state: "to do" if state is State.TODO else state.value for state in State}
SIGNS = {
    State.DONE: "✔",
    State.RUNNING: "▶",
    State.TODO: "○",
    State.FAILED: "✖",
    State.CANCELLED: "–",
    State.STALE: "≠",
}
INK = {
    State.DONE: "green",
    State.RUNNING: "yellow",
    State.TODO: "red",
    State.FAILED: "bold red",
    State.CANCELLED: "dim",
    State.STALE: "magenta",
}
"""Of words on the terminal's own background."""

_ASCII_SIGNS = {
    State.DONE: "+",
    State.RUNNING: ">",
    State.TODO: ".",
    State.FAILED: "X",
    State.CANCELLED: "-",
    State.STALE: "#",
}
_FILL = {
    State.DONE: "#ffffff on #1a7f37",
    State.RUNNING: "#1f2328 on #f2cc60",
    State.TODO: "#ffd7d5 on #82363c",
    State.FAILED: "bold #ffffff on #d1242f",
    State.CANCELLED: "#8b949e on #30363d",
    State.STALE: "#ffffff on #8250df",
}
_REASONS_SHOWN = 12


def render_grid(grid: Grid) -> RenderableType:
    """Totals, the grid (rows imgsz, columns model x freeze), what the cells say, and why runs failed."""
    return _GridView(grid)


@dataclass(frozen=True)
class _GridView:
    grid: Grid

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        signs = _ASCII_SIGNS if options.ascii_only else SIGNS
        yield _title(self.grid, signs)
        table = _table(self.grid, signs, padding=1)
        if Measurement.get(console, options.update(max_width=10_000), table).maximum > options.max_width:
            table = _table(self.grid, signs, padding=0)
        yield table
        yield _legend(self.grid, signs)
        yield from _troubles(self.grid, signs)


def _title(grid: Grid, signs: dict[State, str]) -> Text:
    title = Text.assemble((grid.name, "bold"), f"   {len(grid.runs)} runs", no_wrap=False)
    for state in (State.DONE, State.RUNNING, State.TODO, State.FAILED, State.CANCELLED, State.STALE):
        if count := grid.count(state):
            title.append("   ").append(f"{signs[state]} {count} {WORDS[state]}", INK[state])
    return title


def _table(grid: Grid, signs: dict[State, str], padding: int) -> Table:
    table = Table(box=box.ROUNDED, show_lines=True, header_style="bold", padding=(0, 0), pad_edge=False)
    table.add_column(Text("imgsz", style="bold"), justify="right", style="bold", vertical="middle", no_wrap=True)
    depths = {freeze for _, freeze in grid.columns if freeze is not None}
    for model, freeze in grid.columns:
        frozen = "nofreeze" if freeze is None else f"freeze{freeze}" if len(depths) > 1 else "freeze"
        head = Padding(Text(f"{model}\n{frozen}", justify="center"), (0, padding))
        table.add_column(head, justify="center", no_wrap=True)
    for imgsz in grid.rows:
        cells = [grid.cell(imgsz, model, freeze) for model, freeze in grid.columns]
        table.add_row(f"{imgsz} ", *(_cell(runs, signs, padding) for runs in cells))
    return table


def _cell(runs: tuple[RunStatus, ...], signs: dict[State, str], padding: int) -> RenderableType:
    """One filled block per run; its batch leads where a cell holds several."""
    blocks = []
    for run in runs:
        lines = ([f"b{run.batch}"] if len(runs) > 1 else []) + list(_words(run, signs[run.state], gap=" " * padding))
        words = Text("\n".join(lines), justify="center", no_wrap=True)
        blocks.append(Padding(words, (0, padding), style=_FILL[run.state], expand=True))
    return Group(*blocks)


def _words(run: RunStatus, sign: str, gap: str) -> tuple[str, str]:
    """Two lines: colour apart, all that a cell says. ``gap`` stands between sign and epoch, where there is room."""
    if run.state is State.DONE:
        return f"{sign} {score(run.map50)}", f"  {score(run.map50_95)}"
    if run.state is State.RUNNING:
        if run.silent_s is not None:
            return f"{sign} silent", duration(run.silent_s)
        if run.phase == "starting":
            return f"{sign} starts", ""
        left = "ending" if run.phase == "finishing" else duration(run.eta_s)
        return f"{sign}{gap}{run.epoch}/{run.epochs}", left
    return f"{sign} {WORDS[run.state]}", ""


def _legend(grid: Grid, signs: dict[State, str]) -> Text:
    """What the figures in the cells are; only of states that there are."""
    meanings = {State.DONE: "mAP50, mAP50-95 on val", State.RUNNING: "epoch, time left"}
    parts = [f"{signs[state]} {meaning}" for state, meaning in meanings.items() if grid.count(state)]
    return Text("   ".join(parts), style="dim")


def _troubles(grid: Grid, signs: dict[State, str]) -> list[Text]:
    """One line per run whose last attempt ended badly, the hopeless ones first."""
    bad = [run for run in grid.runs if run.reason and run.state is not State.DONE]
    bad.sort(key=lambda run: run.state is not State.FAILED)
    lines = [
        Text.assemble((f"{signs[run.state]} {run.run_id}", INK[run.state]), f"  attempt {run.attempt}: {run.reason}")
        for run in bad[:_REASONS_SHOWN]
    ]
    if len(bad) > _REASONS_SHOWN:
        lines.append(Text(f"... and {len(bad) - _REASONS_SHOWN} more; `labtools status --json` has them all"))
    return lines
