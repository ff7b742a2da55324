"""`labtools requeue`: train runs again from their beginning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labtools.artifacts.lab import RUNS
from labtools.cli._options import AsJson, MatrixFolder, RunsRoot, SomeRunNames

if TYPE_CHECKING:
    from collections.abc import Collection

    from labtools.artifacts.record import State
    from labtools.artifacts.runs import Run
    from labtools.cli._runs import Told

ORDER = 34


def command(
    runs: SomeRunNames = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every run that has failed.")] = False,
    stale: Annotated[bool, typer.Option("--stale", help="Every run that is stale.")] = False,
    done: Annotated[bool, typer.Option("--done", help="Finished runs too, where a glob matches them.")] = False,
    matrix: MatrixFolder = None,
    runs_root: RunsRoot = RUNS,
    json: AsJson = False,
) -> None:
    """Train runs again from their beginning. Nothing is deleted: what there was is moved into old/ of the matrix.

    A training under way is ended first. Of a stale run (its dataset or arguments changed since) the next
    `labtools train-matrix` writes a new one as the matrix means it now.

    \b
    Examples:
      labtools requeue --stale
      labtools requeue yolov8n_320_freeze
    """
    from labtools.artifacts.record import State
    from labtools.cli._runs import LANES_HINT, choose_runs, show

    states = frozenset({state for state, asked in ((State.FAILED, failed), (State.STALE, stale)) if asked})
    named = frozenset(runs or [])
    told = [
        _requeue(run, may_be_done=done or _is_named(run, named))
        for run in choose_runs(runs or [], matrix, runs_root, states, "--failed or --stale")
    ]
    show(told, json=json, none=f"nothing to do: no run {_wanted(states)}", hint=LANES_HINT)


def _wanted(states: Collection[State]) -> str:
    return " or ".join({"failed": "has failed", "stale": "is stale"}[state.value] for state in sorted(states))


def _is_named(run: Run, names: frozenset[str]) -> bool:
    """In full, not by a glob: days of training are not put aside by a star too many."""
    return run.run_id in names or any(Path(name).absolute() == run.folder for name in names)


def _requeue(run: Run, *, may_be_done: bool) -> Told:
    from labtools.artifacts.record import State
    from labtools.artifacts.runs import RUN_FILE
    from labtools.cli._runs import Told, state_of
    from labtools.core.shells import typed
    from labtools.train.runqueue.orders import requeue

    if state_of(run) is State.DONE and not may_be_done:
        return Told(run.run_id, False, "is done: name it in full, or add --done, to train it again")
    aside = requeue(run.folder)
    if (run.folder / RUN_FILE).is_file():
        return Told(run.run_id, True, f"waits to be trained from its beginning; what there was is in {typed(aside)}")
    then = "the next `labtools train-matrix` writes it as the matrix means it now"
    return Told(run.run_id, True, f"was stale and is in {typed(aside)}; {then}")
