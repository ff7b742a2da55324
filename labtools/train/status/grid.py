"""Run folders -> the grid of the course. Reads run folders and nothing else, so it works wherever they can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from labtools.artifacts.record import Cause, Record, State, judge, read_record
from labtools.artifacts.runs import Run, RunSpec, course_order, list_runs, model_order
from labtools.train.processes import is_here
from labtools.train.runqueue.claims import is_dead

SILENT_S = 60.0
"""A run on another machine whose last beat is older than this is shown as silent (a few missed beats are not)."""


@dataclass(frozen=True)
class RunStatus:
    """One run, now.

    Attributes:
        state: see `State`.
        attempt: number of the last attempt, 0: none yet.
        phase: of a running one: starting, training, finishing.
        epoch: reached by a running or finished one, else 0.
        epochs: asked for.
        progress: 0..1.
        map50: of the last validation, or of the best checkpoint when done; None: not known.
        map50_95: likewise.
        seconds: that the training took, or has taken so far.
        eta_s: seconds left, of a running one; None: not known.
        lane: that trains or trained it.
        host: likewise.
        silent_s: seconds since the last sign of life of a lane on another machine, None while all is well.
        reason: why the last attempt failed or was lost; "" where none was.
    """

    run_id: str
    model: str
    freeze: int | None
    imgsz: int
    batch: int
    seed: int
    state: State
    attempt: int
    phase: str
    epoch: int
    epochs: int
    progress: float
    map50: float | None
    map50_95: float | None
    seconds: float | None
    eta_s: float | None
    lane: str
    host: str
    silent_s: float | None
    reason: str


@dataclass(frozen=True)
class Grid:
    """The matrix as people kept it in a spreadsheet: rows imgsz, columns model x freeze.

    Attributes:
        name: of the matrix.
        root: its folder.
        runs: in the course's order.
    """

    name: str
    root: Path
    runs: tuple[RunStatus, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """Image sizes, ascending."""
        return tuple(sorted({run.imgsz for run in self.runs}))

    @property
    def columns(self) -> tuple[tuple[str, int | None], ...]:
        """(model, freeze): models by size, and in each the frozen before the free."""
        pairs = {(run.model, run.freeze) for run in self.runs}
        return tuple(sorted(pairs, key=lambda pair: (model_order(pair[0]), pair[1] is None, -(pair[1] or 0))))

    def cell(self, imgsz: int, model: str, freeze: int | None) -> tuple[RunStatus, ...]:
        """The runs of a cell, several where there are several batches or seeds."""
        wanted = (imgsz, model, freeze)
        return tuple(run for run in self.runs if (run.imgsz, run.model, run.freeze) == wanted)

    def count(self, state: State) -> int:
        return sum(run.state is state for run in self.runs)

    @property
    def is_over(self) -> bool:
        """Nothing is left to do or running (failures included)."""
        return all(run.state in (State.DONE, State.FAILED) for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        return {
            "matrix": self.name,
            "folder": str(self.root),
            "counts": {state.value: self.count(state) for state in State},
            "runs": [{**asdict(run), "state": run.state.value} for run in self.runs],
        }


def read_grid(root: Path) -> Grid:
    """The state of every run of a matrix folder at this moment."""
    at = datetime.now(timezone.utc)
    runs = sorted(list_runs(root), key=lambda run: course_order(run.spec))
    return Grid(root.name, root, tuple(_status(run, read_record(run.folder), at) for run in runs))


def preview(root: Path, specs: Sequence[RunSpec]) -> Grid:
    """The grid of planned runs, of which some may be on disk already, in the order given."""
    known = {run.run_id: run for run in read_grid(root).runs}
    at = datetime.now(timezone.utc)
    runs = (known.get(spec.run_id) or _status(Run(root / spec.run_id, spec), Record(), at) for spec in specs)
    return Grid(root.name, root, tuple(runs))


def _status(run: Run, record: Record, at: datetime) -> RunStatus:
    stale = record.is_taken and is_dead(record)
    state = judge(record, stale=stale)
    figures = _figures(run.spec, record, state)
    claim, done = record.claim, record.done
    spec = run.spec
    return RunStatus(
        run_id=spec.run_id,
        model=spec.model,
        freeze=spec.freeze,
        imgsz=spec.imgsz,
        batch=spec.batch,
        seed=spec.seed,
        state=state,
        attempt=record.attempt,
        epochs=spec.epochs,
        lane=done.get("lane", "") if done else claim.lane if claim else "",
        host=done.get("host", "") if done else claim.process.host if claim else "",
        silent_s=_silence(record, at) if state is State.RUNNING else None,
        reason=_reason(record, state, stale),
        **figures,
    )


def _figures(spec: RunSpec, record: Record, state: State) -> dict[str, Any]:
    """What is known of the training itself: from ``done.json``, else from the last beat."""
    done, beat = record.done, record.beat
    empty = dict.fromkeys(("map50", "map50_95", "seconds", "eta_s"))
    if done is not None:
        known = {key: done.get(key) for key in ("map50", "map50_95", "seconds")}
        return {**empty, **known, "phase": "", "epoch": int(done.get("epochs", spec.epochs)), "progress": 1.0}
    if state is not State.RUNNING:
        return {**empty, "phase": "", "epoch": 0, "progress": 0.0}
    if beat is None:
        return {**empty, "phase": "starting", "epoch": 0, "progress": 0.0}
    reached = {key: getattr(beat, key) for key in ("map50", "map50_95", "seconds", "eta_s", "phase", "epoch")}
    share = beat.step / beat.steps if beat.steps else 0.0
    progress = max(0.0, beat.epoch - 1 + share) / spec.epochs
    return {**reached, "progress": 1.0 if beat.phase == "finishing" else min(1.0, progress)}


def _silence(record: Record, at: datetime) -> float | None:
    """Only for other machines: here `is_dead` knows better. Compares two clocks, so it informs and decides nothing."""
    sign = record.beat or record.claim
    if sign is None or record.claim is None or is_here(record.claim.process):
        return None
    silent = (at - datetime.fromisoformat(sign.time)).total_seconds()
    return silent if silent > SILENT_S else None


def _reason(record: Record, state: State, stale: bool) -> str:
    if state is State.DONE:
        return ""
    if stale and record.claim is not None:
        return f"lane {record.claim.lane} died; a new lane takes it over"
    end = record.last_end
    return end.reason if end is not None and end.cause not in (Cause.STOPPED, Cause.PREEMPTED) else ""
