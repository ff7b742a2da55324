"""Who waits for a matrix hears of lanes by what they write, and by this machine's clock alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from labtools.artifacts.lanes import LaneMood, LaneState, write_lane_state
from labtools.artifacts.record import ProcessId
from labtools.core.errors import LabError
from labtools.train.processes import this_process
from labtools.train.runqueue import claims
from labtools.train.waiting import Ears, wait

FAR = ProcessId("far-away", 1, 0.0)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def says(root: Path, process: ProcessId, time: str, mood: LaneMood = LaneMood.WORKING) -> None:
    write_lane_state(root, LaneState("gpu0", "", process, mood, "", since=time, time=time))


def test_a_lane_elsewhere_lives_as_long_as_it_says_something_new(tmp_path: Path) -> None:
    clock = Clock()
    ears = Ears(tmp_path, patience_s=100.0, clock=clock)
    assert not ears.hear_somebody()
    says(tmp_path, FAR, "2001-01-01T00:00:00+00:00")  # its clock is decades behind
    assert ears.hear_somebody()
    clock.now = 99.0
    assert ears.hear_somebody()
    clock.now = 101.0
    assert not ears.hear_somebody()
    says(tmp_path, FAR, "2001-01-01T00:00:30+00:00")
    assert ears.hear_somebody()
    says(tmp_path, FAR, "2001-01-01T00:01:00+00:00", LaneMood.OVER)
    assert not ears.hear_somebody()


def test_a_lane_of_this_machine_lives_as_long_as_its_process(tmp_path: Path) -> None:
    clock = Clock()
    ears = Ears(tmp_path, patience_s=100.0, clock=clock)
    says(tmp_path, this_process(), "2026-01-01T00:00:00+00:00")
    clock.now = 1000.0
    assert ears.hear_somebody(), "a lane that hangs on a full disk says nothing, but lives"
    says(tmp_path, replace(this_process(), started=0.0), "2026-01-01T00:00:00+00:00")
    assert not ears.hear_somebody()


def test_only_the_runs_that_are_meant_are_waited_for(make_run: Callable[..., Path]) -> None:
    claims.write_done(make_run("yolov8n_320_freeze"), {"epochs": 4})
    root = make_run("yolov8s_320_freeze").parent
    assert [run.run_id for run in wait(root, only="yolov8n_*").runs] == ["yolov8n_320_freeze"]
    with pytest.raises(LabError, match="no lane is alive, and 1 runs are left: yolov8s_320_freeze"):
        wait(root)
