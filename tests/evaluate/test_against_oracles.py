"""Our figures beside those of Ultralytics and pycocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.predictions import read_predictions
from labtools.artifacts.results import BACKGROUND, read_split_table
from labtools.core.config import dump_yaml
from labtools.evaluate.metrics.confusion import compute as confusion_of
from labtools.evaluate.pipeline import Evaluation
from labtools.evaluate.truth import XYXY, Truth, read_truth
from labtools.yolo.engine import ultralytics

Evaluated = tuple[Path, Evaluation]


def ultralytics_val(matrix: Path, run_id: str, data: Path, imgsz: int, **extra: Any) -> Any:
    """Ultralytics' own evaluation of a run."""
    model = ultralytics().YOLO(str(matrix / run_id / "weights" / "best.pt"))
    with contextlib.redirect_stdout(io.StringIO()):
        return model.val(
            data=str(data), split="test", imgsz=imgsz, rect=False, plots=False, device="cpu", verbose=False, **extra
        )


@pytest.mark.parametrize(("run_id", "imgsz"), [("a_96", 96), ("b_160", 160)])
def test_val_is_reproduced(
    evaluated: Evaluated, shapes_dataset: Dataset, tmp_path: Path, run_id: str, imgsz: int
) -> None:
    matrix, _ = evaluated
    box = ultralytics_val(matrix, run_id, shapes_dataset.yaml, imgsz, save_dir=str(tmp_path)).box
    ours = read_split_table(matrix, "test", "results").set_index("run_id").loc[run_id]
    expected = {"precision": box.mp, "recall": box.mr, "f1": box.f1.mean(), "map50": box.map50}
    expected |= {"map75": box.map75, "map50_95": box.map}
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value, abs=1e-6), name
    per_class = read_split_table(matrix, "test", "per_class")
    per_class = per_class[per_class["run_id"] == run_id].set_index("class_id").loc[box.ap_class_index]
    columns = {"precision": box.p, "recall": box.r, "f1": box.f1, "map50": box.ap50, "map50_95": box.ap}
    for name, values in columns.items():
        np.testing.assert_allclose(per_class[name], values, atol=1e-6, err_msg=name)


def test_a_team_is_a_val_on_its_images(evaluated: Evaluated, shapes_dataset: Dataset, tmp_path: Path) -> None:
    matrix, _ = evaluated
    truth = read_truth(shapes_dataset, "test")
    team = truth.images[truth.images["team"] == "team_1"]
    assert 0 < len(team) < len(truth.images)
    paths = "".join(f"{shapes_dataset.root / image}\n" for image in team["image"])
    (tmp_path / "list.txt").write_text(paths, encoding="utf-8")
    data = tmp_path / "team.yaml"
    lists = {split: str(tmp_path / "list.txt") for split in ("train", "val", "test")}
    data.write_text(dump_yaml({**lists, "names": shapes_dataset.names}), encoding="utf-8")
    box = ultralytics_val(matrix, "a_96", data, 96, save_dir=str(tmp_path / "val")).box
    per_team = read_split_table(matrix, "test", "per_team")
    ours = per_team[(per_team["run_id"] == "a_96") & (per_team["team"] == "team_1")].iloc[0]
    assert (ours["images"], ours["instances"]) == (len(team), truth.boxes["image"].isin(team["image"]).sum())
    for name, value in {"precision": box.mp, "recall": box.mr, "map50": box.map50, "map50_95": box.map}.items():
        assert ours[name] == pytest.approx(value, abs=1e-6), name


