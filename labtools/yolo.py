"""The one file that imports ultralytics: load, train, predict, measure; its surprises are named and handled here.

Ultralytics acts when it is imported (it reads environment variables, writes a settings file into the home folder,
sets OMP_NUM_THREADS), so `_ultralytics()` imports it on first use, prepared, and no file imports it at its top.
"""

from __future__ import annotations

import importlib.util
import io
import logging
import os
import pickle
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labtools.artifacts.predictions import TP_COLUMNS, empty_predictions
from labtools.artifacts.weights import cache_folder
from labtools.artifacts.weights import find_weights as find_weights
from labtools.core.config import read_yaml
from labtools.core.draw import Image
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes, write_bytes
from labtools.core.progress import Tick, silent

_LOADING_ERRORS = (TypeError, RuntimeError, EOFError, KeyError, ModuleNotFoundError, ValueError)
_OUT_OF_MEMORY_SIGNS = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "unable to find an engine")


@dataclass(frozen=True)
class Epoch:
    """One finished epoch. ``epoch`` counts from 1; metrics are those of the val split, 0..1."""

    epoch: int
    epochs: int
    map50: float
    map50_95: float


@dataclass(frozen=True)
class TrainOutcome:
    """What a training really used and reached (the best checkpoint's metrics on val)."""

    epochs: int
    batch: int
    map50: float
    map50_95: float
    seconds: float


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


@dataclass(frozen=True)
class Detections:
    """What was seen in one image, confidence descending."""

    xyxy: NDArray[np.float32]  # (N, 4) pixels of the image given
    conf: NDArray[np.float32]  # (N,) 0..1
    class_ids: NDArray[np.int64]  # (N,)
    preprocess_ms: float
    inference_ms: float
    postprocess_ms: float


def _ultralytics() -> ModuleType:
    """Import ultralytics with its surprises switched off, once per process.

    - no online checks, no pip install behind the user's back, settings in a folder of ours;
    - checkpoints through ``torch.load(weights_only=True)`` and its allow-list of layers (a checkpoint is a pickle);
    - TensorBoard events on: its default became off. Set in memory only, as lanes would race on the file.
    """
    os.environ.setdefault("YOLO_OFFLINE", "1")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    os.environ.setdefault("YOLO_CONFIG_DIR", str(cache_folder() / "ultralytics"))
    os.environ.setdefault("ULTRALYTICS_SAFE_LOAD", "1")
    # Left unset, Ultralytics would make it 1; a lane sets its share of the cores before it starts.
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(parents=True, exist_ok=True)
    import ultralytics
    from ultralytics.utils import SETTINGS

    dict.__setitem__(SETTINGS, "tensorboard", True)
    _keep_apostrophes()
    return ultralytics


def _keep_apostrophes() -> None:
    """Ultralytics takes every ``'`` out of a checkpoint's path, so nothing works below a folder such as ``L'été``."""
    from ultralytics.utils import downloads

    original: Any = downloads.attempt_download_asset
    if getattr(original, "is_ours", False):
        return

    def find_or_download(file: Any, *args: Any, **kwargs: Any) -> str:
        return str(file) if Path(file).is_file() else str(original(file, *args, **kwargs))

    find_or_download.is_ours = True  # type: ignore[attr-defined]
    module: Any = downloads
    module.attempt_download_asset = find_or_download


