"""The sign of life of an attempt, and how it learns that it has been taken away.

Only the heartbeat's own thread touches the disk while a training runs: a network disk that hangs for minutes delays the
signs of life, not the training, and one that is full or gone for a while is tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from labtools.artifacts.record import Beat, Claim
from labtools.artifacts.record_files import read_claim
from labtools.train.processes import is_ours, this_process
from labtools.train.runqueue.claims import is_fenced, now, write_beat

if TYPE_CHECKING:
    from labtools.yolo import Epoch, Start

BEAT_EVERY_S = 2.0

_log = logging.getLogger(__name__)


class Fenced(Exception):  # noqa: N818 - not an error: another lane has this run now
    """This attempt was taken for dead and belongs to somebody else."""


@dataclass
class Heartbeat:
    """Writes a `Beat` every other second from a thread of its own, and notices when the attempt was taken away.

    Use as a context manager; `on_start`, `on_step` and `on_epoch` are the callbacks of `labtools.yolo.train`.

    Attributes:
        folder: of the run.
        attempt: its number.
        clock: seconds that only grow.
        leave: ends this process at once. Called when the attempt is taken away before the first step, where imports and
            the reading of labels ask nobody and nothing can be lost; None: the first step notices.
    """

    folder: Path
    attempt: int
    clock: Callable[[], float] = time.monotonic
    leave: Callable[[], None] | None = None
    _beat: Beat = field(init=False)
    _claim: Claim | None = field(init=False)
    _start: float = field(init=False)
    _first_step: float | None = field(init=False, default=None)
    _fenced: bool = field(init=False, default=False)
    _is_mute: bool = field(init=False, default=False)
    _resumed: int = field(init=False, default=0)
    _over: threading.Event = field(init=False, default_factory=threading.Event)
    _news: threading.Event = field(init=False, default_factory=threading.Event)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._beat = Beat(0, now(), this_process())
        self._start = self.clock()
        # Put aside by a requeue before we could begin, and fresh in its place: not ours, whatever the number.
        self._claim = read_claim(self.folder, self.attempt)
        self._fenced = self._claim is None or not is_ours(self._claim.process)
        self._thread = threading.Thread(target=self._loop, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self.beat()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._news.set()
        self._thread.join()

    def on_start(self, start: Start) -> None:
        """The first step is next."""
        self._resumed = start.resumed
        self._update(
            phase="finishing" if start.is_last else "training",
            epoch=start.resumed,
            epochs=start.epochs,
            batch=start.batch,
            resumed=start.resumed,
        )
        self._news.set()

    def on_epoch(self, epoch: Epoch) -> None:
        """An epoch and its validation are over."""
        last = epoch.epoch >= epoch.epochs
        self._update(
            phase="finishing" if last else "training",
            epoch=epoch.epoch,
            epochs=epoch.epochs,
            step=self._beat.steps,
            map50=number(epoch.map50),
            map50_95=number(epoch.map50_95),
        )
        self._news.set()
        self.check()

    def on_step(self, epoch: int, epochs: int, step: int, steps: int) -> None:
        """A batch is done."""
        if self._first_step is None:
            self._first_step = self.clock()
        self._update(phase="training", epoch=epoch, epochs=epochs, step=step, steps=steps)
        self.check()

    def check(self) -> None:
        """Raises:
        Fenced: the attempt belongs to somebody else.
        """
        if self._fenced:
            raise Fenced

    def confirm(self) -> None:
        """Ask the disk, now, whether this attempt is still ours, before something is written that lasts.

        Raises:
            Fenced: it is not.
            OSError: the disk does not tell.
        """
        self._fenced = self._fenced or is_fenced(self.folder, self.attempt, self._claim)
        self.check()

    def beat(self) -> None:
        """Write a sign of life now. A disk that does not take it is tried again with the next one."""
        with self._lock:
            seconds = self.clock() - self._start
            changes = {"seconds": round(seconds, 1), "eta_s": self._eta(), "gpu_bytes": self._gpu_bytes()}
            self._beat = replace(self._beat, count=self._beat.count + 1, time=now(), **changes)  # type: ignore[arg-type]
            beat = self._beat
        try:
            # Asked first: writing would bring back a folder that was taken away.
            self._fenced = self._fenced or is_fenced(self.folder, self.attempt, self._claim)
            if not self._fenced:
                write_beat(self.folder, self.attempt, beat)
        except FileNotFoundError:
            self._fenced = True  # the run's folder was moved or removed: this training is nobody's
        except OSError as error:
            if not self._is_mute:
                _log.warning("no sign of life can be written: %s; trying on", error)
            self._is_mute = True
        else:
            self._is_mute = False

    def _update(self, **changes: object) -> None:
        with self._lock:
            self._beat = replace(self._beat, **changes)  # type: ignore[arg-type]

    def _eta(self) -> float | None:
        """Seconds to the end at the pace so far, start-up left out; None before there is a pace."""
        beat = self._beat
        if self._first_step is None or not beat.steps or beat.phase == "finishing":
            return None
        # Epochs of earlier attempts say nothing about our pace.
        share = (beat.epoch - 1 - self._resumed + beat.step / beat.steps) / max(1, beat.epochs - self._resumed)
        spent = self.clock() - self._first_step
        return round(spent * (1 - share) / share, 1) if share > 0 and spent > 0 else None

    def _gpu_bytes(self) -> int | None:
        """None before the first step: torch may still be half imported, in the other thread."""
        if self._first_step is None:
            return None
        from labtools import yolo

        return yolo.gpu_bytes()

    def _loop(self) -> None:
        while not self._over.is_set():
            self._news.wait(BEAT_EVERY_S)
            self._news.clear()
            if not self._over.is_set():
                self._try_beat()
            if self._fenced and self._beat.phase == "starting" and self.leave is not None:
                self.leave()

    def _try_beat(self) -> None:
        """A heart that stops by a bug would not hear that another lane has the run: it says so and goes on."""
        try:
            self.beat()
        except Exception:  # noqa: BLE001 - said, with its traceback
            _log.exception("no sign of life, and nobody knows why; trying on")


def number(value: float) -> float | None:
    """JSON has no NaN."""
    return round(value, 6) if value == value else None