def coco_map(truth: Truth, predictions: pd.DataFrame) -> tuple[float, float]:
    """mAP50-95 and mAP50 by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    ids = {image: i for i, image in enumerate(truth.images["image"], 1)}

    def ltwh(row: Any) -> list[float]:
        return [float(row.x1), float(row.y1), float(row.x2 - row.x1), float(row.y2 - row.y1)]

    coco = COCO()
    with contextlib.redirect_stdout(io.StringIO()):
        coco.dataset = {
            "images": [{"id": i} for i in ids.values()],
            "categories": [{"id": c + 1} for c in truth.names],
            "annotations": [
                {
                    "id": i,
                    "image_id": ids[row.image],
                    "category_id": row.class_id + 1,
                    "bbox": ltwh(row),
                    "area": ltwh(row)[2] * ltwh(row)[3],
                    "iscrowd": 0,
                }
                for i, row in enumerate(truth.boxes.itertuples(), 1)
            ],
        }
        coco.createIndex()
        found = coco.loadRes(
            [
                {
                    "image_id": ids[row.image],
                    "category_id": int(row.class_id) + 1,
                    "bbox": ltwh(row),
                    "score": float(row.conf),
                }
                for row in predictions.itertuples()
            ]
        )
        evaluation = COCOeval(coco, found, "bbox")
        evaluation.params.maxDets = [1, 10, 300]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]  # IoU x recall x class, all areas, 300 boxes
    return float(precision.mean()), float(precision[0].mean())


@pytest.mark.parametrize("run_id", ["a_96", "b_160"])
def test_pycocotools_agrees(evaluated: Evaluated, shapes_dataset: Dataset, run_id: str) -> None:
    """COCO averages 101 precisions where Ultralytics sums trapezoids: up to half a hundredth for each fall."""
    matrix, _ = evaluated
    truth = read_truth(shapes_dataset, "test")
    predictions = read_predictions(matrix / "results" / "test" / run_id / "predictions.parquet")
    assert set(predictions["image"]) <= set(truth.images["image"])
    coco, coco50 = coco_map(truth, predictions)
    ours = read_split_table(matrix, "test", "results").set_index("run_id").loc[run_id]
    assert ours["map50"] == pytest.approx(coco50, abs=0.01)
    assert ours["map50_95"] == pytest.approx(coco, abs=0.01)


def ultralytics_confusion(truth: Truth, predictions: pd.DataFrame) -> np.ndarray:
    """Ultralytics' matrix, turned to [true, predicted]."""
    ultralytics()
    import torch
    from ultralytics.utils.metrics import ConfusionMatrix

    matrix = ConfusionMatrix(names=truth.names)
    for image in truth.images["image"]:
        boxes = truth.boxes[truth.boxes["image"] == image]
        seen = predictions[predictions["image"] == image]

        def tensor(values: Any, width: int = 0) -> Any:
            array = torch.tensor(np.asarray(values, dtype=np.float64))
            return array.reshape(-1, width) if width else array

        matrix.process_batch(
            {
                "cls": tensor(seen["class_id"]),
                "conf": tensor(seen["conf"]),
                "bboxes": tensor(seen[XYXY], 4),
            },
            {"cls": tensor(boxes["class_id"]), "bboxes": tensor(boxes[XYXY], 4)},
            conf=0.25,
            iou_thres=0.45,
        )
    return np.asarray(matrix.matrix.T)


def our_confusion(truth: Truth, predictions: pd.DataFrame) -> np.ndarray:
    labels = [*truth.names.values(), BACKGROUND]
    rows = confusion_of(truth, predictions)["confusion"]
    return rows.pivot(index="true", columns="predicted", values="count").loc[labels, labels].to_numpy()


@pytest.mark.parametrize("run_id", ["a_96", "b_160"])
def test_confusion_is_that_of_ultralytics(evaluated: Evaluated, shapes_dataset: Dataset, run_id: str) -> None:
    truth = read_truth(shapes_dataset, "test")
    predictions = read_predictions(evaluated[0] / "results" / "test" / run_id / "predictions.parquet")
    expected = ultralytics_confusion(truth, predictions)
    assert expected.sum() > 0
    np.testing.assert_array_equal(our_confusion(truth, predictions), expected)


# Corners on a coarse grid make ties and exact overlaps likely; those are the cases that go wrong.
_corner = st.integers(0, 6).map(lambda n: 10.0 * n)
_side = st.sampled_from([10.0, 20.0, 30.0])
_boxes = st.tuples(st.sampled_from(["i", "j"]), st.integers(0, 2), _corner, _corner, _side, _side)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_boxes, max_size=6), st.lists(st.tuples(_boxes, st.integers(1, 99)), max_size=8, unique_by=lambda p: p[1])
)
def test_confusion_of_any_boxes(
    make_truth: Callable[..., Truth], make_predictions: Callable[..., pd.DataFrame], boxes: list[Any], seen: list[Any]
) -> None:
    def xyxy(box: Any) -> tuple[float, ...]:
        return box[2], box[3], box[2] + box[4], box[3] + box[5]

    truth = make_truth(["a", "b", "c"], {"i": "t", "j": "t"}, [(*box[:2], *xyxy(box)) for box in boxes])
    ranked = sorted(seen, key=lambda p: (p[0][0], -p[1]))
    predictions = make_predictions([(box[0], box[1], conf / 100, *xyxy(box), 0) for box, conf in ranked])
    np.testing.assert_array_equal(our_confusion(truth, predictions), ultralytics_confusion(truth, predictions))
