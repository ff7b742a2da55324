"""One training in this process, its epochs told as they end."""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.yolo.engine import draw_no_network, keep_label_caches, load_model, use_our_threads
from labtools.yolo.trainer import Resume, Terms, steady

_NAN = float("nan")


@dataclass(frozen=True)
class Start:
    """What a training really uses, told before its first step.

    Attributes:
        epochs: asked for.
        batch: images per step.
        accumulate: steps that make one of the optimizer.
        val_batch: images per step of validation.
        resumed: epochs that an earlier attempt has finished, 0: from the start.
        is_last: none is left, the run is only finished.
    """

    epochs: int
    batch: int
    accumulate: int
    val_batch: int
    resumed: int
    is_last: bool


@dataclass(frozen=True)
class Epoch:
    """One finished epoch. ``epoch`` counts from 1; metrics are those of the val split, 0..1."""

    epoch: int
    epochs: int
    map50: float
    map50_95: float


@dataclass(frozen=True)
class Saved:
    """``weights/last.pt`` is now whole and of this epoch (from 1).

    Attributes:
        epoch: epochs that it holds.
        is_last: no epoch follows, by number or because the training stops early.
        is_best: ``weights/best.pt`` is of this epoch as well.
    """

    epoch: int
    is_last: bool
    is_best: bool


@dataclass(frozen=True)
class TrainOutcome:
    """What a training really used and reached (the best checkpoint's metrics on val).

    Attributes:
        epochs: finished, those of earlier attempts included.
        batch: images per step.
        accumulate: steps that make one of the optimizer.
        val_batch: images per step of validation.
        map50: 0..1.
        map50_95: 0..1.
        seconds: of this attempt.
    """

    epochs: int
    batch: int
    accumulate: int
    val_batch: int
    map50: float
    map50_95: float
    seconds: float


@dataclass(frozen=True)
class Fit:
    """What fits the memory, where that is less than asked; the step of the optimizer stays the one of ``batch``.

    Attributes:
        batch: images per step, None: as asked.
        val_batch: images per step of validation, None: twice those of training.
    """

    batch: int | None = None
    val_batch: int | None = None


def train(
    weights: Path,
    data: Path,
    save_dir: Path,
    *,
    epochs: int,
    imgsz: int,
    batch: int,
    freeze: int | list[int] | None,
    seed: int,
    device: str,
    args: Mapping[str, Any],
    on_epoch: Callable[[Epoch], None],
    on_step: Callable[[int, int, int, int], None] | None = None,
    on_start: Callable[[Start], None] | None = None,
    on_save: Callable[[Saved], None] | None = None,
    before_writing: Callable[[], None] | None = None,
    resume: Resume | None = None,
    fit: Fit | None = None,
) -> TrainOutcome:
    """Train in this process, writing a complete Ultralytics run folder at exactly ``save_dir``.

    ``on_step(epoch, epochs, step, steps)`` (from 1) is called after each batch. A batch that does not fit the memory
    raises (see `signs.is_out_of_memory`): Ultralytics' own silent halving is off.

    Args:
        weights: checkpoint or model YAML to start from.
        data: the dataset's YAML.
        save_dir: the run folder.
        epochs: in all, those of earlier attempts included.
        imgsz: pixels.
        batch: images that make a step, see `Fit`.
        freeze: first layers that stay as they are, or their numbers.
        seed: of Ultralytics.
        device: ``cpu``, or the index of a GPU.
        args: any other argument of Ultralytics.
        on_epoch: called after an epoch and its validation.
        on_step: called after a batch.
        on_start: called before the first step.
        on_save: called when a checkpoint has been written.
        before_writing: called after a validation, before its results and checkpoints are written. Whatever it raises
            ends the training, and nothing is written.
        resume: go on from there; ``save_dir`` holds what the earlier attempt left, cut to that epoch.
        fit: less than ``batch`` at once.
    """
    model = load_model(resume.checkpoint if resume else weights)
    _speak_up()
    keep_label_caches()
    draw_no_network()
    fit = fit or Fit()
    terms = Terms(batch, weights, resume, fit.val_batch, _overrides(args), before_writing)
    listeners = _Listeners(on_epoch, on_step, on_start, on_save, resume)
    listeners.attach(model)
    if (cuda := _cuda()) is not None:
        cuda.reset_peak_memory_stats()  # of the training before this one, in the same process
    start = time.monotonic()
    model.train(
        trainer=steady(model.task_map[model.task]["trainer"], terms),
        **{
            **args,
            "data": str(data),
            "epochs": epochs,
            "imgsz": imgsz,
            "batch": fit.batch or batch,
            "freeze": freeze,
            "seed": seed,
            "device": device,
            "save_dir": str(save_dir),
            "exist_ok": True,  # else a taken folder becomes `name-2`
            "resume": str(resume.checkpoint) if resume else False,
        },
    )
    return _outcome(model.trainer, listeners.accumulate, time.monotonic() - start)


