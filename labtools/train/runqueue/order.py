"""In which order open runs are taken. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from labtools.artifacts.record import OWN_TROUBLE, Cause, Record, since_progress
from labtools.artifacts.runs import RunSpec
from labtools.train.estimates import CPU, GPU, Finished, Pace, pace

_IN_A_ROW = 2
"""So many trainings killed, or GPUs lost, without a new epoch between them may be the run's fault, or its lane's."""


class Turn(NamedTuple):
    """The sort key of claiming.

    Longest first (LPT) keeps the makespan near the bound max(longest, total / lanes): R. L. Graham, "Bounds on
    multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969).

    A run that failed keeps its place: it costs the lane that tries it again little, for it fails soon or gets on, and
    the longest one, put behind all the others for a NaN in its first epoch, would end half a matrix after them. There
    are two exceptions, both of runs that kept no new epoch since. What failed by itself, or was killed twice, comes
    last on the lane where it did: a dead GPU so meets different runs, and a bad run another GPU. What lost its GPU
    twice comes last on every lane: if it is a run that GPUs do not survive, all others should be done by then.

    Attributes:
        rank: minus the priority.
        comes_last: see above.
        minus_seconds: of what is left of it.
        run_id: so that the order is one.
    """

    rank: int
    comes_last: bool
    minus_seconds: float
    run_id: str


def turn(spec: RunSpec, record: Record, seconds: float, *, has_failed_here: bool = False) -> Turn:
    """When it is this run's turn on a lane.

    Args:
        spec: what is asked.
        record: of the run.
        seconds: that a whole training of it takes (see `estimates.expected_seconds`).
        has_failed_here: one of `failed_in_vain` was an attempt of that lane.
    """
    kept = min(1.0, record.last_end.epoch / max(1, spec.epochs)) if record.last_end is not None else 0.0
    last = has_failed_here or len(_in_vain(record, {Cause.GPU})) >= _IN_A_ROW
    return Turn(-record.priority, last, -seconds * (1 - kept), spec.run_id)


def failed_in_vain(record: Record) -> tuple[int, ...]:
    """The attempts that failed by themselves, or were killed twice, since the last one that kept a new epoch."""
    killed = _in_vain(record, {Cause.KILLED})
    return _in_vain(record, OWN_TROUBLE) + (killed if len(killed) >= _IN_A_ROW else ())


def _in_vain(record: Record, causes: Collection[Cause]) -> tuple[int, ...]:
    """The attempts with such an end since the last new epoch; the one that kept it was not in vain."""
    if not record.ends:
        return ()
    ends = since_progress(record.counted)
    numbers = [n for n, _ in record.ends if n > record.forgiven]
    vain = enumerate(zip(numbers[len(numbers) - len(ends) :], ends, strict=True))
    return tuple(n for index, (n, end) in vain if end.cause in causes and (index or not end.epoch))


def pace_here(finished: Iterable[Finished]) -> Pace:
    """The pace of the lanes that this matrix has had; a GPU's, where it has had both kinds or none."""
    runs = list(finished)
    is_cpu = bool(runs) and all(run.done.get("device") == "cpu" for run in runs)
    return pace(runs, CPU if is_cpu else GPU)
