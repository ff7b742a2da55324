"""What a plan will cost, and when it ends: from what is on disk, at the pace of what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.record import Beat, Cause, Claim, State
from labtools.train.estimates import CPU, GPU
from labtools.train.planning.outlook import Outlook, look_out
from labtools.train.planning.plan import Plan, plan_matrix, write_plan
from labtools.train.processes import this_process
from labtools.train.runqueue import claims, orders

DONE = {"epochs": 2, "device": "cpu", "seconds": 300.0}


@pytest.fixture
def plan(lab: Any, shapes_dataset: Dataset) -> Plan:
    data = str(shapes_dataset.root)
    lab.write_matrix(data=data, axes={"model": "yolov8f", "freeze": [10, None], "imgsz": [64, 96], "batch": 64})
    planned = plan_matrix(lab.matrix, None, lab.folder / "runs")
    write_plan(planned)
    return planned


def names(outlook: Outlook) -> dict[str, State]:
    return {run.spec.run_id: run.state for run in outlook.runs}


def take(folder: Path) -> None:
    claims.take(folder, 1, Claim("cpu0", this_process(), claims.now()))


def test_before_anything_is_trained_it_is_a_guess(plan: Plan) -> None:
    outlook = look_out(plan, kind=CPU, lanes=2)
    assert set(names(outlook).values()) == {State.TODO}
    assert outlook.pace.runs == 0
    assert outlook.end_s is not None
    assert outlook.left_s / 2 <= outlook.end_s < outlook.left_s / 2 * 1.2, "two lanes, four runs nearly alike"
    assert look_out(plan).end_s is None
    assert look_out(plan, kind=GPU).left_s != outlook.left_s


def test_what_is_done_sets_the_pace_and_what_is_running_is_half_done(plan: Plan) -> None:
    first, second, third, fourth = (plan.root / spec.run_id for spec in plan.specs)
    claims.write_done(first, DONE)
    take(second)
    claims.write_beat(second, 1, Beat(1, claims.now(), this_process(), "training", epoch=2, epochs=2))
    take(third)
    claims.write_end(third, 1, Cause.WEIGHTS, "no", again=False)
    orders.cancel(fourth)
    outlook = look_out(plan, lanes=1)
    assert list(names(outlook).values()) == [State.DONE, State.RUNNING, State.FAILED, State.CANCELLED]
    done, running, *rest = outlook.runs
    assert (outlook.pace.runs, done.seconds, done.left_s) == (1, 300.0, 0.0)
    assert running.seconds == pytest.approx(300, rel=0.5)
    assert running.left_s == pytest.approx(running.seconds / 2)
    assert [run.left_s for run in rest] == [0, 0]
    assert outlook.left_s == outlook.end_s == running.left_s
    orders.requeue(first)
    assert look_out(plan).pace.runs == 1, "what was put aside was trained all the same"


def test_a_mark_of_the_last_plan_is_of_no_interest_to_this_one(plan: Plan) -> None:
    """The matrix was changed, and changed back: `train-matrix` will take the mark away."""
    first, second = (plan.root / spec.run_id for spec in plan.specs[:2])
    claims.write_done(first, DONE)
    for folder in (first, second):
        claims.mark_stale(folder, "epochs was 2, now 3")
    assert list(names(look_out(plan)).values())[:2] == [State.DONE, State.TODO]


def test_what_does_not_fit_a_gpu_is_told_with_the_batch_that_does(plan: Plan) -> None:
    largest = max(run.memory_bytes for run in look_out(plan, kind=GPU).runs)
    outlook = look_out(plan, kind=GPU, gpu_bytes=largest - 1)
    fits = {run.spec.run_id: (run.spec.batch, run.fits, run.is_too_large) for run in outlook.runs}
    assert fits["yolov8f_64_freeze"] == (64, 64, False)
    assert fits["yolov8f_96_nofreeze"] == (64, 32, True)
    assert {run.fits for run in look_out(plan, gpu_bytes=2**20).runs} == {0}
    assert not any(run.is_too_large for run in look_out(plan).runs)


def test_the_json_is_whole(plan: Plan) -> None:
    answer = look_out(plan, kind=CPU, lanes=3).to_json()
    assert answer["counts"] == {"todo": 4, "running": 0, "done": 0, "failed": 0, "cancelled": 0, "stale": 0}
    assert (answer["matrix"], answer["lanes"], answer["combinations"]) == ("tiny", 3, 4)
    assert answer["runs"][0].keys() >= {"run_id", "batch", "args", "state", "expected_s", "memory_bytes", "priority"}
