"""Estimates of memory, time and the end: near what is published, and drawn to what was really trained."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.artifacts.runs import RunSpec
from labtools.train.estimates import (
    CPU,
    GPU,
    Finished,
    Network,
    Pace,
    Workload,
    expected_bytes,
    expected_seconds,
    images_seen,
    makespan,
    memory_scale,
    pace,
    read_workload,
    work,
    write_workload,
)

GIB = 2**30
CUDA = 500 * 2**20
DATA = Workload(5000, 1000)


def spec(model: str = "yolov8n", imgsz: int = 640, batch: int = 16, freeze: int | None = None, **args: Any) -> RunSpec:
    return RunSpec("r", model, f"/w/{model}.pt", freeze, imgsz, batch, 100, 0, "/d", "f", args)


@pytest.mark.parametrize(
    ("model", "imgsz", "batch", "printed"),
    # What Ultralytics printed (GPU_mem, which leaves out the context) on a GTX 1080 Ti, an RTX 3060 and T4s.
    [
        ("yolov8n", 640, 16, 2.3),
        ("yolov8m", 640, 16, 6.65),
        ("yolov8l", 640, 16, 11.2),
        ("yolov8x", 640, 16, 14.9),
        ("yolov8m", 1024, 8, 8.9),
    ],
)
def test_memory_is_near_what_trainings_were_seen_to_need(model: str, imgsz: int, batch: int, printed: float) -> None:
    estimate = (expected_bytes(spec(model, imgsz, batch), DATA) - CUDA) / GIB
    assert estimate == pytest.approx(printed, rel=0.15)


def test_memory_follows_batch_freeze_precision_and_optimizer() -> None:
    usual = expected_bytes(spec("yolov8m"), DATA)
    assert expected_bytes(spec("yolov8m", batch=32), DATA) > 1.8 * usual
    assert expected_bytes(spec("yolov8m", freeze=10), DATA) < 0.6 * usual
    assert expected_bytes(spec("yolov8m", amp=False), DATA) > 1.5 * usual
    assert expected_bytes(spec("yolov8m", optimizer="SGD"), DATA) == usual - 4 * 25_902_640
    measured = Workload(1, 1, Network(1000, 1.0, 500, 0.5, 100 * 2**20))
    assert expected_bytes(spec("anything", 640, 2), measured) == pytest.approx(CUDA + 2 * (67.5 + 20) * 2**20, rel=1e-3)


def test_memory_learns_from_finished_runs() -> None:
    assert memory_scale([]) == 1.0
    torch_bytes = expected_bytes(spec("yolov8m", batch=8), DATA) - CUDA
    done = {"gpu_bytes": int(1.2 * torch_bytes), "batch": 8}
    scale = memory_scale([Finished(spec("yolov8m", batch=16), DATA, done)])
    assert scale == pytest.approx(1.2, rel=1e-6), "compared with the batch that was really used"
    assert expected_bytes(spec("yolov8m", batch=8), DATA, scale) == pytest.approx(CUDA + 1.2 * torch_bytes, rel=1e-6)


def test_work_counts_the_backward_pass_of_what_learns() -> None:
    measured = Workload(100, 50, Network(1, 8.0, 1, 2.0, 1))
    assert work(spec(imgsz=320), measured) == pytest.approx(100 / 4 * (100 * (8 + 2 * 2) + 50 * 8))
    assert images_seen(spec(), measured) == 100 * 150
    assert expected_seconds(spec(imgsz=320), measured, Pace(10, 0.01, 100)) == pytest.approx(10 + 150 + 400)


REAL = Pace(20.0, 0.012, 2500.0)
MATRIX = [
    spec(model, imgsz, 64, freeze)
    for model in ("yolov8n", "yolov8s", "yolov8m", "yolov8l")
    for imgsz in (320, 640, 1280)
    for freeze in (10, None)
]


def trained(asked: RunSpec, seconds: float | None = None, **done: Any) -> Finished:
    took = expected_seconds(asked, DATA, REAL) if seconds is None else seconds
    return Finished(asked, DATA, {"seconds": took, "epochs": 100, "device": "0", **done})


def test_the_pace_is_a_guess_until_something_is_done() -> None:
    assert pace([], GPU).runs == pace([], CPU).runs == 0
    assert pace([], CPU).gflop_per_s < pace([], GPU).gflop_per_s / 10
    assert pace([trained(spec(), device="cpu")], GPU) == pace([], GPU), "a CPU says nothing about a GPU"
    assert pace([trained(spec(), seconds=0.0)], GPU) == pace([], GPU)


def test_one_finished_run_sets_the_pace_and_a_few_tell_images_from_gflops() -> None:
    first = trained(MATRIX[8])
    learnt = pace([first])
    assert learnt.runs == 1
    assert expected_seconds(first.spec, DATA, learnt) == pytest.approx(first.done["seconds"], rel=0.1)
    learnt = pace([trained(asked) for asked in MATRIX[::5]])
    for asked in MATRIX:
        assert expected_seconds(asked, DATA, learnt) == pytest.approx(expected_seconds(asked, DATA, REAL), rel=0.15)


def test_a_run_that_stopped_early_did_less() -> None:
    whole, half = trained(spec("yolov8m")), expected_seconds(spec("yolov8m"), DATA, REAL) / 2 + REAL.start_s / 2
    early = trained(spec("yolov8m"), seconds=half, epochs=50)
    assert pace([early]).gflop_per_s == pytest.approx(pace([whole]).gflop_per_s, rel=1e-6)


def test_the_pace_of_one_kind_of_gpu_is_not_that_of_another() -> None:
    slow = trained(spec("yolov8l"), gpu="T4")
    fast = trained(spec("yolov8l"), seconds=slow.done["seconds"] / 4, gpu="A100")
    assert pace([slow, fast], "A100").gflop_per_s > 3 * pace([slow, fast], "T4").gflop_per_s
    assert pace([slow], "A100") == pace([slow], GPU)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MATRIX), st.floats(0.01, 1e7)), min_size=1, max_size=8))
def test_whatever_was_measured_the_pace_is_one(seen: list[tuple[RunSpec, float]]) -> None:
    learnt = pace([trained(asked, seconds) for asked, seconds in seen])
    assert learnt.image_s > 0 and learnt.gflop_per_s > 0
    estimates = [expected_seconds(asked, DATA, learnt) for asked in MATRIX]
    assert all(0 < estimate < float("inf") for estimate in estimates)


def brute(seconds: tuple[int, ...], lanes: list[int]) -> int:
    ends = list(lanes)
    for duration in seconds:
        ends[ends.index(min(ends))] += duration
    return max(ends)


def test_the_makespan_is_that_of_lanes_which_take_what_comes_next() -> None:
    assert makespan([], []) == makespan([], [0.0]) == 0
    assert makespan([1.0], []) == float("inf")
    assert makespan([3, 3, 2, 2, 2], [0, 0]) == 7
    assert makespan([1], [5, 9]) == 9
    for order in permutations((1, 2, 3, 5)):
        assert makespan(order, [0, 4]) == brute(order, [0, 4])


def test_a_workload_survives_the_disk_and_a_foreign_one_is_none(tmp_path: Path) -> None:
    assert read_workload(tmp_path) is None
    for workload in (Workload(3, 2), Workload(3, 2, Network(5, 1.5, 4, 1.0, 7))):
        write_workload(tmp_path, workload)
        assert read_workload(tmp_path) == workload
    for text in ("", "[]", "{}", '{"images": 1, "val_images": 2, "network": {"gflops": 1}}', '{"images": null}'):
        (tmp_path / "workload.json").write_text(text, encoding="utf-8")
        assert read_workload(tmp_path) is None
