"""Why a training process ended that could not say it itself: from its exit code, and from what the system counts."""

from __future__ import annotations

import signal
from pathlib import Path

from labtools.artifacts.record import Cause
from labtools.train.runqueue.policy import Fault

_VMSTAT = Path("/proc/vmstat")

_CRASHES = {"SIGSEGV", "SIGABRT", "SIGFPE", "SIGILL"}
"""The process's own doing. Other signals come from outside."""


def count_oom_kills() -> int | None:
    """How many processes this system has killed for want of memory since it started; None where it does not tell.

    Linux counts them in ``/proc/vmstat`` (since 4.13), for everybody to read, containers' limits included.
    """
    try:
        lines = _VMSTAT.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def explain_exit(code: int, oom_kills_before: int | None) -> Fault:
    """The fault of a training process that left no word.

    Args:
        code: of its exit; negative: the signal that ended it.
        oom_kills_before: `count_oom_kills` when it was started.
    """
    if code >= 0:
        return Fault(Cause.ERROR, f"the training ended with exit code {code} without a word; see train.log")
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    if name in _CRASHES:
        return Fault(Cause.ERROR, f"the training crashed ({name}); see train.log")
    if name == "SIGBUS":
        return Fault(Cause.KILLED, "the training was killed (SIGBUS): shared memory (/dev/shm) or the disk is full")
    if name == "SIGKILL":
        after = count_oom_kills()
        if after is not None and oom_kills_before is not None and after > oom_kills_before:
            return Fault(Cause.KILLED, "the system had no memory left and killed the training")
        return Fault(Cause.KILLED, "the training was killed (SIGKILL): by somebody, or by a limit on memory")
    return Fault(Cause.KILLED, f"the training was ended by somebody ({name})")
