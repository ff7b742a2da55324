"""`labtools priority`: which runs are trained first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from labtools.artifacts.lab import RUNS
from labtools.cli._options import AsJson, MatrixFolder, RunNames, RunsRoot

if TYPE_CHECKING:
    from labtools.artifacts.runs import Run
    from labtools.cli._runs import Told

ORDER = 35


def command(
    runs: RunNames,
    to: Annotated[int, typer.Option("--to", min=-1000, max=1000, help="Higher ones are trained first; 0 is usual.")],
    matrix: MatrixFolder = None,
    runs_root: RunsRoot = RUNS,
    json: AsJson = False,
) -> None:
    """Train runs sooner, or later, also while lanes are at work: the next free lane takes the highest priority.

    A training under way is left alone.

    \b
    Examples:
      labtools priority 'yolov8n*' --to 10
      labtools priority 'yolov8x_1280*' --to -5
    """
    from labtools.cli._runs import choose_runs, show

    show([_set(run, to) for run in choose_runs(runs, matrix, runs_root)], json=json, none="no such run")


def _set(run: Run, number: int) -> Told:
    from labtools.artifacts.record import State
    from labtools.artifacts.record_files import read_record
    from labtools.cli._runs import Told, state_of
    from labtools.train.runqueue.orders import set_priority

    state, before = state_of(run), read_record(run.folder).priority
    if state is State.DONE or before == number:
        return Told(run.run_id, False, "is done" if state is State.DONE else f"has priority {number} already")
    set_priority(run.folder, number)
    return Told(run.run_id, True, f"priority {before} -> {number}")
