"""The judge of `scripts/chaos_train.py` sees what is wrong: attempts that nobody hit, or that were begun twice."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from _chaos_check import Told, _beginnings, _check_attempts
from _chaos_lab import Process
from chaos_train import plan_blows

from labtools.artifacts.record import Cause, Claim
from labtools.artifacts.record_files import read_record
from labtools.train.processes import this_process
from labtools.train.runqueue import claims

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
def finished(make_run: Callable[..., Path]) -> Path:
    """A run whose first attempt was killed, and whose second one finished it."""
    folder = make_run()
    for number in (1, 2):
        assert claims.take(folder, number, Claim("cpu0", this_process(), claims.now()))
        if number == 1:
            claims.write_end(folder, 1, Cause.KILLED, "killed", epoch=1)
    history = [{"number": 1, "cause": "killed"}, {"number": 2, "cause": "done"}]
    assert claims.write_done(folder, {"attempt": 2, "attempts": history})
    return folder


def judged(folder: Path, told: Told) -> list[str]:
    record = read_record(folder)
    assert record.done is not None
    return list(_check_attempts(folder, record, record.done, told))


def test_what_was_hit_may_end_and_nothing_else(finished: Path) -> None:
    assert judged(finished, Told(hit={(finished.name, 1)})) == []
    (wrong,) = judged(finished, Told())
    assert wrong == "attempt 1 ended by killed, though nothing was done to it: killed"


def test_what_does_not_fit_together_is_seen(finished: Path) -> None:
    told = Told(hit={(finished.name, 1)}, processes={(finished.name, 2): {17, 18}})
    assert judged(finished, told) == ["attempt 2 was begun by more than one process"]
    (finished / "claim.1").unlink()
    assert judged(finished, told)[0].startswith("attempt 2 finished it, but claims are [2]")


def test_where_attempts_began_is_read_from_the_log(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text(
        "==== attempt 1, lane cpu0 ====\ntraining from the start\n"
        "==== attempt 2, lane cpu0 ====\n"  # killed before it said anything
        "==== attempt 3, lane cpu1 ====\ngoing on after epoch 2 of 4\n"
    )
    assert list(_beginnings(log)) == [(1, 0), (3, 2)]


def test_every_blow_is_dealt() -> None:
    blows = Counter(plan_blows(100, 5, 2, random.Random(1)))
    assert blows == {"training": 35, "lane": 30, "tmux": 15, "launcher": 20, "power": 5, "disk": 2}


def test_a_process_is_known_by_its_command() -> None:
    training = Process(1, ("python", "-m", "labtools.train.attempt", "/l/runs/m/yolov8n_64", "3", "cpu", "cpu0"))
    assert (training.kind, training.attempt) == ("training", ("yolov8n_64", 3))
    lane = Process(2, ("python", "-m", "labtools", "lane", "/l/runs/m", "cpu1", "--threads", "2"))
    assert (lane.kind, lane.lane) == ("lane", "cpu1")
    assert Process(3, ("tail", "-F", "/l/runs/m/lanes/cpu1.log")).kind == ""
