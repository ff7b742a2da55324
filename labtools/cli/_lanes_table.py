"""The lanes of a matrix as a table: what each is about, how far its run is, and its GPU's memory.

Drawn line by line: rich's own table takes longer for 64 lanes than all else on the screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style

from labtools.core.words import duration, memory, score
from labtools.train.status.cells import LANE_SIGNS
from labtools.train.status.grid import Grid
from labtools.train.status.lane_status import LaneStatus, LaneWord
from labtools.train.status.run_status import RunStatus

_NOTHING, _DIM = Style(), Style(dim=True)
_INK = {
    LaneWord.WORKING: Style(color="green"),
    LaneWord.WAITING: Style(color="yellow"),
    LaneWord.PENDING: Style(color="yellow"),
    LaneWord.SILENT: Style(color="yellow", bold=True),
    LaneWord.DEAD: Style(color="red", bold=True),
    LaneWord.RETIRED: Style(color="red", bold=True),
    LaneWord.STOPPED: _DIM,
    LaneWord.OVER: _DIM,
}
_QUIET = frozenset({LaneWord.STOPPED, LaneWord.OVER})
_GAP = 2


@dataclass(frozen=True)
class _Column:
    """A column of words; where the table is too wide, those of the lowest worth go first."""

    title: str
    words: Sequence[str]
    worth: int
    right: bool = False

    @cached_property
    def width(self) -> int:
        """Columns of the terminal, the gap after it not counted."""
        return max(cell_len(word) for word in (self.title, *self.words))

    def cell(self, word: str) -> str:
        """The word and the gap after it."""
        blanks = " " * (self.width - cell_len(word))
        return (blanks + word if self.right else word + blanks) + " " * _GAP


@dataclass(frozen=True)
class _Lanes:
    """The table; ``inks`` are those of the lanes' states."""

    columns: Sequence[_Column]
    inks: Sequence[Style]
    ended: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment("".join(column.cell(column.title) for column in self.columns).rstrip(), _DIM)
        yield Segment.line()
        for index, ink in enumerate(self.inks):
            yield from self._line(index, ink)
        if self.ended:
            yield Segment(f"{self.ended} more {'lane has' if self.ended == 1 else 'lanes have'} ended", _DIM)
            yield Segment.line()

    def _line(self, index: int, ink: Style) -> Iterator[Segment]:
        for column in self.columns:
            yield Segment(column.cell(column.words[index]), ink if column.title == "state" else _NOTHING)
        yield Segment.line()


def lanes_table(grid: Grid, width: int, ascii_only: bool) -> RenderableType | None:
    """A line per lane, those that have ended counted in the last; None where there is none to speak of."""
    shown = [lane for lane in grid.lanes if lane.state not in _QUIET]
    if not shown:
        return None
    runs = {run.run_id: run for run in grid.runs}
    columns = [column for column in _columns(shown, runs, ascii_only) if any(column.words)]
    while sum(column.width + _GAP for column in columns) - _GAP > width and len(columns) > 1:
        columns.remove(min(columns, key=lambda column: column.worth))
    return _Lanes(columns, [_INK[lane.state] for lane in shown], len(grid.lanes) - len(shown))


def _columns(lanes: Sequence[LaneStatus], runs: dict[str, RunStatus], ascii_only: bool) -> list[_Column]:
    known = [runs.get(lane.run_id) for lane in lanes]
    machines = [lane.machine for lane in lanes]
    return [
        _Column("lane", [lane.name for lane in lanes], 10),
        _Column("on", machines if len(set(machines)) > 1 else [], 7),
        _Column("state", [_state(lane, ascii_only) for lane in lanes], 9),
        _Column("run", [lane.run_id for lane in lanes], 8),
        _Column("epoch", [_epoch(run) for run in known], 6, right=True),
        _Column("mAP50", [score(run.map50) if run and run.map50 is not None else "" for run in known], 4, right=True),
        _Column("left", [duration(run.eta_s) if run and run.eta_s is not None else "" for run in known], 5, right=True),
        _Column("try", [str(run.attempt) if run and run.attempt > 1 else "" for run in known], 2, right=True),
        _Column("memory", [_memory(lane, run) for lane, run in zip(lanes, known, strict=True)], 3, right=True),
        _Column("GPU", [lane.gpu_name for lane in lanes], 0),
        _Column("done", [str(lane.trained or "") for lane in lanes], 1, right=True),
    ]


def _state(lane: LaneStatus, ascii_only: bool) -> str:
    silent = f" {duration(lane.silent_s)}" if lane.silent_s is not None else ""
    return f"{'' if ascii_only else LANE_SIGNS[lane.state] + ' '}{lane.state.value}{silent}"


def _epoch(run: RunStatus | None) -> str:
    if run is None:
        return ""
    return run.phase if run.phase == "starting" else f"{run.epoch}/{run.epochs}"


def _memory(lane: LaneStatus, run: RunStatus | None) -> str:
    """Of the whole GPU where the driver tells, else what the training has reserved."""
    if lane.gpu_used_bytes is not None and lane.gpu_total_bytes is not None:
        return f"{lane.gpu_used_bytes / 2**30:.1f}/{memory(lane.gpu_total_bytes)}"
    return memory(run.gpu_bytes) if run is not None and run.gpu_bytes else ""
