"""What people decide about single runs: leave it out, another chance, train it again from the start, sooner or later.

Each is effective while lanes run: a training that is under way is closed in the record, sees that within a few
seconds, and ends.
"""

from __future__ import annotations

import errno
import getpass
import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from labtools.artifacts.record import Cause, Order, Record, State
from labtools.artifacts.record_files import read_beat, read_record
from labtools.artifacts.runs import OLD_FOLDER, RUN_FILE
from labtools.core.errors import LabError
from labtools.core.files import json_bytes, link_exclusive, write_json
from labtools.train.estimates import WORKLOAD_FILE
from labtools.train.processes import is_alive, is_here
from labtools.train.runqueue.claims import now, state_now, write_end
from labtools.train.runqueue.news import announce

PATIENCE_S = 60.0
"""A training sees within a beat (2 s) that it was closed, and ends after its current step."""

_QUIET_S = 10.0
"""A training on another machine that has not beaten for five beats after its end is gone."""

_LATELY_S = 600.0

_PRIORITY_FILE = "priority.json"


def cancel(folder: Path) -> bool:
    """Leave a run out, ending a training that is under way; False if it is done or cancelled already."""
    record = read_record(folder)
    if record.done is not None or record.cancelled:
        return False
    _order(folder, "cancel", record.attempt)
    _close(folder, "cancelled by hand")
    return read_record(folder).done is None


def retry(folder: Path) -> bool:
    """Give a failed or cancelled run another chance as asked, from its last checkpoint; False if it is neither."""
    record = read_record(folder)
    if state_now(record) not in (State.FAILED, State.CANCELLED):
        return False
    _order(folder, "retry", record.attempt)
    return True


def set_priority(folder: Path, priority: int) -> None:
    """Train a run before those of lower priority (0 is usual); a training under way is left alone."""
    write_json(folder / _PRIORITY_FILE, {"priority": priority, "who": _who(), "time": now()})
    announce(folder.parent)


def requeue(
    folder: Path,
    *,
    patience_s: float = PATIENCE_S,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Put the folder of a run aside, whatever its state, so that it is trained anew from the start.

    Nothing is deleted: what there was is in ``old/<run_id>.<k>``. A fresh folder takes its place, unless what was asked
    is stale: then the next ``train-matrix`` writes it as the matrix means it now.

    Args:
        folder: of the run.
        patience_s: how long a training under way may take to end.
        clock: seconds that only grow.
        sleep: waits.

    Returns:
        where it is now.

    Raises:
        LabError: its training does not end; somebody else puts it aside at this moment.
    """
    try:
        record = read_record(folder)
        _order(folder, "requeue", record.attempt)  # from here on nobody claims it
        _close(folder, "requeued by hand")
        _await_quiet(folder, record, patience_s, clock, sleep)
        return _put_aside(folder, is_stale=bool(record.stale))
    except FileNotFoundError:
        fix = "It is trained anew; `labtools status` shows it."
        raise LabError("somebody else has put this run aside just now", folder, fix) from None


def _order(folder: Path, what: str, attempt: int) -> None:
    """Write the next order; of two people at the same moment both are heard, one after the other."""
    order = json_bytes(asdict(Order(what, attempt, _who(), now())))
    number = 1 + sum(name.startswith("order.") for name in os.listdir(folder))
    while not link_exclusive(folder / f"order.{number}.json", order):
        number += 1
    announce(folder.parent)


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in containers
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


def _close(folder: Path, reason: str) -> None:
    """End the attempt under way, if there is one; its training and its lane see that.

    Read again after the order was written: a lane that claims at this moment sees the order, or we see its claim.
    """
    record = read_record(folder)
    if record.is_taken:
        write_end(folder, record.attempt, Cause.STOPPED, reason)


def _await_quiet(
    folder: Path, record: Record, patience_s: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    """Wait until the training of a record that was read before its attempt was closed has gone."""
    if not record.is_taken and not _was_closed_lately(record):
        return
    start = heard = clock()
    count = -1
    while True:
        beat = read_beat(folder, record.attempt)
        process = beat.process if beat is not None else record.claim.process if record.claim is not None else None
        if process is not None and is_here(process) and not is_alive(process):
            return
        if beat is not None and beat.count != count:
            count, heard = beat.count, clock()
        is_watched = beat is not None and is_here(beat.process)  # then silence proves nothing
        if not is_watched and clock() - heard >= _QUIET_S:
            return
        if clock() - start > patience_s:
            where = f"process {process.pid} on {process.host}" if process is not None else "its process"
            fix = f"End {where}, then type this again. Nothing has been moved, and no lane takes this run meanwhile."
            raise LabError("the training of this run was told to end, and has not ended", folder, fix)
        sleep(0.2)


def _was_closed_lately(record: Record) -> bool:
    """Was it by somebody else than its training, which may not have noticed yet? (Clocks that disagree are patience
    misjudged, no more.)"""
    end = record.last_end
    if record.done is not None or end is None or end.cause not in (Cause.STOPPED, Cause.LANE) or not end.time:
        return False
    return (datetime.now(timezone.utc) - datetime.fromisoformat(end.time)).total_seconds() < _LATELY_S


def _put_aside(folder: Path, *, is_stale: bool) -> Path:
    """Move a run's folder away, and a fresh one into its place. Interrupted in between, the next train-matrix writes
    the fresh one."""
    old = folder.parent / OLD_FOLDER
    fresh = old / f".{folder.name}.{uuid.uuid4().hex[:8]}"
    fresh.mkdir(parents=True)
    try:
        for name in () if is_stale else (RUN_FILE, WORKLOAD_FILE, _PRIORITY_FILE):
            if name == RUN_FILE or (folder / name).is_file():  # without its run.json it would be no run any more
                shutil.copyfile(folder / name, fresh / name)
        target = _rename_to_free_name(folder, old)
        if not is_stale:
            _install(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # gone already where all went well
    announce(folder.parent)
    return target


def _install(fresh: Path, folder: Path) -> None:
    try:
        fresh.rename(folder)
    except OSError as error:
        # A process that should have ended has written to the old place, and so made it again.
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        shutil.copytree(fresh, folder, dirs_exist_ok=True)


def _rename_to_free_name(folder: Path, old: Path) -> Path:
    number = 1
    while True:
        target = old / f"{folder.name}.{number}"
        if not target.exists():
            try:
                return folder.rename(target)
            except PermissionError:  # Windows, where an open file holds its folder
                fix = "Close what shows its files (TensorBoard, an editor), then type this again."
                raise LabError("the folder of this run is in use", folder, fix) from None
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # somebody took that name at this moment
                    raise
        number += 1
