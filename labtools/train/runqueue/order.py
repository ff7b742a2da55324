"""In which order open runs are taken. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labtools.artifacts.record import Cause, Record
from labtools.artifacts.runs import RunSpec
from labtools.train.estimates import CPU, GPU, Finished, Pace, pace

_HARMLESS = frozenset({Cause.LANE, Cause.STOPPED, Cause.PREEMPTED, Cause.DISK, Cause.DATA})
"""Ends that say nothing against the run, nor against the lane that takes it next."""


@dataclass(frozen=True, order=True)
class Turn:
    """The sort key of claiming.

    Longest first (LPT) keeps the makespan near the bound max(longest, total / lanes): R. L. Graham, "Bounds on
    multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969).

    Attributes:
        rank: minus the priority.
        has_failed: after those that have not; a dead GPU so meets different runs, and a bad run the other lanes' GPUs.
        minus_seconds: of what is left of it.
        run_id: so that the order is one.
    """

    rank: int
    has_failed: bool
    minus_seconds: float
    run_id: str


def turn(spec: RunSpec, record: Record, seconds: float) -> Turn:
    """When it is this run's turn.

    Args:
        spec: what is asked.
        record: of the run.
        seconds: that a whole training of it takes (see `estimates.expected_seconds`).
    """
    last = record.counted[-1] if record.counted else None
    kept = min(1.0, last.epoch / max(1, spec.epochs)) if last is not None else 0.0
    has_failed = last is not None and last.cause not in _HARMLESS
    return Turn(-record.priority, has_failed, -seconds * (1 - kept), spec.run_id)


def pace_here(finished: Iterable[Finished]) -> Pace:
    """The pace of the lanes that this matrix has had; a GPU's, where it has had both kinds or none."""
    runs = list(finished)
    is_cpu = bool(runs) and all(run.done.get("device") == "cpu" for run in runs)
    return pace(runs, CPU if is_cpu else GPU)
