"""`labtools report` as it is typed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _maker() -> ModuleType:
    """The builder of artifacts lives beside the room's tests."""
    path = Path(__file__).resolve().parents[1] / "report" / "conftest.py"
    spec = importlib.util.spec_from_file_location("report_artifacts", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cli lab")
    _maker().LabMaker(
        root, classes=("ballon", "jul"), teams=("tic_et_tac", "Les Bleus"), models=("yolov8n",), sizes=(320,), frames=2
    ).make()
    return root


def labtools(root: Path, *words: str, hash_seed: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labtools", "report", *words]
    env = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    return subprocess.run(
        command, cwd=root, env=env, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )


WORDS = ("--class", "Ballon", "--team", "les bleus", "--json")


@pytest.fixture(scope="module")
def done(root: Path) -> subprocess.CompletedProcess[str]:
    """One report by the command, for two tests."""
    return labtools(root, *WORDS)


def test_the_only_matrix_is_found_and_figures_come_as_json(root: Path, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert Path(report["index"]).is_file() and Path(report["report"]) == root / "runs" / "lab" / "report"
    expected = {"pages": 7, "split": "test", "matrix": str(root / "runs" / "lab")}
    assert {key: report[key] for key in expected} == expected
    assert report["best"] in {"yolov8n_320_freeze", "yolov8n_320_nofreeze"}
    pages = {p.name for p in (root / "runs" / "lab" / "report" / "pages").iterdir()}
    macro = {"dataset.html", "leakage.html", "training.html", "inference.html"}
    assert pages == {*macro, "class-ballon.html", "team-les_bleus.html"}
    assert "Open " in done.stdout and "figures" in done.stderr


def test_the_same_input_gives_the_same_bytes_in_another_process(
    root: Path, done: subprocess.CompletedProcess[str]
) -> None:
    again = labtools(root, *WORDS, "--out", str(root / "again"), hash_seed=1)
    assert again.returncode == done.returncode == 0, again.stderr
    one, two = (
        {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        for folder in (root / "runs" / "lab" / "report", root / "again")
    )
    assert one.keys() == two.keys()
    assert [str(name) for name in one if one[name] != two[name]] == []


def test_an_unknown_name_lists_the_known_ones(root: Path) -> None:
    done = labtools(root, "--team", "nobody")
    assert done.returncode == 2
    assert "there is no team 'nobody'" in done.stderr and "Les Bleus, tic_et_tac" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_runs_it_says_what_to_type(tmp_path: Path) -> None:
    done = labtools(tmp_path)
    assert done.returncode == 2 and "labtools train-matrix" in done.stderr


def test_a_dataset_without_runs_beside_another(tmp_path: Path) -> None:
    """One class and one frame, so that little is drawn."""
    for year in ("2023", "2024"):
        data = _maker().LabMaker(tmp_path / year, classes=("ballon",), teams=(), frames=1).make_dataset().root
        data.rename(tmp_path / f"dlcv-{year}")
    done = labtools(tmp_path, "--data", "dlcv-2024", "--compare", "dlcv-2023", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert Path(report["index"]) == tmp_path / "runs" / "dlcv-2024" / "report" / "index.html"
    assert report["matrix"] is None and report["split"] is None
    assert "Nothing has been trained on this dataset yet" in done.stdout
    pages = {p.name for p in (tmp_path / "runs" / "dlcv-2024" / "report" / "pages").iterdir()}
    assert pages == {"dataset.html", "compare.html", "leakage.html", "class-ballon.html"}
