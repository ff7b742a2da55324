"""The only place besides the CLI that knows rich: consoles, and a progress display that is also a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from labtools.core.progress import Tick

_PLAIN_EVERY_S = 5.0


def out() -> Console:
    """Results: stdout. Made anew for each use, so that tests and pipes get the stream of the moment."""
    return Console(highlight=False)


def err() -> Console:
    """Progress and trouble: stderr."""
    return Console(stderr=True, highlight=False)


@contextmanager
def progress_display(console: Console | None = None) -> Iterator[Tick]:
    """A `Tick` that draws one bar per step on a terminal, and prints plain lines now and then elsewhere."""
    console = console or err()
    if not console.is_terminal:
        yield _plain_tick(console)
        return
    from labtools.core._bars import bars

    with bars(console) as tick:
        yield tick


def _plain_tick(console: Console) -> Tick:
    last: dict[str, float] = {}

    def tick(step: str, done: int, total: int) -> None:
        now = time.monotonic()
        finished = total > 0 and done >= total
        if finished or now - last.get(step, -_PLAIN_EVERY_S) >= _PLAIN_EVERY_S:
            last[step] = now
            console.print(f"{step}: {done}/{total}" if total else f"{step}: {done}", markup=False)

    return tick
