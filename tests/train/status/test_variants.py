"""What tells the runs of one cell apart."""

from __future__ import annotations

from itertools import product
from typing import Any

from labtools.artifacts.runs import RunSpec
from labtools.train.status.variants import label_variants


def spec(run_id: str, **changes: Any) -> RunSpec:
    asked = {"model": "yolov8n", "weights": "/w/yolov8n.pt", "freeze": 10, "imgsz": 320, "batch": 8, "epochs": 4}
    return RunSpec(**{"run_id": run_id, **asked, "seed": 0, "data": "d", "fingerprint": "f", **changes})


def test_a_cell_with_one_run_needs_no_label() -> None:
    # The batch differs from cell to cell, never inside one: the rows say all.
    specs = [spec("a", imgsz=320, batch=64), spec("b", imgsz=640, batch=16)]
    assert label_variants(specs) == {"a": "", "b": ""}


def test_labels_name_what_differs_and_are_in_order() -> None:
    pairs = list(product((16, 8, 64), (1, 0)))
    specs = [spec(f"b{batch}s{seed}", batch=batch, seed=seed) for batch, seed in pairs]
    labels = label_variants(specs)
    assert list(labels.values()) == ["b8 s0", "b8 s1", "b16 s0", "b16 s1", "b64 s0", "b64 s1"]
    assert labels["b16s1"] == "b16 s1"


def test_other_arguments_are_named_and_numbers_sorted_as_numbers() -> None:
    specs = [spec(f"r{lr}", args={"lr0": lr, "amp": False}) for lr in (0.1, 0.02, 0.003)] + [spec("plain")]
    assert label_variants(specs) == {
        "r0.003": "amp=False lr0=0.003",
        "r0.02": "amp=False lr0=0.02",
        "r0.1": "amp=False lr0=0.1",
        "plain": "",
    }


def test_other_weights_are_named_by_their_file() -> None:
    specs = [spec("a", weights="/w/yolov8n.pt"), spec("b", weights="/w/mine.pt")]
    assert label_variants(specs) == {"b": "mine", "a": "yolov8n"}
