"""Run folders become the grid of the course, quickly."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from labtools.artifacts.lanes import LaneMood, LaneState, write_lane_state
from labtools.artifacts.record import Beat, Cause, Claim, ProcessId, State
from labtools.core.files import read_json
from labtools.core.words import duration, score
from labtools.train.processes import this_process
from labtools.train.runqueue import claims
from labtools.train.status.grid import read_grid

MakeRun = Callable[..., Path]


def test_the_grid_has_the_course_s_rows_and_columns(make_run: MakeRun, tmp_path: Path) -> None:
    for model in "lmns":
        for imgsz in (1280, 320, 640):
            for freeze in (None, 10):
                name = f"yolov8{model}_{imgsz}_{'nofreeze' if freeze is None else 'freeze'}"
                make_run(name, model=f"yolov8{model}", imgsz=imgsz, freeze=freeze)
    grid = read_grid(tmp_path / "runs" / "tiny")
    assert grid.rows == (320, 640, 1280)
    assert grid.columns == tuple((f"yolov8{m}", f) for m in "nsml" for f in (10, None))
    assert [run.run_id for run in grid.cell(640, "yolov8s", None)] == ["yolov8s_640_nofreeze"]
    assert grid.count(State.TODO) == 24


def test_several_batches_share_a_cell(make_run: MakeRun, tmp_path: Path) -> None:
    for batch in (64, 8, 16):
        make_run(f"yolov8n_320_freeze_b{batch}", batch=batch)
    grid = read_grid(tmp_path / "runs" / "tiny")
    assert [run.batch for run in grid.cell(320, "yolov8n", 10)] == [8, 16, 64]


def test_each_state_says_what_people_ask(make_run: MakeRun, tmp_path: Path) -> None:
    me = this_process()
    done, running, failed, dead, stopped = (make_run(f"r{i}", imgsz=320 + i) for i in range(5))
    claims.write_done(done, {"epochs": 4, "map50": 0.8, "map50_95": None, "seconds": 60.0, "lane": "gpu1", "host": "a"})
    claims.take(running, 1, Claim("gpu0", me, claims.now()))
    claims.write_beat(running, 1, Beat(9, claims.now(), me, "training", 3, 4, 5, 10, 0.4, 0.2, 30.0, 12.0))
    for attempt in (1, 2):
        claims.take(failed, attempt, Claim("gpu2", me, claims.now()))
        claims.write_end(failed, attempt, Cause.ERROR, f"reason {attempt}")
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    claims.take(dead, 1, Claim("gpu3", ProcessId(me.host, child.pid, time.time()), claims.now()))
    claims.take(stopped, 1, Claim("gpu2", me, claims.now()))
    claims.write_end(stopped, 1, Cause.STOPPED, "asked")
    runs = {run.run_id: run for run in read_grid(tmp_path / "runs" / "tiny").runs}
    assert (runs["r0"].state, runs["r0"].map50, runs["r0"].map50_95, runs["r0"].lane) == (State.DONE, 0.8, None, "gpu1")
    assert (runs["r1"].state, runs["r1"].epoch, runs["r1"].eta_s) == (State.RUNNING, 3, 12.0)
    assert runs["r1"].progress == pytest.approx(2.5 / 4)
    assert runs["r1"].silent_s is None
    assert (runs["r2"].state, runs["r2"].reason, runs["r2"].attempt) == (State.FAILED, "reason 2", 2)
    assert (runs["r3"].state, runs["r3"].reason) == (State.TODO, "lane gpu3 died; a new lane takes it over")
    assert (runs["r4"].state, runs["r4"].reason) == (State.TODO, "")


def test_a_lane_elsewhere_that_is_silent_is_shown_as_such(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run()
    elsewhere = ProcessId("another-machine", 4711, 1.0)
    claims.take(folder, 1, Claim("gpu0", elsewhere, claims.now()))
    claims.write_beat(folder, 1, Beat(9, claims.now(), elsewhere, "training", 3, 4, 5, 10))
    long_ago = time.time() - 300
    os.utime(folder / "beat.1.json", (long_ago, long_ago))
    (run,) = read_grid(tmp_path / "runs" / "tiny").runs
    assert run.state is State.RUNNING
    assert run.silent_s == pytest.approx(300, abs=5)


@pytest.mark.parametrize("off_s", [-3 * 3600, 3 * 3600])
def test_a_clock_that_is_wrong_by_hours_is_not_silence(make_run: MakeRun, tmp_path: Path, off_s: float) -> None:
    folder, elsewhere = make_run(), ProcessId("another-machine", 4711, 1.0)
    said = (datetime.now(timezone.utc) + timedelta(seconds=off_s)).isoformat(timespec="seconds")
    claims.take(folder, 1, Claim("gpu0", elsewhere, said))
    root = tmp_path / "runs" / "tiny"
    assert read_grid(root).runs[0].silent_s is None, "it has not beaten yet"
    claims.write_beat(folder, 1, Beat(9, said, elsewhere, "training", 3, 4, 5, 10))
    write_lane_state(root, LaneState("gpu0", "", elsewhere, LaneMood.WORKING, "", said, said, folder.name, 1))
    grid = read_grid(root)
    assert (grid.runs[0].silent_s, [lane.state.value for lane in grid.lanes]) == (None, ["working"])
    assert grid.troubles == ()


def test_500_runs_are_read_in_half_a_second(make_run: MakeRun, tmp_path: Path) -> None:
    root = tmp_path / "runs" / "tiny"
    pattern = make_run("pattern")
    asked = read_json(pattern / "run.json")
    claims.take(pattern, 1, Claim("gpu0", this_process(), claims.now()))
    claims.write_beat(pattern, 1, Beat(1, claims.now(), this_process()))
    claims.write_done(pattern, {"epochs": 4})
    for i in range(500):
        shutil.copytree(
            pattern, root / f"r{i}", ignore=shutil.ignore_patterns(*(("done.json", "end.*") if i % 2 else ()))
        )
        (root / f"r{i}" / "run.json").write_text(json.dumps({**asked, "run_id": f"r{i}", "imgsz": 32 + i}))
    shutil.rmtree(pattern)
    start = time.process_time()
    grid = read_grid(tmp_path / "runs" / "tiny")
    assert (grid.count(State.DONE), grid.count(State.RUNNING)) == (250, 250)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "?"),
        (0, "0 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (3540, "59 min"),
        (3600, "1 h 00"),
        (86_399, "1 d 0 h"),
        (100_000, "1 d 3 h"),
        (172_800, "2 d 0 h"),
    ],
)
def test_durations_for_people(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"), [(None, "?"), (0.0, ".000"), (0.84249, ".842"), (0.9999, "1.00"), (1, "1.00")]
)
def test_scores_for_people(value: float | None, words: str) -> None:
    assert score(value) == words
