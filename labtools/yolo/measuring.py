"""The one inference pass over a split, Ultralytics' own metrics on any part of it, and the size of a network."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labtools.artifacts.predictions import TP_COLUMNS, empty_predictions
from labtools.core.progress import Tick, silent
from labtools.yolo.engine import (
    keep_label_caches,
    load_model,
    require_device,
    trained_imgsz,
    ultralytics,
    use_our_threads,
)


@dataclass(frozen=True)
class PassResult:
    """One inference pass. ``predictions`` has the schema of `labtools.artifacts.predictions`, except that ``image``
    is the absolute path as listed; the three times are mean ms per image at the batch size of the pass."""

    predictions: pd.DataFrame
    images: int
    preprocess_ms: float
    inference_ms: float
    postprocess_ms: float


@dataclass(frozen=True)
class PrecisionRecall:
    """Ultralytics' `ap_per_class`, named. C classes that have at least one target, in ``class_ids`` order.

    precision, recall and f1 are read at the confidence of the best mean F1 over the classes given.
    """

    class_ids: NDArray[np.int64]  # (C,)
    instances: NDArray[np.int64]  # (C,) targets
    precision: NDArray[np.float64]  # (C,)
    recall: NDArray[np.float64]  # (C,)
    f1: NDArray[np.float64]  # (C,)
    ap: NDArray[np.float64]  # (C, 10), IoU .50 .. .95
    x: NDArray[np.float64]  # (1000,) confidence, or recall, from 0 to 1
    precision_at_conf: NDArray[np.float64]  # (C, 1000)
    recall_at_conf: NDArray[np.float64]  # (C, 1000)
    f1_at_conf: NDArray[np.float64]  # (C, 1000)
    precision_at_recall: NDArray[np.float64]  # (C, 1000)


@dataclass(frozen=True)
class ModelInfo:
    """Size of a network: layers and parameters as Ultralytics counts, GFLOPs at ``imgsz``, file size in MB (1e6)."""

    layers: int
    parameters: int
    gflops: float
    weights_mb: float
    names: dict[int, str]
    imgsz: int  # the size that it was trained at


def predict_split(
    weights: Path, data: Path, split: str, *, imgsz: int, batch: int = 16, device: str = "cpu", tick: Tick = silent
) -> PassResult:
    """The one inference pass: every image of a split, through Ultralytics' own validator.

    Its matching is kept for each box (``tp50`` ... ``tp95``), so that `precision_recall` reproduces ``val()``
    exactly, for all images or any subset. Settings: conf 0.001, NMS IoU 0.7, at most 300 boxes per image, and
    rect=False (square letterbox): with rect=True a result depends on the images that share a batch.
    """
    model = load_model(weights)
    require_device(device)
    keep_label_caches()
    kept: list[pd.DataFrame] = []
    with tempfile.TemporaryDirectory() as aside:
        metrics = model.val(
            validator=_recorder(kept, tick),
            data=str(data),
            split=split,
            imgsz=imgsz,
            batch=batch,
            device=device,
            conf=0.001,
            iou=0.7,
            max_det=300,
            rect=False,
            plots=False,
            save_json=False,
            verbose=False,
            save_dir=aside,
            exist_ok=True,
        )
        # Ultralytics lets go of its file handlers only with the process; on Windows that keeps nothing here.
    frames = [frame for frame in kept if len(frame)]
    speed = metrics.speed
    return PassResult(
        predictions=pd.concat(frames, ignore_index=True) if frames else empty_predictions(),
        images=len(kept),
        preprocess_ms=float(speed["preprocess"]),
        inference_ms=float(speed["inference"]),
        postprocess_ms=float(speed["postprocess"]),
    )


def _recorder(kept: list[pd.DataFrame], tick: Tick) -> type:
    """Ultralytics' detection validator that also appends one table of predictions per image to ``kept``."""
    from ultralytics.models.yolo.detect import DetectionValidator

    class Recorder(DetectionValidator):
        def init_metrics(self, model: Any) -> None:
            super().init_metrics(model)
            use_our_threads()

        def update_metrics(self, preds: list[dict[str, Any]], batch: dict[str, Any]) -> None:
            super().update_metrics(preds, batch)
            matched = self.metrics.stats["tp"][-len(preds) :]
            for index, (pred, tp) in enumerate(zip(preds, matched, strict=True)):
                prepared = self._prepare_batch(index, batch)
                boxes = self.scale_preds(self._prepare_pred(pred), prepared)
                kept.append(_prediction_table(str(prepared["im_file"]), boxes, np.asarray(tp, dtype=bool)))
            tick("images", len(kept), len(self.dataloader.dataset))

    return Recorder


