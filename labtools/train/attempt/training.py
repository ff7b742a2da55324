"""Train one attempt in this process and finish the run's record."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labtools.artifacts.runs import Run
from labtools.train.attempt.heartbeat import Heartbeat, number
from labtools.train.runqueue.claims import now, write_done

if TYPE_CHECKING:
    from labtools.yolo import TrainOutcome

# What Ultralytics leaves in a run folder. Only these are cleared before a new attempt, never what people put there.
_ULTRALYTICS_FILES = ("args.yaml", "results.csv", "events.out.tfevents.*", "*.png", "*.jpg", "weights")


def train_attempt(run: Run, attempt: int, device: str, lane: str) -> TrainOutcome:
    """Train in this process and finish the run's record. Everything else about an attempt's end is in `main`.

    Raises:
        Fenced: the attempt was taken away.
        Exception: whatever the training raises.
    """
    with Heartbeat(run.folder, attempt) as heart:
        from labtools import yolo  # seconds: the first beat is already out

        clear_leftovers(run.folder)
        spec = run.spec
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
            args=spec.args,
            on_epoch=heart.on_epoch,
            on_step=heart.on_step,
        )
        heart.beat()
        heart.check()
        write_done(run.folder, _result(outcome, attempt, heart.best_epoch, device, lane))
    return outcome


def _result(outcome: TrainOutcome, attempt: int, best_epoch: int, device: str, lane: str) -> dict[str, Any]:
    """The content of ``done.json``: what was really used and reached, where."""
    return {
        "attempt": attempt,
        "epochs": outcome.epochs,
        "best_epoch": best_epoch,
        "batch": outcome.batch,
        "map50": number(outcome.map50),
        "map50_95": number(outcome.map50_95),
        "seconds": round(outcome.seconds, 1),
        "device": device if device == "cpu" else os.environ.get("CUDA_VISIBLE_DEVICES", device),
        "host": socket.gethostname(),
        "lane": lane,
        "finished": now(),
    }


def clear_leftovers(folder: Path) -> None:
    """Remove what an earlier attempt of this run left, so that nothing of two trainings is mixed."""
    for pattern in _ULTRALYTICS_FILES:
        for path in folder.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
