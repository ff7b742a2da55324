"""The two ways to train an attempt: in a process of its own, or here, where breakpoints work."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

from labtools.artifacts.record import Beat, Cause
from labtools.artifacts.record_files import read_record
from labtools.core.words import duration
from labtools.train import processes
from labtools.train.attempt import EXIT_NO_SPACE
from labtools.train.attempt.faults import diagnose
from labtools.train.attempt.heartbeat import Fenced
from labtools.train.attempt.training import train_attempt
from labtools.train.lanes.crashes import count_oom_kills, explain_exit
from labtools.train.lanes.work import POLL_S, Work
from labtools.train.runqueue.claims import end_attempt
from labtools.train.runqueue.policy import Fault

_STOP_PATIENCE_S = 10.0
_SIGNAL_PATIENCE_S = 2.0
_RETRY_S = 2.0
_EPOCHS_SAID_EVERY_S = 60.0

_STILL_S = 1800.0
"""No batch for this long on a GPU: it hangs. A validation, the longest thing between two batches, takes minutes."""


def train_in_child(work: Work) -> None:
    """Train in a process of its own and follow it to its end."""
    oom_kills = count_oom_kills()
    try:
        child = _start(work)
    except OSError as error:
        close(work, Fault(Cause.DISK, f"the training could not be started: {error.strerror or error}"))
        return
    try:
        still = _follow(child, work)
    finally:
        _end(child)
    if still is not None:
        close(work, still)
        return
    if child.returncode in (-signal.SIGTERM, -signal.SIGINT):
        # Whoever ends a machine or a job tells its processes one after the other; we may be the next.
        work.stop.wait(_SIGNAL_PATIENCE_S)
    if work.stop.is_set():
        close(work, Fault(work.stopped_as, work.stop_reason))
    elif child.returncode == EXIT_NO_SPACE:
        close(work, Fault(Cause.DISK, "the disk is full"))
    else:
        close(work, explain_exit(child.returncode, oom_kills))


def _start(work: Work) -> subprocess.Popen[bytes]:
    run, number, lane = work.attempt.run, work.attempt.number, work.lane
    with (run.folder / "train.log").open("ab", buffering=0) as log:
        with contextlib.suppress(OSError):  # a headline that finds no room on the disk is no loss
            log.write(f"==== attempt {number}, lane {lane.name} ====\n".encode())
        return subprocess.Popen(
            [sys.executable, "-m", "labtools.train.attempt", str(run.folder), str(number), lane.device, lane.name],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=run.folder,
            env={**os.environ, **work.environment, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
            start_new_session=True,  # its loader workers are found by this group, and Ctrl-C reaches the lane alone
        )


def _follow(child: subprocess.Popen[bytes], work: Work) -> Fault | None:
    """Say how far the training is, now and then, until it ends or the lane has to stop. A fault: it hangs."""
    said, motion = _Said(), _Motion(time.monotonic())
    while child.poll() is None and not work.stop.wait(POLL_S):
        work.pulse()
        try:
            beat = read_record(work.attempt.run.folder).beat
        except OSError:  # the file server is away for a moment, or the folder was moved: the training will tell
            continue
        if beat is None:
            continue
        if line := said.news(beat):
            work.say(f"{work.attempt.run.run_id}: {line}")
        if motion.still_s(beat, time.monotonic()) > _STILL_S and work.lane.device != "cpu":
            return Fault(Cause.GPU, f"the training stood still for {duration(_STILL_S)}")
    return None


@dataclass
class _Motion:
    """When a training was last seen to get on. One that hangs in its GPU's driver still beats: that is a thread."""

    since: float
    sign: tuple[object, ...] = ()

    def still_s(self, beat: Beat, at: float) -> float:
        sign = (beat.phase, beat.epoch, beat.step)
        if sign != self.sign:
            self.sign, self.since = sign, at
        return at - self.since


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
    """Make sure that the training process is gone, and whatever it has started."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stdin is not None:
        child.stdin.close()
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody of its group is left
            os.killpg(child.pid, signal.SIGKILL)


def close(work: Work, fault: Fault) -> None:
    """See to it that the attempt is closed: by its training, by somebody else, or now, with this fault.

    What cannot be written is tried again until there is room. If the lane is ended first, whoever finds the attempt
    of a lane that is gone will close it.
    """
    run, number = work.attempt.run, work.attempt.number
    was_said = False
    while True:
        try:
            record = read_record(run.folder)
            is_ours = record.claim is None or processes.is_ours(record.claim.process)  # else it was requeued, and taken
            if record.attempt == number and record.is_taken and is_ours:
                end_attempt(run, number, fault)
            return
        except FileNotFoundError:
            return  # somebody moved the run's folder away, and its record with it
        except OSError as error:
            if not was_said:
                work.say(f"{run.run_id}: how it ended cannot be written yet ({error.strerror or error})")
            was_said = True
        work.pulse()
        if work.stop.wait(_RETRY_S):
            return


def train_here(work: Work) -> None:
    """Train in this process. A KeyboardInterrupt is recorded and goes on its way."""
    os.environ.update(work.environment)
    try:
        train_attempt(work.attempt.run, work.attempt.number, work.lane.device, work.lane.name)
    except Fenced:
        return  # who has it now is in the record
    except KeyboardInterrupt:
        close(work, Fault(Cause.STOPPED, f"lane {work.lane.name} was interrupted"))
        raise
    except Exception as error:  # noqa: BLE001 - one run's trouble is recorded; the lane goes on to the next
        close(work, diagnose(error, work.attempt.run))
