"""The dataset on disk: what is written is what is read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from labtools.artifacts.dataset import (
    Dataset,
    findings_csv,
    format_label,
    label_path,
    open_dataset,
    read_boxes,
    read_findings,
    read_manifest,
)
from labtools.core.errors import LabError
from labtools.core.findings import Action, Finding, Severity


def test_the_manifest_comes_back_typed(shapes_dataset: Dataset) -> None:
    manifest = read_manifest(shapes_dataset)
    assert len(manifest) == 72 and manifest["image"].is_monotonic_increasing
    assert str(manifest["frame"].dtype) == "Int64" and manifest["team"].iloc[0] == "team_0"
    assert set(manifest["split"]) == {"train", "val", "test"}


def test_boxes_are_those_of_the_label_files(shapes_dataset: Dataset) -> None:
    boxes = read_boxes(shapes_dataset, "test")
    manifest = read_manifest(shapes_dataset)
    assert len(boxes) == manifest.loc[manifest["split"] == "test", "boxes"].sum()
    first = boxes.iloc[0]
    line = (shapes_dataset.root / label_path(first["image"])).read_text().splitlines()[0]
    assert line == format_label([(first["class_id"], first["x"], first["y"], first["w"], first["h"])]).strip()
    assert first["class_name"] == shapes_dataset.names[first["class_id"]]


def test_findings_come_back_as_they_were(tmp_path: Path, shapes_dataset: Dataset) -> None:
    finding = Finding("a", 'x,"y"\n.txt', 3, "some-code", Severity.ERROR, "NA", Action.LEFT_OUT)
    copy = Dataset(tmp_path, {}, "")
    copy.findings.write_text(findings_csv([finding]), encoding="utf-8")
    row = read_findings(copy).iloc[0]
    assert (row["severity"], row["file"], row["line"], row["message"]) == ("error", 'x,"y"\n.txt', 3, "NA")
    assert row["action"] == "left out"


def test_a_dataset_opens_by_folder_and_by_yaml(shapes_dataset: Dataset) -> None:
    assert open_dataset(shapes_dataset.root) == open_dataset(shapes_dataset.yaml) == shapes_dataset


@pytest.mark.parametrize("lost", ["dlcv.yaml", "manifest.csv", "dataset.json"])
def test_an_incomplete_dataset_is_named(shapes_dataset: Dataset, tmp_path: Path, lost: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    (copy / lost).unlink()
    with pytest.raises(LabError, match=lost):
        open_dataset(copy)


def test_no_dataset_at_all_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(LabError) as caught:
        open_dataset(tmp_path / "none")
    assert "labtools prepare" in caught.value.fix


def test_a_dataset_can_be_moved(shapes_dataset: Dataset, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "moved"
    shutil.copytree(shapes_dataset.root, moved)
    for path in ("dlcv.yaml", "train.txt", "manifest.csv"):
        assert str(shapes_dataset.root) not in (moved / path).read_text()
    assert len(read_boxes(open_dataset(moved))) == len(read_boxes(shapes_dataset))
