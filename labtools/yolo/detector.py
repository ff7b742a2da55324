"""A checkpoint that looks at images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labtools.core.draw import Image
from labtools.yolo.engine import load_model, require_device, trained_imgsz, use_our_threads


@dataclass(frozen=True)
class Detections:
    """What was seen in one image, confidence descending."""

    xyxy: NDArray[np.float32]  # (N, 4) pixels of the image given
    conf: NDArray[np.float32]  # (N,) 0..1
    class_ids: NDArray[np.int64]  # (N,)
    preprocess_ms: float
    inference_ms: float
    postprocess_ms: float


class Detector:
    """A checkpoint ready to look at images. Not thread-safe.

    Args:
        weights: a ``.pt`` checkpoint.
        device: as Ultralytics names it: ``cpu``, ``0``, ``mps``.
        imgsz: longer side that images are scaled to, pixels; the size that it was trained at, if None.
    """

    def __init__(self, weights: Path, *, device: str = "cpu", imgsz: int | None = None) -> None:
        self._model = load_model(weights)
        require_device(device)
        self._device = device
        self.imgsz = imgsz or trained_imgsz(self._model)
        self.names = {int(k): str(v) for k, v in self._model.names.items()}

        def start(predictor: Any) -> None:
            use_our_threads()

        self._model.add_callback("on_predict_start", start)

    def detect(self, images: Sequence[Image], *, conf: float = 0.25, iou: float = 0.7) -> list[Detections]:
        """One `Detections` per BGR image, each of any size.

        Args:
            images: see `labtools.core.draw.Image`.
            conf: least confidence that is kept, 0..1.
            iou: overlap above which the weaker of two boxes is dropped (NMS), 0..1.
        """
        if not images:
            return []
        results = self._model.predict(
            list(images),
            imgsz=self.imgsz,
            conf=conf,
            iou=iou,
            device=self._device,
            verbose=False,
            save=False,
        )
        return [_detections(result) for result in results]


def _detections(result: Any) -> Detections:
    boxes = result.boxes
    return Detections(
        xyxy=boxes.xyxy.cpu().numpy().astype(np.float32).reshape(-1, 4),
        conf=boxes.conf.cpu().numpy().astype(np.float32),
        class_ids=boxes.cls.cpu().numpy().astype(np.int64),
        preprocess_ms=float(result.speed["preprocess"] or 0.0),
        inference_ms=float(result.speed["inference"] or 0.0),
        postprocess_ms=float(result.speed["postprocess"] or 0.0),
    )
