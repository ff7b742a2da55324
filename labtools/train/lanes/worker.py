"""A lane at work: claim a run, train it in a process of its own, say how it went, again until nothing is open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labtools.artifacts.record import Beat, Cause, Record, read_record
from labtools.artifacts.runs import Run
from labtools.core.words import duration, score
from labtools.train.attempt import EXIT_FENCED
from labtools.train.attempt.faults import diagnose
from labtools.train.attempt.heartbeat import Fenced
from labtools.train.attempt.training import train_attempt
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane, environment
from labtools.train.runqueue.claims import write_end
from labtools.train.runqueue.run_queue import LEASE_S, Attempt, RunQueue

POLL_S = 0.5
_STOP_PATIENCE_S = 10.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class LaneReport:
    """What a lane did: run ids."""

    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def run_lane(root: Path, lane: Lane, say: Say, *, in_process: bool = False, lease_s: float = LEASE_S) -> LaneReport:
    """Work until nothing is open and nobody else trains either (what they drop, this lane takes).

    Args:
        root: the matrix's folder.
        lane: where to compute.
        say: gets one line at a time.
        in_process: train in this process, where breakpoints work, instead of one process per run.
        lease_s: see `labtools.train.runqueue.run_queue.LEASE_S`.
    """
    done: list[str] = []
    failed: list[str] = []
    with records.hold(root, lane) as is_ours:
        if not is_ours:
            say(f"lane {lane.name} is already at work elsewhere; leaving")
            return LaneReport()
        with _stop_on_sigterm() as stop:
            for attempt in _attempts(RunQueue(root, lease_s=lease_s), lane.name, stop, say):
                say(f"{attempt.run.run_id}: attempt {attempt.number} starts")
                work = _train_here if in_process else _train_in_child
                if work(attempt, lane, stop, say):
                    done.append(attempt.run.run_id)
                else:
                    failed.append(attempt.run.run_id)
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


def _train_in_child(attempt: Attempt, lane: Lane, stop: threading.Event, say: Say) -> bool:
    """Train in a process of its own and follow it. True: the run is done."""
    run, number = attempt.run, attempt.number
    with (run.folder / "train.log").open("ab") as log:
        log.write(f"==== attempt {number}, lane {lane.name} ====\n".encode())
        log.flush()
        child = subprocess.Popen(
            [sys.executable, "-m", "labtools.train.attempt", str(run.folder), str(number), lane.device, lane.name],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=run.folder,
            env={**os.environ, **environment(lane), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
        )
    try:
        _follow(child, attempt, stop, say)
    finally:
        _end(child)
    if stop.is_set():
        write_end(run.folder, number, Cause.STOPPED, f"lane {lane.name} was asked to stop")
    elif child.returncode not in (0, EXIT_FENCED) and read_record(run.folder).done is None:
        cause = Cause.KILLED if child.returncode < 0 else Cause.ERROR
        write_end(run.folder, number, cause, _exit_reason(child.returncode))
    return _conclude(run, number, say)


def _follow(child: subprocess.Popen[bytes], attempt: Attempt, stop: threading.Event, say: Say) -> None:
    """Say each finished epoch until the training ends or the lane has to stop."""
    last = 0
    while child.poll() is None and not stop.wait(POLL_S):
        beat = read_record(attempt.run.folder).beat
        if beat is not None and beat.map50 is not None:
            finished = beat.epoch if beat.phase == "finishing" or beat.step == beat.steps else beat.epoch - 1
            if finished > last:
                last = finished
                say(f"{attempt.run.run_id}: {_epoch_line(finished, beat)}")


def _epoch_line(finished: int, beat: Beat) -> str:
    left = f", {duration(beat.eta_s)} left" if beat.eta_s is not None else ""
    return f"epoch {finished}/{beat.epochs}, mAP50 {beat.map50:.3f}, mAP50-95 {beat.map50_95 or 0.0:.3f}{left}"


def _end(child: subprocess.Popen[bytes]) -> None:
    """Make sure that the training process is gone."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stdin is not None:
        child.stdin.close()


def _exit_reason(code: int) -> str:
    if code == -signal.SIGTERM:
        return "the training was ended by somebody (SIGTERM)"
    if code < 0:
        return f"the training was killed by signal {-code} (9: often the system, which had no memory left)"
    return f"the training ended with exit code {code}; see train.log"


def _train_here(attempt: Attempt, lane: Lane, stop: threading.Event, say: Say) -> bool:
    """Train in this process. A KeyboardInterrupt is recorded and goes on its way."""
    run, number = attempt.run, attempt.number
    os.environ.update(environment(lane))
    try:
        train_attempt(run, number, lane.device, lane.name)
    except Fenced:
        pass  # _conclude tells who has it now
    except KeyboardInterrupt:
        write_end(run.folder, number, Cause.STOPPED, f"lane {lane.name} was interrupted")
        raise
    except Exception as error:  # noqa: BLE001 - one run's trouble is recorded; the lane goes on to the next
        fault = diagnose(error, run)
        write_end(run.folder, number, fault.cause, fault.reason, again=fault.again, changes=fault.changes)
    return _conclude(run, number, say)


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
