"""Progress on a terminal: a bar for each step that is going on. Apart, so that a command without bars starts sooner."""

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

_FEW = 20


class _TimeLeft(TimeRemainingColumn):
    """The time left, unless there are only a few unlike steps (eight rooms, eight trainings): then it would mislead."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.total and task.total >= _FEW else Text("")


@contextmanager
def bars(console: Console) -> Iterator[Tick]:
    """A `Tick` that draws, until the end of the context."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        _TimeLeft(),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        yield _bar_tick(shown)


def _bar_tick(shown: Progress) -> Tick:
    """A bar for what is going on; what is finished becomes a line above, so that forty steps stay readable."""
    running: dict[str, TaskID] = {}
    finished: dict[str, int] = {}
    started: dict[str, float] = {}

    def tick(step: str, done: int, total: int) -> None:
        is_finished = total > 0 and done >= total
        if is_finished and finished.get(step) == total:
            return  # said already
        if step not in running:
            running[step] = shown.add_task(escape(step), total=total or None)
            started[step] = time.monotonic()
        shown.update(running[step], completed=done, total=total or None)
        if is_finished:
            finished[step] = total
            shown.remove_task(running.pop(step))
            seconds = time.monotonic() - started.pop(step)
            told = Text.assemble(("✔", "green"), f" {step}  ", (f"{total}  {seconds:.1f} s", "dim"))
            shown.console.print(told)

    return tick
