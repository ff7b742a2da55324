"""Which of the lanes that were asked for a matrix needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from labtools.artifacts.lanes import LaneMood, LaneState, write_lane_state
from labtools.train.lanes.lane import Lane
from labtools.train.place import choose_lanes
from labtools.train.processes import this_process
from labtools.train.runqueue.claims import now

GPUS = [Lane(f"gpu{i}", i) for i in range(4)]
CORES = [Lane(f"cpu{i}", None, 1) for i in range(4)]
GIVEN = [Lane(f"gpu{i}", is_given=True) for i in range(4)]


def at_work(root: Path, *names: str, mood: LaneMood = LaneMood.WORKING) -> None:
    for name in names:
        write_lane_state(root, LaneState(name, "", this_process(), mood, "", now(), now()))


@pytest.mark.parametrize(
    ("lanes", "open_runs", "chosen"),
    [
        (GPUS, 1, "gpu0 gpu1 gpu2 gpu3"),  # the first may be in use by somebody until Monday
        ([*GPUS, *CORES], 3, "gpu0 gpu1 gpu2 gpu3"),
        ([*GPUS, *CORES], 6, "gpu0 gpu1 gpu2 gpu3 cpu0 cpu3"),
        (CORES, 1, "cpu3"),
        (CORES, 3, "cpu0 cpu1 cpu3"),
        (CORES, 9, "cpu0 cpu1 cpu2 cpu3"),
        (GIVEN, 2, "gpu0 gpu3"),
    ],
)
def test_lanes_for_what_is_left(tmp_path: Path, lanes: Sequence[Lane], open_runs: int, chosen: str) -> None:
    at_work(tmp_path, "cpu3", "gpu3")
    at_work(tmp_path, "cpu2", "gpu2", mood=LaneMood.OVER)
    assert " ".join(lane.name for lane in choose_lanes(tmp_path, lanes, open_runs)) == chosen
