"""The only place besides the CLI that knows rich: consoles, and a progress display that is also a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from labtools.core.progress import Tick

_PLAIN_EVERY_S = 5.0
_FEW = 20


class _TimeLeft(TimeRemainingColumn):
    """The time left, unless there are only a few unlike steps (eight rooms, eight trainings): then it would mislead."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.total and task.total >= _FEW else Text("")


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
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        _TimeLeft(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        yield _bar_tick(bars)


def _bar_tick(bars: Progress) -> Tick:
    """A bar for what is going on; what is finished becomes a line above, so that forty steps stay readable."""
    running: dict[str, TaskID] = {}
    finished: dict[str, int] = {}
    started: dict[str, float] = {}

    def tick(step: str, done: int, total: int) -> None:
        is_finished = total > 0 and done >= total
        if is_finished and finished.get(step) == total:
            return  # said already
        if step not in running:
            running[step] = bars.add_task(escape(step), total=total or None)
            started[step] = time.monotonic()
        bars.update(running[step], completed=done, total=total or None)
        if is_finished:
            finished[step] = total
            bars.remove_task(running.pop(step))
            seconds = time.monotonic() - started.pop(step)
            bars.console.print(f"[green]✔[/] {escape(step)}  [dim]{total}  {seconds:.1f} s[/]")

    return tick


def _plain_tick(console: Console) -> Tick:
    last: dict[str, float] = {}

    def tick(step: str, done: int, total: int) -> None:
        now = time.monotonic()
        finished = total > 0 and done >= total
        if finished or now - last.get(step, -_PLAIN_EVERY_S) >= _PLAIN_EVERY_S:
            last[step] = now
            console.print(f"{step}: {done}/{total}" if total else f"{step}: {done}", markup=False)

    return tick
