"""`labtools retry`: another chance for runs that were given up or cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from labtools.artifacts.lab import RUNS
from labtools.cli._options import AsJson, MatrixFolder, RunsRoot, SomeRunNames

if TYPE_CHECKING:
    from labtools.artifacts.runs import Run
    from labtools.cli._runs import Told

ORDER = 33


def command(
    runs: SomeRunNames = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every run that has failed.")] = False,
    matrix: MatrixFolder = None,
    runs_root: RunsRoot = RUNS,
    json: AsJson = False,
) -> None:
    """Give failed or cancelled runs another chance, from their last checkpoint.

    They are tried as asked: what earlier attempts changed (a smaller batch, no mixed precision) is forgotten. To train
    one again from its beginning, `labtools requeue` it.

    \b
    Examples:
      labtools retry --failed
      labtools retry yolov8x_1280_nofreeze
    """
    from labtools.artifacts.record import State
    from labtools.cli._runs import LANES_HINT, choose_runs, show

    states = frozenset({State.FAILED}) if failed else frozenset()
    told = [_retry(run) for run in choose_runs(runs or [], matrix, runs_root, states, "--failed")]
    show(told, json=json, none="nothing to do: no run has failed", hint=LANES_HINT)


def _retry(run: Run) -> Told:
    from labtools.artifacts.record import State
    from labtools.cli._runs import Told, state_of
    from labtools.train.runqueue.orders import retry

    if retry(run.folder):
        return Told(run.run_id, True, "has another chance")
    whys = {
        State.DONE: "is done; `labtools requeue` trains it again from its beginning",
        State.STALE: "is stale: what is asked for has changed since; `labtools requeue` puts it aside",
        State.RUNNING: "is being trained",
    }
    return Told(run.run_id, False, whys.get(state_of(run), "waits for a lane already"))
