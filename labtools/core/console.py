"""The only place besides the CLI that knows rich: consoles, and a progress display that is also a log."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from labtools.core.progress import Tick
from labtools.core.visible import visible

_PLAIN_EVERY_S = 5.0


class _Console(Console):
    """Shows the texts of strangers, and obeys none.

    A plain text is no markup (a class may be called ``[red]``, a folder ``[/]``): colours are for whoever makes a
    `rich.text.Text`. And rich passes an ESC in a text on to the terminal.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable() or segment.text == "\n":
                yield segment
            else:
                yield Segment("\n".join(map(visible, segment.text.split("\n"))), segment.style)


def out() -> Console:
    """Results: stdout. Made anew for each use, so that tests and pipes get the stream of the moment."""
    return _Console()


def err() -> Console:
    """Progress and trouble: stderr."""
    return _Console(stderr=True)


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
