"""Datasets that labtools did not write, as Ultralytics would load them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from labtools.artifacts.dataset import BOX_COLUMNS
from labtools.core.errors import LabError
from labtools.report.data import read_compared, read_data
from labtools.report.plain import is_prepared, read_plain


def picture(path: Path, wh: tuple[int, int] = (40, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((wh[1], wh[0], 3), np.uint8))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_prepared_dataset_read_as_any_other_gives_the_same_boxes(lab_maker: Callable[..., Any]) -> None:
    root = lab_maker().make_dataset().root
    whole = read_data(root)
    for name in ("manifest.csv", "dataset.json", "findings.csv"):
        (root / name).unlink()
    assert not is_prepared(root)
    plain = read_compared(root)
    assert plain.classes == whole.classes
    shared = ["image", "split", "class_id", "class_name", "x", "y", "w", "h", "image_width", "image_height"]
    order = ["image", "class_id", "x"]
    ours, theirs = (d.boxes[shared].sort_values(order, ignore_index=True) for d in (whole, plain))
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)
    assert plain.manifest.groupby("split").size().to_dict() == whole.manifest.groupby("split").size().to_dict()
    assert plain.findings.empty and plain.leakage.empty


def test_folders_of_an_export_one_level_too_high(tmp_path: Path) -> None:
    """As Roboflow writes it: ../valid/images, in a YAML that lies beside valid/; polygons; names as a list."""
    picture(tmp_path / "valid" / "images" / "a.jpg", (80, 40))
    picture(tmp_path / "valid" / "images" / "b.jpg")
    write(
        tmp_path / "valid" / "labels" / "a.txt", "1 0.2 0.2 0.6 0.2 0.6 0.4\n0 0.5 0.5 2 0.1\nnonsense\n7 .5 .5 .1 .1\n"
    )
    write(tmp_path / "data.yaml", "val: ../valid/images\nnames: [cup, leaf]\n")
    dataset, manifest, boxes = read_plain(tmp_path)
    assert dataset.names == {0: "cup", 1: "leaf"}
    assert list(boxes) == list(BOX_COLUMNS)
    (box,) = boxes.to_dict("records")
    assert [box[c] for c in ("image", "split", "class_name")] == ["valid/images/a.jpg", "val", "leaf"]
    assert [box[c] for c in "xywh"] == pytest.approx([0.4, 0.3, 0.4, 0.2])
    assert manifest["state"].tolist() == ["boxes", "unlabelled"]
    assert manifest[["width", "height"]].to_numpy().tolist() == [[80, 40], [40, 30]]


def test_lists_as_the_course_writes_them_and_a_path_that_moved(tmp_path: Path) -> None:
    root = tmp_path / "images" / "dlcv"  # the last images/ of a path is the one that becomes labels/
    picture(root / "velo" / "a" / "1" / "images" / "f.jpg")
    write(root / "velo" / "a" / "1" / "labels" / "f.txt", "0 0.5 0.5 0.1 0.1")
    write(root / "train.txt", "./velo/a/1/images/f.jpg\n\n./velo/a/1/images/absent.jpg\n")
    write(root / "dlcv.yaml", "path: /home/somebody/dlcv\ntrain: train.txt\nval:\nnames: {0: velo}\n")
    _, manifest, boxes = read_plain(root / "dlcv.yaml")
    assert manifest["image"].tolist() == ["velo/a/1/images/f.jpg"] and len(boxes) == 1


@pytest.mark.parametrize("content", [None, "train: images\n", "train: images\nnames: {0: a}\n"])
def test_what_is_no_dataset_is_said(content: str | None, tmp_path: Path) -> None:
    if content:
        write(tmp_path / "data.yaml", content)
    with pytest.raises(LabError):
        read_compared(tmp_path)
    shutil.rmtree(tmp_path)
    with pytest.raises(LabError):
        read_compared(tmp_path)
