"""Train one attempt in this process, going on where the last one stopped, and finish the run's record."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labtools.artifacts.checkpoint import Kept, forget
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import Run, RunSpec
from labtools.train.attempt import checkpoints, events
from labtools.train.attempt.heartbeat import Fenced, Heartbeat, number
from labtools.train.attempt.history import attempts_of, versions
from labtools.train.runqueue.claims import now, write_done

if TYPE_CHECKING:
    from labtools.yolo import Resume, Saved, TrainOutcome


def train_attempt(
    run: Run, attempt: int, device: str, lane: str, leave: Callable[[], None] | None = None
) -> TrainOutcome:
    """Train in this process and finish the run's record. Everything else about an attempt's end is in `main`.

    For ``leave`` see `Heartbeat`.

    Raises:
        Fenced: the attempt was taken away.
        Exception: whatever the training raises.
    """
    with Heartbeat(run.folder, attempt, leave=leave) as heart:
        heart.check()
        from labtools import yolo  # seconds: the first beat is already out

        spec, settings = run.spec, _Settings.of(read_record(run.folder).changes)
        kept, resume, notes = _begin(run, settings)
        keeper = _Keeper(run.folder, heart, kept, notes)
        events.write_hyperparameters(run.folder, _hyperparameters(spec))
        outcome = yolo.train(
            Path(spec.weights),
            Path(spec.data),
            run.folder,
            epochs=spec.epochs,
            imgsz=spec.imgsz,
            batch=spec.batch,
            freeze=spec.freeze,
            seed=spec.seed,
            device=device,
            args={**spec.args, **settings.arguments},
            on_epoch=heart.on_epoch,
            on_step=heart.on_step,
            on_start=heart.on_start,
            on_save=keeper.on_save,
            before_writing=heart.confirm,
            resume=resume,
            fit=yolo.Fit(settings.batch, settings.val_batch),
        )
        heart.confirm()  # what comes now is written over what whoever goes on in our place is at work with
        events.finish(run.folder)
        result = _result(run, outcome, kept, attempt, device, lane)
        if not write_done(run.folder, {**result, "notes": list(notes)}):
            raise Fenced
    forget(run.folder)
    return outcome


@dataclass(frozen=True)
class _Settings:
    """What earlier attempts have changed for this one: see `labtools.artifacts.record.End.next`."""

    batch: int | None
    val_batch: int | None
    is_fresh: bool
    arguments: dict[str, Any]

    @staticmethod
    def of(changes: dict[str, Any]) -> _Settings:
        rest = dict(changes)
        return _Settings(
            rest.pop("batch", None), rest.pop("val_batch", None), bool(rest.pop("fresh", False)), arguments=rest
        )


def _begin(run: Run, settings: _Settings) -> tuple[Kept | None, Resume | None, tuple[str, ...]]:
    """Bring the run's folder in order to begin: what was kept, where to go on, what has to be said about it."""
    from labtools import yolo

    folder = run.folder
    kept = None if settings.is_fresh else checkpoints.is_there(folder)
    notes: tuple[str, ...] = ()
    if kept is not None:
        try:
            remembered = yolo.read_training_state(kept.last(folder), kept.epoch)
        except yolo.UnusableCheckpoint as error:
            notes = (f"the checkpoint after epoch {kept.epoch} is of no use ({error}): started over",)
            kept = None
    if kept is None:
        checkpoints.clear_leftovers(folder)
        print(*notes or ("training from the start",), flush=True)  # noqa: T201 - this output is the run's log
        return None, None, notes
    checkpoints.put_back(folder, kept)
    elapsed_s = checkpoints.cut_results(folder, kept.epoch, remembered)
    events.join(folder, kept.epoch)
    print(f"going on after epoch {kept.epoch} of {run.spec.epochs}", flush=True)  # noqa: T201
    return kept, yolo.Resume(kept.last(folder), kept.is_last, elapsed_s), kept.notes


@dataclass
class _Keeper:
    """Keeps each checkpoint that is written, for the attempts to come."""

    folder: Path
    heart: Heartbeat
    before: Kept | None
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        self._start = time.monotonic()
        self._best = self.before.best_epoch if self.before else 0

    def on_save(self, saved: Saved) -> None:
        self.heart.confirm()  # never beside the files of somebody who goes on in our place
        self._best = saved.epoch if saved.is_best else self._best
        spent = time.monotonic() - self._start + (self.before.seconds if self.before else 0.0)
        checkpoints.keep(self.folder, Kept(saved.epoch, saved.is_last, self._best, round(spent, 1), self.notes))


def _hyperparameters(spec: RunSpec) -> dict[str, Any]:
    """What runs of a matrix are compared by. No frozen layers are 0 of them: a number is easier to sort by."""
    asked = {name: getattr(spec, name) for name in ("model", "imgsz", "batch", "epochs", "seed")}
    return {**asked, "freeze": spec.freeze or 0, **spec.args}


def _result(run: Run, outcome: TrainOutcome, kept: Kept | None, attempt: int, device: str, lane: str) -> dict[str, Any]:
    """The content of ``done.json``: what was really used and reached, where."""
    from labtools import yolo

    here = {"epochs": outcome.epochs - (kept.epoch if kept else 0), "seconds": round(outcome.seconds, 1)}
    return {
        "attempt": attempt,
        "epochs": outcome.epochs,
        "best_epoch": checkpoints.best_epoch(run.folder),
        "batch": outcome.batch,
        "nominal_batch": run.spec.batch,
        "accumulate": outcome.accumulate,
        "val_batch": outcome.val_batch,
        "map50": number(outcome.map50),
        "map50_95": number(outcome.map50_95),
        "seconds": round(outcome.seconds + (kept.seconds if kept else 0.0), 1),
        "resumed": kept.epoch if kept else 0,
        "attempts": attempts_of(run.folder, attempt, lane, here),
        "gpu_bytes": yolo.gpu_bytes(),
        "device": device if device == "cpu" else os.environ.get("CUDA_VISIBLE_DEVICES", device),
        "host": socket.gethostname(),
        "lane": lane,
        "versions": versions(),
        "finished": now(),
    }
