"""`labtools status`: the grid of a matrix."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from labtools.train.status.grid import Grid

ORDER = 30


def command(
    matrix_folder: Annotated[
        Path | None, typer.Argument(help="Folder of the matrix, e.g. runs/dlcv. Not needed when there is only one.")
    ] = None,
    runs_root: Annotated[Path, typer.Option(help="Folder of all matrices.")] = Path("runs"),
    watch: Annotated[bool, typer.Option("--watch", help="Stay and follow it until all is finished.")] = False,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks, with --watch.")] = 2.0,
    json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line of stdout.")] = False,
) -> None:
    """Show the grid of trainings: rows imgsz, columns model x freeze.

    [green]✔ done[/] with mAP50 and mAP50-95, [yellow]▶ running[/] with epoch and time left, [red]○ to do[/],
    [bold red]✖ failed[/] and why. It only reads run folders, so it works from any machine that sees them.

    \b
    Examples:
      labtools status
      labtools status runs/dlcv --watch
    """
    from labtools.artifacts.runs import find_matrix
    from labtools.cli._grid import render_grid
    from labtools.cli._show import print_json
    from labtools.core.console import out
    from labtools.train.status.grid import read_grid

    root = find_matrix(matrix_folder, runs_root)
    if watch:
        grid = _watch(root, every)
    else:
        grid = read_grid(root)
        out().print(render_grid(grid))
        _hint(grid)
    if json:
        print_json(grid.to_json())


def _hint(grid: Grid) -> None:
    """What to do where runs are left and nobody trains them."""
    from labtools.artifacts.record import State
    from labtools.core.console import err
    from labtools.train.lanes.records import living_lanes

    if grid.count(State.TODO) and not grid.count(State.RUNNING) and not living_lanes(grid.root):
        err().print("no lane is at work: type the same `labtools train-matrix` command again to go on")
    elif grid.is_over and grid.count(State.FAILED):
        err().print("everything each training printed is in its train.log; --retry-failed gives another chance")


def _watch(root: Path, every: float) -> Grid:
    """Follow the grid until nothing is left to do: in place on a terminal, elsewhere printed when it has changed."""
    from rich.live import Live

    from labtools.cli._grid import render_grid
    from labtools.core.console import out
    from labtools.train.status.grid import read_grid

    console = out()
    grid = read_grid(root)
    if not console.is_terminal:
        console.print(render_grid(grid))
    with Live(render_grid(grid), console=console, auto_refresh=False, vertical_overflow="visible") as live:
        while not grid.is_over:
            time.sleep(every)
            before, grid = grid, read_grid(root)
            if console.is_terminal:
                live.update(render_grid(grid), refresh=True)
            elif [run.state for run in grid.runs] != [run.state for run in before.runs]:
                console.print(render_grid(grid))
    return grid
