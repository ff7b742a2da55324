"""The two ways to train an attempt: in a process of its own, or here, where breakpoints work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field

from labtools.artifacts.record import Beat, Cause, read_record
from labtools.core.words import duration
from labtools.train.attempt import EXIT_FENCED
from labtools.train.attempt.faults import diagnose
from labtools.train.attempt.heartbeat import Fenced
from labtools.train.attempt.training import train_attempt
from labtools.train.lanes.work import POLL_S, Work
from labtools.train.runqueue.claims import write_end

_STOP_PATIENCE_S = 10.0
_EPOCHS_SAID_EVERY_S = 60.0


def train_in_child(work: Work) -> None:
    """Train in a process of its own and follow it to its end."""
    run, number = work.attempt.run, work.attempt.number
    child = _start(work)
    try:
        _follow(child, work)
    finally:
        _end(child)
    if work.stop.is_set():
        write_end(run.folder, number, work.stopped_as, work.stop_reason)
    elif child.returncode not in (0, EXIT_FENCED) and read_record(run.folder).done is None:
        cause = Cause.KILLED if child.returncode < 0 else Cause.ERROR
        write_end(run.folder, number, cause, _exit_reason(child.returncode))


def _start(work: Work) -> subprocess.Popen[bytes]:
    run, number, lane = work.attempt.run, work.attempt.number, work.lane
    with (run.folder / "train.log").open("ab") as log:
        log.write(f"==== attempt {number}, lane {lane.name} ====\n".encode())
        log.flush()
        return subprocess.Popen(
            [sys.executable, "-m", "labtools.train.attempt", str(run.folder), str(number), lane.device, lane.name],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=run.folder,
            env={**os.environ, **work.environment, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
        )


def _follow(child: subprocess.Popen[bytes], work: Work) -> None:
    """Say how far the training is, now and then, until it ends or the lane has to stop."""
    said = _Said()
    while child.poll() is None and not work.stop.wait(POLL_S):
        work.pulse()
        beat = read_record(work.attempt.run.folder).beat
        if beat is not None and (line := said.news(beat)):
            work.say(f"{work.attempt.run.run_id}: {line}")


@dataclass
class _Said:
    """Which epochs have been said: at most one a minute, so that the log of a long night stays short."""

    epoch: int = 0
    seconds: float = field(default=-_EPOCHS_SAID_EVERY_S)

    def news(self, beat: Beat) -> str:
        if beat.map50 is None:
            return ""
        finished = beat.epoch if beat.phase == "finishing" or beat.step == beat.steps else beat.epoch - 1
        is_time = beat.seconds - self.seconds >= _EPOCHS_SAID_EVERY_S or finished == beat.epochs
        if finished <= self.epoch or not is_time:
            return ""
        self.epoch, self.seconds = finished, beat.seconds
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


def train_here(work: Work) -> None:
    """Train in this process. A KeyboardInterrupt is recorded and goes on its way."""
    run, number = work.attempt.run, work.attempt.number
    os.environ.update(work.environment)
    try:
        train_attempt(run, number, work.lane.device, work.lane.name)
    except Fenced:
        return  # who has it now is in the record
    except KeyboardInterrupt:
        write_end(run.folder, number, Cause.STOPPED, f"lane {work.lane.name} was interrupted")
        raise
    except Exception as error:  # noqa: BLE001 - one run's trouble is recorded; the lane goes on to the next
        fault = diagnose(error, run)
        write_end(run.folder, number, fault.cause, fault.reason, again=fault.again, changes=fault.changes)
