"""What people decide while a real lane trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.record import Cause, ProcessId, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import read_curves, read_run
from labtools.train.lanes.records import living_lanes
from labtools.train.processes import is_alive

Until = Callable[..., None]


def training_of(folder: Path, until: Until) -> ProcessId:
    """The process of a run's training, once it has finished an epoch."""

    def has_begun() -> bool:
        beat = read_record(folder).beat
        return beat is not None and beat.epoch > 1

    until(has_begun, f"the training of {folder.name}")
    beat = read_record(folder).beat
    assert beat is not None
    return beat.process


@pytest.mark.slow
def test_cancel_and_requeue_reach_a_real_training(lab: Any, shapes_dataset: Dataset, until: Until) -> None:
    lab.write_matrix(data=str(shapes_dataset.root), epochs=500)
    longest, other = (lab.root / f"yolov8f_64_{end}" for end in ("nofreeze", "freeze"))
    started = lab.labtools("train-matrix", "--matrix", "matrix.yaml", "--gpus", "cpu", "--launcher", "process")
    assert started.returncode == 0, started.stderr
    process = training_of(longest, until)

    said = lab.labtools("cancel", "*_nofreeze")
    assert said.stdout.startswith("yolov8f_64_nofreeze: is left out; its training (lane cpu0 on ")
    until(lambda: not is_alive(process), "the cancelled training to end", 20)
    record = read_record(longest)
    assert judge(record, stale=False) is State.CANCELLED
    assert (record.ends[0][1].cause, record.ends[0][1].reason) == (Cause.STOPPED, "cancelled by hand")

    # The lane has gone on to the other run; that one is put aside while it is trained, and begins anew.
    process = training_of(other, until)
    said = lab.labtools("requeue", "yolov8f_64_freeze")
    assert said.returncode == 0, said.stderr
    assert not is_alive(process), "its training is gone before its folder is moved"
    aside = lab.root / "old" / "yolov8f_64_freeze.1"
    assert len(read_curves(read_run(aside))) >= 1
    until(lambda: read_record(other).is_taken, "the fresh run to be taken", 20)
    record = read_record(other)
    assert (record.attempt, record.changes) == (1, {})
    assert len(living_lanes(lab.root)) == 1

    # With nothing left that anybody wants, the lane says good-bye.
    assert lab.labtools("cancel", "*").returncode == 0
    until(lambda: living_lanes(lab.root) == [], "the lane to end", 30)
    again = lab.labtools("retry", "*_nofreeze")
    assert again.stdout == "yolov8f_64_nofreeze: has another chance\n"
    assert judge(read_record(longest), stale=False) is State.TODO
