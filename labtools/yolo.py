"""The one file that imports ultralytics: load, train, predict, measure; its surprises are named and handled here.

Ultralytics acts when it is imported (it reads environment variables, writes a settings file into the home folder,
sets OMP_NUM_THREADS), so `_ultralytics()` imports it on first use, prepared, and no file imports it at its top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labtools.core.draw import Image
from labtools.core.progress import Tick, silent


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
    """Size of a network: layers and parameters as Ultralytics counts them, GFLOPs at ``imgsz``, file size in MB (1e6)."""

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


def find_weights(name: str, folders: Sequence[Path] = ()) -> Path:
    """The absolute path of a checkpoint (``.pt``) or model YAML asked for by name or path.

    Looked for as a path, in ``folders``, in ``weights/``, in the user's labtools cache; a name that Ultralytics
    publishes (``yolov8n.pt``) is then downloaded into the cache, if its server answers within seconds.

    Raises:
        LabError: it cannot be had; says where to put the file. Never takes more than a few seconds.
    """
    raise NotImplementedError


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
    GPU's memory raises ``torch.OutOfMemoryError`` (Ultralytics' own silent halving is off).
    """
    raise NotImplementedError


def predict_split(
    weights: Path, data: Path, split: str, *, imgsz: int, batch: int = 16, device: str = "cpu", tick: Tick = silent
) -> PassResult:
    """The one inference pass: every image of a split, with Ultralytics' own validator, so that its metrics can be
    recomputed exactly (conf 0.001, NMS IoU 0.7, at most 300 boxes, letterboxed squares: rect=False)."""
    raise NotImplementedError


def precision_recall(
    tp: NDArray[np.bool_], conf: NDArray[np.float32], pred_cls: NDArray[np.int32], target_cls: NDArray[np.int64]
) -> PrecisionRecall:
    """`ap_per_class` on any subset: tp (N, 10), conf (N,), pred_cls (N,), target_cls (M,). C may be 0."""
    raise NotImplementedError


def model_info(weights: Path, imgsz: int | None = None) -> ModelInfo:
    """Size of the network in a checkpoint; GFLOPs at ``imgsz`` (its training size, if None)."""
    raise NotImplementedError


class Detector:
    """A checkpoint ready to look at images. Not thread-safe."""

    names: dict[int, str]
    imgsz: int

    def __init__(self, weights: Path, *, device: str = "cpu", imgsz: int | None = None) -> None:
        raise NotImplementedError

    def detect(self, images: Sequence[Image], *, conf: float = 0.25, iou: float = 0.7) -> list[Detections]:
        """One `Detections` per BGR image, each of any size."""
        raise NotImplementedError
