"""Whose lane is dead: told by the system for lanes of this machine, for others by a silence on our own clock."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from labtools.artifacts.record import Record
from labtools.train.runqueue.claims import is_dead

_PUT_ASIDE_S = 90.0
"""Whoever requeues a run waits at most a minute for its training to end, see `labtools.train.runqueue.orders`."""

_SETTLE_S = 60.0
"""When a disk that was full takes writing again, the living beat within seconds; a lane may look twice a minute."""


@dataclass
class _Heard:
    """The last sign of life of an attempt: which, since when it is the last, and when it was last seen to be so."""

    sign: tuple[int, int]
    since: float
    seen: float


class Leases:
    """What one lane has heard of the others.

    Silence proves nothing while nobody could hear or speak. When we have not looked for a whole lease (the file server
    was away, this machine slept), the lease begins anew: the beats that were held up come now. Nor does it end while
    the disk takes no writing, or has just begun to take it again.

    Args:
        lease_s: see `labtools.train.runqueue.run_queue.LEASE_S`.
        clock: seconds that only grow.
    """

    def __init__(self, lease_s: float, clock: Callable[[], float]) -> None:
        self._lease_s = lease_s
        self._clock = clock
        self._heard: dict[Path, _Heard] = {}
        self._ordered: dict[tuple[Path, int], float] = {}
        self._full_at = float("-inf")

    def is_over(self, folder: Path, record: Record) -> bool:
        """Is the lane of a taken run dead? To be asked at least twice in a lease."""
        if is_dead(record):
            return True
        now = self._clock()
        sign = (record.attempt, record.beat.count if record.beat else -1)
        heard = self._heard.get(folder)
        if heard is None or heard.sign != sign or now - heard.seen > self._lease_s:
            self._heard[folder] = _Heard(sign, now, now)
            return False
        heard.seen = now
        if now - heard.since <= self._lease_s:
            return False
        if not _takes_writing(folder):
            self._full_at = now
        return now - self._full_at > _SETTLE_S

    def is_put_aside(self, folder: Path, record: Record) -> bool:
        """Is somebody requeueing this run, so that in a moment a fresh one is in its place?

        Not for ever: whoever does may have been interrupted.
        """
        if not record.orders or record.orders[-1].what != "requeue":
            return False
        now = self._clock()
        return now - self._ordered.setdefault((folder, len(record.orders)), now) <= _PUT_ASIDE_S

    def silence_s(self, folders: Iterable[Path]) -> float:
        """For how long the most silent of these runs has not been heard; 0 where there is none."""
        now = self._clock()
        return max((now - self._heard[folder].since for folder in folders if folder in self._heard), default=0.0)


def _takes_writing(folder: Path) -> bool:
    """Could a lane write a sign of life there now?"""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())  # a file server tells only now
    except OSError:
        return False
    return True
