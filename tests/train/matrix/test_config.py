"""Mistakes in a matrix file are sentences with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from labtools.core.errors import LabError
from labtools.train.matrix.config import OWNED_ARGS, read_matrix

ROOT = Path(__file__).resolve().parents[3]

GOOD = """\
name: dlcv
data: ../datasets/dlcv
axes:
  model: [yolov8n, yolov8s.pt]
  freeze: [10, none]
  imgsz: 640
  batch: 64
epochs: 3
"""


def read(tmp_path: Path, text: str):
    path = tmp_path / "matrix.yaml"
    path.write_text(text, encoding="utf-8")
    return read_matrix(path)


def test_the_course_s_matrix_is_24_runs_of_coco_models() -> None:
    config = read_matrix(ROOT / "configs" / "matrix.yaml")
    axes = config.axes
    assert axes.model == ["yolov8n", "yolov8s", "yolov8m", "yolov8l"]
    assert axes.freeze == [10, None]
    assert axes.imgsz == [320, 640, 1280]
    assert axes.batch == [64]
    assert config.weights == {}


def test_single_values_need_no_brackets_and_pt_is_optional(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert (config.axes.imgsz, config.axes.batch) == ([640], [64])
    assert config.axes.model == ["yolov8n", "yolov8s"]


@pytest.mark.parametrize("written", ["none", "null", "~", "0", ""])
def test_no_freeze_may_be_written_in_many_ways(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, GOOD.replace("[10, none]", written)).axes.freeze == [None]


@pytest.mark.parametrize(
    ("old", "new", "said", "line"),
    [
        ("model: [yolov8n, yolov8s.pt]", "model: [yolov8n, yolov8n.pt]", "yolov8n is listed twice", 4),
        ("freeze: [10, none]", "freeze: [10, yes]", "True is not a number of layers", 5),
        ("freeze: [10, none]", "freeze: [none, 0]", "none is listed twice", 5),
        ("imgsz: 640", "imgsz: big", "valid integer", 6),
        ("imgsz: 640", "imgsz: 8", "greater than or equal to 32", 6),
        ("imgsz: 640", "image_size: 640", "unknown key (line 6)", 3),
        ("batch: 64", "batch: []", "at least 1 item", 7),
        ("batch: 64", "batch: 0", "greater than or equal to 1", 7),
        ("epochs: 3", "epochs: 3.5", "valid integer", 8),
        ("name: dlcv", "name: ../up", "cannot be a folder", 1),
        ("name: dlcv", "name: detect", "cannot be a folder", 1),
        ("epochs: 3", "epochs: 3\nargs: {lr0: 5e-3}", "YAML reads lr0: 5e-3 as text; write 0.005", 9),
        ("epochs: 3", "epochs: 3\nweights: {yolov8x: a.pt}", "yolov8x, which axes: model: does not list", 1),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, old: str, new: str, said: str, line: int) -> None:
    with pytest.raises(LabError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert said in caught.value.what
    assert caught.value.where is not None and caught.value.where.endswith(f"matrix.yaml:{line}")


@pytest.mark.parametrize("name", sorted(OWNED_ARGS))
def test_arguments_that_labtools_sets_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LabError, match=f"{name} is not set here but by"):
        read(tmp_path, GOOD + f"args: {{{name}: 1}}\n")
