"""`labtools status` as people see it: colours, signs without colours, any width, and JSON."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course's 24 runs: a third done, some running, some failed, the rest to do."""
    monkeypatch.chdir(tmp_path)
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


@pytest.fixture
def make_spec(tmp_path: Path) -> Callable[..., Path]:
    """Create the folder of a run that nobody trained; returns it."""

    def make(run_id: str, **changes: Any) -> Path:
        asked = {"model": "yolov8n", "weights": "w.pt", "freeze": 10, "imgsz": 320, "batch": 64, "epochs": 100}
        spec = RunSpec(**{"run_id": run_id, **asked, "seed": 0, "data": "d", "fingerprint": "f", **changes})
        folder = tmp_path / "runs" / "one" / run_id
        write_json(folder / "run.json", spec.to_json())
        return folder

    return make


def render(root: Path, width: int, encoding: str = "utf-8", **options: Any) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    Console(file=stream, width=width).print(render_grid(read_grid(root), **options))
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


def test_a_part_of_the_grid_without_runs_of_a_size_has_no_row_for_it(make_spec: Callable[..., Path]) -> None:
    root = make_spec("a").parent
    make_spec("b", imgsz=640)
    make_spec("c", model="yolov8s")
    text = render(root, 22)
    assert text.count("╭─────┬") == 2, "two parts"
    assert text.count("640") == 1
    assert "┤\n╰" not in text


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


def test_json_fields_are_documented(course: Path) -> None:
    told = (Path(__file__).parents[2] / "docs" / "status.md").read_text(encoding="utf-8")
    answer = read_grid(course).to_json()
    fields = {*answer, *answer["totals"], *answer["runs"][0], *answer["lanes"][0], *answer["troubles"][0]}
    fields |= set(answer["forecast"])
    assert sorted(name for name in fields if f"`{name}`" not in told) == []


def test_verbose_cells_say_all_and_compact_ones_the_least(course: Path) -> None:
    folder = course / "yolov8n_640_freeze"  # running, as asked for batch 64
    claims.write_beat(
        folder, 1, Beat(2, claims.now(), this_process(), "training", 43, 100, batch=16, gpu_bytes=3 << 30)
    )
    full = render(course, 200, lines=0)
    assert all(words in full for words in ("b16<64", "3.0 GB", "43/100"))
    lean = render(course, 80, lines=1)
    assert "43/100<" in lean
    assert len(lean.splitlines()) < len(render(course, 80).splitlines())


def test_it_shrinks_to_the_height_of_the_terminal(course: Path) -> None:
    full = len(render(course, 100).splitlines())
    for height in (full, 24, 16):
        text = render(course, 100, height=height)
        assert len(text.splitlines()) <= height
        assert text.count("✔ .842") == 8, "the grid itself is never cut"


def test_a_grid_too_wide_stands_in_bands(make_spec: Callable[..., Path]) -> None:
    for model in "nsmlx":
        for freeze in (None, 5, 10):
            folder = make_spec(f"yolov8{model}{freeze}", model=f"yolov8{model}", freeze=freeze)
    text = render(folder.parent, 80)
    assert text.count("imgsz") == 3, "two networks in each band, one in the last"
    assert text.count("○ to do") == 15
    assert max(map(len, text.splitlines())) <= 80


def test_sub_cells_have_their_labels_on_the_left(make_spec: Callable[..., Path]) -> None:
    for batch in (8, 64):
        for seed in (0, 1):
            folder = make_spec(f"b{batch}s{seed}", batch=batch, seed=seed)
    rows = [line for line in render(folder.parent, 80).splitlines() if "to do" in line and "│" in line]
    assert [row.split("│")[2].strip() for row in rows] == ["b8 s0", "b8 s1", "b64 s0", "b64 s1"]


def test_plain_lines_are_one_per_run(course: Path) -> None:
    result = run("--plain", cwd=course.parents[1])
    lines = result.stdout.splitlines()
    assert result.stdout.isascii()
    assert lines[0] == "dlcv: 24 runs: 8 done, 3 running, 11 to do, 2 failed"
    assert sum(line.startswith("yolov8") for line in lines) == 24
    running = next(line for line in lines if line.startswith("yolov8n_640_freeze"))
    assert running.split()[:5] == ["yolov8n_640_freeze", "running", "42/100", ".500", ".300"]
    assert any(line.startswith("error: yolov8l_1280_freeze, yolov8l_1280_nofreeze: attempt 1") for line in lines)


