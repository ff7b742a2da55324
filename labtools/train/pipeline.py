"""DATASET + MATRIX -> RUNS: plan, launch, wait."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from labtools.artifacts.record import State
from labtools.core.errors import LabError
from labtools.core.progress import Tick, silent
from labtools.train.lanes import records
from labtools.train.lanes.lane import plan_lanes, require_gpus
from labtools.train.launchers import Launch, choose
from labtools.train.planning.plan import Plan, plan_matrix, write_specs
from labtools.train.runqueue.orders import retry
from labtools.train.runqueue.run_queue import LEASE_S
from labtools.train.status.grid import Grid, read_grid

_POLL_S = 1.0


@dataclass(frozen=True)
class Launched:
    """A matrix at work.

    Attributes:
        plan: what was asked for.
        grid: its state when the lanes were started.
        launch: the lanes, None when there was nothing to do.
    """

    plan: Plan
    grid: Grid
    launch: Launch | None


def train_matrix(
    matrix: Path,
    *,
    gpus: str,
    runs: Path,
    data: Path | None = None,
    lanes: int | None = None,
    launcher: str | None = None,
    retry_failed: bool = False,
    tick: Tick = silent,
) -> Launched:
    """Check everything, then start the lanes that train what is missing. Returns at once (but for ``inline``).

    Args:
        matrix: the YAML file.
        gpus: ``0-7``, or ``cpu``.
        runs: folder of all matrices.
        data: a dataset instead of the one that the file names.
        lanes: how many share the cores, with ``cpu``.
        launcher: ``tmux``, ``process`` or ``inline``; None: tmux where there is one.
        retry_failed: give runs that were given up another chance.
        tick: told how far the checks are.

    Raises:
        LabError: see `labtools.train.planning.plan.plan_matrix`; a GPU or launcher that is not there.
    """
    planned_lanes = plan_lanes(gpus, lanes)
    require_gpus(planned_lanes)
    name, how, note = choose(launcher)
    plan = plan_matrix(matrix, data, runs, tick)
    folders = [run.folder for run in write_specs(plan.root, plan.specs)]
    if retry_failed:
        for folder in folders:
            retry(folder)
    grid = read_grid(plan.root)
    open_runs = grid.count(State.TODO) + grid.count(State.RUNNING)
    if open_runs == 0:
        return Launched(plan, grid, None)
    launch = how.start(plan.root, planned_lanes[:open_runs])
    launch = Launch(name, launch.started, launch.alive, launch.watch, note or launch.note)
    return Launched(plan, read_grid(plan.root), launch)


def wait(root: Path, tick: Tick = silent) -> Grid:
    """Watch a matrix until nothing is left to do; failures are in the grid that comes back.

    Raises:
        LabError: runs are left but no lane works on them, here or elsewhere.
    """
    told: dict[str, int] = {}
    lonely = 0
    while True:
        grid = read_grid(root)
        _tell(grid, told, tick)
        if grid.is_over:
            return grid
        # Twice in a row: between the end of one lane and the takeover by another there is a moment.
        lonely = 0 if _somebody_works(grid) else lonely + 1
        if lonely > 1:
            raise _no_lanes(grid)
        time.sleep(_POLL_S)


def _somebody_works(grid: Grid) -> bool:
    """A lane lives here, or one elsewhere has been heard of lately."""
    heard = any(run.state is State.RUNNING and (run.silent_s or 0.0) < LEASE_S for run in grid.runs)
    return heard or bool(records.living_lanes(grid.root))


def _tell(grid: Grid, told: dict[str, int], tick: Tick) -> None:
    """What has changed: of the matrix, and of each run that was seen running."""
    over = grid.count(State.DONE) + grid.count(State.FAILED)
    news = {"runs": (over, len(grid.runs))}
    for run in grid.runs:
        if run.state is State.RUNNING or run.run_id in told:
            epochs = run.epochs if run.state is State.DONE else min(run.epochs - 1, int(run.progress * run.epochs))
            news[run.run_id] = (epochs, run.epochs)
    for step, (done, total) in news.items():
        if told.get(step) != done:
            told[step] = done
            tick(step, done, total)


def _no_lanes(grid: Grid) -> LabError:
    left = [run.run_id for run in grid.runs if run.state is State.TODO]
    return LabError(
        f"no lane is alive, and {len(left)} runs are left: {', '.join(left[:4])}{', ...' if len(left) > 4 else ''}",
        records.folder(grid.root),
        "Read the last lines of the logs there, then run the same train-matrix command again: it goes on.",
    )


def stop(root: Path) -> list[str]:
    """End the lanes of a matrix on this machine; their names. What they trained is open again."""
    return records.stop_lanes(root)
