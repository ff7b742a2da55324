"""`labtools demo`, the whole chain: what it leaves, and that its numbers mean something."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pandas as pd
import pytest

from labtools.artifacts.dataset import open_dataset, read_findings, read_manifest
from labtools.artifacts.results import read_matrix_table, read_split_table
from labtools.artifacts.runs import list_runs


@pytest.fixture(scope="session")
def figures(demo_lab: Path) -> dict[str, Any]:
    lines = (demo_lab.parent / "demo.stdout").read_text(encoding="utf-8").splitlines()
    return json.loads(lines[-1])  # type: ignore[no-any-return]


def test_it_learns_and_freezing_is_a_true_comparison(demo_lab: Path, figures: dict[str, Any]) -> None:
    assert max(figures["map50"].values()) >= 0.5
    table = read_split_table(demo_lab / "runs" / "demo", "test", "results").set_index("run_id")
    for frozen in (r for r in table.index if r.endswith("_freeze")):
        free = frozen.replace("_freeze", "_nofreeze")
        assert table.loc[frozen, "freeze"] == 10 and pd.isna(table.loc[free, "freeze"])
        same = ["model", "imgsz", "batch", "epochs", "seed", "images", "instances", "parameters"]
        assert (table.loc[frozen, same] == table.loc[free, same]).all()
        assert table.loc[frozen, "map50"] != table.loc[free, "map50"]
    assert table.loc["yolov8p_160_freeze", "map50"] > 0.3, "a frozen backbone that was pretrained knows something"


def test_every_run_folder_is_complete(demo_lab: Path) -> None:
    runs = list_runs(demo_lab / "runs" / "demo")
    assert len(runs) == 8 and all(run.is_done for run in runs)
    for run in runs:
        for name in ("args.yaml", "results.csv", "weights/best.pt", "weights/last.pt", "confusion_matrix.png"):
            assert (run.folder / name).is_file(), f"{run.run_id}/{name}"
        assert list(run.folder.glob("events.out.tfevents.*")), run.run_id
        assert len(pd.read_csv(run.folder / "results.csv")) == run.spec.epochs


def test_the_mess_was_repaired_and_what_was_lost_is_named(demo_lab: Path) -> None:
    dataset = open_dataset(demo_lab / "datasets" / "demo")
    manifest, findings = read_manifest(dataset), read_findings(dataset)
    # 12 teams x 8 takes x 4 frames; one never uploaded, one truncated, one empty.
    assert len(manifest) == 12 * 8 * 4 - 3
    assert manifest["team"].nunique() == 12 and set(manifest["split"]) == {"train", "val", "test"}
    lost = findings[findings["code"].isin(["image-truncated", "image-empty"])]
    assert len(lost) == 2 and set(lost["team"]) == {"batterie_faible"}
    assert set(manifest["team"]) - set(findings["team"]) == {"automne", "horlogers", "saint_valentin"}
    guests = manifest[(manifest["team"] == "saint_valentin")]
    assert guests["boxes"].min() >= 1


def test_speed_and_detections_are_there(demo_lab: Path) -> None:
    speed = read_matrix_table(demo_lab / "runs" / "demo", "speed")
    assert len(speed) == 8 and (speed["total_ms"] > 0).all()
    found = pd.read_csv(demo_lab / "runs" / "detect" / "everything" / "detections.csv")
    assert found["class_name"].nunique() >= 3
    with av.open(str(demo_lab / "runs" / "detect" / "everything" / "everything.mp4")) as video:
        assert len(list(video.decode(video=0))) == 150


def test_it_says_where_to_look(demo_lab: Path, figures: dict[str, Any]) -> None:
    told = (demo_lab.parent / "demo.stdout").read_text(encoding="utf-8")
    assert "Where to look" in told and str(demo_lab / "runs" / "demo" / "report" / "index.html") in told
    assert Path(figures["report"]).is_file()
    assert set(figures["images"]) == {"train", "val", "test"}


def test_what_is_done_is_not_trained_again(demo_lab: Path) -> None:
    before = {run.run_id: (run.folder / "done.json").read_bytes() for run in list_runs(demo_lab / "runs" / "demo")}
    matrix, runs = demo_lab / "configs" / "matrix.yaml", demo_lab / "runs"
    command = [sys.executable, "-m", "labtools", "train-matrix", "--matrix", str(matrix), "--runs-root", str(runs)]
    done = subprocess.run([*command, "--gpus", "cpu"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "nothing to train: 8 of 8 runs are done" in done.stderr
    after = {run.run_id: (run.folder / "done.json").read_bytes() for run in list_runs(demo_lab / "runs" / "demo")}
    assert after == before
