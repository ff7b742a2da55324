"""What people decide about single runs: leave it out, give it another chance, train it again from the start."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import asdict
from pathlib import Path

from labtools.artifacts.record import Cause, Order, State, judge, read_record
from labtools.core.files import link_exclusive
from labtools.train.runqueue.claims import as_json, is_dead, now, write_end


def cancel(folder: Path) -> bool:
    """Leave a run out, ending a training that is under way; False if it is done or cancelled already."""
    record = read_record(folder)
    if record.done is not None or record.cancelled:
        return False
    _order(folder, "cancel", record.attempt)
    if record.is_taken:
        write_end(folder, record.attempt, Cause.STOPPED, "cancelled by hand")
    return True


def retry(folder: Path) -> bool:
    """Give a failed or cancelled run another chance, from its last checkpoint; False if it is neither."""
    record = read_record(folder)
    if judge(record, stale=is_dead(record)) not in (State.FAILED, State.CANCELLED):
        return False
    _order(folder, "retry", record.attempt)
    return True


def _order(folder: Path, what: str, attempt: int) -> None:
    """Write the next order; of two people at the same moment both are heard, one after the other."""
    order = as_json(asdict(Order(what, attempt, f"{getpass.getuser()}@{socket.gethostname()}", now())))
    number = 1 + sum(name.startswith("order.") for name in os.listdir(folder))
    while not link_exclusive(folder / f"order.{number}.json", order):
        number += 1
