"""`labtools status`: the grid of a matrix."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from labtools.train.status.grid import Grid
    from labtools.train.status.watcher import Watcher

ORDER = 30


def command(
    matrix_folder: Annotated[
        Path | None, typer.Argument(help="Folder of the matrix, e.g. runs/dlcv. Not needed when there is only one.")
    ] = None,
    runs_root: Annotated[Path, typer.Option(help="Folder of all matrices.")] = Path("runs"),
    watch: Annotated[bool, typer.Option("--watch", help="Stay and follow it until all is finished.")] = False,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks, with --watch.")] = 2.0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="All that is known in each cell.")] = False,
    compact: Annotated[bool, typer.Option("--compact", help="One line per cell.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="One plain line per run: for logs, grep, readers.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page that shows itself anew, for a browser.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write a picture, for slides.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line of stdout.")] = False,
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
      labtools status --png status.png
    """
    from labtools.artifacts.runs import find_matrix
    from labtools.cli._show import print_json
    from labtools.core.errors import LabError

    if verbose and compact:
        raise LabError("--verbose and --compact exclude each other", None, "Choose one of them.")
    view = _View(plain, 0 if verbose else 1 if compact else None, html, png, every if watch else None)
    root = find_matrix(matrix_folder, runs_root)
    grid = _watch(root, every, view) if watch else _once(root, view)
    if json:
        print_json(grid.to_json())


@dataclass(frozen=True)
class _View:
    """How the grid is shown.

    Attributes:
        plain: as plain lines.
        lines: see `labtools.cli._grid.render_grid`.
        html: where to write the page.
        png: where to write the picture.
        every: seconds between two looks; None: there is only one.
    """

    plain: bool
    lines: int | None
    html: Path | None
    png: Path | None
    every: float | None

    def show(self, grid: Grid) -> None:
        """On stdout, whole."""
        from labtools.core.console import out

        if self.plain:
            from labtools.cli._plain_status import listing

            for line in listing(grid):
                typer.echo(line)
        else:
            from labtools.cli._grid import render_grid

            out().print(render_grid(grid, lines=self.lines))

    def try_to_write(self, grid: Grid) -> Grid:
        """Likewise, for those who watch: a disk that is full for an hour does not end that."""
        try:
            self.write(grid)
        except OSError as error:
            return grid.with_trouble(f"{error.filename or 'the page'} cannot be written: {error.strerror or error}")
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


def _once(root: Path, view: _View) -> Grid:
    from labtools.core.errors import LabError
    from labtools.train.status.grid import read_grid

    grid = read_grid(root)
    view.show(grid)
    try:
        view.write(grid)
    except OSError as error:
        where = error.filename or view.html or view.png
        raise LabError(f"this file cannot be written: {error.strerror or error}", where, "Give another path.") from None
    return grid


def _watch(root: Path, every: float, view: _View) -> Grid:
    """Follow the grid until nothing is left to do: in place on a terminal, elsewhere a line for each change.

    Interrupted, it leaves the last state on the screen.
    """
    from labtools.core.console import err, out
    from labtools.train.status.watcher import Watcher

    watcher = Watcher(root)
    is_live = out().is_terminal and not out().is_dumb_terminal and not view.plain
    follow = _follow_live if is_live else _follow_lines
    try:
        grid = follow(watcher, every, view)
    except KeyboardInterrupt:
        if is_live:
            view.show(watcher.last)
        err().print("no longer watching; what is being trained goes on")
        raise typer.Exit(130) from None
    if is_live:
        view.show(grid)
    return grid


def _follow_live(watcher: Watcher, every: float, view: _View) -> Grid:
    """On the terminal's other screen, as tall as that is."""
    from rich.live import Live

    from labtools.cli._grid import render_grid
    from labtools.core.console import out

    console = out()
    with Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            grid = view.try_to_write(watcher.look())
            live.update(render_grid(grid, lines=view.lines, height=console.height), refresh=True)
            if grid.is_over:
                return grid
            time.sleep(every)


def _follow_lines(watcher: Watcher, every: float, view: _View) -> Grid:
    """The whole grid first and last, and between them a line for each change."""
    from labtools.cli._plain_status import news

    first = grid = view.try_to_write(watcher.look())
    view.show(grid)
    while not grid.is_over:
        time.sleep(every)
        before, grid = grid, view.try_to_write(watcher.look())
        for line in news(before, grid):
            typer.echo(line)
    if grid is not first:
        view.show(grid)
    return grid