def _use_our_threads() -> None:
    """Ultralytics resets torch to (cores - 1) threads when it selects the CPU; give back what the caller chose."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def _load_model(weights: Path) -> Any:
    """An Ultralytics ``YOLO`` on a checkpoint, with what can go wrong said in a sentence.

    Raises:
        LabError: the file is absent, is not a checkpoint, or holds more than layers that Ultralytics knows.
    """
    if not weights.is_file():
        raise LabError("this checkpoint does not exist", weights, "Give the path of a .pt file, or a run id.")
    if weights.suffix == ".pt" and not zipfile.is_zipfile(weights):
        # Checked here: a restricted load reports any garbage as a forbidden type.
        raise LabError("this file is not a YOLO checkpoint (no archive)", weights, "Copy or train it again.")
    model_class = _ultralytics().YOLO
    try:
        return model_class(str(weights), task="detect")
    except (
        TypeError,
        RuntimeError,
        EOFError,
        KeyError,
        ModuleNotFoundError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        if _is_refusal(error):
            raise LabError(
                "this checkpoint holds more than the layers that Ultralytics knows, and was not opened",
                weights,
                "Only if you trust its author: set ULTRALYTICS_SAFE_LOAD=0 and try again (it can then run any code).",
            ) from error
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise LabError(f"this file is not a YOLO checkpoint ({first})", weights, "Copy or train it again.") from None


def _is_refusal(error: BaseException) -> bool:
    """Was a checkpoint refused for what it holds? Ultralytics says so as a TypeError, torch as an UnpicklingError."""
    return isinstance(error, pickle.UnpicklingError) or "outside the supported" in str(error)


def training_arguments() -> frozenset[str]:
    """The names of all training arguments, read from Ultralytics' defaults without importing it (seconds)."""
    package = importlib.util.find_spec("ultralytics")
    if package is None or package.origin is None:
        raise LabError("ultralytics is not installed", None, "Install labtools with its dependencies: pip install .")
    return frozenset(read_yaml(Path(package.origin).parent / "cfg" / "default.yaml"))


def _keep_label_caches() -> None:
    """Keep the caches of read labels in our own folder, one per list of images and state of its files.

    Ultralytics keeps them beside the labels under the name of the first image's folder: two splits that share it
    replace each other's each time, and lanes that start together delete it under each other. It also knows files by
    their size alone, so labels whose class ids were corrected (one digit for another) were read as before.
    """
    from ultralytics.data import dataset as module

    dataset: Any = module
    original = dataset.YOLODataset._load_or_scan_cache
    if getattr(original, "is_ours", False):
        return
    folder = cache_folder() / "labels"

    def load_or_scan(self: Any, cache_path: Path, cache_hash: str) -> Any:
        files = [Path(file) for file in (*self.label_files, *self.im_files)]
        times = [file.stat().st_mtime_ns for file in files if file.exists()]
        key = hash_bytes(f"{cache_hash} {times}".encode())
        return original(self, folder / f"{key}.cache", cache_hash)

    def save(prefix: str, path: Path, content: dict[str, Any], version: str) -> None:
        buffer = io.BytesIO()
        content["version"] = version  # in place: the caller reads it there
        as_array: Any = content
        np.save(buffer, as_array, allow_pickle=True)
        write_bytes(path, buffer.getvalue())

    load_or_scan.is_ours = True  # type: ignore[attr-defined]
    dataset.YOLODataset._load_or_scan_cache = load_or_scan
    dataset.save_dataset_cache_file = save


def train(
    weights: Path,
    data: Path,
    save_dir: Path,
    *,
    epochs: int,
    imgsz: int,
    batch: int,
    freeze: int | None,
    seed: int,
    device: str,
    args: Mapping[str, Any],
    on_epoch: Callable[[Epoch], None],
    on_step: Callable[[int, int, int, int], None] | None = None,
) -> TrainOutcome:
    """Train in this process, writing a complete Ultralytics run folder at exactly ``save_dir``.

    ``on_step(epoch, epochs, step, steps)`` (from 1) is called after each batch. A batch that does not fit the
    GPU's memory raises ``torch.OutOfMemoryError`` or RuntimeError: Ultralytics' own silent halving is off.
    """
    model = _load_model(weights)
    _speak_up()
    _keep_label_caches()
    reported = _add_training_callbacks(model, on_epoch, on_step)
    start = time.monotonic()
    model.train(
        **{
            **args,
            "data": str(data),
            "epochs": epochs,
            "imgsz": imgsz,
            "batch": batch,
            "freeze": freeze,
            "seed": seed,
            "device": device,
            "save_dir": str(save_dir),
            "exist_ok": True,  # else a taken folder becomes `name-2`
        }
    )
    trainer = model.trainer
    return TrainOutcome(
        epochs=reported["epoch"],
        batch=int(trainer.batch_size),
        map50=float(trainer.metrics.get("metrics/mAP50(B)", float("nan"))),
        map50_95=float(trainer.metrics.get("metrics/mAP50-95(B)", float("nan"))),
        seconds=time.monotonic() - start,
    )


