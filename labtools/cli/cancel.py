"""`labtools cancel`: leave runs of a matrix out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labtools.artifacts.lab import RUNS
from labtools.cli._options import AsJson, MatrixFolder, RunNames, RunsRoot

if TYPE_CHECKING:
    from labtools.artifacts.runs import Run
    from labtools.cli._runs import Told

ORDER = 32


def command(
    runs: RunNames,
    matrix: MatrixFolder = None,
    runs_root: RunsRoot = RUNS,
    json: AsJson = False,
) -> None:
    """Leave runs out, also while lanes are at work: a training under way ends within seconds.

    What it has trained stays: `labtools retry` calls a run back, and it goes on from its last checkpoint.

    \b
    Examples:
      labtools cancel yolov8x_1280_nofreeze
      labtools cancel 'yolov8x*' 'yolov8l_1280*'
    """
    from labtools.artifacts.runs import option_of
    from labtools.cli._runs import choose_runs, show

    chosen = choose_runs(runs, matrix, runs_root)
    told = [_cancel(run) for run in chosen]
    roots = {run.root for run in chosen}
    option = option_of(roots.pop()) if len(roots) == 1 else ""
    show(told, json=json, none="no such run", hint=f"`labtools retry RUN{option}` calls one back.")


def _cancel(run: Run) -> Told:
    from labtools.artifacts.record import State
    from labtools.artifacts.record_files import read_record
    from labtools.cli._runs import Told, state_of
    from labtools.train.runqueue.orders import cancel

    before, claim = state_of(run), read_record(run.folder).claim
    if not cancel(run.folder):
        return Told(run.run_id, False, "is done already" if state_of(run) is State.DONE else "was cancelled already")
    if before is State.RUNNING and claim is not None:
        where = f"lane {claim.lane} on {claim.process.host}"
        return Told(run.run_id, True, f"is left out; its training ({where}) ends within seconds")
    return Told(run.run_id, True, "is left out")