def _outcome(trainer: Any, accumulate: int, seconds: float) -> TrainOutcome:
    map50, map50_95 = _scores(trainer)
    return TrainOutcome(
        epochs=trainer.epoch + 1,
        batch=int(trainer.batch_size),
        accumulate=accumulate,
        val_batch=int(trainer.test_loader.batch_size),
        map50=map50,
        map50_95=map50_95,
        seconds=seconds,
    )


def _overrides(args: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that Ultralytics ignores on resume, and we do not: mixed precision is what NaN losses come from."""
    return {name: args[name] for name in ("amp",) if name in args}


@dataclass
class _Listeners:
    """Our callbacks as Ultralytics calls them, each with its trainer."""

    on_epoch: Callable[[Epoch], None]
    on_step: Callable[[int, int, int, int], None] | None
    on_start: Callable[[Start], None] | None
    on_save: Callable[[Saved], None] | None
    resume: Resume | None
    accumulate: int = 0
    _epoch: int = 0
    _step: int = 0

    def attach(self, model: Any) -> None:
        model.add_callback("on_train_start", self._start)
        model.add_callback("on_train_epoch_start", self._epoch_start)
        model.add_callback("on_train_batch_end", self._batch_end)
        model.add_callback("on_model_save", self._save)
        model.add_callback("on_fit_epoch_end", self._fit_epoch_end)

    def _start(self, trainer: Any) -> None:
        use_our_threads()
        # Told now: the warm-up lowers it and raises it again.
        self.accumulate = int(trainer.accumulate)
        if self.resume is not None and not trainer.args.time:
            trainer.train_time_start -= self.resume.elapsed_s  # column `time` of results.csv goes on
        if self.on_start is not None:
            val_batch = int(trainer.test_loader.batch_size)
            is_last = self.resume is not None and self.resume.is_last
            sizes = (trainer.epochs, trainer.batch_size, self.accumulate, val_batch)
            self.on_start(Start(*sizes, resumed=trainer.start_epoch, is_last=is_last))

    def _epoch_start(self, trainer: Any) -> None:
        # The private counter of silent retries with half the batch: three means none is left. A matrix that
        # compares batches must not change one of them in secret.
        trainer._oom_retries = 3
        self._step = 0

    def _batch_end(self, trainer: Any) -> None:
        self._step += 1
        if self.on_step is not None:
            self.on_step(trainer.epoch + 1, trainer.epochs, self._step, len(trainer.train_loader))

    def _save(self, trainer: Any) -> None:
        if self.on_save is not None:
            is_best = trainer.best_fitness == trainer.fitness  # as Ultralytics decides it
            self.on_save(Saved(trainer.epoch + 1, bool(trainer.stop), is_best))

    def _fit_epoch_end(self, trainer: Any) -> None:
        epoch = trainer.epoch + 1
        if epoch <= max(self._epoch, trainer.start_epoch) or epoch > trainer.epochs or self._step == 0:
            return  # it fires once more after the final evaluation, with a counter one too far
        self._epoch, self._step = epoch, 0
        self.on_epoch(Epoch(epoch, trainer.epochs, *_scores(trainer)))


def _scores(trainer: Any) -> tuple[float, float]:
    """mAP50 and mAP50-95 of the last validation."""
    metrics = trainer.metrics or {}
    return float(metrics.get("metrics/mAP50(B)", _NAN)), float(metrics.get("metrics/mAP50-95(B)", _NAN))


def gpu_bytes() -> int | None:
    """The most that torch has reserved on the GPU of this process so far; None where it uses none."""
    cuda = _cuda()
    return int(cuda.max_memory_reserved()) if cuda is not None else None


def gpu_name_and_bytes() -> tuple[str, int] | None:
    """Name and memory of the GPU of this process; None where it uses none, or that does not answer any more."""
    cuda = _cuda()
    try:
        properties = cuda.get_device_properties(0) if cuda is not None else None
    except RuntimeError:
        return None
    return (str(properties.name), int(properties.total_memory)) if properties is not None else None


def _cuda() -> Any:
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None


def _speak_up() -> None:
    """Let Ultralytics log in this process: the log of a lane is the only place to see what happened at night."""
    from ultralytics.utils import LOGGER

    # Torch's words on how Ultralytics draws the network for TensorBoard, each time.
    warnings.filterwarnings("ignore", module=r"torch\.jit")
    for listener in (LOGGER, *LOGGER.handlers):
        listener.setLevel(logging.INFO)
