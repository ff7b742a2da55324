"""Run folders, and the patterns that people type to mean some of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from labtools.artifacts.runs import Run, RunSpec, find_data, find_matrix, find_runs, list_runs, read_curves, read_run
from labtools.core.errors import LabError
from labtools.core.files import read_json, write_json


def _ids(pattern: str, root: Path) -> list[str]:
    return [run.run_id for run in find_runs(pattern, root)]


def test_runs_are_found_by_id_by_path_and_by_matrix(shapes_runs: Path) -> None:
    root = shapes_runs.parent
    assert _ids("*", root) == _ids(str(shapes_runs), root) == ["yolov8f_96_freeze", "yolov8p_160_nofreeze"]
    assert _ids("*_nofreeze", root) == ["yolov8p_160_nofreeze"]
    assert _ids(str(shapes_runs / "yolov8f*"), root) == ["yolov8f_96_freeze"]
    assert _ids(str(shapes_runs / "yolov8f_96_freeze"), root) == ["yolov8f_96_freeze"]


def test_a_pattern_without_a_match_lists_what_there_is(shapes_runs: Path) -> None:
    with pytest.raises(LabError) as caught:
        find_runs("yolov9*", shapes_runs.parent)
    assert "yolov8p_160_nofreeze" in caught.value.fix


def test_results_and_reports_are_not_runs(shapes_runs: Path) -> None:
    (shapes_runs / "results").mkdir()
    (shapes_runs / "results" / "run.json").write_text("{}")
    assert len(list_runs(shapes_runs)) == 2


def test_the_only_matrix_needs_no_name_but_two_do(shapes_runs: Path) -> None:
    root = shapes_runs.parent
    assert find_matrix(None, root) == shapes_runs
    other = root / "other" / "yolov8f_96_freeze"
    other.mkdir(parents=True)
    (other / "run.json").write_bytes((shapes_runs / "yolov8f_96_freeze" / "run.json").read_bytes())
    with pytest.raises(LabError, match="several matrices: other, shapes"):
        find_matrix(None, root)
    assert find_matrix(Path("other"), root) == root / "other", "its name alone is enough"
    with pytest.raises(LabError, match="no runs in this folder") as caught:
        find_matrix(root, root)
    assert str(root / "other") in caught.value.fix


def test_a_damaged_record_is_a_sentence(shapes_runs: Path) -> None:
    folder = shapes_runs / "yolov8f_96_freeze"
    (folder / "run.json").write_text('{"run_id": 1', encoding="utf-8")
    with pytest.raises(LabError, match="cannot be read"):
        read_run(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"epochs": "many"}, "epochs cannot be 'many'"), ({"optics": 1}, "another version of labtools: optics")],
)
def test_a_record_that_asks_for_what_is_not_known_is_a_sentence(
    shapes_runs: Path, change: dict[str, object], said: str
) -> None:
    path = shapes_runs / "yolov8f_96_freeze" / "run.json"
    write_json(path, {**read_json(path), **change})
    with pytest.raises(LabError, match=said):
        read_run(path.parent)


def test_curves_have_one_row_per_epoch(shapes_runs: Path) -> None:
    run = list_runs(shapes_runs)[0]
    assert list(read_curves(run)["epoch"]) == [1, 2]
    (run.folder / "results.csv").unlink()
    assert read_curves(run).empty


@pytest.mark.parametrize("planned", ["/nfs/lab/datasets/dlcv/dlcv.yaml", r"D:\lab\datasets\dlcv\dlcv.yaml"])
def test_the_dataset_of_a_copied_lab_is_beside_its_runs(tmp_path: Path, planned: str) -> None:
    spec = RunSpec("yolov8n_320_freeze", "yolov8n", "yolov8n.pt", 10, 320, 8, 1, 0, planned, "abc")
    run = Run(tmp_path / "runs" / "dlcv" / spec.run_id, spec)
    assert find_data(run) == Path(planned), "there is none here"
    beside = tmp_path / "datasets" / "dlcv"
    write_json(beside / "dataset.json", {"fingerprint": "another"})
    assert find_data(run) == Path(planned), "another dataset of that name"
    write_json(beside / "dataset.json", {"fingerprint": "abc"})
    assert find_data(run) == beside / "dlcv.yaml"


def test_the_dataset_that_a_run_was_planned_with_comes_first(tmp_path: Path) -> None:
    planned = tmp_path / "elsewhere" / "dlcv" / "dlcv.yaml"
    planned.parent.mkdir(parents=True)
    planned.touch()
    write_json(tmp_path / "datasets" / "dlcv" / "dataset.json", {"fingerprint": "abc"})
    spec = RunSpec("yolov8n_320_freeze", "yolov8n", "yolov8n.pt", 10, 320, 8, 1, 0, str(planned), "abc")
    assert find_data(Run(tmp_path / "runs" / "dlcv" / spec.run_id, spec)) == planned
