"""`labtools status` as people see it: colours, signs without colours, any width, and JSON."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from labtools.artifacts.record import Beat, Cause, Claim, ProcessId, State
from labtools.artifacts.runs import RunSpec
from labtools.cli._grid import render_grid
from labtools.core.files import write_json
from labtools.train.processes import this_process
from labtools.train.runqueue import claims
from labtools.train.status.grid import read_grid


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The course's 24 runs: a third done, some running, some failed, the rest to do."""
    root = tmp_path / "runs" / "dlcv"
    me = this_process()
    names = [(m, i, f) for i in (320, 640, 1280) for m in "nsml" for f in (10, None)]
    for index, (model, imgsz, freeze) in enumerate(names):
        run_id = f"yolov8{model}_{imgsz}_{'nofreeze' if freeze is None else 'freeze'}"
        spec = RunSpec(run_id, f"yolov8{model}", "w.pt", freeze, imgsz, 64, 100, 0, "d", "f")
        folder = root / run_id
        write_json(folder / "run.json", spec.to_json())
        if index < 8:
            done = {"epochs": 100, "map50": 0.842, "map50_95": 0.5, "seconds": 60.0, "lane": "gpu0", "host": "a"}
            claims.write_done(folder, done)
        elif index < 11:
            claims.take(folder, 1, Claim(f"gpu{index}", me, claims.now()))
            beat = Beat(1, claims.now(), me, "training", 42, 100, 1, 10, 0.5, 0.3, 60.0, 4000.0)
            claims.write_beat(folder, 1, beat)
        elif index > 21:
            claims.take(folder, 1, Claim("gpu1", me, claims.now()))
            claims.write_end(folder, 1, Cause.ERROR, "out of memory: batch 64 at 1280 px does not fit", again=False)
    return root


def render(root: Path, width: int, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    Console(file=stream, width=width).print(render_grid(read_grid(root)))
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_course_s_grid_fits_and_is_never_cut(course: Path, width: int) -> None:
    text = render(course, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert text.count("✔ .842") == 8
    assert text.count("42/100") == 6  # in the grid and in the table of lanes
    assert text.count("1 h 07") == 6
    assert text.count("○ to do") == 11
    assert text.count("✖ failed") == 2
    assert "24 runs   ✔ 8 done   ▶ 3 running   ○ 11 to do   ✖ 2 failed" in text
    flowing = " ".join(text.split())
    assert "✖ yolov8l_1280_freeze, yolov8l_1280_nofreeze attempt 1: out of memory: batch 64 at 1280 px" in flowing
    assert "`labtools retry yolov8l_1280_freeze yolov8l_1280_nofreeze`" in flowing


def test_a_terminal_without_unicode_gets_plain_signs(course: Path) -> None:
    text = render(course, 120, encoding="ascii")
    assert text.isascii()
    assert "+ 8 done   > 3 running   . 11 to do   X 2 failed" in text


def test_states_differ_by_colour_too(course: Path) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=120, force_terminal=True, color_system="truecolor")
    console.print(render_grid(read_grid(course)))
    # The spreadsheet's colours, as backgrounds of cells: green, yellow, red, bright red.
    for colour in ("48;2;26;127;55", "48;2;242;204;96", "48;2;130;54;60", "48;2;209;36;47"):
        assert colour in stream.getvalue()


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labtools", "status", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_the_only_matrix_is_found_and_json_is_the_last_line(course: Path) -> None:
    result = run("--json", cwd=course.parents[1])
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout.splitlines()[-1])
    counts = {"done": 8, "running": 3, "todo": 11, "failed": 2, "cancelled": 0, "stale": 0}
    assert answer["counts"] == counts
    assert answer["folder"] == str(course)
    assert len(answer["runs"]) == 24
    assert answer["runs"][0] | {"state": "done", "run_id": "yolov8n_320_freeze", "map50": 0.842} == answer["runs"][0]


def test_no_runs_is_a_sentence(tmp_path: Path) -> None:
    result = run(cwd=tmp_path)
    assert result.returncode == 2
    assert "there are no runs yet" in result.stderr
    assert "labtools train-matrix" in result.stderr


def test_watch_ends_when_all_is_finished(tmp_path: Path) -> None:
    spec = RunSpec("yolov8n_320_freeze", "yolov8n", "w.pt", 10, 320, 64, 100, 0, "d", "f")
    folder = tmp_path / "runs" / "one" / spec.run_id
    write_json(folder / "run.json", spec.to_json())
    command = [sys.executable, "-m", "labtools", "status", "--watch", "--every", "0.2", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as watching:
        time.sleep(1.5)
        assert watching.poll() is None
        claims.write_done(folder, {"epochs": 100, "map50": 0.5, "map50_95": 0.4})
        text, _ = watching.communicate(timeout=20)
    assert watching.returncode == 0
    assert "○ to do" in text and "✔ .500" in text
    assert json.loads(text.splitlines()[-1])["counts"]["done"] == 1


def test_a_dead_lane_of_this_machine_is_not_shown_as_running(tmp_path: Path) -> None:
    spec = RunSpec("yolov8n_320_freeze", "yolov8n", "w.pt", 10, 320, 64, 100, 0, "d", "f")
    folder = tmp_path / "runs" / "one" / spec.run_id
    write_json(folder / "run.json", spec.to_json())
    gone = ProcessId(this_process().host, os.getpid(), 1.0)  # our number, but of a process that started in 1970
    claims.take(folder, 1, Claim("gpu0", gone, claims.now()))
    result = run(cwd=tmp_path)
    assert "○ to do" in result.stdout
    told = " ".join(result.stdout.split())
    assert "no lane is at work, and 1 run is left Type the same `labtools train-matrix` command again" in told
    assert read_grid(folder.parent).count(State.TODO) == 1
