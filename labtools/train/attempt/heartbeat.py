"""The sign of life of an attempt, and how it learns that it has been taken away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from labtools.artifacts.record import Beat
from labtools.train.processes import this_process
from labtools.train.runqueue.claims import is_fenced, now, write_beat

if TYPE_CHECKING:
    from labtools.yolo import Epoch

BEAT_EVERY_S = 2.0


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
        self._best = max(self._best, (number(epoch.map50_95) or 0.0, epoch.epoch))
        self._update(
            phase="finishing" if last else "training",
            epoch=epoch.epoch,
            epochs=epoch.epochs,
            step=self._beat.steps,
            map50=number(epoch.map50),
            map50_95=number(epoch.map50_95),
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


def number(value: float) -> float | None:
    """JSON has no NaN."""
    return round(value, 6) if value == value else None
