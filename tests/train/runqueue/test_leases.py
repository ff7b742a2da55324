"""Silence is death, unless nobody could speak or hear."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.record import Beat, Claim, ProcessId
from labtools.artifacts.record_files import read_record
from labtools.train.runqueue import claims, orders
from labtools.train.runqueue.leases import Leases
from labtools.train.runqueue.run_queue import RunQueue

ELSEWHERE = ProcessId("another-machine", 4711, 1.0)
LEASE_S = 100.0


class Observer:
    """Somebody who looks at one run of a lane elsewhere; the clock is ours."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self._folder = folder
        self._leases = Leases(LEASE_S, lambda: self.now)
        claims.take(folder, 1, Claim("gpu0", ELSEWHERE, claims.now()))

    def finds_it_dead(self, after_s: float) -> bool:
        self.now += after_s
        return self._leases.is_over(self._folder, read_record(self._folder))

    def beat(self) -> None:
        """The lane lives."""
        claims.write_beat(self._folder, 1, Beat(int(self.now) + 1, claims.now(), ELSEWHERE))

    @property
    def silence_s(self) -> float:
        return self._leases.silence_s([self._folder])


@pytest.fixture
def observer(make_run: Callable[..., Path]) -> Observer:
    return Observer(make_run())


def test_it_is_dead_when_a_lease_has_passed_without_a_beat(observer: Observer) -> None:
    assert observer.silence_s == 0.0, "never heard of"
    assert [observer.finds_it_dead(30) for _ in range(4)] == [False] * 4
    observer.beat()
    assert [observer.finds_it_dead(30) for _ in range(4)] == [False] * 4
    assert observer.silence_s == 90.0
    assert observer.finds_it_dead(11)


def test_a_run_that_is_being_requeued_is_waited_for_but_not_for_ever(make_run: Callable[..., Path]) -> None:
    folder, clock = make_run(), [0.0]
    queue = RunQueue(folder.parent, clock=lambda: clock[0])
    orders._order(folder, "requeue", 1)  # and then whoever typed it waits for its training to end
    assert (queue.waiting(), queue.running()) == (0, 1)
    clock[0] += 80
    assert (queue.waiting(), queue.running()) == (0, 1)
    clock[0] += 20
    assert (queue.waiting(), queue.running()) == (0, 0), "he was interrupted"
    orders._put_aside(folder, is_stale=False)
    assert (queue.waiting(), queue.running()) == (1, 0)
    orders.cancel(folder)
    assert (queue.waiting(), queue.running()) == (0, 0), "nobody waits for what was cancelled"


def test_who_was_away_himself_listens_anew(observer: Observer) -> None:
    """A file server that hung for an hour held up our look as it held up their beats."""
    assert not observer.finds_it_dead(1)
    assert not observer.finds_it_dead(3600)
    observer.beat()
    assert [observer.finds_it_dead(30) for _ in range(4)] == [False] * 4
    assert observer.finds_it_dead(30)


def test_on_a_full_disk_nobody_can_beat(small_disk: Path, make_run: Callable[..., Path]) -> None:
    folder = small_disk / "run"
    shutil.copytree(make_run(), folder)
    observer = Observer(folder)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(4096))
    assert not any(observer.finds_it_dead(30) for _ in range(10))
    filler.unlink()
    assert not observer.finds_it_dead(1), "there is room again, and it has not had the time to say so"
    observer.beat()
    assert not any(observer.finds_it_dead(30) for _ in range(4))
    assert observer.finds_it_dead(30), "but it can be dead now"
