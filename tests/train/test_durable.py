"""Real trainings, and everything that killed them in the real lab: the shell, tmux, a lane."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.record import Cause, State
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import read_curves, read_run
from labtools.core.errors import LabError
from labtools.core.files import read_json
from labtools.demo.scales import WEIGHTS
from labtools.train import here, pipeline
from labtools.train.lanes.lane import plan_lanes
from labtools.train.lanes.records import living_lanes
from labtools.train.launchers import process
from labtools.train.planning.plan import plan_matrix, write_plan
from labtools.train.processes import is_alive
from labtools.train.request import Request
from labtools.train.status.grid import read_grid

pytestmark = pytest.mark.long

Until = Callable[..., None]


def assert_complete(folder: Path, epochs: int) -> None:
    """A complete Ultralytics run folder, of one training alone."""
    for name in ("args.yaml", "results.csv", "weights/best.pt", "weights/last.pt", "train.log", "done.json"):
        assert (folder / name).stat().st_size > 0, name
    assert list(read_curves(read_run(folder))["epoch"]) == list(range(1, epochs + 1))
    (events,) = folder.glob("events.out.tfevents.*")
    board = EventAccumulator(str(events))
    board.Reload()
    assert len(board.Scalars("metrics/mAP50(B)")) >= epochs
    assert not list(folder.glob(".*")), "no half-written file stays"


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_shell_tmux_and_lane_are_killed_and_nothing_is_lost(lab: Any, shapes_dataset: Dataset, until: Until) -> None:
    """The story of the night that went wrong, with one lane and two runs."""
    lab.write_matrix(data=str(shapes_dataset.root), epochs=5)
    # The longer one is trained first.
    first, second = (lab.root / f"yolov8f_64_{end}" for end in ("nofreeze", "freeze"))

    # A person's shell starts the matrix and waits for it; then ssh breaks, and all of that shell is killed.
    train = lab.command("train-matrix", "--matrix", "matrix.yaml", "--gpus", "cpu", "--wait")
    shell = subprocess.Popen(
        train, cwd=lab.folder, env=lab.environment(), stderr=subprocess.DEVNULL, start_new_session=True
    )
    until(lambda: any(run.phase == "training" for run in read_grid(lab.root).runs), "the first training")
    os.killpg(shell.pid, signal.SIGKILL)
    assert shell.wait() == -signal.SIGKILL
    (lane,) = living_lanes(lab.root)

    # Somebody kills the tmux server as well.
    socket = ["tmux", "-L", os.environ["LABTOOLS_TMUX_SOCKET"]]
    server = subprocess.run([*socket, "display-message", "-p", "#{pid}"], capture_output=True, text=True, check=True)
    os.kill(int(server.stdout), signal.SIGKILL)
    until(lambda: read_run(first).is_done, "the first run, which nobody watches")
    assert is_alive(lane.process)

    # The lane itself is killed in the middle of the second run: its training ends with it.
    until(
        lambda: any(run.phase == "training" and run.epoch > 1 for run in read_grid(lab.root).runs),
        "the second training",
    )
    trainer = read_record(second).beat
    assert trainer is not None
    os.kill(lane.process.pid, signal.SIGKILL)
    until(lambda: not is_alive(trainer.process), "the orphaned training to end", 10)
    until(lambda: not is_alive(lane.process), "the lane to be gone", 10)
    run = read_grid(lab.root).cell(64, "yolov8f", 10)[0]
    assert (run.state, run.reason) == (State.TODO, "lane cpu0 died; a new lane takes it over")

    # The same command finishes what is missing, and only that.
    done_before = (first / "done.json").read_bytes(), (first / "weights" / "best.pt").stat().st_mtime_ns
    again = lab.labtools("train-matrix", "--matrix", "matrix.yaml", "--gpus", "cpu", "--wait", "--json")
    assert again.returncode == 0, again.stderr
    assert "started 1 lane: cpu0" in again.stderr
    assert ((first / "done.json").read_bytes(), (first / "weights" / "best.pt").stat().st_mtime_ns) == done_before
    assert (read_record(first).attempt, read_record(second).attempt) == (1, 2)
    assert read_record(second).ends[0][1].cause is Cause.LANE
    for folder in (first, second):
        assert_complete(folder, 5)
    done = read_json(second / "done.json")
    assert (done["attempt"], done["epochs"], done["batch"], done["lane"]) == (2, 5, 8, "cpu0")
    assert done["resumed"] >= 1, "it went on where the killed one was"
    assert [a["cause"] for a in done["attempts"]] == ["lane", "done"]

    third = lab.labtools("train-matrix", "--matrix", "matrix.yaml", "--gpus", "cpu")
    assert "nothing to train: 2 of 2 runs are done" in third.stderr


def test_a_run_that_cannot_work_is_given_up_with_its_reason(lab: Any, shapes_dataset: Dataset) -> None:
    """A checkpoint that is lost after all was checked fails at once; the other run is trained; found, it is retried."""
    weights, good = lab.folder / "breaks.pt", lab.folder / "good.pt"
    shutil.copy(WEIGHTS / "yolov8f.pt", weights)
    shutil.copy(WEIGHTS / "yolov8p.pt", good)
    axes = {"model": ["breaks", "good"], "imgsz": 64, "batch": 8}
    lab.write_matrix(data=str(shapes_dataset.root), axes=axes, weights={}, epochs=1)
    plan = plan_matrix(lab.matrix, None, lab.folder / "runs")
    write_plan(plan)
    weights.unlink()
    process.start(plan.root, plan_lanes("cpu", 2))
    grid = pipeline.wait(plan.root)
    broken, trained = (grid.cell(64, model, None)[0] for model in ("breaks", "good"))
    assert (broken.state, trained.state) == (State.FAILED, State.DONE)
    assert broken.reason.startswith("this checkpoint does not exist")
    shutil.copy(WEIGHTS / "yolov8f.pt", weights)
    ask = ("train-matrix", "--matrix", "matrix.yaml", "--gpus", "cpu", "--launcher", "process", "--wait")
    assert "1 failed: see why" in lab.labtools(*ask).stderr, "nothing is tried again unasked"
    again = lab.labtools(*ask, "--retry-failed")
    assert again.returncode == 0, again.stderr
    assert_complete(lab.root / "breaks_64_nofreeze", 1)


def test_stopping_costs_no_chance_and_inline_trains_in_this_process(
    lab: Any, shapes_dataset: Dataset, until: Until
) -> None:
    lab.write_matrix(data=str(shapes_dataset.root), axes={"model": "yolov8f", "imgsz": 64, "batch": 8}, epochs=1)
    launched = pipeline.train_matrix(Request(lab.matrix, lab.folder / "runs", gpus="cpu", launcher="process"))
    assert launched.launch is not None and launched.launch.started == ("cpu0",)
    folder = lab.root / "yolov8f_64_nofreeze"
    until(lambda: read_record(folder).beat is not None, "the training process")
    assert here.stop(lab.root) == ["cpu0"]
    assert read_record(folder).ends[0][1].cause is Cause.STOPPED
    assert read_grid(lab.root).count(State.TODO) == 1
    result = lab.labtools("train-matrix", "--matrix", "matrix.yaml", "--gpus", "cpu", "--launcher", "inline", "--json")
    assert result.returncode == 0, result.stderr
    assert_complete(folder, 1)
    assert read_json(folder / "done.json")["attempt"] == 2


def test_waiting_for_lanes_that_are_gone_ends_with_a_sentence(make_run: Callable[..., Path]) -> None:
    with pytest.raises(LabError, match="no lane is alive, and 1 runs are left: yolov8n_320_freeze"):
        pipeline.wait(make_run().parent)
