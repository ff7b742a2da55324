"""Which process is meant, so surely that a reused process number never fools us."""

from __future__ import annotations

import os
import socket

import psutil

from labtools.artifacts.record import ProcessId

# Linux derives a start time from the boot time, which moves when the clock is set; no pid comes back within this.
_START_TOLERANCE_S = 2.0


def this_process() -> ProcessId:
    return ProcessId(socket.gethostname(), os.getpid(), psutil.Process().create_time())


def is_here(process: ProcessId) -> bool:
    """Was it started on this machine, so that `is_alive` can tell?"""
    return process.host == socket.gethostname()


def is_alive(process: ProcessId) -> bool:
    """Does that very process still run on this machine? Zombies are dead; another machine's are never alive here."""
    return _find(process) is not None


def end_process(process: ProcessId, patience_s: float) -> None:
    """Ask that process of this machine to end, and kill it if it has not after ``patience_s``."""
    found = _find(process)
    if found is None:
        return
    try:
        found.terminate()
        found.wait(patience_s)
    except psutil.TimeoutExpired:
        found.kill()
    except psutil.NoSuchProcess:
        return


def _find(process: ProcessId) -> psutil.Process | None:
    if not is_here(process):
        return None
    try:
        found = psutil.Process(process.pid)
        if abs(found.create_time() - process.started) > _START_TOLERANCE_S:
            return None
        return None if found.status() == psutil.STATUS_ZOMBIE else found
    except psutil.NoSuchProcess:
        return None
