"""A lane at work: claim a run, have it trained, say how it went, again until nothing is open."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labtools.artifacts.record import Cause, Record, read_record
from labtools.artifacts.runs import Run
from labtools.core.words import duration, score
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane, environment
from labtools.train.lanes.trainers import train_in_child
from labtools.train.lanes.work import POLL_S, Say, Trainer, Work
from labtools.train.runqueue.run_queue import LEASE_S, Attempt, RunQueue


@dataclass(frozen=True)
class LaneReport:
    """What a lane did: run ids."""

    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def run_lane(
    root: Path,
    lane: Lane,
    say: Say,
    *,
    trainer: Trainer = train_in_child,
    lease_s: float = LEASE_S,
    clock: Callable[[], float] = time.monotonic,
    stopped_as: Cause = Cause.STOPPED,
) -> LaneReport:
    """Work until nothing is open and nobody else trains either (what they drop, this lane takes).

    Args:
        root: the matrix's folder.
        lane: where to compute.
        say: gets one line at a time.
        trainer: who trains an attempt, in this process or another.
        lease_s: see `labtools.train.runqueue.run_queue.LEASE_S`.
        clock: seconds that only grow.
        stopped_as: what SIGTERM means: `Cause.STOPPED` by somebody, or `Cause.PREEMPTED` by the cluster.
    """
    done: list[str] = []
    failed: list[str] = []
    with records.hold(root, lane) as is_ours:
        if not is_ours:
            say(f"lane {lane.name} is already at work elsewhere; leaving")
            return LaneReport()
        with _stop_on_sigterm() as stop:
            for attempt in _attempts(RunQueue(root, lease_s=lease_s, clock=clock), lane.name, stop, say):
                say(f"{attempt.run.run_id}: attempt {attempt.number} starts")
                trainer(Work(attempt, lane, environment(lane), stop, stopped_as, say, lambda: None))
                is_done = _conclude(attempt.run, attempt.number, say)
                (done if is_done else failed).append(attempt.run.run_id)
        say("stopped, as asked" if stop.is_set() else f"nothing left to do: {len(done)} trained by this lane")
    return LaneReport(tuple(done), tuple(failed))


def _attempts(queue: RunQueue, lane: str, stop: threading.Event, say: Say) -> Iterator[Attempt]:
    was_waiting = False
    while not stop.is_set():
        attempt = queue.claim(lane)
        if attempt is not None:
            was_waiting = False
            yield attempt
        elif running := queue.running():
            if not was_waiting:
                say(f"nothing is open; staying in case one of {running} running elsewhere falls free")
            was_waiting = True
            stop.wait(4 * POLL_S)
        else:
            return


@contextmanager
def _stop_on_sigterm() -> Iterator[threading.Event]:
    """SIGTERM asks a lane to stop: it ends its training, records that, and leaves."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


def _conclude(run: Run, number: int, say: Say) -> bool:
    """Say how the attempt ended, from the record; True if the run is done."""
    record = read_record(run.folder)
    say(f"{run.run_id}: {_conclusion(record, number)}")
    return record.done is not None


def _conclusion(record: Record, number: int) -> str:
    if record.done is not None:
        done = record.done
        figures = f"mAP50 {score(done['map50'])}, mAP50-95 {score(done['map50_95'])}"
        return f"done in {duration(done['seconds'])}, {figures}"
    ends = dict(record.ends)
    if number in ends:
        return f"{ends[number].cause.value}: {ends[number].reason}"
    return "taken over by another lane"
