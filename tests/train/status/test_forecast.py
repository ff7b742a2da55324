"""When the matrix will be finished."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest

from labtools.artifacts.record import State
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import list_runs
from labtools.train.estimates import Workload, write_workload
from labtools.train.runqueue import claims
from labtools.train.runqueue.order import pace_here
from labtools.train.runqueue.orders import set_priority
from labtools.train.runqueue.run_queue import RunQueue
from labtools.train.status.forecast import Asked, forecast, in_turn
from labtools.train.status.grid import read_grid
from labtools.train.status.lane_status import LaneStatus, LaneWord
from labtools.train.status.run_status import RunStatus

Make = Callable[..., Any]
AT = datetime(2026, 1, 1, tzinfo=timezone.utc)


def run(name: str, state: State, seconds: float, lane: str = "") -> RunStatus:
    host = "h" if lane else ""
    return RunStatus(name, "yolov8n", None, 320, 8, 4, 0, state, lane=lane, host=host, expected_s=seconds)


def lane(name: str, state: LaneWord = LaneWord.WORKING) -> LaneStatus:
    return LaneStatus(name, "h", state)


def test_lanes_take_the_next_run_when_they_are_free() -> None:
    runs = [
        run("a", State.RUNNING, 100, "gpu0"),
        run("b", State.RUNNING, 10, "gpu1"),
        run("c", State.TODO, 80),
        run("d", State.TODO, 30),
        run("e", State.DONE, 0),
    ]
    found = forecast(runs, [lane("gpu0"), lane("gpu1")], AT, is_measured=True)
    assert found is not None
    # gpu1: b until 10, c until 90, d until 120; gpu0: a until 100.
    assert (found.seconds, found.end, found.lanes) == (120.0, AT + timedelta(seconds=120), 2)


def test_what_silent_lanes_hold_is_trained_by_the_others() -> None:
    runs = [run("a", State.RUNNING, 100, "gpu0"), run("b", State.RUNNING, 10, "gpu1")]
    found = forecast(runs, [lane("gpu0", LaneWord.SILENT), lane("gpu1")], AT, is_measured=True)
    assert found is not None
    assert found.seconds == 110


@pytest.mark.parametrize("state", [LaneWord.WAITING, LaneWord.DEAD, LaneWord.RETIRED, LaneWord.OVER, LaneWord.PENDING])
def test_nobody_knows_the_end_without_a_lane_at_work(state: LaneWord) -> None:
    assert forecast([run("a", State.TODO, 5)], [lane("gpu0", state)], AT, is_measured=True) is None


def test_it_is_never_better_than_the_best_schedule() -> None:
    lengths = (7.0, 5.0, 4.0, 3.0)
    best = min(
        max(sum(s for s, at in zip(order, places, strict=True) if at == i) for i in range(2))
        for order, places in product(permutations(lengths), product(range(2), repeat=4))
    )
    runs = [run(f"r{i}", State.TODO, s) for i, s in enumerate(lengths)]
    found = forecast(runs, [lane("gpu0"), lane("gpu1")], AT, is_measured=True)
    assert found is not None
    assert best == 10
    assert best <= found.seconds <= best * 7 / 6, "longest first is at most 4/3 - 1/(3m) off"


def test_finished_runs_tell_how_long_the_others_take(make_run: Make, train: Make, root: Path) -> None:
    for name, imgsz in (("a", 320), ("b", 640), ("c", 640)):
        write_workload(make_run(name, imgsz=imgsz), Workload(1000, 200))
    train(root / "c", "gpu0", "lab1", eta_s=50.0)
    guess = read_grid(root)
    assert guess.forecast is not None and not guess.forecast.is_measured
    claims.write_done(root / "a", {"attempt": 1, "epochs": 4, "seconds": 400.0, "device": "0", "lane": "gpu0"})
    grid = read_grid(root)
    (b,) = grid.cell(640, "yolov8n", 10)[:1]
    assert grid.forecast is not None and grid.forecast.is_measured
    # Four times the pixels of a, which took 400 s: between the same (all of it reading) and four times as long.
    assert b.expected_s is not None and 400 < b.expected_s < 1600
    assert grid.forecast.seconds == pytest.approx(50 + b.expected_s, abs=0.2)
    assert grid.totals.left_s == pytest.approx(50 + b.expected_s, abs=0.2)
    assert grid.totals.spent_s == 400


def test_while_nothing_is_done_the_first_epochs_tell(make_run: Make, train: Make, root: Path) -> None:
    for name in ("a", "b"):
        write_workload(make_run(name, batch=8 if name == "a" else 16, epochs=100), Workload(1000, 200))
    facts = {"epoch": 11, "epochs": 100, "seconds": 1000.0, "map50": 0.5, "eta_s": 9000.0}
    train(root / "a", "gpu0", "lab1", **facts)
    b = next(run for run in read_grid(root).runs if run.run_id == "b")
    assert b.expected_s == pytest.approx(10_000, rel=0.05)


def test_a_run_goes_on_where_it_was(make_run: Make, root: Path) -> None:
    folder = make_run("a", epochs=100)
    whole = read_grid(root).runs[0].expected_s
    claims.write_end(folder, 1, claims.Cause.STOPPED, "asked", epoch=75)
    (grid_run,) = read_grid(root).runs
    assert whole is not None and grid_run.expected_s == pytest.approx(whole / 4, rel=0.01)
    assert grid_run.epoch == 75


def test_runs_are_expected_in_the_order_of_the_queue(make_run: Make, root: Path) -> None:
    """With the queue's own claims as the oracle."""
    for name, imgsz in (("long", 1280), ("short", 320), ("middle", 640), ("urgent", 64)):
        write_workload(make_run(name, imgsz=imgsz), Workload(1000, 200))
    set_priority(root / "urgent", 5)
    runs = list_runs(root)
    asked = {run.run_id: Asked(run.spec, Workload(1000, 200), read_record(run.folder)) for run in runs}
    expected = [run.run_id for run in in_turn(read_grid(root).runs, asked, pace_here(()))]
    queue = RunQueue(root)
    claimed = [attempt.run.run_id for _ in range(4) if (attempt := queue.claim("gpu0")) is not None]
    assert expected == claimed == ["urgent", "long", "middle", "short"]
