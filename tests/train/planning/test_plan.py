"""Everything that would stop a run later is said before anything starts, and nothing is ever mixed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.runs import list_runs
from labtools.core.errors import LabError
from labtools.core.files import write_json
from labtools.train.planning.plan import plan_matrix, write_specs
from labtools.train.runqueue import claims


def plan(lab: Any, data: Path | None = None):
    return plan_matrix(lab.matrix, data, lab.folder / "runs")


def test_a_plan_is_written_once_and_again_without_change(lab: Any) -> None:
    first = plan(lab)
    assert [spec.run_id for spec in first.specs] == ["yolov8f_64_freeze", "yolov8f_64_nofreeze"]
    assert not first.root.exists(), "planning writes nothing"
    write_specs(first.root, first.specs)
    before = {path: path.stat().st_mtime_ns for path in first.root.rglob("run.json")}
    write_specs(first.root, plan(lab).specs)
    assert {path: path.stat().st_mtime_ns for path in first.root.rglob("run.json")} == before
    assert [run.spec for run in list_runs(first.root)] == list(first.specs)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data": "nowhere"}, "no such dataset"),
        ({"data": None}, "names no dataset"),
        ({"weights": {"yolov8f": "gone.pt"}}, "gone.pt is not here"),
        ({"args": {"learning_rate": 0.1}}, "no training argument 'learning_rate'"),
        ({"args": {"patence": 5}}, "no training argument 'patence'"),
    ],
)
def test_mistakes_are_found_at_once(lab: Any, shapes_dataset: Dataset, change: dict[str, Any], said: str) -> None:
    lab.write_matrix(**{"data": str(shapes_dataset.root), **change})
    start = time.monotonic()
    with pytest.raises(LabError) as caught:
        plan(lab)
    assert said in caught.value.what
    assert caught.value.fix
    assert time.monotonic() - start < 5


def test_a_misspelt_argument_gets_a_hint(lab: Any, shapes_dataset: Dataset) -> None:
    lab.write_matrix(data=str(shapes_dataset.root), args={"patence": 5})
    with pytest.raises(LabError) as caught:
        plan(lab)
    assert caught.value.fix == "Did you mean patience?"


def test_data_is_relative_to_the_file_and_can_be_replaced(lab: Any, shapes_dataset: Dataset) -> None:
    shutil.copytree(shapes_dataset.root, lab.folder / "datasets" / "copy")
    lab.write_matrix(data="datasets/copy")
    assert plan(lab).specs[0].data == str((lab.folder / "datasets" / "copy" / "dlcv.yaml").resolve())
    assert plan(lab, shapes_dataset.root).specs[0].data == str(shapes_dataset.yaml.resolve())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 3}, "epochs was 2, now 3"),
        ({"seed": 1}, "seed was 0, now 1"),
        ({"axes": {"model": "yolov8f", "freeze": [9, None], "imgsz": 64, "batch": 8}}, "freeze was 10, now 9"),
        ({"args": {"lr0": 0.1}}, "lr0 was 0.002, now 0.1, nbs was 8, now not set"),
    ],
)
def test_a_run_folder_never_holds_two_trainings(
    lab: Any, shapes_dataset: Dataset, change: dict[str, Any], said: str
) -> None:
    write_specs(lab.root, plan(lab).specs)
    lab.write_matrix(data=str(shapes_dataset.root), **change)
    with pytest.raises(LabError) as caught:
        plan(lab)
    assert said in caught.value.what
    assert caught.value.where == str(lab.root / "yolov8f_64_freeze" / "run.json")


def test_a_changed_dataset_is_another_run(lab: Any, shapes_dataset: Dataset) -> None:
    copy = lab.folder / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    write_specs(lab.root, plan(lab, copy).specs)
    write_json(copy / "dataset.json", {"layout": 1, "fingerprint": "another"})
    with pytest.raises(LabError, match="the dataset has changed since"):
        plan(lab, copy)


def test_a_finished_lab_may_be_moved(lab: Any, shapes_dataset: Dataset) -> None:
    moved = lab.folder / "moved"
    shutil.copytree(shapes_dataset.root, moved)
    runs = write_specs(lab.root, plan(lab).specs)
    with pytest.raises(LabError, match="data was"):
        plan(lab, moved)
    for run in runs:
        claims.write_done(run.folder, {"epochs": 2})
    assert len(plan(lab, moved).specs) == 2


def test_runs_that_the_matrix_forgot_are_named(lab: Any, shapes_dataset: Dataset) -> None:
    write_specs(lab.root, plan(lab).specs)
    lab.write_matrix(data=str(shapes_dataset.root), axes={"model": "yolov8f", "imgsz": [64, 96], "batch": 8})
    assert plan(lab).others == ("yolov8f_64_freeze",)
