"""Ultralytics' trainer with its ways of losing work closed: what `training` puts before the one of each task.

As in 8.4 it writes checkpoints over the old ones (a kill leaves half a file), resumes from whatever ``last*.pt`` it
finds where the one asked for is gone, drops changed arguments when it resumes, starts over when no epoch is left, goes
on with weights that are no numbers, changes the nominal batch when fewer images fit, and trains without the images that
it cannot read.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labtools.core.errors import LabError
from labtools.core.files import replace
from labtools.yolo.engine import load_model
from labtools.yolo.signs import NotANumber, is_out_of_memory

if TYPE_CHECKING:
    from typing import Any as _Base
else:
    _Base = object  # the real one stands behind it: see `steady`, and nothing imports ultralytics here


@dataclass(frozen=True)
class Resume:
    """Where to go on.

    Attributes:
        checkpoint: a whole one, with the state of the optimizer.
        is_last: no epoch is left to train, only the last validation.
        elapsed_s: column ``time`` of its row in results.csv, which goes on from there.
    """

    checkpoint: Path
    is_last: bool = False
    elapsed_s: float = 0.0


class UnusableCheckpoint(Exception):  # noqa: N818 - a fact about a file
    """Nobody can go on from this checkpoint; says why."""


def read_training_state(checkpoint: Path, epoch: int) -> dict[str, list[Any]]:
    """Make sure that a training can go on from a checkpoint; results.csv as it remembers it, column -> values.

    Args:
        checkpoint: a ``last.pt``, or another name of one.
        epoch: from 1, that it must be of.

    Raises:
        UnusableCheckpoint: it is torn, of another epoch, or stripped of the optimizer's state.
        OSError: the disk cannot be read.
    """
    try:
        content = load_model(checkpoint).ckpt or {}
    except LabError as error:
        raise UnusableCheckpoint(error.what) from error
    if content.get("epoch", -1) + 1 != epoch:
        raise UnusableCheckpoint(f"it is of epoch {content.get('epoch', -1) + 1}")
    if not content.get("optimizer") or not content.get("ema"):
        raise UnusableCheckpoint("the state of the optimizer is not in it")
    return dict(content.get("train_results") or {})


@dataclass(frozen=True)
class Terms:
    """What a training promises.

    Attributes:
        batch: images that count as one step of the optimizer, whatever fits the memory at once (the *nominal* batch).
        weights: what it started from, also where it is resumed.
        resume: see `Resume`.
        val_batch: the most images per step of validation, None: twice those of training, as Ultralytics does.
        overrides: arguments that hold although a checkpoint was trained with others.
        before_writing: called before results and checkpoints are written over what is there; may raise.
    """

    batch: int
    weights: Path
    resume: Resume | None = None
    val_batch: int | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    before_writing: Callable[[], None] | None = None


def steady(trainer: type, terms: Terms) -> type:
    """The trainer class of a task, kept to ``terms``."""
    return type("SteadyTrainer", (_SteadyTrainer, trainer), {"terms": terms})


class _SteadyTrainer(_Base):
    terms: Terms
    last: Path
    best: Path
    test_loader: Any

    # Going on where an earlier attempt stopped.

    def check_resume(self, overrides: dict[str, Any]) -> None:
        resume = self.terms.resume
        if resume is not None and not resume.checkpoint.is_file():
            raise FileNotFoundError(f"the checkpoint to go on from is gone: {resume.checkpoint}")
        with _loading(resume):
            super().check_resume(overrides)
        if resume is not None:
            for name, value in self.terms.overrides.items():
                setattr(self.args, name, value)

    def setup_model(self) -> Any:
        with _loading(self.terms.resume):
            return super().setup_model()

    def resume_training(self, ckpt: dict[str, Any] | None) -> None:
        resume = self.terms.resume
        if resume is None or ckpt is None:
            super().resume_training(ckpt)
            return
        if resume.is_last:
            self.start_epoch = ckpt["epoch"] + 1
            self.best_fitness = ckpt.get("best_fitness")
        else:
            with _loading(resume):
                super().resume_training(ckpt)
        self._restore_arguments()

    def _restore_arguments(self) -> None:
        """``args.yaml`` and the checkpoints to come name what the run started from, not a file that will be gone."""
        from ultralytics.utils import YAML

        self.args.model, self.args.resume = str(self.terms.weights), False
        YAML.save(self.save_dir / "args.yaml", vars(self.args))

    def _do_train(self) -> None:
        resume = self.terms.resume
        if resume is None or not resume.is_last:
            super()._do_train()
            return
        self._setup_train()
        self.epoch = self.start_epoch - 1
        self.train_time_start = time.time()
        self.run_callbacks("on_train_start")
        self.final_eval()
        if self.args.plots:
            self.plot_metrics()
        self.run_callbacks("on_train_end")

    # The nominal batch, whatever fits.

    @property
    def _is_reduced(self) -> bool:
        return 0 < self.batch_size < self.terms.batch

    @property
    def _step(self) -> int:
        """Images between two steps of the optimizer, as the nominal batch has them."""
        return self.terms.batch * max(round(self.args.nbs / self.terms.batch), 1)

    def _build_train_pipeline(self) -> None:
        super()._build_train_pipeline()
        if self._is_reduced:
            self.accumulate = max(round(self._step / self.batch_size), 1)
            if not self.args.time:
                self.accumulate = min(self.accumulate, len(self.train_loader) * self.epochs)

    def build_optimizer(self, model: Any, name: str, lr: float, momentum: float, decay: float, iterations: int) -> Any:
        if self._is_reduced:
            # Both as for the nominal batch: `iterations` decides which optimizer "auto" means.
            decay = self.args.weight_decay * self._step / self.args.nbs
            images = len(self.train_loader.dataset)
            iterations = math.ceil(images / max(self.terms.batch, self.args.nbs)) * self.epochs
        return super().build_optimizer(model, name, lr, momentum, decay, iterations)

    def get_dataloader(self, dataset_path: Any, batch_size: int = 16, rank: int = 0, mode: str = "train") -> Any:
        if mode == "val" and self.terms.val_batch:
            batch_size = min(batch_size, self.terms.val_batch)
        loader = super().get_dataloader(dataset_path, batch_size, rank, mode)
        _refuse_gaps(dataset_path, loader.dataset, self.args.fraction)
        return loader

    def validate(self) -> Any:
        while True:
            try:
                result = super().validate()
            except RuntimeError as error:
                if not is_out_of_memory(error) or self.test_loader.batch_size <= 1:
                    raise
            else:
                self._ask_before_writing()
                return result
            self._halve_validation()

    def _ask_before_writing(self) -> None:
        """A validation takes minutes, and what follows it is written where somebody else may have gone on meanwhile."""
        if self.terms.before_writing is not None:
            self.terms.before_writing()

    def _halve_validation(self) -> None:
        """Validate fewer images at once from now on: an epoch of training is not lost for that."""
        from ultralytics.utils import LOGGER

        smaller = max(1, self.test_loader.batch_size // 2)
        LOGGER.warning(f"out of memory in the validation: going on with {smaller} images at once")
        self.test_loader.close()
        gc.collect()
        self._clear_memory()
        self.test_loader = self.get_dataloader(self.data[self.args.split], batch_size=smaller, rank=-1, mode="val")
        self.validator.dataloader = self.test_loader

    # Checkpoints that are whole.

    def save_model(self) -> Any:
        """Written aside, flushed, renamed: whoever is killed here, or reads meanwhile, has the old ones or the new."""
        last, best = self.last, self.best
        self.last, self.best = (path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in (last, best))
        try:
            is_saved = super().save_model()
            for aside, path in ((self.best, best), (self.last, last)):
                if aside.is_file():
                    _flush(aside)
                    replace(aside, path)
        finally:
            for aside in (self.last, self.best):
                with contextlib.suppress(FileNotFoundError):
                    aside.unlink()
            self.last, self.best = last, best
        return is_saved

    def final_eval(self) -> None:
        self._ask_before_writing()
        # It strips both files where they are; other names of the same files have to stay as they were.
        for path in (self.last, self.best):
            if path.is_file():
                aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
                aside.write_bytes(path.read_bytes())
                replace(aside, path)
        while True:
            try:
                super().final_eval()
            except RuntimeError as error:
                if not is_out_of_memory(error) or self.test_loader.batch_size <= 1:
                    raise
            else:
                return
            self._halve_validation()

    # Losses that are numbers.

    def _handle_nan_recovery(self, epoch: int) -> bool:
        # Ultralytics goes back to last.pt up to three times, but not in its first epoch: there it goes on, with
        # weights that are lost, and then keeps them as a checkpoint with zeros in their place.
        if epoch == self.start_epoch and not self._has_numbers():
            raise NotANumber(f"the weights are no numbers any more in epoch {epoch + 1}")
        return bool(super()._handle_nan_recovery(epoch))

    def _has_numbers(self) -> bool:
        import torch

        return all(bool(torch.isfinite(parameter).all()) for parameter in self.model.parameters())


@contextlib.contextmanager
def _loading(resume: Resume | None) -> Iterator[None]:
    """What goes wrong in here is laid to the checkpoint; the error itself stays visible as the cause.

    Raises:
        UnusableCheckpoint: something did.
    """
    try:
        yield
    except Exception as error:
        if resume is None:
            raise
        # Ultralytics calls everything a missing file, and keeps what it was behind that.
        what = error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ else error
        raise UnusableCheckpoint(f"{type(what).__name__}: {what}") from what


def _flush(path: Path) -> None:
    """To the disk, so that no power cut leaves a name without its content."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _refuse_gaps(listed: Any, dataset: Any, fraction: float) -> None:
    """Images that are listed but not there are left out by Ultralytics with a line in its log; not by us.

    Raises:
        FileNotFoundError: names the first one. (A damaged image that is there may be left out.)
    """
    path = Path(str(listed))
    if path.suffix != ".txt" or fraction != 1.0:
        return
    lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if len(dataset) >= len(lines):
        return
    for line in lines:
        image = path.parent / line[2:] if line.startswith("./") else Path(line)
        if not image.is_file():
            raise FileNotFoundError(f"Image Not Found {image}")
