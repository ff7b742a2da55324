"""`labtools evaluate` as people and programs call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from labtools.cli.evaluate import Task, command


def labtools(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "labtools", "evaluate", *arguments]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, check=False)


def test_evaluate_twice(shapes_runs: Path) -> None:
    lab = shapes_runs.parents[1]
    first = labtools("--split", "test", "--runs", "*_96_*", "--json", cwd=lab)
    assert first.returncode == 0, first.stderr
    answer = json.loads(first.stdout.splitlines()[-1])
    assert answer["measured"] == [answer["rows"][0]["run_id"]] == ["yolov8f_96_freeze"]
    assert 0.1 < answer["rows"][0]["map50"] <= 1
    assert answer["rows"][0]["freeze"] == 10
    assert Path(answer["tables"][0]) == shapes_runs / "results" / "test" / "results.csv"
    assert "test (24 images, 42 boxes): 1 measured, 0 up to date" in first.stdout
    assert "written: runs/shapes/results/test/results.csv" in first.stdout.replace("\\", "/")
    assert "24/24" in first.stderr
    assert "24/24" not in first.stdout

    (shapes_runs / "yolov8p_160_nofreeze" / "done.json").unlink()
    second = labtools("--split", "test", cwd=lab)
    assert second.returncode == 0, second.stderr
    assert "0 measured, 1 up to date" in second.stdout
    assert "skipped: yolov8p_160_nofreeze: not finished" in second.stderr


def test_speed_and_study_are_shown(shapes_runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"runs": "*_96_*", "runs_root": shapes_runs.parent, "images": 2}
    command(task=Task.SPEED, **asked)
    assert "speed on val (cpu, one image at a time): 1 measured" in capsys.readouterr().out
    command(task=Task.STUDY, sizes="64, 96", **asked)
    shown = capsys.readouterr().out
    assert [line.split()[1] for line in shown.splitlines() if line.strip().startswith("yolov8f_96")] == ["64", "96"]
    assert "study.csv" in shown


def test_mistakes_are_three_lines(tmp_path: Path) -> None:
    nothing = labtools(cwd=tmp_path)
    assert nothing.returncode == 2
    assert "no run matches" in nothing.stderr
    assert "fix:" in nothing.stderr
    assert "Traceback" not in nothing.stderr
    wrong = labtools("--sizes", "big", "--task", "study", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "is not a list of numbers" in wrong.stderr


def test_help_has_an_example(tmp_path: Path) -> None:
    shown = labtools("--help", cwd=tmp_path)
    assert "labtools evaluate --split test" in shown.stdout
    assert "weights that you trust" in shown.stdout
