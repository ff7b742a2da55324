"""The words, signs and colours of the grid, shared by terminal, page and picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from labtools.artifacts.record import State
from labtools.core.words import duration, memory, score
from labtools.train.status.grid import Grid
from labtools.train.status.lane_status import LaneWord
from labtools.train.status.run_status import RunStatus

WORDS = {state: "to do" if state is State.TODO else state.value for state in State}
SIGNS = {
    State.DONE: "✔",
    State.RUNNING: "▶",
    State.TODO: "○",
    State.FAILED: "✖",
    State.CANCELLED: "–",
    State.STALE: "≠",
}
ASCII_SIGNS = {
    State.DONE: "+",
    State.RUNNING: ">",
    State.TODO: ".",
    State.FAILED: "X",
    State.CANCELLED: "-",
    State.STALE: "#",
}
LANE_SIGNS = {
    LaneWord.WORKING: "▶",
    LaneWord.WAITING: "~",
    LaneWord.SILENT: "?",
    LaneWord.DEAD: "✖",
    LaneWord.RETIRED: "✖",
    LaneWord.PENDING: "○",
    LaneWord.STOPPED: "–",
    LaneWord.OVER: "✔",
}


Column = tuple[str, int | None]
"""Model and freeze."""


class Paint(NamedTuple):
    """Colours of a cell, ``#rrggbb``."""

    ink: str
    fill: str


PAINT = {
    State.DONE: Paint("#ffffff", "#1a7f37"),
    State.RUNNING: Paint("#1f2328", "#f2cc60"),
    State.TODO: Paint("#ffd7d5", "#82363c"),
    State.FAILED: Paint("#ffffff", "#d1242f"),
    State.CANCELLED: Paint("#c9d1d9", "#30363d"),
    State.STALE: Paint("#ffffff", "#8250df"),
}
"""The spreadsheet's: green done, yellow running, red to do; brighter red failed. Each pair has a contrast over 4.5."""

SHOWN_ORDER = (State.DONE, State.RUNNING, State.TODO, State.FAILED, State.CANCELLED, State.STALE)


def column_words(grid: Grid, column: Column) -> tuple[str, str]:
    """The two lines over a column: ``yolov8n``, ``freeze``; with the depth where there are several."""
    model, freeze = column
    depths = {depth for _, depth in grid.columns if depth is not None}
    return model, "nofreeze" if freeze is None else f"freeze{freeze}" if len(depths) > 1 else "freeze"


def split_columns(columns: Sequence[Column], fits: Callable[[Sequence[Column]], bool]) -> list[tuple[Column, ...]]:
    """Bands of columns that stand one below the other; each has as many as fit, whole networks if it can be."""
    left, bands = list(columns), []
    while left:
        count = next((n for n in range(len(left), 1, -1) if fits(left[:n])), 1)
        whole = next((n for n in range(count, 0, -1) if n == len(left) or left[n][0] != left[n - 1][0]), count)
        bands.append(tuple(left[:whole]))
        left = left[whole:]
    return bands


def one_line(run: RunStatus, *, wide: bool = False) -> str:
    """The least that a cell says, without its sign; ``<`` stands for a smaller batch than asked."""
    return _head(run, wide) + ("<" if run.is_smaller else "")


def two_lines(run: RunStatus, *, wide: bool = False) -> tuple[str, ...]:
    """What people ask first; a third line where the batch is smaller than asked."""
    return _head(run, wide), _second(run, wide), *([f"b{run.batch_used}<{run.batch}"] if run.is_smaller else [])


def all_lines(run: RunStatus) -> tuple[str, ...]:
    """All that is known of a run and fits a cell."""
    figures = scores(run) if run.state in (State.RUNNING, State.STALE) else ""
    spent = duration(run.seconds) if run.state is State.DONE and run.seconds is not None else ""
    expected = left_words(run) if run.state is State.TODO else ""
    lines = (
        _head(run, wide=run.state is State.DONE),
        _second(run, wide=False) if run.state is not State.DONE else "",
        figures,
        spent or expected,
        run.lane,
        memory(run.gpu_bytes) if run.gpu_bytes else "",
        f"b{run.batch_used}<{run.batch}" if run.is_smaller else "",
        f"try {run.attempt}" if run.attempt > 1 else "",
        f"prio {run.priority}" if run.priority and run.state is State.TODO else "",
    )
    return tuple(line for line in lines if line)


