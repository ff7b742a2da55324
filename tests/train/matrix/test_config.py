"""Mistakes in a matrix file are sentences with the line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labtools.core.errors import LabError
from labtools.train.matrix.config import OWNED_ARGS, MatrixConfig
from labtools.train.matrix.reading import read_matrix
from labtools.yolo.arguments import training_arguments

ROOT = Path(__file__).resolve().parents[3]

GOOD = """\
name: dlcv
data: ../datasets/dlcv
axes:
  model: [yolov8n, yolov8s.pt]
  freeze: [10, none]
  imgsz: 640
  batch: 64
  optimizer: [SGD, AdamW]
epochs: 3
seeds: [0, 1]
include:
  - {model: yolov8x, freeze: none, batch: 16}
exclude:
  - {model: yolov8s, seed: 1}
priorities:
  - {model: yolov8n, priority: 10}
defaults:
  lr0: 0.01
"""


def read(tmp_path: Path, text: str) -> MatrixConfig:
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


def test_every_example_in_the_course_s_matrix_can_be_uncommented(tmp_path: Path) -> None:
    """Whoever takes the # away in front of an example gets what the comment above it says."""
    text = (ROOT / "configs" / "matrix.yaml").read_text(encoding="utf-8")
    example = re.compile(r"^( *)# ((?:[a-z_0-9]+:|  [a-z0-9]+:|  - \{).*)$", re.MULTILINE)
    config = read(tmp_path, example.sub(r"\1\2", text))
    assert set(config.model_fields_set) == set(MatrixConfig.model_fields) - {"seeds"}
    assert config.axes.others == {"mosaic": [1.0, 0.0], "cos_lr": [True, False]}
    assert config.defaults == {"patience": 50, "optimizer": "AdamW", "lr0": 0.001}


