"""Axes become runs with the course's names, cheapest first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from labtools.train.matrix.config import MatrixConfig
from labtools.train.matrix.expand import expand


def runs(**axes: Any) -> list[str]:
    asked = {"model": ["yolov8n"], "imgsz": [320], "batch": [64], **axes}
    config = MatrixConfig.model_validate({"name": "m", "epochs": 1, "axes": asked})
    weights = {model: Path("/w") / f"{model}.pt" for model in config.axes.model}
    return [spec.run_id for spec in expand(config, weights, Path("/d/dlcv.yaml"), "f")]


def test_names_and_order_of_the_course() -> None:
    assert runs(model=["yolov8m", "yolov8s"], freeze=[None, 10], imgsz=[640, 320]) == [
        "yolov8s_320_freeze",
        "yolov8s_320_nofreeze",
        "yolov8m_320_freeze",
        "yolov8m_320_nofreeze",
        "yolov8s_640_freeze",
        "yolov8s_640_nofreeze",
        "yolov8m_640_freeze",
        "yolov8m_640_nofreeze",
    ]


def test_what_the_words_do_not_tell_becomes_a_suffix() -> None:
    assert runs(batch=[32, 64]) == ["yolov8n_320_nofreeze_b32", "yolov8n_320_nofreeze_b64"]
    assert runs(freeze=[5, 10, None]) == ["yolov8n_320_freeze10", "yolov8n_320_freeze5", "yolov8n_320_nofreeze"]
    assert runs(freeze=[5]) == ["yolov8n_320_freeze"]


def test_every_run_carries_what_it_needs() -> None:
    axes = {"model": "yolov8s", "freeze": 10, "imgsz": 640, "batch": 16}
    asked = {"name": "m", "epochs": 7, "seed": 3, "axes": axes, "args": {"lr0": 0.01}}
    (spec,) = expand(MatrixConfig.model_validate(asked), {"yolov8s": Path("/w/s.pt")}, Path("/d/dlcv.yaml"), "abc")
    assert (spec.weights, spec.data, spec.fingerprint) == ("/w/s.pt", "/d/dlcv.yaml", "abc")
    assert (spec.model, spec.freeze, spec.imgsz, spec.batch) == ("yolov8s", 10, 640, 16)
    assert (spec.epochs, spec.seed, spec.args) == (7, 3, {"lr0": 0.01})


@given(
    model=st.lists(st.sampled_from(["yolov8n", "yolov8s", "yolo11n", "yolov5mu"]), min_size=1, unique=True),
    freeze=st.lists(st.sampled_from([None, 3, 10, 22]), min_size=1, unique=True),
    imgsz=st.lists(st.integers(32, 2000), min_size=1, max_size=3, unique=True),
    batch=st.lists(st.integers(1, 128), min_size=1, max_size=3, unique=True),
)
def test_one_run_per_combination_each_with_its_own_name(**axes: Any) -> None:
    ids = runs(**axes)
    assert (
        len(ids) == len(set(ids)) == len(axes["model"]) * len(axes["freeze"]) * len(axes["imgsz"]) * len(axes["batch"])
    )
    assert ids == runs(**{key: values[::-1] for key, values in axes.items()})
