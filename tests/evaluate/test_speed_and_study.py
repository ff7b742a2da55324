"""Times are measured apart, under stated conditions; sizes are multiples of 32."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.results import SPEED, STUDY, read_matrix_table, read_split_table
from labtools.artifacts.runs import Run, list_runs
from labtools.core.errors import LabError
from labtools.evaluate.pipeline import Evaluation, evaluate
from labtools.evaluate.request import Request, Timing
from labtools.evaluate.speed import cpu_threads, notes_on_machine, read_sample
from labtools.evaluate.study import plan_sizes

MakeRun = Callable[..., Run]
QUICK = Timing(images=3, repeats=2, warm_up=1)


def test_speed(tmp_path: Path, make_run: MakeRun) -> None:
    import torch

    matrix = tmp_path / "runs" / "m"
    make_run(matrix, "p_160", imgsz=160)
    make_run(matrix, "p_64", imgsz=64, freeze=10)
    request = Request(task="speed", timing=QUICK)
    evaluation = evaluate(list_runs(matrix), request)
    table = read_matrix_table(matrix, "speed")
    assert tuple(table.columns) == SPEED
    assert table["run_id"].tolist() == ["p_160", "p_64"]
    stages = table[["preprocess_ms", "inference_ms", "postprocess_ms"]]
    assert (stages > 0).all(axis=None)
    np.testing.assert_allclose(table["total_ms"], stages.sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(table["fps"], 1000 / table["total_ms"], rtol=1e-4)
    assert table["images"].tolist() == [3, 3]
    assert table["batch_size"].tolist() == [1, 1]
    assert table["device"].tolist() == ["cpu", "cpu"]
    assert table["threads"].tolist() == [cpu_threads()] * 2 == [torch.get_num_threads()] * 2
    assert table["gflops"][0] > 4 * table["gflops"][1]  # 160 against 64 pixels

    before = evaluation.tables[0].read_bytes()
    assert evaluate(list_runs(matrix), request).fresh == ("p_160", "p_64")
    assert evaluation.tables[0].read_bytes() == before
    other = replace(request, timing=replace(QUICK, images=2))
    assert evaluate(list_runs(matrix)[:1], other).measured == ("p_160",)


def test_a_busy_machine_is_told() -> None:
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        assert "too long" in notes_on_machine()[0]
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_the_sample_is_spread_over_the_split(shapes_dataset: Dataset) -> None:
    sample, again = (read_sample(shapes_dataset, "val", 3) for _ in range(2))
    assert len(sample) == 3
    assert all((a == b).all() for a, b in zip(sample, again, strict=True))
    whole = read_sample(shapes_dataset, "val", 1000)
    assert len(whole) == 24
    assert (sample[0] == whole[0]).all()
    assert (sample[-1] == whole[-1]).all()


def test_study(evaluated: tuple[Path, Evaluation], tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(tmp_path / "runs" / "m", "p_96", imgsz=96)
    request = Request(task="study", split="test", sizes=(160, 64, 96), timing=QUICK)
    assert evaluate([run], request).measured == ("p_96",)
    table = read_matrix_table(run.root, "study")
    assert tuple(table.columns) == STUDY
    assert table["imgsz"].tolist() == [64, 96, 160]
    assert table["trained_imgsz"].tolist() == [96] * 3
    # The same weights and the same size as an ordinary evaluation: the same figure.
    known = read_split_table(evaluated[0], "test", "results").set_index("run_id")
    assert table["map50_95"][1] == pytest.approx(known.loc["a_96", "map50_95"], abs=1e-6)
    assert table["map50_95"][2] == pytest.approx(known.loc["b_160", "map50_95"], abs=1e-6)
    assert evaluate([run], replace(request, sizes=(64, 96))).fresh == ("p_96",)


@pytest.mark.parametrize(
    ("trained", "sizes"), [(640, [320, 480, 640, 960]), (160, [96, 128, 160, 256]), (32, [32, 64]), (64, [32, 64, 96])]
)
def test_default_sizes(trained: int, sizes: list[int]) -> None:
    assert plan_sizes(trained) == sizes


def test_asked_sizes() -> None:
    assert plan_sizes(640, [640, 320, 640]) == [320, 640]
    with pytest.raises(LabError, match="multiples of 32, but not 300, 0"):
        plan_sizes(640, [320, 300, 0])
