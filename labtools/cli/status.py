"""`labtools status`: the grid of a matrix."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labtools.artifacts.lab import RUNS
from labtools.cli._options import MatrixArgument, RunsRoot
from labtools.core.visible import visible

if TYPE_CHECKING:
    from labtools.train.status.grid import Grid
    from labtools.train.status.watcher import Watcher

ORDER = 30

_Watch = Annotated[bool, typer.Option("--watch", help="Stay and follow it until all is finished.")]
_Every = Annotated[float, typer.Option(min=0.2, help="Seconds between two looks, with --watch.")]
_Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="All that is known in each cell.")]
_Compact = Annotated[bool, typer.Option("--compact", help="One line per cell.")]
_Plain = Annotated[bool, typer.Option("--plain", help="One plain line per run: for logs, grep, readers.")]
_Html = Annotated[Path | None, typer.Option(help="Write a page that shows itself anew, for a browser.")]
_Png = Annotated[Path | None, typer.Option(help="Write a picture, for slides.")]
_Json = Annotated[
    bool,
    typer.Option("--json", help="One JSON object as the last line of stdout; with --watch a line per change."),
]


def command(
    matrix_folder: MatrixArgument = None,
    runs_root: RunsRoot = RUNS,
    watch: _Watch = False,
    every: _Every = 2.0,
    verbose: _Verbose = False,
    compact: _Compact = False,
    plain: _Plain = False,
    html: _Html = None,
    png: _Png = None,
    json: _Json = False,
) -> None:
    """Show the grid of trainings: rows imgsz, columns model x freeze.

    [green]✔ done[/] with mAP50 and mAP50-95, [yellow]▶ running[/] with epoch and time left, [red]○ to do[/],
    [bold red]✖ failed[/] and why, [dim]– cancelled[/], [magenta]≠ stale[/]: asked for differently since. Below, what
    each lane is about, and what to type where something is wrong. It only reads the matrix's folder, so it works from
    any machine that sees it.

    \b
    Examples:
      labtools status
      labtools status runs/dlcv --watch
      labtools status --verbose
      labtools status --watch --html status.html
      labtools status --watch --json | jq .counts
      labtools status --png status.png
    """
    from labtools.artifacts.runs import find_matrix
    from labtools.core.errors import LabError

    if verbose and compact:
        raise LabError("--verbose and --compact exclude each other", None, "Choose one of them.")
    view = _View(plain, 0 if verbose else 1 if compact else None, html, png, json, every if watch else None)
    root = find_matrix(matrix_folder, runs_root)
    if watch:
        _watch(root, every, view)
    else:
        _once(root, view)


@dataclass(frozen=True)
class _View:
    """How the grid is shown.

    Attributes:
        plain: as plain lines.
        lines: see `labtools.cli._grid.render_grid`.
        html: where to write the page.
        png: where to write the picture.
        json: as JSON too; while watching, as nothing else.
        every: seconds between two looks; None: there is only one.
    """

    plain: bool
    lines: int | None
    html: Path | None
    png: Path | None
    json: bool
    every: float | None

    def show(self, grid: Grid) -> None:
        """On stdout, whole."""
        from labtools.core.console import out

        if self.plain:
            from labtools.cli._plain_status import listing

            for line in listing(grid):
                typer.echo(visible(line))
        else:
            from labtools.cli._grid import render_grid

            out().print(render_grid(grid, lines=self.lines))

    def try_to_write(self, grid: Grid) -> Grid:
        """Likewise, for those who watch: a disk that is full for an hour does not end that."""
        try:
            self.write(grid)
        except OSError as error:
            return grid.with_trouble(f"{_unwritten(error)} cannot be written: {error.strerror or error}")
        return grid

    def write(self, grid: Grid) -> None:
        """The files that were asked for, each whole or as it was."""
        from labtools.core.files import write_bytes, write_text

        if self.html is not None:
            from labtools.train.status.page import render_page

            write_text(self.html, render_page(grid, self.every))
        if self.png is not None:
            from labtools.train.status.picture import draw_grid

            write_bytes(self.png, draw_grid(grid))


def _unwritten(error: OSError) -> str:
    """Which file it was."""
    return str(error.filename2 or error.filename or "the page")  # the first of two is the half that was to be renamed


def _once(root: Path, view: _View) -> None:
    from labtools.cli._show import print_json
    from labtools.core.collector import paused_collector
    from labtools.core.errors import LabError
    from labtools.train.status.grid import read_grid

    with paused_collector():
        grid = read_grid(root)
        view.show(grid)
    try:
        view.write(grid)
    except OSError as error:
        what = f"this file cannot be written: {error.strerror or error}"
        raise LabError(what, _unwritten(error), "Give another path.") from None
    if view.json:
        print_json(grid.to_json())


def _watch(root: Path, every: float, view: _View) -> None:
    """Follow the grid until nothing is left to do: in place on a terminal, elsewhere a line for each change.

    Interrupted, it leaves the last state on the screen.
    """
    from labtools.core.console import err, out
    from labtools.train.status.watcher import Watcher

    watcher = Watcher(root)
    is_live = out().is_terminal and not out().is_dumb_terminal and not view.plain and not view.json
    follow = _follow_live if is_live else _follow_json if view.json else _follow_lines
    try:
        follow(_looks(watcher, every, view), view)
    except KeyboardInterrupt:
        if is_live:
            view.show(watcher.last)
        err().print("no longer watching; what is being trained goes on")
        raise typer.Exit(130) from None


def _looks(watcher: Watcher, every: float, view: _View) -> Iterator[Grid]:
    """The grid again and again, the last time when all is over; page and picture are written each time."""
    while True:
        grid = view.try_to_write(watcher.look())
        yield grid
        if grid.is_over:
            return
        time.sleep(every)


def _follow_live(looks: Iterable[Grid], view: _View) -> None:
    """On the terminal's other screen, as tall as that is; the last look stays on this one."""
    from rich.live import Live

    from labtools.cli._grid import render_grid
    from labtools.core.console import out

    console = out()
    with Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        for grid in looks:
            live.update(render_grid(grid, lines=view.lines, height=console.height), refresh=True)
    view.show(grid)


def _follow_lines(looks: Iterable[Grid], view: _View) -> None:
    """The whole grid first and last, and between them a line for each change."""
    from labtools.cli._plain_status import news

    first = before = None
    for grid in looks:
        if before is None:
            first = grid
            view.show(grid)
        else:
            for line in news(before, grid):
                typer.echo(visible(line))
        before = grid
    if before is not None and before is not first:
        view.show(before)


_MOVES_BY_ITSELF = frozenset({"time", "forecast"})


def _follow_json(looks: Iterable[Grid], view: _View) -> None:
    """A line for each look that saw something else than the one before it; the last one is the end."""
    from labtools.cli._show import print_json

    before = None
    for grid in looks:
        told = grid.to_json()
        facts = {key: value for key, value in told.items() if key not in _MOVES_BY_ITSELF}
        if facts != before:
            print_json(told)
        before = facts
