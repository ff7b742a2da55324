"""What a plan will cost: memory and time of each run, and when all of it will be done. Reads, and writes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labtools.artifacts.record import Record, State
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import RunSpec, list_runs
from labtools.train.estimates import (
    CPU,
    Finished,
    Pace,
    Workload,
    expected_bytes,
    expected_seconds,
    makespan,
    memory_scale,
    pace,
    read_workload,
)
from labtools.train.planning.folders import runs_aside
from labtools.train.planning.plan import Plan
from labtools.train.runqueue.claims import state_now
from labtools.train.runqueue.order import pace_here, turn
from labtools.train.runqueue.run_queue import is_meant


@dataclass(frozen=True)
class ExpectedRun:
    """One run, before it is trained (or while, or after).

    Attributes:
        spec: what is asked.
        state: see `State`.
        priority: higher ones are trained first.
        seconds: that a whole training takes; that it took, of a finished one.
        left_s: of it, what is left; 0 where nobody will train it.
        memory_bytes: of its GPU; see `labtools.train.estimates.expected_bytes`.
        fits: the largest batch that fits the smallest GPU; None where that GPU is not known.
        reason: why it is stale, "" where it is not.
    """

    spec: RunSpec
    state: State
    priority: int
    seconds: float
    left_s: float
    memory_bytes: int
    fits: int | None
    reason: str

    @property
    def is_too_large(self) -> bool:
        """It will run out of memory and go on with `fits` images at a time."""
        return self.fits is not None and self.fits < self.spec.batch

    def to_json(self) -> dict[str, Any]:
        spec = self.spec
        return {
            **{key: getattr(spec, key) for key in ("run_id", "model", "freeze", "imgsz", "batch", "epochs", "seed")},
            "args": spec.args,
            "state": self.state.value,
            "priority": self.priority,
            "expected_s": round(self.seconds, 1),
            "left_s": round(self.left_s, 1),
            "memory_bytes": self.memory_bytes,
            "fits_batch": self.fits,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Outlook:
    """A plan with its costs.

    Attributes:
        plan: what is asked.
        runs: in the order of the plan.
        lanes: that will train, 0: not said.
        is_cpu: they have no GPU.
        gpu_bytes: memory of the smallest GPU of those, None: not known, or no GPU.
        pace: that was reckoned with.
        end_s: seconds until everything is done on these lanes, None without any.
    """

    plan: Plan
    runs: tuple[ExpectedRun, ...]
    lanes: int
    is_cpu: bool
    gpu_bytes: int | None
    pace: Pace
    end_s: float | None

    @property
    def left_s(self) -> float:
        """Seconds of training that are left, on one lane."""
        return sum(run.left_s for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        expansion, counts = self.plan.expansion, Counter(run.state for run in self.runs)
        return {
            "matrix": self.plan.root.name,
            "folder": str(self.plan.root),
            "counts": {state.value: counts[state] for state in State},
            "runs": [run.to_json() for run in self.runs],
            "combinations": expansion.combinations,
            "excluded": expansion.excluded,
            "included": expansion.included,
            "others": list(self.plan.others),
            "lanes": self.lanes,
            "gpu_bytes": self.gpu_bytes,
            "left_s": round(self.left_s, 1),
            "end_s": None if self.end_s is None else round(self.end_s, 1),
            "paced_by": self.pace.runs,
        }


def look_out(
    plan: Plan, *, kind: str | None = None, lanes: int = 0, gpu_bytes: int | None = None, only: str = ""
) -> Outlook:
    """Estimate every run of a plan, at the pace of what this matrix has trained so far.

    Args:
        plan: checked; its folders need not be written.
        kind: of the lanes, see `labtools.train.estimates.pace`; None: of those that have trained here.
        lanes: how many there will be.
        gpu_bytes: memory of the smallest of their GPUs.
        only: globs of run ids, separated by commas: the others are not looked at; "": all are.
    """
    records = {run.run_id: read_record(run.folder) for run in list_runs(plan.root) if run.run_id not in plan.renewed}
    finished = _finished(plan.root)
    speed = pace(finished, kind) if kind is not None else pace_here(finished)
    scale = memory_scale(finished)
    # Whether a run is stale, this plan tells: the mark in its folder is from the last one, and may go with this one.
    known = [
        (spec, replace(records.get(spec.run_id, Record()), stale=""))
        for spec in plan.specs
        if is_meant(spec.run_id, only)
    ]
    runs = tuple(_expect(plan, spec, record, speed, scale, gpu_bytes) for spec, record in known)
    order = sorted(
        (turn(run.spec, record, run.seconds), run.left_s) for run, (_, record) in zip(runs, known, strict=True)
    )
    end_s = makespan([left for _, left in order if left], [0.0] * lanes) if lanes else None
    return Outlook(plan, runs, lanes, kind == CPU, gpu_bytes, speed, end_s)


def _finished(root: Path) -> list[Finished]:
    """What has been trained in this matrix, whatever is asked now: it was as much work."""
    found = []
    for run in (*runs_aside(root), *list_runs(root)):
        done = read_record(run.folder).done
        if done is not None:
            found.append(Finished(run.spec, read_workload(run.folder), done))
    return found


def _expect(plan: Plan, spec: RunSpec, record: Record, speed: Pace, scale: float, gpu_bytes: int | None) -> ExpectedRun:
    workload = plan.workloads[spec.run_id]
    state = state_now(record)
    reason = plan.stale.get(spec.run_id, "")
    if reason and state is not State.RUNNING:
        state = State.STALE
    seconds = expected_seconds(spec, workload, speed)
    return ExpectedRun(
        spec=spec,
        state=state,
        priority=record.priority or plan.expansion.priorities.get(spec.run_id, 0),
        seconds=float((record.done or {}).get("seconds") or seconds),
        left_s=seconds * (1 - _kept(record, spec)) if state.is_open else 0.0,
        memory_bytes=expected_bytes(spec, workload, scale),
        fits=None if gpu_bytes is None else _largest_batch(spec, workload, scale, gpu_bytes),
        reason=reason,
    )


def _kept(record: Record, spec: RunSpec) -> float:
    """The share of a training that is done: its epochs in a checkpoint, or where it is now."""
    last = record.last_end.epoch if record.last_end is not None else 0
    now = record.beat.epoch - 1 if record.beat is not None else 0
    return min(1.0, max(last, now, 0) / spec.epochs)


def _largest_batch(spec: RunSpec, workload: Workload, scale: float, gpu_bytes: int) -> int:
    """The batch as asked, or halved until it fits, as lanes halve it; 0: not even one image does."""
    batch = spec.batch
    while batch and expected_bytes(replace(spec, batch=batch), workload, scale) > gpu_bytes:
        batch //= 2
    return batch
