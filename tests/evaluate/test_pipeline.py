"""One pass and no second one; what is skipped, what is made again, and how partial evaluations add up."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from labtools.artifacts.dataset import Dataset, open_dataset, read_manifest
from labtools.artifacts.predictions import COLUMNS, read_predictions
from labtools.artifacts.results import RESULTS, SPLIT_TABLES, read_split_table
from labtools.artifacts.runs import Run, find_runs, list_runs, read_run
from labtools.core.errors import LabError
from labtools.core.files import read_json, write_json
from labtools.evaluate import metrics
from labtools.evaluate.pipeline import Evaluation, evaluate
from labtools.evaluate.request import Request

MakeRun = Callable[..., Run]
VAL = Request(split="val")


def pass_of(run: Run, split: str = "val") -> tuple[int, str]:
    """Something that changes whenever a pass is made."""
    folder = run.root / "results" / split / run.run_id
    return (folder / "predictions.parquet").stat().st_mtime_ns, read_json(folder / "evaluation.json")["begun"]


@pytest.fixture
def run(tmp_path: Path, make_run: MakeRun) -> Run:
    return make_run(tmp_path / "runs" / "m", "p_96")


def test_what_lies_on_disk(evaluated: tuple[Path, Evaluation], shapes_dataset: Dataset) -> None:
    matrix, evaluation = evaluated
    assert evaluation.measured == ("a_96", "b_160")
    assert (evaluation.fresh, evaluation.skipped, evaluation.notes) == ((), (), ())
    assert evaluation.tables == (matrix / "results" / "test" / "results.csv",)
    for name, columns in SPLIT_TABLES.items():
        table = read_split_table(matrix, "test", name)
        assert tuple(table.columns) == columns
        assert table["run_id"].unique().tolist() == ["a_96", "b_160"]
        assert (table["split"] == "test").all()
    rows = read_split_table(matrix, "test", "results").set_index("run_id")
    assert rows["imgsz"].to_dict() == {"a_96": 96, "b_160": 160}
    assert rows.loc["a_96", "freeze"] == 10
    assert pd.isna(rows.loc["b_160", "freeze"])
    assert (rows["map50"] > 0.3).all(), "the checkpoint knows these shapes"
    assert rows.loc["b_160", "map50"] > rows.loc["a_96", "map50"]
    assert rows.notna().drop(columns="freeze").all(axis=None)
    assert (rows["fingerprint"] == shapes_dataset.fingerprint).all()
    predictions = read_predictions(matrix / "results" / "test" / "b_160" / "predictions.parquet")
    assert list(predictions.columns) == list(COLUMNS)
    manifest = read_manifest(shapes_dataset)
    assert set(predictions["image"]) <= set(manifest.loc[manifest["split"] == "test", "image"])
    assert predictions.groupby("image")["conf"].apply(lambda c: c.is_monotonic_decreasing).all()


def test_a_second_call_makes_no_pass_until_something_changes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = evaluate([run], VAL)
    made = pass_of(run)
    table = first.tables[0].read_bytes()
    second = evaluate([run], VAL)
    assert (second.measured, second.fresh) == ((), ("p_96",))
    assert (pass_of(run), first.tables[0].read_bytes()) == (made, table)
    pd.testing.assert_frame_equal(first.rows, second.rows)

    # another labtools: the tables are made again, from the stored predictions
    monkeypatch.setattr("labtools.evaluate.predict.__version__", "99")
    assert evaluate([run], VAL).measured == ("p_96",)
    assert pass_of(run) == made
    assert evaluate([run], VAL).fresh == ("p_96",)

    # a table that somebody deleted comes back without a pass
    (run.root / "results" / "val" / "p_96" / "curves.csv").unlink()
    assert evaluate([run], VAL).measured == ("p_96",)
    assert pass_of(run) == made

    assert evaluate([run], replace(VAL, force=True)).measured == ("p_96",)
    assert pass_of(run) != made


def test_a_new_metric_is_one_file(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also for runs that were evaluated before it came: from the stored predictions."""
    evaluate([run], VAL)
    made = pass_of(run)
    (tmp_path / "sure.py").write_text(
        "import pandas as pd\n"
        "TABLES = {'sure': ('run_id', 'split', 'class_id', 'sure')}\n"
        "def compute(truth, predictions):\n"
        "    best = predictions.groupby('class_id')['conf'].max().reindex(list(truth.names))\n"
        "    return {'sure': pd.DataFrame({'class_id': list(truth.names), 'sure': best.to_numpy()})}\n"
    )
    monkeypatch.setattr(metrics, "__path__", [*metrics.__path__, str(tmp_path)])
    monkeypatch.setitem(sys.modules, f"{metrics.__name__}.sure", None)  # forgotten again afterwards
    monkeypatch.delitem(sys.modules, f"{metrics.__name__}.sure")
    assert evaluate([run], VAL).measured == ("p_96",)
    assert pass_of(run) == made
    table = pd.read_csv(run.root / "results" / "val" / "sure.csv")
    assert list(table.columns) == ["run_id", "split", "class_id", "sure"]
    assert table["class_id"].tolist() == list(range(len(table)))
    assert table["sure"].max() > 0.3


