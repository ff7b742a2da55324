"""The grid as plain lines: for logs, pipes, screen readers and terminals that draw nothing. No colours, no boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from labtools.artifacts.record import State
from labtools.core.words import duration, memory, score
from labtools.train.status import cells
from labtools.train.status.grid import Grid
from labtools.train.status.lane_status import LaneStatus
from labtools.train.status.run_status import RunStatus

_HEADS = ("run", "state", "epoch", "mAP50", "mAP50-95", "time", "lane", "memory", "batch", "try", "last trouble")
_LANE_HEADS = ("lane", "state", "run", "GPU", "memory", "why")


def listing(grid: Grid) -> Iterator[str]:
    """Totals, one line per run, one per lane, then what is wrong."""
    yield f"{grid.name}: {len(grid.runs)} runs: {cells.counts_words(grid)}"
    yield cells.totals_words(grid)
    if words := cells.forecast_words(grid):
        yield words
    yield ""
    yield from _aligned([_HEADS, *(_run_row(run) for run in grid.runs)])
    if grid.lanes:
        yield ""
        yield from _aligned([_LANE_HEADS, *(_lane_row(lane) for lane in grid.lanes)])
    if grid.troubles:
        yield ""
        yield from troubles(grid)


def troubles(grid: Grid) -> Iterator[str]:
    """One line each, and a second one with what to type."""
    for trouble in grid.troubles:
        who = f"{', '.join(trouble.who)}: " if trouble.who else ""
        yield f"{trouble.level.value}: {who}{trouble.what}"
        if trouble.fix:
            yield f"  {trouble.fix}"


def news(before: Grid, after: Grid) -> Iterator[str]:
    """What has changed between two looks: runs that began, ended or were lost, and what lanes are about now."""
    at = after.at or datetime.now().astimezone()
    stamp = at.astimezone().strftime("%a %H:%M:%S")
    old = {run.run_id: run for run in before.runs}
    for run in after.runs:
        if run.run_id not in old or _sign(run) != _sign(old[run.run_id]):
            yield f"{stamp}  {run.run_id}  {_told(run)}"
    known = {(lane.name, lane.host): lane for lane in before.lanes}
    for lane in after.lanes:
        was = known.get((lane.name, lane.host))
        if was is None or (was.state, was.why) != (lane.state, lane.why):
            word = lane.state.value
            told = lane.why if lane.why.startswith(word) else f"{word}: {lane.why}" if lane.why else word
            where = f" on {lane.machine}" if lane.machine else ""
            yield f"{stamp}  lane {lane.name}{where}  {told}"
    for trouble in after.troubles:
        if not trouble.who and trouble.what not in {known.what for known in before.troubles}:
            yield f"{stamp}  {trouble.level.value}: {trouble.what}"
    if cells.counts_words(before) != cells.counts_words(after):
        end = cells.forecast_words(after)
        yield f"{stamp}  {cells.counts_words(after)}{f'; {end}' if end else ''}"


def _sign(run: RunStatus) -> tuple[object, ...]:
    """Changes when there is something to tell."""
    return run.state, run.attempt, run.is_smaller, run.silent_s is None, run.reason


def _told(run: RunStatus) -> str:
    state = f"{cells.SIGNS[run.state]} {cells.WORDS[run.state]}"
    facts = (
        f"mAP50 {score(run.map50)}, mAP50-95 {score(run.map50_95)}" if run.state is State.DONE else "",
        f"in {duration(run.seconds)}" if run.state is State.DONE and run.seconds is not None else "",
        f"attempt {run.attempt}" if run.attempt > 1 and run.state is not State.DONE else "",
        f"goes on after epoch {run.resumed}" if run.state is State.RUNNING and run.resumed else "",
        f"batch {run.batch_used} instead of {run.batch}" if run.is_smaller else "",
        f"on {_where(run)}" if run.lane else "",
        f"silent for {duration(run.silent_s)}" if run.silent_s is not None else "",
        run.reason,
    )
    return ", ".join((state, *(fact for fact in facts if fact)))


def _run_row(run: RunStatus) -> tuple[str, ...]:
    running = run.state is State.RUNNING
    epoch = run.phase if run.phase == "starting" else f"{run.epoch}/{run.epochs}" if run.epoch else ""
    left = f"{cells.left_words(run)} left" if running and cells.left_words(run) else ""
    time = left if running else duration(run.seconds) if run.seconds is not None else ""
    expected = cells.left_words(run) if run.state is State.TODO else ""
    silent = f" silent {duration(run.silent_s)}" if run.silent_s is not None else ""
    return (
        run.run_id,
        f"{cells.WORDS[run.state]}{silent}",
        epoch,
        "" if run.map50 is None else score(run.map50),
        "" if run.map50_95 is None else score(run.map50_95),
        time or expected,
        _where(run),
        memory(run.gpu_bytes) if run.gpu_bytes else "",
        f"{run.batch_used}<{run.batch}" if run.is_smaller else str(run.batch),
        str(run.attempt or ""),
        run.reason,
    )


def _where(run: RunStatus) -> str:
    return f"{run.lane}@{run.host}" if run.host else run.lane


def _lane_row(lane: LaneStatus) -> tuple[str, ...]:
    silent = f" {duration(lane.silent_s)}" if lane.silent_s is not None else ""
    used, total = lane.gpu_used_bytes, lane.gpu_total_bytes
    held = f"{memory(used)} of {memory(total)}" if used is not None and total is not None else ""
    name = f"{lane.name}@{lane.machine}" if lane.machine else lane.name
    return (name, f"{lane.state.value}{silent}", lane.run_id, lane.gpu_name, held, lane.why)


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Columns two blanks apart; a column that nobody fills is left out, an empty cell is a dash."""
    used = [i for i in range(len(rows[0])) if any(row[i] for row in rows[1:])]
    widths = {i: max(len(row[i]) for row in rows) for i in used}
    for row in rows:
        yield "  ".join((row[i] or "-").ljust(widths[i]) for i in used).rstrip()