def test_single_values_need_no_brackets_and_pt_is_optional(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert (config.axes.imgsz, config.axes.batch) == ([640], [64])
    assert config.axes.model == ["yolov8n", "yolov8s"]
    assert config.models == ("yolov8n", "yolov8s", "yolov8x"), "weights are needed for what is included, too"


def test_any_training_argument_can_be_an_axis_and_its_place_is_known(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD.replace("batch: 16}", "batch: 16, mosaic: 0.5}"))
    assert config.axes.others == {"optimizer": ["SGD", "AdamW"]}
    assert config.arguments == {
        "lr0": [(("defaults", "lr0"), 0.01)],
        "optimizer": [(("axes", "optimizer"), "SGD"), (("axes", "optimizer"), "AdamW")],
        "mosaic": [(("include", 0, "mosaic"), 0.5)],
    }


@pytest.mark.parametrize("written", ["none", "null", "~", "0", ""])
def test_no_freeze_may_be_written_in_many_ways(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, GOOD.replace("[10, none]", written)).axes.freeze == [None]


@pytest.mark.parametrize(
    ("old", "new", "said", "line"),
    [
        ("model: [yolov8n, yolov8s.pt]", "model: [yolov8n, yolov8n.pt]", "yolov8n is listed twice", 4),
        ("yolov8s.pt]", "con.v2]", "'con.v2' is not the name of a model", 4),
        ("freeze: [10, none]", "freeze: [10, yes]", "True is not a number of layers", 5),
        ("freeze: [10, none]", "freeze: [none, 0]", "none is listed twice", 5),
        ("imgsz: 640", "imgsz: big", "not a whole number", 6),
        ("imgsz: 640", "imgsz: 8", "greater than or equal to 32", 6),
        ("imgsz: 640", "imgsz: 9000", "less than or equal to 8192", 6),
        ("batch: 64", "batch: []", "at least 1 item", 7),
        ("batch: 64", "batch: 0", "greater than or equal to 1", 7),
        ("batch: 64", "batch: yes", "True is not a whole number", 7),
        ("[SGD, AdamW]", "[SGD, SGD]", "SGD is listed twice", 8),
        ("optimizer: [SGD, AdamW]", "lrf: [1e-3]", "YAML reads 1e-3 as text; write 0.001", 8),
        ("optimizer: [SGD, AdamW]", "seed: [0, 1]", "seed is not set here but by `seed:` or `seeds:`", 8),
        ("epochs: 3", "epochs: 3.5", "3.5 is not a whole number", 9),
        ("epochs: 3\n", "", "give `epochs:` once", 1),
        ("batch: 64\n", "batch: 64\n  epochs: [1, 2]\n", "give `epochs:` once", 1),
        ("seeds: [0, 1]", "seeds: [0, -1]", "-1 should be greater than or equal to 0", 10),
        ("seeds: [0, 1]", "seeds: [0]\nseed: 1", "`seed:` for one or `seeds:` for several", 1),
        ("seeds: [0, 1]", "seeds: [0, 4294967296]", "should be less than or equal to 4294967295", 10),
        ("seeds: [0, 1]", "seed: 4294967296", "should be less than or equal to 4294967295", 10),
        ("priority: 10", "priority: 1001", "should be less than or equal to 1000", 16),
        ("name: dlcv", f"name: {'a' * 101}", "cannot be a folder", 1),
        ("name: dlcv", "name: Detect", "cannot be a folder", 1),
        ("name: dlcv", "name: ../up", "cannot be a folder", 1),
        ("name: dlcv", "name: detect", "cannot be a folder", 1),
        ("name: dlcv", "name: nul", "cannot be a folder", 1),
        ("lr0: 0.01", "lr0: 5e-3", "YAML reads 5e-3 as text; write 0.005", 18),
        ("lr0: 0.01", "optimizer: SGD", "optimizer cannot be one of the axes and a default at once", 1),
        ("name: dlcv", "name: dlcv\nweights: {yolo11n: a.pt}", "yolo11n, which axes: model: does not list", 1),
        ("name: dlcv", "name: dlcv\nimage_size: 640", "unknown key (line 2)", 2),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, old: str, new: str, said: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(LabError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert said in caught.value.what
    assert caught.value.where is not None and caught.value.where.endswith(f"matrix.yaml:{line}")
    assert caught.value.fix


@pytest.mark.parametrize(
    ("old", "new", "said", "line", "fix"),
    [
        ("yolov8s, seed: 1", "yolov8z", "excludes nothing: no run has model yolov8z", 14, "yolov8n, yolov8s."),
        ("yolov8s, seed: 1", "yolov8x", "excludes nothing: no run has model yolov8x", 14, "are yolov8n, yolov8s."),
        ("{model: yolov8s, seed", "{modle: a, seed", "no run has a setting modle", 14, "Did you mean model?"),
        ("yolov8s, seed: 1", "yolov8s, freeze: 7", "no run has freeze 7", 14, "The values of freeze are 10, none."),
        ("{model: yolov8s, seed: 1}", "{freeze: []}", "at least 1 item", 14, "Mend this value."),
        ("{model: yolov8s, seed: 1}", "yolov8s", "write a rule such as", 14, "Mend this value."),
        ("{model: yolov8s, seed: 1}", "{model: [yolov8n, yolov8s]}\ninclude: []", "", 15, ""),
        ("yolov8x, freeze: none, batch: 16", "yolov8n", "adds nothing that is not there already", 12, "Remove it"),
        ("freeze: none, batch: 16", "device: 1", "device is not set here but by --gpus", 12, "Mend this value."),
        ("yolov8n, priority: 10", "yolov8l, priority: 1", "of no run: no run has model yolov8l", 16, "yolov8x."),
        ("yolov8n, priority: 10", "yolov8x, freeze: 10, priority: 1", "no run has all of this together", 16, "Change"),
        ("priority: 10", "priority: high", "high is not a whole number", 16, "Mend this value."),
        ("{model: yolov8n, priority: 10}", "{model: yolov8n}", "a rule with its number", 16, "Mend this value."),
    ],
)
def test_a_rule_that_means_nothing_is_a_mistake(
    tmp_path: Path, old: str, new: str, said: str, line: int, fix: str
) -> None:
    assert old in GOOD
    with pytest.raises(LabError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert said in caught.value.what
    assert fix in caught.value.fix
    if said:
        assert caught.value.where is not None and caught.value.where.endswith(f"matrix.yaml:{line}")


def test_a_list_too_many_is_told_before_it_fills_the_memory(tmp_path: Path) -> None:
    values = ", ".join(f"0.{i:03}" for i in range(1, 999))
    with pytest.raises(LabError, match="these axes have 7,952,095,936 combinations") as caught:
        read(
            tmp_path,
            GOOD.replace("optimizer: [SGD, AdamW]", f"lrf: [{values}]\n  mixup: [{values}]\n  iou: [{values}]"),
        )
    assert caught.value.where is not None and caught.value.where.endswith("matrix.yaml:3")


def test_sections_whose_lines_are_all_comments_are_not_there(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD.split("include:")[0] + "include:\nexclude:\npriorities:\nweights:\ndefaults:\n")
    assert (config.include, config.exclude, config.priorities, config.weights, config.defaults) == ([], [], [], {}, {})


def test_rules_may_not_leave_nothing(tmp_path: Path) -> None:
    text = GOOD.split("include:")[0] + "exclude:\n  - {imgsz: 640}\n"
    with pytest.raises(LabError, match="these rules exclude every run"):
        read(tmp_path, text)


def test_the_old_name_of_defaults_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabError) as caught:
        read(tmp_path, GOOD.replace("defaults:", "args:"))
    assert caught.value.what == "`args:` is called `defaults:` now"
    assert caught.value.where is not None and caught.value.where.endswith("matrix.yaml:17")


def test_arguments_that_labtools_sets_are_arguments() -> None:
    """A misspelt name would guard nothing. (`save_dir` has no default; args.yaml and the command line have it.)"""
    assert set(OWNED_ARGS) - set(training_arguments()) == {"save_dir"}


@pytest.mark.parametrize("name", sorted(OWNED_ARGS))
def test_arguments_that_labtools_sets_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LabError, match=f"{name} is not set here but by") as caught:
        read(tmp_path, GOOD.replace("lr0: 0.01", f"{name}: 1"))
    assert caught.value.where is not None and caught.value.where.endswith("matrix.yaml:18")
