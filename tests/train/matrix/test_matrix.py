"""Axes and rules become runs with the course's names, cheapest first, and no name is ever given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.artifacts.runs import RunSpec
from labtools.core.names import is_device_name
from labtools.train.matrix.config import MatrixConfig
from labtools.train.matrix.expand import Expansion, expand


def expansion(known: Sequence[RunSpec] = (), *, axes: dict[str, Any], fingerprint: str = "f", **rest: Any) -> Expansion:
    asked = {"model": ["yolov8n"], "imgsz": [320], "batch": [64], **axes}
    epochs = {} if "epochs" in axes else {"epochs": 1}
    config = MatrixConfig.model_validate({"name": "m", **epochs, **rest, "axes": asked})
    weights = {model: Path("/w") / f"{model}.pt" for model in config.models}
    return expand(config, weights, Path("/d/dlcv.yaml"), fingerprint, known)


def runs(**axes: Any) -> list[str]:
    return [spec.run_id for spec in expansion(axes=axes).specs]


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
    assert runs(epochs=[50, 100]) == ["yolov8n_320_nofreeze_e100", "yolov8n_320_nofreeze_e50"]
    assert runs(lr0=[0.01, 0.001]) == ["yolov8n_320_nofreeze_lr0.001", "yolov8n_320_nofreeze_lr0.01"]
    assert runs(cos_lr=[True, False]) == ["yolov8n_320_nofreeze_cos_lr", "yolov8n_320_nofreeze_no-cos_lr"]
    assert runs(optimizer=["SGD", "a/b:c"]) == [
        "yolov8n_320_nofreeze_optimizer-SGD",
        "yolov8n_320_nofreeze_optimizer-a-b-c",
    ]


def test_every_run_carries_what_it_needs() -> None:
    axes = {"model": "yolov8s", "freeze": 10, "imgsz": 640, "batch": 16, "optimizer": "SGD"}
    (spec,) = expansion(axes=axes, fingerprint="abc", epochs=7, seed=3, defaults={"lr0": 0.01}).specs
    assert (spec.weights, spec.data, spec.fingerprint) == ("/w/yolov8s.pt", "/d/dlcv.yaml", "abc")
    assert (spec.model, spec.freeze, spec.imgsz, spec.batch) == ("yolov8s", 10, 640, 16)
    assert (spec.epochs, spec.seed, spec.args) == (7, 3, {"lr0": 0.01, "optimizer": "SGD"})


def test_rules_leave_out_add_and_count() -> None:
    found = expansion(
        axes={"model": ["yolov8n", "yolov8l"], "imgsz": [320, 640]},
        exclude=[{"model": "yolov8l", "imgsz": 640}],
        include=[{"model": "yolov8l", "imgsz": 640, "batch": 8}, {"model": "yolov8x.pt", "mosaic": 0.5}],
        priorities=[
            {"model": "yolov8x", "imgsz": 640, "priority": 7},
            {"model": ["yolov8x", "yolov8n"], "priority": 2},
        ],
    )
    assert [spec.run_id for spec in found.specs] == [
        "yolov8n_320_nofreeze",
        "yolov8l_320_nofreeze",
        "yolov8x_320_nofreeze_mosaic0.5",
        "yolov8n_640_nofreeze",
        "yolov8l_640_nofreeze_b8",
        "yolov8x_640_nofreeze_mosaic0.5",
    ]
    assert (found.combinations, found.excluded, found.included) == (4, 1, 3)
    assert found.priorities == {
        "yolov8n_320_nofreeze": 2,
        "yolov8n_640_nofreeze": 2,
        "yolov8x_320_nofreeze_mosaic0.5": 2,
        "yolov8x_640_nofreeze_mosaic0.5": 7,
    }


def test_an_included_run_says_only_what_it_adds() -> None:
    """Nothing else is renamed for it: what the axes have one value of stays plain."""
    found = expansion(
        axes={"freeze": [10, None]}, seed=3, include=[{"freeze": 5, "seed": 4, "lr0": 0.002, "epochs": 9}]
    )
    assert [spec.run_id for spec in found.specs] == [
        "yolov8n_320_freeze",
        "yolov8n_320_freeze5_e9_lr0.002_s4",
        "yolov8n_320_nofreeze",
    ]


def test_a_matrix_that_grows_renames_nothing() -> None:
    first = expansion(axes={"freeze": [10, None]}).specs
    grown = expansion(first, axes={"freeze": [10, None, 5], "batch": [64, 32], "lr0": [0.01]}, seeds=[0, 1]).specs
    assert len(grown) == 12
    assert not {spec.run_id for spec in first} & {spec.run_id for spec in grown}, "another lr0 is another training"
    grown = expansion(first, axes={"freeze": [10, None, 5], "batch": [64, 32]}, seeds=[0, 1]).specs
    assert all(spec in grown for spec in first)
    again = expansion(grown, axes={"batch": [32]}, seed=1).specs
    assert [spec.run_id for spec in again] == ["yolov8n_320_nofreeze_b32_s1"], "nor one that shrinks"


def test_a_run_keeps_its_name_when_only_its_data_has_changed() -> None:
    """Then it is stale under that name; another name would leave the old one beside it as if it were right."""
    first = expansion(axes={}).specs
    moved = [replace(spec, data="/elsewhere/dlcv.yaml", weights="/other/yolov8n.pt") for spec in first]
    (bare,) = (s for s in expansion(moved, axes={"batch": [32, 64]}, fingerprint="g").specs if s.batch == 64)
    assert (bare.run_id, bare.fingerprint) == ("yolov8n_320_nofreeze", "g")


def test_names_that_would_clash_are_told_apart() -> None:
    ids = runs(optimizer=["a/b", "a:b", "A-B"])
    assert len({name.casefold() for name in ids}) == 3
    assert ids == runs(optimizer=["A-B", "a:b", "a/b"]), "whatever the order"
    (long,) = runs(classes=[list(range(200))], model=["m" * 110], optimizer="SGD")
    assert len(long) <= 130


ARGUMENTS = st.sampled_from([0, 1, True, False, 0.5, "a", "A", "a b", "..", "CON", None])


@settings(max_examples=40, deadline=None)
@given(
    model=st.lists(st.sampled_from(["yolov8n", "yolov8s", "yolo11n", "yolov5mu"]), min_size=1, unique=True),
    freeze=st.lists(st.sampled_from([None, 3, 10, 22]), min_size=1, unique=True),
    imgsz=st.lists(st.integers(32, 2000), min_size=1, max_size=3, unique=True),
    batch=st.lists(st.integers(1, 128), min_size=1, max_size=3, unique=True),
    mixup=st.lists(ARGUMENTS, min_size=1, max_size=3, unique_by=repr),
)
def test_one_run_per_combination_each_with_its_own_safe_name(**axes: Any) -> None:
    ids = runs(**axes)
    count = len(list(product(*axes.values())))
    assert len(ids) == len({name.casefold() for name in ids}) == count
    assert ids == runs(**{key: values[::-1] for key, values in axes.items()})
    for name in ids:
        assert (
            name.isascii() and not set(name) & set('<>:"/\\|?* ') and name[-1] not in ". " and not is_device_name(name)
        )
    known = expansion(axes=axes).specs
    more = {**axes, "batch": sorted({*axes["batch"], 500})}
    grown = expansion(known, axes=more).specs
    assert all(spec in grown for spec in known)
