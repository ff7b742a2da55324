"""What is read: which split is shown, which run is the best, how far each run is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from labtools.artifacts import results as res
from labtools.core.errors import LabError
from labtools.core.files import write_json
from labtools.report.load import load_results


@pytest.fixture
def small(lab_maker: Callable[..., Any]) -> Any:
    return lab_maker(models=("yolov8n",), sizes=(320,), frames=2)


def test_everything_of_a_whole_lab(lab: Path) -> None:
    results = load_results(lab, None, None)
    assert results.split == "test" and results.split_note == ""
    assert results.classes == ("piercing", "ballon", "prise", "risk")
    assert results.teams == ("équipe_3", "Les Bleus", "quatre", "tic_et_tac")
    assert set(results.runs["state"]) == {"done"}
    assert results.runs["freeze"].isna().sum() == 4
    assert results.sightings is not None and set(results.sightings.judged["kind"]) == {"hit", "false alarm", "missed"}


def test_the_best_run_is_chosen_on_val_not_on_test(small: Any) -> None:
    matrix = small.make()
    for split, order in (("val", (0.9, 0.1)), ("test", (0.2, 0.8))):
        table = res.read_split_table(matrix, split, "results").assign(map50_95=order)
        res.write_table(res.split_folder(matrix, split) / "results.csv", table, res.RESULTS)
    results = load_results(matrix, None, None)
    assert results.best == res.read_split_table(matrix, "val", "results")["run_id"].iloc[0]
    assert results.best_why == "highest mAP50-95 on val"


def test_without_test_the_reader_is_told(small: Any) -> None:
    small.evaluated = ("val",)
    results = load_results(small.make(), None, None)
    assert results.split == "val"
    assert "test split has not been evaluated" in results.split_note


def test_a_split_asked_for_is_never_replaced_in_silence(small: Any) -> None:
    small.evaluated = ("val",)
    assert load_results(small.make(), None, "test").split is None
    with pytest.raises(LabError, match="no split 'tset'"):
        load_results(small.matrix, None, "tset")


def test_a_dataset_that_went_away_is_said_not_fatal(small: Any) -> None:
    matrix = small.make()
    shutil.move(small.root / "dataset", small.root / "elsewhere")
    results = load_results(matrix, None, None)
    assert results.data is None and "cannot be opened" in results.data_trouble
    assert results.classes == small.classes  # the results still know them
    assert load_results(matrix, small.root / "elsewhere", None).data is not None
    with pytest.raises(LabError):
        load_results(matrix, small.root / "nowhere", None)


def test_states_come_from_the_record(small: Any) -> None:
    small.models = ("yolov8n", "yolov8s")
    small.evaluated = ()
    matrix = small.make()
    folders = sorted(p for p in matrix.iterdir() if p.is_dir())
    for folder in folders[1:]:
        (folder / "done.json").unlink()
    process = {"host": "h", "pid": 1, "started": 0.0}
    write_json(folders[1] / "claim.1", {"lane": "gpu0", "process": process, "time": "t"})
    write_json(folders[1] / "beat.1.json", {"count": 3, "time": "t", "process": process, "epoch": 4, "epochs": 8})
    write_json(folders[2] / "claim.1", {"lane": "gpu0", "process": process, "time": "t"})
    write_json(folders[2] / "end.1.json", {"cause": "oom", "reason": "out of memory", "again": False, "time": "t"})
    runs = load_results(matrix, None, None).runs.set_index("run_id").loc[[f.name for f in folders]]
    assert runs["state"].tolist() == ["done", "running", "failed", "to do"]
    assert runs["note"].tolist() == ["", "epoch 4 of 8", "out of memory", ""]


def test_an_epoch_written_twice_counts_once(small: Any) -> None:
    matrix = small.make()
    path = matrix / "yolov8n_320_freeze" / "results.csv"
    frame = pd.read_csv(path)
    pd.concat([frame, frame.tail(1).assign(**{"metrics/mAP50(B)": 0.123})]).to_csv(path, index=False)
    curves = load_results(matrix, None, None).curves
    mine = curves[(curves["run_id"] == "yolov8n_320_freeze") & (curves["metric"] == "metrics/mAP50(B)")]
    assert mine["epoch"].tolist() == list(range(1, 9))
    assert mine["value"].iloc[-1] == 0.123
