"""Signals that ask a lane to end: it stops its training, records that, and leaves."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NAMES = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
"""By people and clusters, Ctrl-C, a terminal that closes, Windows."""


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that is set when somebody asks this process to end. In the main thread only.

    What the parent made us ignore (`nohup` and SIGHUP) stays ignored.
    """
    stop = threading.Event()
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, lambda *_: stop.set())
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM is as good as Ctrl-C while the block runs: for work in this very thread, which polls nothing."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