def scores(run: RunStatus) -> str:
    """``.842 .500``: mAP50 and mAP50-95; "" before the first validation."""
    return "" if run.map50 is None else f"{score(run.map50)} {score(run.map50_95)}"


def _head(run: RunStatus, wide: bool) -> str:
    if run.state is State.DONE:
        return f"{score(run.map50)} {score(run.map50_95)}" if wide else score(run.map50)
    if run.state is not State.RUNNING:
        return WORDS[run.state]
    if run.silent_s is not None:
        return "silent"
    if run.phase == "starting":
        return "starts"
    so_far = f" {score(run.map50)}" if wide and run.map50 is not None else ""
    return f"{run.epoch}/{run.epochs}{so_far}"


def _second(run: RunStatus, wide: bool) -> str:
    if run.state is State.DONE:
        return f"{duration(run.seconds)} {run.lane}".strip() if wide else score(run.map50_95)
    if run.state is State.RUNNING:
        where = f" {run.lane}" if wide and run.lane else ""
        return f"{_time_words(run)}{where}".strip()
    if run.state is State.TODO and run.epoch:
        return f"from {run.epoch}"
    if run.state is State.TODO and wide and not run.cause:
        return left_words(run)
    return run.cause if run.state in (State.TODO, State.FAILED) else ""


def _time_words(run: RunStatus) -> str:
    if run.silent_s is not None:
        return duration(run.silent_s)
    if run.phase == "finishing":
        return "ending"
    return left_words(run)


def left_words(run: RunStatus) -> str:
    """How long it will still take: by its own pace, else ``~`` by that of the others; "" where nobody can tell."""
    if run.eta_s is not None:
        return duration(run.eta_s)
    return f"~{duration(run.expected_s)}" if run.expected_s else ""


def counts_words(grid: Grid) -> str:
    """``8 done, 3 running, 11 to do``."""
    counts = ((grid.count(state), WORDS[state]) for state in SHOWN_ORDER)
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def totals_words(grid: Grid) -> str:
    """How much of it is done, spent and left."""
    totals = grid.totals
    words = [f"epochs {totals.epochs_done} of {totals.epochs}"]
    if totals.spent_s:
        words.append(f"{duration(totals.spent_s)} of training spent")
    if totals.left_s:
        words.append(f"about {duration(totals.left_s)} left")
    return ", ".join(words)


def forecast_words(grid: Grid) -> str:
    """When it is expected to end; "" where nobody can tell."""
    if grid.forecast is None:
        return ""
    lanes = f"{grid.forecast.lanes} lanes" if grid.forecast.lanes > 1 else "1 lane"
    basis = f"at the present pace of {lanes}" if grid.forecast.is_measured else f"a guess, with {lanes}"
    return f"expected end {moment(grid.forecast.end, grid.at)}, in {duration(grid.forecast.seconds)}, {basis}"


def moment(time: datetime, now: datetime | None) -> str:
    """A time of this machine's zone: ``Mon 07:40``, with the date where it is a week off."""
    near = now is not None and abs((time - now).total_seconds()) < 6 * 86_400
    return time.astimezone().strftime("%a %H:%M" if near else "%a %d %b %H:%M")


def share_done(grid: Grid) -> float:
    """0..1 of the work, in seconds of training where those are known, else in epochs."""
    totals = grid.totals
    if totals.left_s is not None and totals.spent_s + totals.left_s > 0:
        return totals.spent_s / (totals.spent_s + totals.left_s)
    return totals.epochs_done / totals.epochs if totals.epochs else 1.0
