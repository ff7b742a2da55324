"""One attempt at one run: train, beat, and record how it ended.

Run as a program (``python -m labtools.train.attempt FOLDER NUMBER DEVICE``) it is the training process of a lane: one
process per run, so that a crash or a leak of one training cannot touch the next. Its standard input is a pipe from the
lane: when that closes, the lane is dead, and the training ends within a moment rather than compete with its successor.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from labtools.artifacts.record import Beat
from labtools.artifacts.runs import Run, read_run
from labtools.core.errors import LabError
from labtools.train.claims import is_fenced, now, write_beat, write_done, write_end
from labtools.train.processes import this_process

if TYPE_CHECKING:
    from labtools.yolo import Epoch, TrainOutcome

BEAT_EVERY_S = 2.0
EXIT_FENCED = 75
EXIT_ORPHAN = 76
EXIT_FAILED = 1

# What Ultralytics leaves in a run folder. Only these are cleared before a new attempt, never what people put there.
_ULTRALYTICS_FILES = ("args.yaml", "results.csv", "events.out.tfevents.*", "*.png", "*.jpg", "weights")


class Fenced(Exception):  # noqa: N818 - not an error: another lane has this run now
    """This attempt was taken for dead and belongs to somebody else."""


@dataclass
class Heartbeat:
    """Writes a `Beat` every other second from a thread of its own, and notices when the attempt was taken away.

    Use as a context manager; `on_epoch` and `on_step` are the callbacks of `labtools.yolo.train`.
    """

    folder: Path
    attempt: int
    clock: Callable[[], float] = time.monotonic
    _beat: Beat = field(init=False)
    _start: float = field(init=False)
    _first_step: float | None = field(init=False, default=None)
    _fenced: bool = field(init=False, default=False)
    _best: tuple[float, int] = field(init=False, default=(-1.0, 0))
    _over: threading.Event = field(init=False, default_factory=threading.Event)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._beat = Beat(0, now(), this_process())
        self._start = self.clock()
        self._thread = threading.Thread(target=self._loop, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self.beat()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def on_epoch(self, epoch: Epoch) -> None:
        """An epoch and its validation are over."""
        last = epoch.epoch >= epoch.epochs
        # Ultralytics' fitness is mAP50-95, and of equals it keeps the later.
        self._best = max(self._best, (_number(epoch.map50_95) or 0.0, epoch.epoch))
        self._update(
            phase="finishing" if last else "training",
            epoch=epoch.epoch,
            epochs=epoch.epochs,
            step=self._beat.steps,
            map50=_number(epoch.map50),
            map50_95=_number(epoch.map50_95),
        )
        self.beat()
        self.check()

    def on_step(self, epoch: int, epochs: int, step: int, steps: int) -> None:
        """A batch is done."""
        if self._first_step is None:
            self._first_step = self.clock()
        self._update(phase="training", epoch=epoch, epochs=epochs, step=step, steps=steps)
        self.check()

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights are ``best.pt``, from 1; 0 before the first."""
        return self._best[1]

    def check(self) -> None:
        """Raises:
        Fenced: the attempt belongs to somebody else.
        """
        if self._fenced:
            raise Fenced

    def beat(self) -> None:
        """Write a sign of life now."""
        with self._lock:
            seconds = self.clock() - self._start
            self._beat = replace(
                self._beat, count=self._beat.count + 1, time=now(), seconds=round(seconds, 1), eta_s=self._eta()
            )
            write_beat(self.folder, self.attempt, self._beat)
        self._fenced = self._fenced or is_fenced(self.folder, self.attempt)

    def _update(self, **changes: object) -> None:
        with self._lock:
            self._beat = replace(self._beat, **changes)  # type: ignore[arg-type]

    def _eta(self) -> float | None:
        """Seconds to the end at the pace so far, start-up left out; None before there is a pace."""
        beat = self._beat
        if self._first_step is None or not beat.steps or beat.phase == "finishing":
            return None
        share = (beat.epoch - 1 + beat.step / beat.steps) / beat.epochs
        spent = self.clock() - self._first_step
        return round(spent * (1 - share) / share, 1) if share > 0 and spent > 0 else None

    def _loop(self) -> None:
        while not self._over.wait(BEAT_EVERY_S):
            self.beat()


def train_attempt(run: Run, number: int, device: str, lane: str) -> TrainOutcome:
    """Train in this process and finish the run's record. Everything else about an attempt's end is in `main`.

    Raises:
        Fenced: the attempt was taken away.
        Exception: whatever the training raises.
    """
    with Heartbeat(run.folder, number) as heart:
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
        write_done(run.folder, _result(outcome, number, heart.best_epoch, device, lane))
    return outcome


def _result(outcome: TrainOutcome, number: int, best_epoch: int, device: str, lane: str) -> dict[str, Any]:
    """The content of ``done.json``: what was really used and reached, where."""
    return {
        "attempt": number,
        "epochs": outcome.epochs,
        "best_epoch": best_epoch,
        "batch": outcome.batch,
        "map50": _number(outcome.map50),
        "map50_95": _number(outcome.map50_95),
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


def explain(error: BaseException, run: Run) -> tuple[str, bool]:
    """Why a training ended, as a sentence, and whether trying again may help."""
    from labtools import yolo

    if isinstance(error, LabError):
        return str(error).replace("\n", "; "), False
    if yolo.is_out_of_memory(error):
        spec = run.spec
        return f"out of memory: batch {spec.batch} at {spec.imgsz} px does not fit; ask for a smaller batch", False
    if isinstance(error, MemoryError):
        return "this machine's memory is full", True
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200] if lines else 'no message'}", True


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return round(value, 6) if value == value else None


def _die_with_lane() -> None:
    """Leave at once when the lane's end of our standard input closes, which the system does even after SIGKILL."""

    def watch() -> None:
        # Not sys.stdin: a thread that waits inside its buffer makes Python abort when the program ends.
        while os.read(0, 1):
            pass
        os._exit(EXIT_ORPHAN)

    threading.Thread(target=watch, name="lane-watch", daemon=True).start()


def main(arguments: list[str]) -> int:
    """The training process; the exit code is for the lane's log, the record is in the run's folder."""
    folder, number, device, lane = Path(arguments[0]), int(arguments[1]), arguments[2], arguments[3]
    _die_with_lane()
    run = read_run(folder)
    try:
        train_attempt(run, number, device, lane)
    except Fenced:
        return EXIT_FENCED
    except Exception as error:  # noqa: BLE001 - the door of this process: whatever it is, the record says it
        traceback.print_exc()
        reason, again = explain(error, run)
        write_end(folder, number, "failed", reason, again=again)
        return EXIT_FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
