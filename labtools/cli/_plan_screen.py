"""The screen of ``train-matrix --dry-run``: every run with what it will cost, what is stale, and the expected end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from labtools.artifacts.record import State
from labtools.artifacts.runs import option_of
from labtools.cli._grid import INK, SIGNS, WORDS
from labtools.core.words import duration, memory
from labtools.train.estimates import CPU, GPU
from labtools.train.lanes.gpus import NoDriver, Nvml
from labtools.train.lanes.lane import Lane
from labtools.train.planning.outlook import ExpectedRun, Outlook
from labtools.train.servers.preflight import Checkup

_SHOWN = 6  # of a list of names in a sentence
_COLUMNS = ("model", "freeze", "imgsz", "batch", "epochs", "seed", "priority")


def render_outlook(outlook: Outlook, now: datetime) -> RenderableType:
    """The list, then what it adds up to.

    Args:
        outlook: the plan with its costs.
        now: with its time zone, which the expected end is told in.
    """
    return Group(_table(outlook), *(line for line in _below(outlook, now)))


def kind_of_lanes(lanes: Sequence[Lane]) -> str | None:
    """What `labtools.train.planning.outlook.look_out` asks; None where no lanes are."""
    return None if not lanes else CPU if all(lane.device == "cpu" for lane in lanes) else GPU


def smallest_gpu(lanes: Sequence[Lane], servers: Sequence[Checkup]) -> int | None:
    """Bytes of memory of the smallest GPU that these lanes train on, None where that is not known."""
    memories = {one.server.name: one.facts.gpu_bytes for one in servers if one.facts is not None}
    if any(lane.gpu is not None and not lane.server for lane in lanes):
        try:
            memories[""] = tuple(gpu.total_bytes for gpu in Nvml().all())
        except NoDriver:
            return None
    sizes = [memories.get(lane.server, ())[lane.gpu : lane.gpu + 1] for lane in lanes if lane.gpu is not None]
    return min((size[0] for size in sizes if size and size[0]), default=None)


def _table(outlook: Outlook) -> Table:
    """A column for each setting that differs; what is the same for all is said once, below."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("run", no_wrap=True)
    columns = [name for name in _COLUMNS if name not in dict(_same(outlook.runs))]
    for name in columns:
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    if not outlook.is_cpu:
        table.add_column("memory", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for run in outlook.runs:
        settings: list[str | Text] = [_setting(run, name) for name in columns]
        costs = [duration(run.seconds)] if outlook.is_cpu else [_memory(run), duration(run.seconds)]
        table.add_row(run.spec.run_id, *settings, *costs, _state(run))
    return table


def _setting(run: ExpectedRun, name: str) -> str:
    value: Any = run.priority if name == "priority" else getattr(run.spec, name)
    return "none" if value is None else str(value)


def _same(runs: Sequence[ExpectedRun]) -> Iterator[tuple[str, str]]:
    """Settings that all runs share, but for those that are in every name."""
    for name in ("freeze", "batch", "epochs", "seed", "priority"):
        values = {_setting(run, name) for run in runs}
        if len(values) == 1:
            yield name, values.pop()


def _memory(run: ExpectedRun) -> Text:
    words = memory(run.memory_bytes)
    return Text(f"⚠ {words}", style="yellow") if run.is_too_large else Text(words)


def _state(run: ExpectedRun) -> Text:
    return Text(f"{SIGNS[run.state]} {WORDS[run.state]}", style=INK[run.state])


def _below(outlook: Outlook, now: datetime) -> Iterator[RenderableType]:
    yield ""
    yield _counts(outlook)
    alike = ", ".join(f"{name} {value}" for name, value in _same(outlook.runs) if (name, value) != ("priority", "0"))
    if alike:
        yield f"the same for all: {alike}"
    yield _time(outlook, now)
    yield from _too_large(outlook)
    yield from _stale(outlook)
    if outlook.plan.others:
        yield f"there, but no longer in this matrix: {_names(outlook.plan.others)}"
    yield Text(f"to be written to {outlook.plan.root}; nothing was started", style="dim")


def _counts(outlook: Outlook) -> Text:
    expansion = outlook.plan.expansion
    line = Text.assemble((f"{len(outlook.runs)} runs", "bold"))
    if expansion.excluded or expansion.included:
        line.append(f" = {expansion.combinations} combinations")
        line.append(f" - {expansion.excluded} excluded" if expansion.excluded else "")
        line.append(f" + {expansion.included} included" if expansion.included else "")
    for state in State:
        if count := sum(run.state is state for run in outlook.runs):
            line.append(f"   {SIGNS[state]} {count} {WORDS[state]}", style=INK[state])
    return line


def _time(outlook: Outlook, now: datetime) -> str:
    if not outlook.left_s:
        return "nothing is left to train"
    how = (
        f"at the pace of {outlook.pace.runs} finished runs"
        if outlook.pace.runs
        else "a guess: it becomes an estimate with the first finished run"
    )
    work = f"{duration(outlook.left_s)} of training are left"
    if outlook.end_s is None:
        return f"{work} ({how}); add --gpus to know when it ends"
    end = (now + timedelta(seconds=outlook.end_s)).strftime("%A %d %B, %H:%M")
    lanes = f"{outlook.lanes} lane{'s' if outlook.lanes > 1 else ''}"
    return f"{work}: {duration(outlook.end_s)} on {lanes}, until {end} ({how})"


def _too_large(outlook: Outlook) -> Iterator[Text]:
    large = [run for run in outlook.runs if run.is_too_large and run.left_s]
    if not large or outlook.gpu_bytes is None:
        return
    some = ", ".join(f"{run.spec.run_id} ({run.fits or 'not even 1'})" for run in large[:_SHOWN])
    more = f", {len(large) - _SHOWN} more" if len(large) > _SHOWN else ""
    yield Text(
        f"⚠ more than the {memory(outlook.gpu_bytes)} of a GPU, in brackets the batch that should fit: {some}{more}. "
        "They run out of memory and go on with half the batch at a time, gradients added up to the batch asked for.",
        style="yellow",
    )


def _stale(outlook: Outlook) -> Iterator[Text]:
    return stale_lines(outlook.plan.root, {run.spec.run_id: run.reason for run in outlook.runs if run.reason})


def stale_lines(root: Path, stale: Mapping[str, str]) -> Iterator[Text]:
    """One line per reason (when the dataset has changed, it is that of all), then what to type.

    Args:
        root: of the matrix.
        stale: run id -> why it is.
    """
    reasons: dict[str, list[str]] = {}
    for run_id, reason in stale.items():
        reasons.setdefault(reason, []).append(run_id)
    for reason, names in reasons.items():
        yield Text(f"{SIGNS[State.STALE]} stale, so not trained: {_names(names)}: {reason}", style=INK[State.STALE])
    if reasons:
        again = f"labtools requeue --stale{option_of(root)}"
        yield Text(f"  to train them anew: {again}, then this again; what was trained is kept in old/")


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f", {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