def test_page_and_picture_are_written(course: Path, tmp_path: Path) -> None:
    result = run("--html", "out/status.html", "--png", "out/status.png", cwd=course.parents[1])
    assert result.returncode == 0, result.stderr
    out = course.parents[1] / "out"
    assert "yolov8n_320_freeze" in (out / "status.html").read_text(encoding="utf-8")
    assert (out / "status.png").read_bytes().startswith(b"\x89PNG")


def test_a_page_that_cannot_be_written_is_a_sentence(course: Path) -> None:
    (course.parents[1] / "file").write_text("")
    result = run("--html", "file/status.html", cwd=course.parents[1])
    assert result.returncode == 2
    assert "this file cannot be written" in result.stderr and "Traceback" not in result.stderr


def test_no_runs_is_a_sentence(tmp_path: Path) -> None:
    result = run(cwd=tmp_path)
    assert result.returncode == 2
    assert "there are no runs yet" in result.stderr
    assert "labtools train-matrix" in result.stderr


def test_watch_ends_when_all_is_finished(make_spec: Callable[..., Path]) -> None:
    folder = make_spec("yolov8n_320_freeze")
    with watching(folder, "--html", "w.html") as process:
        assert "○ to do" in until(process, "no lane is at work")
        claims.take(folder, 1, Claim("gpu0", this_process(), claims.now()))
        until(process, "yolov8n_320_freeze  ▶ running, on gpu0")
        claims.write_done(folder, {"attempt": 1, "epochs": 100, "map50": 0.5, "map50_95": 0.4})
        text = until(process, "yolov8n_320_freeze  ✔ done, mAP50 .500")
        assert process.stdout is not None
        text += process.stdout.read()
    assert process.returncode == 0
    assert "✔ .500" in text
    assert "1 done" in (folder.parents[2] / "w.html").read_text(encoding="utf-8")


def test_watching_as_json_is_a_line_for_each_change_and_nothing_else(make_spec: Callable[..., Path]) -> None:
    folder = make_spec("a")
    with watching(folder, "--json") as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        time.sleep(0.7)  # some looks that see nothing new: no lines
        claims.take(folder, 1, Claim("gpu0", this_process(), claims.now()))
        second = json.loads(process.stdout.readline())
        claims.write_done(folder, {"attempt": 1, "epochs": 100, "map50": 0.5, "map50_95": 0.4})
        last = [json.loads(line) for line in process.stdout][-1]
    counts = [answer["counts"] for answer in (first, second, last)]
    assert [(found["todo"], found["running"], found["done"]) for found in counts] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert process.returncode == 0
    assert last.keys() == read_grid(folder.parent).to_json().keys()


def test_watching_goes_on_where_the_page_cannot_be_written(make_spec: Callable[..., Path]) -> None:
    folder = make_spec("a")
    (folder.parents[2] / "page").mkdir()  # a folder where the file should be
    with watching(folder, "--html", "page") as process:
        said = " ".join(until(process, "no lane is at work").split())  # however the terminal breaks the lines
        assert "page cannot be written" in said and ".tmp" not in said
        claims.write_done(folder, {"attempt": 1, "epochs": 100})
        until(process, "✔ done")


def test_ctrl_c_ends_watching_and_nothing_else(make_spec: Callable[..., Path]) -> None:
    with watching(make_spec("a")) as process:
        until(process, "no lane is at work")
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 130
    assert "what is being trained goes on" in told


@contextmanager
def watching(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "labtools", "status", "--watch", "--every", "0.2", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder.parents[2], stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        try:
            yield process
            process.wait(20)
        finally:
            process.kill()


def until(process: subprocess.Popen[str], words: str) -> str:
    """What it says up to the line with those words."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if words in line:
            return text
    raise AssertionError(f"it never said {words!r}: {text}")


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
