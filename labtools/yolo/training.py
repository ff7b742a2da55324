"""One training in this process, its epochs told as they end."""

from __future__ import annotations

import importlib.util
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.core.config import read_yaml
from labtools.core.errors import LabError
from labtools.yolo.engine import keep_label_caches, load_model, use_our_threads

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


def training_arguments() -> frozenset[str]:
    """The names of all training arguments, read from Ultralytics' defaults without importing it (seconds)."""
    package = importlib.util.find_spec("ultralytics")
    if package is None or package.origin is None:
        raise LabError("ultralytics is not installed", None, "Install labtools with its dependencies: pip install .")
    return frozenset(read_yaml(Path(package.origin).parent / "cfg" / "default.yaml"))


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
    model = load_model(weights)
    _speak_up()
    keep_label_caches()
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
        use_our_threads()

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
