"""Small truths made by hand, and one matrix that is evaluated once for all tests that only read it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.predictions import COLUMNS, TP_COLUMNS, empty_predictions
from labtools.artifacts.runs import Run, RunSpec, list_runs, read_run
from labtools.core.files import write_json
from labtools.demo.scales import WEIGHTS
from labtools.evaluate.pipeline import Evaluation, evaluate
from labtools.evaluate.request import Request
from labtools.evaluate.truth import Truth

Box = tuple[str, int, float, float, float, float]
Prediction = tuple[str, int, float, float, float, float, float, int]


@pytest.fixture(scope="session")
def make_truth() -> Callable[..., Truth]:
    """``make_truth(names, images={image: team}, boxes=[(image, class_id, x1, y1, x2, y2)])``; images of 100x100."""

    def make(names: Sequence[str], images: dict[str, str], boxes: Sequence[Box]) -> Truth:
        rows = [(image, f"folder_{team}", team, 100, 100) for image, team in images.items()]
        return Truth(
            dict(enumerate(names)),
            pd.DataFrame(rows, columns=["image", "class_folder", "team", "width", "height"]),
            pd.DataFrame(boxes, columns=["image", "class_id", "x1", "y1", "x2", "y2"]),
        )

    return make


@pytest.fixture(scope="session")
def make_predictions() -> Callable[[Sequence[Prediction]], pd.DataFrame]:
    """``make_predictions([(image, class_id, conf, x1, y1, x2, y2, hits)])``: a hit at the first ``hits`` IoUs."""

    def make(rows: Sequence[Prediction]) -> pd.DataFrame:
        if not rows:
            return empty_predictions()
        full = [(*row[:7], *(i < row[7] for i in range(len(TP_COLUMNS)))) for row in rows]
        return pd.DataFrame(full, columns=list(COLUMNS)).astype(COLUMNS)

    return make


@pytest.fixture(scope="session")
def make_run(shapes_dataset: Dataset) -> Callable[..., Run]:
    """``make_run(matrix, run_id, imgsz=..., model=...)``: a finished run of one of the demo's checkpoints."""

    def make(matrix: Path, run_id: str, **asked: Any) -> Run:
        settings = {"model": "yolov8p", "freeze": None, "imgsz": 96, "data": str(shapes_dataset.yaml)} | asked
        weights = WEIGHTS / f"{settings['model']}.pt"
        spec = RunSpec(
            run_id=run_id,
            weights=str(weights),
            batch=8,
            epochs=1,
            seed=0,
            fingerprint=shapes_dataset.fingerprint,
            **settings,
        )
        folder = matrix / run_id
        write_json(folder / "run.json", spec.to_json())
        write_json(folder / "done.json", {"map50_95": 0.4})
        (folder / "weights").mkdir()
        shutil.copy(weights, folder / "weights" / "best.pt")
        return read_run(folder)

    return make


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory, make_run: Callable[..., Run]) -> tuple[Path, Evaluation]:
    """A matrix of two runs, evaluated on test; read it, do not change it."""
    matrix = tmp_path_factory.mktemp("evaluated") / "runs" / "shapes"
    make_run(matrix, "b_160", imgsz=160)
    make_run(matrix, "a_96", imgsz=96, freeze=10)
    return matrix, evaluate(list_runs(matrix), Request(split="test"))
