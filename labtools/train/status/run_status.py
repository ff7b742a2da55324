"""What one run folder says at this moment, in the words of the grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labtools.artifacts.record import Cause, Record, State, judge
from labtools.artifacts.runs import RunSpec
from labtools.train.processes import is_here
from labtools.train.runqueue.claims import is_dead
from labtools.train.status.silence import Silence, by_clocks

SILENT_S = 60.0
"""A run on another machine whose last beat is older than this is shown as silent (a few missed beats are not)."""

_QUIET = frozenset({Cause.STOPPED, Cause.PREEMPTED})
"""Ends that people or the cluster wanted: nothing to explain."""


@dataclass(frozen=True)
class RunStatus:
    """One run, now.

    Attributes:
        run_id, model, freeze, imgsz, batch, epochs, seed, args: what was asked, see `RunSpec`.
        variant: what tells it from the other runs of its cell, e.g. ``b32 s1``; "" where it is alone.
        priority: higher ones are trained first.
        state: see `State`.
        attempt: number of the last attempt, 0: none yet.
        phase: of a running one: starting, training, finishing.
        epoch: reached by a running or finished one; of one that waits, the epochs that its checkpoint keeps.
        progress: 0..1.
        map50: of the last validation, or of the best checkpoint when done; None: not known.
        map50_95: likewise.
        seconds: that the training took, or that the present attempt has taken so far.
        eta_s: seconds left, of a running one; None: not known.
        expected_s: seconds that it should still take from now, by its own pace or by that of others; None: not known.
        lane: that trains or trained it.
        host: likewise.
        batch_used: images per step, really; None: not known yet, or nothing but what was asked.
        resumed: epoch after whose checkpoint the present attempt went on, 0: from the start.
        gpu_bytes: the most that torch reserved on the GPU; None: not known, or no GPU.
        silent_s: seconds since the last sign of life of a lane on another machine, None while all is well.
        cause: why the last attempt ended (`Cause`), "" where none did, or where it was done in the end.
        reason: likewise, as a sentence.
    """

    run_id: str
    model: str
    freeze: int | None
    imgsz: int
    batch: int
    epochs: int
    seed: int
    state: State
    args: dict[str, Any] = field(default_factory=dict)
    variant: str = ""
    priority: int = 0
    attempt: int = 0
    phase: str = ""
    epoch: int = 0
    progress: float = 0.0
    map50: float | None = None
    map50_95: float | None = None
    seconds: float | None = None
    eta_s: float | None = None
    expected_s: float | None = None
    lane: str = ""
    host: str = ""
    batch_used: int | None = None
    resumed: int = 0
    gpu_bytes: int | None = None
    silent_s: float | None = None
    cause: str = ""
    reason: str = ""

    @property
    def is_smaller(self) -> bool:
        """It did not fit as asked: the batch that is or was really used is smaller."""
        return self.batch_used is not None and self.batch_used < self.batch

    def to_json(self) -> dict[str, Any]:
        return {**self.__dict__, "state": self.state.value}


def describe(spec: RunSpec, record: Record, at: datetime, variant: str = "", silence: Silence = by_clocks) -> RunStatus:
    """The run at that moment.

    Args:
        spec: what was asked.
        record: what its folder says.
        at: now, with a time zone.
        variant: see `RunStatus`.
        silence: tells how long another machine has been silent.
    """
    is_lost = record.is_taken and is_dead(record)
    state = judge(record, stale=is_lost)
    cause, reason = _trouble(record, state, is_lost)
    return RunStatus(
        run_id=spec.run_id,
        model=spec.model,
        freeze=spec.freeze,
        imgsz=spec.imgsz,
        batch=spec.batch,
        epochs=spec.epochs,
        seed=spec.seed,
        args=spec.args,
        variant=variant,
        priority=record.priority,
        state=state,
        attempt=record.attempt,
        expected_s=None if state.is_open else 0.0,
        silent_s=_silence(spec.run_id, record, at, silence) if state is State.RUNNING else None,
        cause=cause,
        reason=reason,
        **_figures(spec, record, state),
    )


def _figures(spec: RunSpec, record: Record, state: State) -> dict[str, Any]:
    """What is known of the training itself: from ``done.json``, else from the last beat, else from the last end."""
    if record.done is not None:
        return _of_done(spec, record.done)
    if state is State.RUNNING:
        return _of_running(spec, record)
    kept = 0 if record.changes.get("fresh") else min(_kept(record), spec.epochs)
    batch = record.changes.get("batch")
    return {"epoch": kept, "progress": kept / spec.epochs if spec.epochs else 0.0, "batch_used": batch}


def _kept(record: Record) -> int:
    """Epochs whose work is not lost: of a lane that has just died, those before the one that it was in."""
    ended = record.last_end.epoch if record.last_end else 0
    if record.is_taken and record.beat is not None:
        return max(ended, record.beat.resumed, record.beat.epoch - 1)
    return ended


def _of_done(spec: RunSpec, done: dict[str, Any]) -> dict[str, Any]:
    known = {key: number(done.get(key)) for key in ("map50", "map50_95", "seconds", "gpu_bytes")}
    where = {key: str(done.get(key) or "") for key in ("lane", "host")}
    epoch = int(number(done.get("epochs")) or spec.epochs)
    return {**known, **where, "epoch": epoch, "progress": 1.0, "batch_used": number(done.get("batch"))}


def number(value: Any) -> Any:
    """A number as it is, anything else as None."""
    return value if isinstance(value, int | float) else None


def _of_running(spec: RunSpec, record: Record) -> dict[str, Any]:
    beat, claim = record.beat, record.claim
    where = {"lane": claim.lane, "host": claim.process.host} if claim else {}
    if beat is None:
        return {**where, "phase": "starting"}
    names = ("map50", "map50_95", "seconds", "eta_s", "phase", "epoch", "resumed", "gpu_bytes")
    reached = {name: getattr(beat, name) for name in names}
    share = beat.step / beat.steps if beat.steps else 0.0
    progress = max(0.0, beat.epoch - 1 + share) / (spec.epochs or 1)
    batch = beat.batch or record.changes.get("batch")
    return {
        **where,
        **reached,
        "progress": 1.0 if beat.phase == "finishing" else min(1.0, progress),
        "batch_used": batch,
    }


def _silence(run_id: str, record: Record, at: datetime, silence: Silence) -> float | None:
    """Seconds since the last sign, only for other machines: here `is_dead` knows better."""
    sign = record.beat or record.claim
    if sign is None or record.claim is None or is_here(record.claim.process):
        return None
    silent = silence(f"run {run_id}", (record.attempt, sign.time), sign.time, at)
    return silent if silent is not None and silent > SILENT_S else None


def _trouble(record: Record, state: State, is_lost: bool) -> tuple[str, str]:
    """Cause and sentence of what went wrong last; two empty words where nothing did."""
    if state is State.STALE:
        return Cause.STALE.value, record.stale
    if state is State.DONE:
        return "", ""
    if is_lost and record.claim is not None:
        return Cause.LANE.value, f"lane {record.claim.lane} died; a new lane takes it over"
    end = record.last_end
    if end is None or (end.cause in _QUIET and state is not State.FAILED):
        return "", ""
    return end.cause.value, end.reason
