"""Work on thousands of files, by whoever does it soonest.

Reading, hashing, linking and creating files are short system calls with a little Python between them: in threads they
queue for the interpreter's lock behind the parsing of annotations, and 28,610 pictures took a third longer. Linux
starts processes for nothing, so a large cohort gets some; elsewhere, and for a small one, threads do.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from labtools.core.errors import LabError

MANY = 4_000
"""From this number of files on, processes are worth their start."""

_CHUNK = 256

Work = TypeVar("Work")
Result = TypeVar("Result")

_shared: list[Any] = []
"""In a worker process: what it was born with, see `Workers`. Nothing else writes here."""


class Hands(Protocol):
    """Whoever does work on files."""

    def start(self, function: Callable[[Sequence[Work]], Result], work: Sequence[Work]) -> list[Future[Result]]:
        """Begin ``function`` on every chunk of ``work``; the futures are in its order."""
        ...


class Inline:
    """The caller's own hands: all is done when `start` returns."""

    def start(self, function: Callable[[Sequence[Work]], Result], work: Sequence[Work]) -> list[Future[Result]]:
        future: Future[Result] = Future()
        if not work:
            return []
        future.set_result(function(work))
        return [future]


class Workers:
    """A pool for functions of plain values: module-level ones, whose arguments and results can be pickled.

    A context: leaving it drops what has not begun.

    Args:
        files: how many files there are to work on.
        shared: what `call` hands to its functions. Processes are born with it, by forking: it is never pickled.
    """

    def __init__(self, files: int, shared: object = None) -> None:
        cores = os.cpu_count() or 1
        self._own = shared
        self.are_processes = files >= MANY and sys.platform == "linux"
        self._pool: Executor
        if self.are_processes:
            context = get_context("fork")
            self._pool = ProcessPoolExecutor(
                min(cores, 8), context, initializer=_settle_in, initargs=(shared, os.getpid())
            )
        else:
            self._pool = ThreadPoolExecutor(min(2 * cores, 8))

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Raises: LabError, if a process was ended from outside: by the system, or by a decoder that crashed."""
        self._pool.shutdown(cancel_futures=True)
        if isinstance(error, BrokenExecutor):
            fix = "Run it again; with more free memory, or one class folder at a time, if it happens again."
            raise LabError("a process that read the submissions was ended by the system", None, fix) from error

    def start(self, function: Callable[[Sequence[Work]], Result], work: Sequence[Work]) -> list[Future[Result]]:
        """Begin ``function`` on every chunk of ``work``; the futures are in its order."""
        chunks: Iterable[Sequence[Work]] = (work[i : i + _CHUNK] for i in range(0, len(work), _CHUNK))
        return [self._pool.submit(function, chunk) for chunk in chunks]

    def call(self, function: Callable[[Any, Work], Result], work: Work) -> Future[Result]:
        """Begin ``function(shared, work)``."""
        if self.are_processes:
            return self._pool.submit(_with_shared, function, work)
        return self._pool.submit(function, self._own, work)


def _settle_in(shared: object, parent: int) -> None:
    """In a new worker process: Ctrl-C is the parent's business; records are a million small objects without cycles,
    and looking through them for cycles took a tenth of the time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with(parent)
    gc.disable()
    _shared.append(shared)


def _end_with(parent: int) -> None:
    """Killed when the parent is (prctl(2)): it holds both ends of the pipe that work comes through, so that a
    worker would wait for ever, and hold the parent's locks."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed before this
            os._exit(1)


def _with_shared(function: Callable[[Any, Work], Result], work: Work) -> Result:
    return function(_shared[-1], work)
