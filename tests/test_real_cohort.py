"""Real submissions through the whole chain: prepare, a short real training, evaluation and report, as typed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labtools.core.config import dump_yaml
from labtools.demo.scales import WEIGHTS

pytestmark = pytest.mark.long

# The classes as folders, each with the one "team" that published its data; street has CVAT XML (not read yet).
COHORT = {
    "raccoon": "raccoon",
    "Ships": "ships",
    "PEN": "pen_akalya",
    "Butterfly": "emylag",
    "air et oiseaux": "yolomark",
}
COURSE = {
    "names": ["raccoon", "Ships", "PEN", "butterfly", "air", "bird"],
    "aliases": {"air": ["air et oiseaux"], "bird": ["air et oiseaux"]},
}
MATRIX = {
    "name": "real",
    "data": "datasets/real",
    "axes": {"model": ["yolov8f"], "freeze": [10], "imgsz": [96], "batch": [16]},
    "epochs": 1,
    "weights": {"yolov8f": str(WEIGHTS / "yolov8f.pt")},
    "defaults": {"optimizer": "AdamW", "lr0": 0.005, "conf": 0.01, "amp": False, "plots": False},
}


def _labtools(lab: Path, *arguments: str) -> dict[str, Any]:
    """Run a command as typed and return the JSON object that it ends with."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    command = [sys.executable, "-m", "labtools", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=lab, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def lab(wild: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("real lab")
    for class_folder, team in COHORT.items():
        shutil.copytree(wild / team, root / "submissions" / class_folder / team)
    (root / "course.yaml").write_text(dump_yaml(COURSE), encoding="utf-8")
    (root / "matrix.yaml").write_text(dump_yaml(MATRIX), encoding="utf-8")
    return root


def test_from_real_submissions_to_a_report(lab: Path, wild: Path) -> None:
    said = _labtools(lab, "prepare", "submissions", "--out", "datasets/real", "--course", "course.yaml")
    truth = json.loads((wild / "expected.json").read_text(encoding="utf-8"))
    assert sum(said["images"].values()) == sum(len(truth[team]["images"]) for team in COHORT.values())

    trained = _labtools(lab, "train-matrix", "--matrix", "matrix.yaml", "--gpus", "cpu", "--launcher", "inline")
    assert trained
    state = _labtools(lab, "status")
    assert state["counts"]["done"] == 1

    measured = _labtools(lab, "evaluate", "--split", "test")
    assert measured["measured"] == ["yolov8f_96_freeze"]

    report = _labtools(lab, "report", "--class", "raccoon", "--team", "emylag")
    assert Path(report["index"]).is_file() and report["pages"] >= 6

    found = _labtools(lab, "detect", str(wild / "yolomark" / "x64" / "Release" / "data" / "img"), "--name", "planes")
    assert found["frames"] == 10
