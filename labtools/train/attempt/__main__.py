"""``python -m labtools.train.attempt FOLDER NUMBER DEVICE LANE``: the training process of a lane.

One process per run, so that a crash or a leak of one training cannot touch the next. Its standard input is a pipe from
the lane: when that closes, the lane is dead, and the training ends within a moment rather than compete with its
successor.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from pathlib import Path

from labtools.artifacts.record import Cause
from labtools.artifacts.record_files import read_claim
from labtools.artifacts.runs import Run, read_run
from labtools.train.attempt import EXIT_FAILED, EXIT_FENCED, EXIT_NO_SPACE, EXIT_ORPHAN
from labtools.train.attempt.faults import Fault, diagnose, is_full
from labtools.train.attempt.heartbeat import Fenced
from labtools.train.attempt.training import train_attempt
from labtools.train.processes import is_ours
from labtools.train.runqueue.claims import end_attempt


def _die_with_lane() -> None:
    """Leave at once when the lane's end of our standard input closes, which the system does even after SIGKILL."""

    def watch() -> None:
        # Not sys.stdin: a thread that waits inside its buffer makes Python abort when the program ends.
        while os.read(0, 1):
            pass
        os._exit(EXIT_ORPHAN)

    threading.Thread(target=watch, name="lane-watch", daemon=True).start()


def main(arguments: list[str]) -> int:
    """The training process; the exit code is for the lane's log, the record is in the run's folder."""
    folder, number, device, lane = Path(arguments[0]), int(arguments[1]), arguments[2], arguments[3]
    _die_with_lane()
    run = read_run(folder)
    try:
        train_attempt(run, number, device, lane, leave=lambda: os._exit(EXIT_FENCED))
    except Fenced:
        return EXIT_FENCED
    except Exception as error:  # noqa: BLE001 - the door of this process: whatever it is, the record says it
        code = _record(run, number, diagnose(error, run))
        _print(error)
        return code
    return 0


def _record(run: Run, number: int, fault: Fault) -> int:
    """Write down how the attempt ended, if it still is ours and the disk takes it; the exit code."""
    claim = read_claim(run.folder, number)
    if claim is None or not is_ours(claim.process):
        return EXIT_FENCED
    try:
        end_attempt(run, number, fault)
    except OSError as error:
        _print(error)
        # What is full now was full when it went wrong, whatever a library made of that.
        return EXIT_NO_SPACE if fault.cause is Cause.DISK or is_full(error) else EXIT_FAILED
    return EXIT_FAILED


def _print(error: BaseException) -> None:
    """To the run's log, which may lie on the disk that is full: then the exit code tells."""
    with contextlib.suppress(OSError):
        traceback.print_exception(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
