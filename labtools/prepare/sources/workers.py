"""Work on thousands of files beside the interpreter that plans it.

Reading, hashing, linking and creating files are short system calls with a little Python between them: in threads they
queue for the interpreter's lock behind the parsing of annotations, and 28,610 pictures took a third longer. Linux
starts processes for nothing, so a large cohort gets some; elsewhere, and for a small one, threads do.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

MANY = 4_000
"""From this number of files on, processes are worth their start."""

_CHUNK = 256

Work = TypeVar("Work")
Result = TypeVar("Result")


class Workers:
    """A pool for functions of plain values: module-level ones, whose arguments and results can be pickled.

    A context: leaving it drops what has not begun.

    Args:
        files: how many files there are to work on.
    """

    def __init__(self, files: int) -> None:
        cores = os.cpu_count() or 1
        self._pool: Executor
        if files >= MANY and sys.platform == "linux":
            self._pool = ProcessPoolExecutor(min(cores, 8), get_context("fork"), initializer=_leave_ctrl_c_to_parent)
        else:
            self._pool = ThreadPoolExecutor(min(2 * cores, 8))

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def start(self, function: Callable[[Sequence[Work]], Result], work: Sequence[Work]) -> list[Future[Result]]:
        """Begin ``function`` on every chunk of ``work``; the futures are in its order."""
        chunks: Iterable[Sequence[Work]] = (work[i : i + _CHUNK] for i in range(0, len(work), _CHUNK))
        return [self._pool.submit(function, chunk) for chunk in chunks]


def _leave_ctrl_c_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