def _prediction_table(image: str, boxes: Mapping[str, Any], tp: NDArray[np.bool_]) -> pd.DataFrame:
    """Rows of one image; ``tp`` is ``(N, 10)``."""
    xyxy = boxes["bboxes"].cpu().numpy().reshape(-1, 4)
    frame = pd.DataFrame(xyxy, columns=["x1", "y1", "x2", "y2"])
    frame.insert(0, "image", image)
    frame.insert(1, "class_id", boxes["cls"].cpu().numpy().astype("int32"))
    frame.insert(2, "conf", boxes["conf"].cpu().numpy())
    frame[list(TP_COLUMNS)] = tp.reshape(-1, len(TP_COLUMNS))
    return frame


def precision_recall(
    tp: NDArray[np.bool_], conf: NDArray[np.float32], pred_cls: NDArray[np.int32], target_cls: NDArray[np.int64]
) -> PrecisionRecall:
    """`ap_per_class` on any subset: tp (N, 10), conf (N,), pred_cls (N,), target_cls (M,). C may be 0."""
    ultralytics()
    from ultralytics.utils.metrics import ap_per_class

    tp = np.asarray(tp, dtype=bool).reshape(-1, len(TP_COLUMNS))
    if len(target_cls) == 0:
        return _no_classes()
    found = ap_per_class(tp, np.asarray(conf), np.asarray(pred_cls), np.asarray(target_cls))
    _, _, precision, recall, f1, ap, class_ids, p_curve, r_curve, f1_curve, x, prec_values = found
    instances = np.unique(np.asarray(target_cls), return_counts=True)[1]
    return PrecisionRecall(
        class_ids=np.asarray(class_ids, dtype=np.int64),
        instances=np.asarray(instances, dtype=np.int64),
        precision=np.asarray(precision),
        recall=np.asarray(recall),
        f1=np.asarray(f1),
        ap=np.asarray(ap),
        x=np.asarray(x),
        precision_at_conf=np.asarray(p_curve),
        recall_at_conf=np.asarray(r_curve),
        f1_at_conf=np.asarray(f1_curve),
        precision_at_recall=np.asarray(prec_values),
    )


def _no_classes() -> PrecisionRecall:
    none, curves = np.zeros(0), np.zeros((0, 1000))
    ids = np.zeros(0, dtype=np.int64)
    x = np.linspace(0, 1, 1000)
    ap = np.zeros((0, len(TP_COLUMNS)))
    return PrecisionRecall(ids, ids, none, none, none, ap, x, curves, curves, curves, curves)


def model_info(weights: Path, imgsz: int | None = None) -> ModelInfo:
    """Size of the network in a checkpoint; GFLOPs at ``imgsz`` (its training size, if None)."""
    model = load_model(weights)
    from ultralytics.utils.torch_utils import get_flops, get_num_params

    network = model.model
    size = imgsz or trained_imgsz(model)
    return ModelInfo(
        layers=sum(1 for module in network.modules() if not module._modules),
        parameters=int(get_num_params(network)),
        gflops=float(get_flops(network, size)),
        weights_mb=weights.stat().st_size / 1e6,
        names={int(k): str(v) for k, v in model.names.items()},
        imgsz=size,
    )
