"""In which order open runs are taken. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from labtools.artifacts.record import OWN_TROUBLE, Cause, Record, since_progress
from labtools.artifacts.runs import RunSpec
from labtools.train.estimates import CPU, GPU, Finished, Pace, pace

_MAY_BE_ITS_FAULT = frozenset({Cause.KILLED, Cause.GPU})
"""Ends that may be the run's fault, or its lane's, if they come in a row."""


class Turn(NamedTuple):
    """The sort key of claiming.

    Longest first (LPT) keeps the makespan near the bound max(longest, total / lanes): R. L. Graham, "Bounds on
    multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969).

    Attributes:
        rank: minus the priority.
        has_failed: by itself, or twice with its lane, without a new epoch since. Such runs come after the others: a
            dead GPU so meets different runs, and a bad run other GPUs. One that got on keeps its place: a long one
            would end after all the others.
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
    kept = min(1.0, record.last_end.epoch / max(1, spec.epochs)) if record.last_end is not None else 0.0
    return Turn(-record.priority, _has_failed_in_vain(record), -seconds * (1 - kept), spec.run_id)


def _has_failed_in_vain(record: Record) -> bool:
    ends = since_progress(record.counted)
    vain = [end.cause for index, end in enumerate(ends) if index or not end.epoch]  # the first of them got on
    return any(cause in OWN_TROUBLE for cause in vain) or sum(cause in _MAY_BE_ITS_FAULT for cause in vain) > 1


def pace_here(finished: Iterable[Finished]) -> Pace:
    """The pace of the lanes that this matrix has had; a GPU's, where it has had both kinds or none."""
    runs = list(finished)
    is_cpu = bool(runs) and all(run.done.get("device") == "cpu" for run in runs)
    return pace(runs, CPU if is_cpu else GPU)