def _add_training_callbacks(
    model: Any, on_epoch: Callable[[Epoch], None], on_step: Callable[[int, int, int, int], None] | None
) -> dict[str, int]:
    """Returns the counters that the callbacks keep: the last finished ``epoch`` and the ``step`` in the current one."""
    reported = {"epoch": 0, "step": 0}

    def start(trainer: Any) -> None:
        _use_our_threads()

    def epoch_start(trainer: Any) -> None:
        # The private counter of silent retries with half the batch: three means none is left. A matrix that
        # compares batches must not change one of them in secret.
        trainer._oom_retries = 3
        reported["step"] = 0

    def batch_end(trainer: Any) -> None:
        reported["step"] += 1
        if on_step is not None:
            on_step(trainer.epoch + 1, trainer.epochs, reported["step"], len(trainer.train_loader))

    def fit_epoch_end(trainer: Any) -> None:
        epoch = trainer.epoch + 1
        if epoch <= reported["epoch"] or epoch > trainer.epochs:
            return  # it fires once more after the final evaluation, with a counter one too far
        reported["epoch"] = epoch
        metrics = trainer.metrics or {}
        nan = float("nan")
        map50, map50_95 = (float(metrics.get(f"metrics/{m}(B)", nan)) for m in ("mAP50", "mAP50-95"))
        on_epoch(Epoch(epoch, trainer.epochs, map50, map50_95))

    model.add_callback("on_train_start", start)
    model.add_callback("on_train_epoch_start", epoch_start)
    model.add_callback("on_train_batch_end", batch_end)
    model.add_callback("on_fit_epoch_end", fit_epoch_end)
    return reported


def _speak_up() -> None:
    """Let Ultralytics log in this process: the log of a lane is the only place to see what happened at night."""
    from ultralytics.utils import LOGGER

    for listener in (LOGGER, *LOGGER.handlers):
        listener.setLevel(logging.INFO)


def is_out_of_memory(error: BaseException) -> bool:
    """Does this error of a training mean that the GPU's memory is too small? (The signs that Ultralytics reads.)"""
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _OUT_OF_MEMORY_SIGNS)


def predict_split(
    weights: Path, data: Path, split: str, *, imgsz: int, batch: int = 16, device: str = "cpu", tick: Tick = silent
) -> PassResult:
    """The one inference pass: every image of a split, through Ultralytics' own validator.

    Its matching is kept for each box (``tp50`` ... ``tp95``), so that `precision_recall` reproduces ``val()``
    exactly, for all images or any subset. Settings: conf 0.001, NMS IoU 0.7, at most 300 boxes per image, and
    rect=False (square letterbox): with rect=True a result depends on the images that share a batch.
    """
    model = _load_model(weights)
    _keep_label_caches()
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
            _use_our_threads()

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
    _ultralytics()
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
    model = _load_model(weights)
    from ultralytics.utils.torch_utils import get_flops, get_num_params

    network = model.model
    size = imgsz or _trained_imgsz(model)
    return ModelInfo(
        layers=sum(1 for module in network.modules() if not module._modules),
        parameters=int(get_num_params(network)),
        gflops=float(get_flops(network, size)),
        weights_mb=weights.stat().st_size / 1e6,
        names={int(k): str(v) for k, v in model.names.items()},
        imgsz=size,
    )


def _trained_imgsz(model: Any) -> int:
    size = model.overrides.get("imgsz", 640)
    return int(max(size) if isinstance(size, (list, tuple)) else size)


class Detector:
    """A checkpoint ready to look at images. Not thread-safe.

    Args:
        weights: a ``.pt`` checkpoint.
        device: as Ultralytics names it: ``cpu``, ``0``, ``mps``.
        imgsz: longer side that images are scaled to, pixels; the size that it was trained at, if None.
    """

    def __init__(self, weights: Path, *, device: str = "cpu", imgsz: int | None = None) -> None:
        self._model = _load_model(weights)
        self._device = device
        self.imgsz = imgsz or _trained_imgsz(self._model)
        self.names = {int(k): str(v) for k, v in self._model.names.items()}

        def start(predictor: Any) -> None:
            _use_our_threads()

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
