"""Which process is meant, so surely that a reused process number never fools us."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil

from labtools.artifacts.record import ProcessId

# Linux derives a start time from the boot time, which moves when the clock is set; no pid comes back within this.
_START_TOLERANCE_S = 2.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def this_process() -> ProcessId:
    return ProcessId(socket.gethostname(), os.getpid(), psutil.Process().create_time(), _boot())


def is_here(process: ProcessId) -> bool:
    """Was it started on this machine since it was switched on, so that `is_alive` can tell?

    Two servers may both be called "localhost": what runs on one must not count as dead on the other.
    """
    return process.host == socket.gethostname() and process.boot in ("", _boot())


def is_ours(process: ProcessId) -> bool:
    """Is it this process, or one that has started it?"""
    return is_here(process) and is_from(os.getpid(), process.pid)


def is_from(pid: int, ancestor: int) -> bool:
    """Is that process of this machine ``ancestor`` itself, or was it started by that, directly or not?

    Not directly in a virtual environment of Windows, whose ``python.exe`` starts the real one.
    """
    try:
        process: psutil.Process | None = psutil.Process(pid)
        while process is not None and process.pid != ancestor:
            process = process.parent()
    except psutil.Error:  # gone, or out of sight: those of other users are, on some systems
        return False
    return process is not None


def _boot() -> str:
    """Linux gives every start of a machine a random number; elsewhere ""."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def is_alive(process: ProcessId) -> bool:
    """Does that very process still run on this machine? Zombies are dead; another machine's are never alive here."""
    return _find(process) is not None


def end_process(process: ProcessId, patience_s: float) -> str:
    """Ask that process of this machine to end, and kill it if it has not after ``patience_s``.

    Returns:
        ``""``; or the name of its user, whom alone the system allows that.
    """
    found = _find(process)
    if found is None:
        return ""
    try:
        found.terminate()
        found.wait(patience_s)
    except psutil.TimeoutExpired:
        found.kill()
    except psutil.NoSuchProcess:
        return ""
    except psutil.AccessDenied:
        return _user_of(found)
    return ""


def _user_of(process: psutil.Process) -> str:
    try:
        return process.username()
    except psutil.Error:  # gone meanwhile, or out of sight
        return "another user"


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
