"""`labtools train-matrix` at the door: help, dry run, and mistakes as sentences. Trainings are in tests/train."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labtools.artifacts.dataset import Dataset
from labtools.core.config import dump_yaml
from labtools.demo.scales import WEIGHTS


@pytest.fixture
def folder(tmp_path: Path, shapes_dataset: Dataset) -> Path:
    matrix = {
        "name": "course",
        "data": str(shapes_dataset.root),
        "axes": {"model": "yolov8f", "freeze": [10, None], "imgsz": [64, 96], "batch": 8},
        "epochs": 2,
        "weights": {"yolov8f": str(WEIGHTS / "yolov8f.pt")},
    }
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "matrix.yaml").write_text(dump_yaml(matrix), encoding="utf-8")
    return tmp_path


def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labtools", "train-matrix", *arguments]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_help_has_an_example(tmp_path: Path) -> None:
    assert "labtools train-matrix --gpus 0-7" in run("--help", cwd=tmp_path).stdout


def test_what_lanes_run_is_hidden_from_people(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "labtools", "--help"]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    names = [line.split()[1] for line in listed.splitlines() if line.startswith("│ ") and line[2] != " "]
    assert "train-matrix" in names
    assert "lane" not in names


def test_a_dry_run_lists_the_runs_and_writes_nothing(folder: Path) -> None:
    result = run("--dry-run", "--json", cwd=folder)
    assert result.returncode == 0, result.stderr
    names = [f"yolov8f_{imgsz}_{end}" for imgsz in (64, 96) for end in ("freeze", "nofreeze")]
    listed = [line.split()[0] for line in result.stdout.splitlines() if line.strip().startswith("yolov8f_")]
    assert listed == names
    answer = json.loads(result.stdout.splitlines()[-1])
    assert [r["run_id"] for r in answer["runs"]] == names
    assert {state: n for state, n in answer["counts"].items() if n} == {"todo": 4}
    assert not (folder / "runs").exists()


def test_a_dry_run_of_some_runs_lists_those(folder: Path) -> None:
    """With the commented example of servers.yaml beside it, as it comes: nowhere to train is said there."""
    (folder / "configs" / "servers.yaml").write_text("# servers:\n#   - name: a\n", encoding="utf-8")
    result = run("--dry-run", "--only", "*_96_*", "--json", cwd=folder)
    assert [r["run_id"] for r in json.loads(result.stdout.splitlines()[-1])["runs"]] == [
        "yolov8f_96_freeze",
        "yolov8f_96_nofreeze",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "where to train was not said"),
        (["--matrix", "nowhere.yaml"], "this matrix file does not exist"),
        (["--gpus", "0-7", "--matrix", "nowhere.yaml"], "Type this in the lab's folder"),
        (["--gpus", "0-"], "'0-' is not a list of GPUs"),
        (["--gpus", "cpu", "--launcher", "cron"], "there is no launcher 'cron'"),
        (["--gpus", "cpu", "--data", "nowhere"], "no such dataset"),
        (["--gpus", "0-1", "--lanes", "2"], "--lanes goes with --gpus cpu only"),
        (["--dry-run", "--only", "yolov9*"], "no run of this matrix matches 'yolov9*'"),
        (["--gpus", "cpu", "--only", "yolov9*"], "no run of this matrix matches 'yolov9*'"),
        (["--gpus", "cpu", "--matrix", "configs"], "there is a folder where a file should be"),
    ],
)
def test_mistakes_are_three_lines_and_exit_code_2(folder: Path, arguments: list[str], said: str) -> None:
    result = run(*arguments, cwd=folder)
    assert result.returncode == 2
    assert said in " ".join(result.stderr.split())
    assert "fix:" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "runs").exists()


def test_a_coco_checkpoint_that_cannot_be_had_is_said_within_seconds(folder: Path) -> None:
    matrix = folder / "configs" / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("yolov8f", "yolov8n").replace(str(WEIGHTS), "../nowhere"))
    text = matrix.read_text().split("weights:")[0]
    matrix.write_text(text)
    start = time.monotonic()
    result = run("--gpus", "cpu", cwd=folder, LABTOOLS_OFFLINE="1")
    assert result.returncode == 2
    said = " ".join(result.stderr.split())
    assert "the checkpoint yolov8n.pt is not here" in said
    assert "Put the file at weights/yolov8n.pt" in said
    assert time.monotonic() - start < 15


def test_stopping_where_nothing_runs_is_said(folder: Path) -> None:
    result = run("--stop", "--json", cwd=folder)
    assert result.returncode == 0
    assert "no lane of this matrix is at work on this machine" in result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["stopped"] == []
