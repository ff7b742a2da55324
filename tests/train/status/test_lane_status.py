"""What lanes say of themselves, and what is known of them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labtools.artifacts.record import ProcessId
from labtools.train.processes import this_process
from labtools.train.status.grid import read_grid
from labtools.train.status.lane_status import LaneStatus

Make = Callable[..., Any]


def only(root: Path) -> LaneStatus:
    (lane,) = read_grid(root).lanes
    return lane


def test_a_lane_is_what_it_says(make_lane: Make, root: Path) -> None:
    make_lane("gpu3", "lab1", "waiting", server="left", why="its GPU is busy", gpu_name="RTX", gpu_total_bytes=8)
    lane = only(root)
    assert (lane.name, lane.host, lane.machine, lane.state.value) == ("gpu3", "lab1", "left", "waiting")
    assert (lane.why, lane.gpu_name, lane.gpu_total_bytes) == ("its GPU is busy", "RTX", 8)


def test_a_process_of_this_machine_that_is_gone_is_a_dead_lane(make_lane: Make, root: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    gone = ProcessId(this_process().host, child.pid, time.time())
    make_lane(process=gone, state="working", run_id="r")
    assert (only(root).state.value, only(root).run_id) == ("dead", "")
    make_lane(process=gone, state="over")
    assert only(root).state.value == "over", "it has said good-bye"


def test_a_lane_elsewhere_that_says_nothing_is_silent(make_lane: Make, root: Path) -> None:
    make_lane("gpu0", "lab1", silent_s=300)
    assert only(root).state.value == "silent"
    assert 299 <= (only(root).silent_s or 0) < 320
    make_lane("gpu0", "lab1", silent_s=40)
    assert (only(root).state.value, only(root).silent_s) == ("working", None)


def test_a_lane_that_lives_elsewhere_now_has_left_its_old_words_behind(make_lane: Make, root: Path) -> None:
    make_lane("gpu0", "lab1", "stopped")
    make_lane("gpu0", "lab2", "working")
    assert only(root).host == "lab2"


def test_the_beat_of_its_run_knows_better(make_lane: Make, make_run: Make, train: Make, root: Path) -> None:
    make_lane("gpu0", "lab1", "working", silent_s=70)
    train(make_run(), "gpu0", "lab1")
    assert (only(root).state.value, only(root).run_id) == ("working", "yolov8n_320_freeze")


def test_a_run_shows_a_lane_that_wrote_nothing(make_run: Make, train: Make, root: Path) -> None:
    train(make_run(), "gpu5", "lab1")
    lane = only(root)
    assert (lane.name, lane.host, lane.state.value) == ("gpu5", "lab1", "working")


def test_lanes_stand_in_the_order_of_machines_and_numbers(make_lane: Make, root: Path) -> None:
    for lane, host in (("gpu10", "lab2"), ("gpu9", "lab2"), ("gpu0", "lab1"), ("cpu0", "lab1")):
        make_lane(lane, host)
    assert [lane.name for lane in read_grid(root).lanes] == ["cpu0", "gpu0", "gpu9", "gpu10"]
