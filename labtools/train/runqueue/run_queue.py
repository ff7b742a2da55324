"""Which run is next. There is no queue on disk: run folders are the record, and this only reads and claims them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labtools.artifacts.record import Beat, Cause, Claim, Record, State, judge, read_record
from labtools.artifacts.runs import Run, course_order, list_runs
from labtools.train.processes import end_process, is_here, this_process
from labtools.train.runqueue.claims import is_dead, now, take, write_end

LEASE_S = 120.0
"""A lane on another machine that is silent for this long is taken for dead. Heartbeats come every 2 s."""


@dataclass(frozen=True)
class Attempt:
    """A run that this lane has taken."""

    run: Run
    number: int


class RunQueue:
    """The runs of one matrix folder, as one lane sees them.

    Args:
        root: the matrix's folder.
        lease_s: see `LEASE_S`.
        clock: seconds that only grow. Ours, not the other machine's: clocks that disagree do no harm.
    """

    def __init__(self, root: Path, *, lease_s: float = LEASE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._lease_s = lease_s
        self._clock = clock
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}

    def claim(self, lane: str) -> Attempt | None:
        """Take the next open run: untouched ones first, in the course's order, then those that were tried.

        A run whose lane is dead is ended as lost on the way, and so becomes open. None: nothing is open now.
        """
        waiting: list[tuple[int, Run]] = []
        for run in sorted(list_runs(self._root), key=lambda r: course_order(r.spec)):
            record = read_record(run.folder)
            if record.is_taken and self._is_stale(run.run_id, record):
                _bury(run.folder, record)
                record = read_record(run.folder)
            if judge(record, stale=False) is State.TODO:
                waiting.append((record.attempt, run))
        for attempt, run in sorted(waiting, key=lambda item: item[0]):
            claim = Claim(lane, this_process(), now())
            if take(run.folder, attempt + 1, claim) and not (run.folder / "done.json").exists():
                return Attempt(run, attempt + 1)
        return None

    def running(self) -> int:
        """How many runs other lanes are training: while there are some, one may still fall free."""
        records = (read_record(run.folder) for run in list_runs(self._root))
        return sum(judge(record, stale=False) is State.RUNNING for record in records)

    def _is_stale(self, run_id: str, record: Record) -> bool:
        if is_dead(record):
            return True
        sign = (record.attempt, record.beat.count if record.beat else -1)
        if run_id not in self._seen or self._seen[run_id][0] != sign:
            self._seen[run_id] = (sign, self._clock())
        return self._clock() - self._seen[run_id][1] > self._lease_s


def _bury(folder: Path, record: Record) -> None:
    """End an attempt whose lane is dead, once its training process is surely gone too."""
    beat, claim = record.beat, record.claim
    if beat is not None and is_here(beat.process):
        _end_orphan(beat)
    who = f"lane {claim.lane} on {claim.process.host}" if claim else "its lane"
    where = f" in epoch {beat.epoch}" if beat and beat.epoch else ""
    write_end(folder, record.attempt, Cause.LANE, f"{who} died{where}")


def _end_orphan(beat: Beat) -> None:
    """A training ends by itself when its lane dies (see `attempt`); this is for one that hangs."""
    end_process(beat.process, patience_s=5.0)
