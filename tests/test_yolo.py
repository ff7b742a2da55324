"""The door to Ultralytics: what it promises, against Ultralytics itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from labtools import yolo
from labtools.artifacts.dataset import Dataset, read_boxes, read_manifest
from labtools.artifacts.predictions import TP_COLUMNS
from labtools.core.boxes import iou_matrix, xywhn_to_xyxy
from labtools.core.errors import LabError
from labtools.demo.scales import WEIGHTS, write_scale

PICO = WEIGHTS / "yolov8p.pt"


def test_importing_yolo_does_not_import_ultralytics() -> None:
    code = "import sys, labtools.yolo; sys.exit('ultralytics' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("device", ["7", "gpu"])
def test_a_device_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # Ultralytics sets it before it looks
    for use in (lambda: yolo.Detector(PICO, device=device), lambda: _pass(device)):
        with pytest.raises(LabError, match=f"torch cannot compute on device '{device}'") as caught:
            use()
        assert "--device cpu" in caught.value.fix


def _pass(device: str) -> object:
    return yolo.predict_split(PICO, Path("nowhere.yaml"), "val", imgsz=64, device=device)


def test_one_pass_reproduces_val(shapes_dataset: Dataset) -> None:
    result = yolo.predict_split(PICO, shapes_dataset.yaml, "test", imgsz=160)
    predictions, truth = result.predictions, read_boxes(shapes_dataset, "test")
    found = yolo.precision_recall(
        predictions[list(TP_COLUMNS)].to_numpy(),
        predictions["conf"].to_numpy(),
        predictions["class_id"].to_numpy(),
        truth["class_id"].to_numpy(),
    )
    from ultralytics import YOLO

    arguments = {"imgsz": 160, "rect": False, "batch": 16, "conf": 0.001, "iou": 0.7, "max_det": 300, "plots": False}
    oracle = YOLO(PICO).val(data=str(shapes_dataset.yaml), split="test", device="cpu", verbose=False, **arguments).box
    assert result.images == 24 and oracle.map50 > 0.5
    np.testing.assert_allclose(found.ap, oracle.all_ap, atol=1e-9)
    np.testing.assert_allclose(found.precision, oracle.p, atol=1e-9)
    np.testing.assert_allclose(found.recall, oracle.r, atol=1e-9)


def test_boxes_of_the_pass_are_pixels_of_the_original_image(shapes_dataset: Dataset) -> None:
    """The most confident box of most images lies on a true one, whatever the size that the network saw."""
    predictions = yolo.predict_split(PICO, shapes_dataset.yaml, "val", imgsz=128).predictions
    truth = read_boxes(shapes_dataset, "val").groupby("image")
    hits = []
    for image, rows in truth:
        own = predictions[predictions["image"].str.endswith(str(image))].nlargest(1, "conf")
        pixels = xywhn_to_xyxy(rows[["x", "y", "w", "h"]], (160, 160))
        hits.append(iou_matrix(own[["x1", "y1", "x2", "y2"]], pixels).max() > 0.5)
    assert np.mean(hits) > 0.8


def test_a_detector_sees_images_of_any_size(shapes_dataset: Dataset) -> None:
    detector = yolo.Detector(PICO)
    assert detector.names[0] == "ball" and detector.imgsz == 160
    row = read_manifest(shapes_dataset).query("boxes == 2").iloc[0]
    image = cv2.imread(str(shapes_dataset.root / row["image"]))
    assert image is not None
    large = cv2.resize(image, None, fx=3, fy=3)
    small_boxes, large_boxes = detector.detect([image, large], conf=0.2)
    assert len(small_boxes.conf) > 0
    best = iou_matrix(small_boxes.xyxy[:1] * 3, large_boxes.xyxy[:1])[0, 0]
    assert best > 0.8
    assert detector.detect([]) == []


def test_the_size_of_a_network(tmp_path: Path) -> None:
    info = yolo.model_info(PICO)
    assert info.imgsz == 160 and info.names[5] == "cross"
    assert 0.6e6 < info.parameters < 0.8e6 and info.layers == 129  # as every YOLOv8 n to s: only widths differ
    assert yolo.model_info(PICO, imgsz=320).gflops == pytest.approx(4 * info.gflops, rel=0.05)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_checkpoint_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(content)
    with pytest.raises(LabError, match="not a YOLO checkpoint"):
        yolo.Detector(path)


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("pwned"),))  # type: ignore[return-value]


def test_code_is_refused_even_where_ultralytics_was_imported_first(tmp_path: Path) -> None:
    import torch

    torch.save({"model": _Evil()}, tmp_path / "evil.pt")
    code = "import ultralytics.nn.tasks, pathlib; from labtools import yolo; yolo.Detector(pathlib.Path('evil.pt'))"
    environment = {k: v for k, v in os.environ.items() if k != "ULTRALYTICS_SAFE_LOAD"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "holds more than the layers" in done.stderr
    assert not (tmp_path / "pwned").exists()


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    torch.save({"model": _Evil()}, tmp_path / "evil.pt")
    with pytest.raises(LabError, match="holds more than the layers"):
        yolo.Detector(tmp_path / "evil.pt")
    assert not (tmp_path / "pwned").exists()


_TRAIN = """
import json, sys
from pathlib import Path
from labtools import yolo
epochs, steps = [], []
outcome = yolo.train(
    Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), epochs=2, imgsz=64, batch=8, freeze=10, seed=0,
    device="cpu", args={"optimizer": "AdamW", "mosaic": 0.0, "conf": 0.01},
    on_epoch=lambda e: epochs.append([e.epoch, e.epochs]), on_step=lambda *s: steps.append(list(s)),
)
print(json.dumps({"epochs": epochs, "steps": steps, "ran": outcome.epochs, "batch": outcome.batch}))
"""


def test_a_training_leaves_a_complete_run_folder(shapes_dataset: Dataset, tmp_path: Path) -> None:
    """In a process of its own that does not know of pytest, or Ultralytics would write no TensorBoard events."""
    folder = tmp_path / "runs" / "shapes" / "a run"
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    command = [sys.executable, "-c", _TRAIN, str(PICO), str(shapes_dataset.yaml), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["epochs"] == [[1, 2], [2, 2]] and said["ran"] == 2 and said["batch"] == 8
    assert said["steps"] == [[e, 2, s, 3] for e in (1, 2) for s in (1, 2, 3)]
    for name in ("args.yaml", "results.csv", "weights/best.pt", "weights/last.pt", "confusion_matrix.png"):
        assert (folder / name).is_file(), name
    assert list(folder.glob("events.out.tfevents.*")) and list(folder.glob("*PR_curve.png"))
    assert [p.name for p in folder.parent.iterdir()] == ["a run"]


def test_the_demo_scales_are_small_yolov8(tmp_path: Path) -> None:
    from ultralytics import YOLO

    sizes = [sum(p.numel() for p in YOLO(write_scale(m, tmp_path)).model.parameters()) for m in ("yolov8p", "yolov8f")]
    assert sizes[1] < sizes[0] < 900_000
