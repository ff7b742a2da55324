"""`labtools prepare` as typed: exit codes, three lines of error, one JSON object at the end."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labtools", "prepare", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """Two teams of one class of a course, in the course's tree."""
    for number, team in enumerate(("les_bleus", "Les Rouges")):
        for sequence in (1, 2, 3):
            pixels = np.random.default_rng(number * 10 + sequence).integers(0, 256, (32, 32, 3), dtype=np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "JPEG")
            for kind, data in (("images/f_01.jpg", buffer.getvalue()), ("labels/f_01.txt", b"0 0,5 0.5 0.5 0.5\n")):
                path = tmp_path / "in" / "Ballon" / team / str(sequence) / kind
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/course.yaml").write_text("names: [piercing, ballon]\n", encoding="utf-8")
    return tmp_path


def test_help_shows_an_example(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "labtools prepare submissions/ --out datasets/dlcv" in done.stdout


def test_the_course_of_the_folder_is_found_and_counts_are_json(cohort: Path) -> None:
    done = run("in", "--json", cwd=cohort)
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["names"] == ["piercing", "ballon"]
    assert last["images"] == {"train": 2, "val": 2, "test": 2}
    assert last["classes"]["ballon"]["val"] == {"images": 2, "boxes": 2}
    assert {t["team"] for t in last["teams"]} == {"les_bleus", "les_rouges"}
    assert (cohort / "datasets/dlcv/manifest.csv").is_file()
    assert "split-made" in done.stdout and "2 (2)" in done.stdout
    assert "write dataset" in done.stderr and "write dataset" not in done.stdout


def test_an_ultralytics_yaml_is_a_course(cohort: Path) -> None:
    yaml = "path: ../x\ntrain: train.txt\nval: val.txt\nnc: 2\nnames:\n  0: ballon\n  1: the rock\n"
    (cohort / "data.yaml").write_text(yaml, encoding="utf-8")
    done = run("in", "--out", "out", "--course", "data.yaml", "--json", cwd=cohort)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["classes"]["ballon"]["train"]["boxes"] == 2


@pytest.mark.parametrize(
    ("course", "words"),
    [
        ("names: [a, b]\nnmaes: 3\n", ["unknown key", "course.yaml:2"]),
        ("names: [a, A]\n", ["same name"]),
        ("names: {0: a, 2: b}\n", ["count from 0"]),
        ("names: [a]\nsplit: {shares: {train: 1, val: 1}}\n", ["add up to 1"]),
        ("names: [a\n", ["not valid YAML"]),
    ],
)
def test_a_wrong_course_is_explained(course: str, words: list[str], cohort: Path) -> None:
    (cohort / "course.yaml").write_text(course, encoding="utf-8")
    done = run("in", "--out", "out", "--course", "course.yaml", cwd=cohort)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr.replace("\n", " ")


def test_errors_say_what_where_and_how_to_mend_it(cohort: Path) -> None:
    done = run("nowhere", "--out", "out", cwd=cohort)
    assert done.returncode == 2
    assert [line.split(":")[0].strip() for line in done.stderr.splitlines()][:3] == ["error", "where", "fix"]
    assert run("in", "--out", "configs", cwd=cohort).returncode == 2
    assert (cohort / "configs/course.yaml").is_file()
