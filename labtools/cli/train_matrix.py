"""`labtools train-matrix`: train every combination of a matrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from labtools.train.pipeline import Launched
    from labtools.train.planning.plan import Plan
    from labtools.train.status.grid import Grid

ORDER = 20


def command(
    matrix: Annotated[Path, typer.Option(help="The matrix file.")] = Path("configs/matrix.yaml"),
    data: Annotated[
        Path | None, typer.Option(help="A prepared dataset, instead of the one that the matrix names.")
    ] = None,
    runs_root: Annotated[Path, typer.Option(help="Folder of all matrices.")] = Path("runs"),
    gpus: Annotated[str | None, typer.Option(help="GPUs, one lane each: 0-7 or 0,2,3; or cpu.")] = None,
    lanes: Annotated[int | None, typer.Option(min=1, help="With --gpus cpu: lanes that share the cores.")] = None,
    launcher: Annotated[
        str | None, typer.Option(help="tmux (where there is one), process, or inline for a debugger.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Stay until all is finished. Ctrl-C leaves lanes at work.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, list the runs, start nothing.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Give runs that were given up another chance.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the lanes of this matrix on this machine.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line of stdout.")] = False,
) -> None:
    """Train model x freeze x imgsz x batch, one lane per GPU, in tmux windows that nothing can hang up.

    Finished runs are not trained again: after whatever happened, type the same command and it goes on. Dataset,
    weights and arguments are checked before any lane starts.

    \b
    Examples:
      labtools train-matrix --gpus 0-7
      labtools train-matrix --gpus cpu --lanes 2 --wait
      labtools train-matrix --dry-run
    """
    from labtools.cli._show import print_json

    if stop:
        answer = _stop(matrix, runs_root)
    elif dry_run:
        answer = _dry_run(matrix, data, runs_root, gpus, lanes)
    else:
        answer = _train(matrix, data, runs_root, gpus, lanes, launcher, retry_failed, wait)
    if json:
        print_json(answer)
    if answer.get("counts", {}).get("failed") and wait:
        raise typer.Exit(1)


def _stop(matrix: Path, runs: Path) -> dict[str, Any]:
    from labtools.core.console import err
    from labtools.train import pipeline
    from labtools.train.matrix.config import read_matrix

    root = (runs / read_matrix(matrix).name).absolute()
    ended = pipeline.stop(root)
    err().print(f"ended: {', '.join(ended)}" if ended else "no lane of this matrix is at work on this machine")
    return {"folder": str(root), "stopped": ended}


def _dry_run(matrix: Path, data: Path | None, runs: Path, gpus: str | None, lanes: int | None) -> dict[str, Any]:
    from labtools.core.console import out, progress_display
    from labtools.train.lanes.lane import plan_lanes, require_gpus
    from labtools.train.planning.plan import plan_matrix
    from labtools.train.status.grid import preview

    if gpus is not None:
        require_gpus(plan_lanes(gpus, lanes))
    with progress_display() as tick:
        plan = plan_matrix(matrix, data, runs, tick)
    grid = preview(plan.root, plan.specs)
    out().print(_listing(plan, grid))
    return grid.to_json()


def _listing(plan: Plan, grid: Grid) -> Any:
    """Every run asked for, in the order of training, with its state."""
    from rich.console import Group
    from rich.table import Table

    from labtools.cli._grid import INK, SIGNS, WORDS

    table = Table(box=None, padding=(0, 1), header_style="bold")
    for name in ("run", "freeze", "imgsz", "batch", "epochs", "weights", "state"):
        words = name in {"run", "weights", "state"}
        table.add_column(name, justify="left" if words else "right", no_wrap=True)
    states = {run.run_id: run.state for run in grid.runs}
    for spec in plan.specs:
        state = states[spec.run_id]
        frozen = "none" if spec.freeze is None else str(spec.freeze)
        numbers = (frozen, *map(str, (spec.imgsz, spec.batch, spec.epochs)))
        word = f"[{INK[state]}]{SIGNS[state]} {WORDS[state]}[/]"
        table.add_row(spec.run_id, *numbers, Path(spec.weights).name, word)
    return Group(table, f"{len(plan.specs)} runs, to be written to {plan.root}; nothing was started")


def _train(
    matrix: Path,
    data: Path | None,
    runs: Path,
    gpus: str | None,
    lanes: int | None,
    launcher: str | None,
    retry_failed: bool,
    wait: bool,
) -> dict[str, Any]:
    from labtools.core.console import out, progress_display
    from labtools.core.errors import LabError
    from labtools.train import pipeline

    if gpus is None:
        raise LabError("where to train was not said", None, "Add --gpus 0-7 for GPUs, or --gpus cpu.")
    with progress_display() as tick:
        launched = pipeline.train_matrix(
            matrix,
            gpus=gpus,
            runs=runs,
            data=data,
            lanes=lanes,
            launcher=launcher,
            retry_failed=retry_failed,
            tick=tick,
        )
    _tell(launched)
    grid = launched.grid
    if wait and launched.launch is not None:
        grid = _wait(launched)
    if wait or launched.launch is None or launched.launch.launcher == "inline":
        from labtools.cli._grid import render_grid

        out().print(render_grid(grid))
    launch = launched.launch
    lanes_said = {"launcher": launch.launcher, "started": launch.started, "alive": launch.alive} if launch else None
    return {**grid.to_json(), "lanes": lanes_said}


def _tell(launched: Launched) -> None:
    """What was started, and where to look: on stderr."""
    from labtools.artifacts.record import State
    from labtools.core.console import err

    console, grid, launch = err(), launched.grid, launched.launch
    if launched.plan.others:
        console.print(f"also in {launched.plan.root}, no longer in this matrix: {', '.join(launched.plan.others)}")
    if launch is None:
        failed = grid.count(State.FAILED)
        hint = f"; {failed} failed: see why in `labtools status`, then --retry-failed" if failed else ""
        console.print(f"nothing to train: {grid.count(State.DONE)} of {len(grid.runs)} runs are done{hint}")
        return
    if launch.note:
        console.print(launch.note)
    if launch.started and launch.launcher != "inline":
        console.print(f"started {len(launch.started)} lanes: {', '.join(launch.started)}")
    if launch.alive:
        console.print(f"already at work: {', '.join(launch.alive)}")
    if launch.launcher != "inline":
        status = f"labtools status {_short(grid.root)} --watch"
        console.print("They outlive this shell. How far they are:")
        for line in filter(None, (status, launch.watch)):
            console.print(f"  {line}", soft_wrap=True)


def _short(path: Path) -> str:
    """Quoted for a shell, relative to here where it lies below."""
    import shlex

    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _wait(launched: Launched) -> Grid:
    from labtools.core.console import err, progress_display
    from labtools.train import pipeline

    try:
        with progress_display() as tick:
            return pipeline.wait(launched.plan.root, tick)
    except KeyboardInterrupt:
        err().print("The lanes go on. The same command waits again; with --stop it ends them.")
        raise