def test_other_weights_are_another_pass(run: Run) -> None:
    evaluate([run], VAL)
    made = pass_of(run)
    with run.best.open("ab") as file:
        file.write(b"trained again")
    assert evaluate([run], VAL).measured == ("p_96",)
    assert pass_of(run) != made


def test_a_changed_dataset_is_another_pass_and_is_told(run: Run, shapes_dataset: Dataset, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    spec = replace(run.spec, data=str(copy / "dlcv.yaml"))
    write_json(run.folder / "run.json", spec.to_json())
    run = replace(run, spec=spec)
    assert evaluate([run], VAL).notes == ()
    made = pass_of(run)
    write_json(copy / "dataset.json", {"layout": 1, "fingerprint": "changed"})
    again = evaluate([run], VAL)
    assert again.measured == ("p_96",)
    assert pass_of(run) != made
    assert len(again.notes) == 1
    assert "earlier state" in again.notes[0]


def test_corrected_class_ids_are_seen(run: Run, shapes_dataset: Dataset, tmp_path: Path) -> None:
    """One digit for another: files of the same size, which Ultralytics' label cache takes for unchanged."""
    copy = tmp_path / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    request = replace(VAL, data=copy)
    before = evaluate([run], request).rows["map50"][0]
    for label in (copy / "labels").rglob("*.txt"):
        lines = label.read_text(encoding="utf-8").splitlines()
        label.write_text("".join(f"{(int(line[0]) + 1) % 6}{line[1:]}\n" for line in lines), encoding="utf-8")
    write_json(copy / "dataset.json", {"layout": 1, "fingerprint": "corrected"})
    after = evaluate([run], request).rows["map50"][0]
    assert after < 0.2 < before


def test_an_interrupted_pass_never_happened(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate([run], VAL)
    made = pass_of(run)[0]

    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("labtools.evaluate.predict.compute_tables", interrupt)
        evaluate([run], replace(VAL, force=True))
    assert (run.root / "results/val/p_96/predictions.parquet").stat().st_mtime_ns != made, (
        "the new predictions are there, and the old record would lie about them"
    )
    assert not (run.root / "results/val/p_96/evaluation.json").exists()
    assert evaluate([run], VAL).measured == ("p_96",)


def test_partial_evaluations_add_up(tmp_path: Path, make_run: MakeRun) -> None:
    matrix = tmp_path / "runs" / "m"
    for run_id in ("p_2", "p_1"):
        make_run(matrix, run_id, imgsz=64)
    evaluate(find_runs("p_2", tmp_path / "runs"), VAL)
    assert read_split_table(matrix, "val", "results")["run_id"].tolist() == ["p_2"]
    evaluate(find_runs("p_1", tmp_path / "runs"), VAL)
    assert read_split_table(matrix, "val", "results")["run_id"].tolist() == ["p_1", "p_2"]
    # trained again since: its old rows would lie
    with (matrix / "p_2" / "weights" / "best.pt").open("ab") as file:
        file.write(b"x")
    evaluate(find_runs("p_1", tmp_path / "runs"), VAL)
    assert read_split_table(matrix, "val", "per_class")["run_id"].unique().tolist() == ["p_1"]


def test_what_cannot_be_evaluated_is_skipped_with_a_reason(tmp_path: Path, make_run: MakeRun) -> None:
    matrix = tmp_path / "runs" / "m"
    make_run(matrix, "good", imgsz=64)
    (make_run(matrix, "running").folder / "done.json").unlink()
    make_run(matrix, "no_weights").best.unlink()
    make_run(matrix, "no_data", data=str(tmp_path / "nowhere" / "dlcv.yaml"))
    make_run(matrix, "broken").best.write_bytes(b"not a checkpoint")
    evaluation = evaluate(list_runs(matrix), VAL)
    assert evaluation.measured == ("good",)
    reasons = {skipped.run_id: skipped.reason for skipped in evaluation.skipped}
    assert set(reasons) == {"running", "no_weights", "no_data", "broken"}
    assert reasons["running"] == "not finished"
    assert "best.pt" in reasons["no_weights"]
    assert "no such dataset" in reasons["no_data"]
    assert "checkpoint" in reasons["broken"]


def test_nothing_to_evaluate_is_an_error_that_says_why(tmp_path: Path, make_run: MakeRun) -> None:
    matrix = tmp_path / "runs" / "m"
    for run_id in ("one", "two"):
        (make_run(matrix, run_id).folder / "done.json").unlink()
    with pytest.raises(LabError, match=r"one, two.*not finished") as caught:
        evaluate(list_runs(matrix), VAL)
    assert "labtools status" in caught.value.fix


def test_runs_on_different_datasets_are_not_compared_in_silence(
    tmp_path: Path, make_run: MakeRun, shapes_dataset: Dataset
) -> None:
    matrix, copy = tmp_path / "runs" / "m", tmp_path / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    write_json(copy / "dataset.json", {"layout": 1, "fingerprint": "another"})
    evaluate([make_run(matrix, "p_1", imgsz=64)], replace(VAL, data=copy))
    both = evaluate([make_run(matrix, "p_2", imgsz=64)], VAL)
    assert both.notes == (), "only p_2 was asked for"
    assert read_split_table(matrix, "val", "results")["fingerprint"].nunique() == 2
    mixed = evaluate([read_run(matrix / "p_2"), make_run(matrix / "other", "p_3", imgsz=64, data=str(copy))], VAL)
    assert mixed.rows["run_id"].tolist() == ["p_2", "p_3"]
    assert any("2 different datasets" in note for note in mixed.notes)


def test_weights_of_other_classes_are_refused(run: Run, shapes_dataset: Dataset, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    text = (copy / "dlcv.yaml").read_text(encoding="utf-8").replace("ball", "balloon")
    (copy / "dlcv.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(LabError, match=r"the classes of p_96 .*ball.* are not those of the dataset .*balloon"):
        evaluate([run], replace(VAL, data=copy))


def test_lost_images_are_told(run: Run, shapes_dataset: Dataset, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    manifest = read_manifest(open_dataset(copy))
    (copy / manifest.loc[manifest["split"] == "val", "image"].iloc[0]).unlink()
    with pytest.raises(LabError, match="23 images could be read, but the manifest lists 24"):
        evaluate([run], replace(VAL, data=copy))


def test_an_empty_split_is_told(run: Run, shapes_dataset: Dataset, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    text = (copy / "manifest.csv").read_text(encoding="utf-8").replace(",test,boxes", ",train,boxes")
    (copy / "manifest.csv").write_text(text.replace(",test,empty", ",train,empty"), encoding="utf-8")
    with pytest.raises(LabError, match="the test split of this dataset has no image"):
        evaluate([run], Request(split="test", data=copy))


def test_rows_are_those_of_the_runs_asked_for(evaluated: tuple[Path, Evaluation]) -> None:
    matrix, _ = evaluated
    rows = evaluate(find_runs("a_96", matrix.parent), Request(split="test")).rows
    assert rows["run_id"].tolist() == ["a_96"]
    assert tuple(rows.columns) == RESULTS


def test_records_can_be_read_by_people(evaluated: tuple[Path, Evaluation], shapes_dataset: Dataset) -> None:
    record = json.loads((evaluated[0] / "results/test/a_96/evaluation.json").read_text(encoding="utf-8"))
    assert record["key"]["fingerprint"] == shapes_dataset.fingerprint
    assert record["key"]["imgsz"] == 96
    assert len(record["key"]["weights_hash"]) == 32
    assert record["seconds"] > 0
