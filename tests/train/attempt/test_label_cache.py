"""Labels that Ultralytics has read are kept outside of the dataset, and a correction is never overlooked."""

from __future__ import annotations

import shutil
from pathlib import Path

from labtools import yolo
from labtools.artifacts.dataset import Dataset
from labtools.demo.scales import WEIGHTS


def true_positives(data: Path) -> int:
    seen = yolo.predict_split(WEIGHTS / "yolov8p.pt", data, "val", imgsz=160).predictions
    return int((seen["tp50"] & (seen["conf"] > 0.25)).sum())


def test_a_corrected_class_id_is_seen_although_no_file_has_another_size(
    tmp_path: Path, shapes_dataset: Dataset
) -> None:
    root = tmp_path / "shapes"
    shutil.copytree(shapes_dataset.root, root)
    before = true_positives(root / "dlcv.yaml")
    for path in (root / "labels").rglob("*.txt"):
        lines = [line.split(" ", 1) for line in path.read_text().splitlines()]
        path.write_text("".join(f"{(int(class_id) + 1) % 6} {rest}\n" for class_id, rest in lines))
    assert true_positives(root / "dlcv.yaml") < before / 2
    assert not list(root.rglob("*.cache")), "nothing is written into a dataset"
