"""Watch a matrix until nothing is left to do, wherever its lanes are."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from labtools.artifacts.lanes import STATE_EVERY_S, lanes_folder, read_lane_states
from labtools.artifacts.record import State
from labtools.core.errors import LabError
from labtools.core.progress import Tick, silent
from labtools.train.processes import is_alive, is_here
from labtools.train.runqueue.run_queue import LEASE_S, is_meant
from labtools.train.status.grid import Grid, read_grid
from labtools.train.status.lane_status import LaneWord

_POLL_S = 1.0
_PATIENCE_S = LEASE_S + 2 * STATE_EVERY_S
"""With no sign of life for so long, a lane elsewhere would have been replaced by another, if there were one."""


def wait(root: Path, tick: Tick = silent, only: str = "") -> Grid:
    """Watch a matrix until nothing is left to do; failures are in the grid that comes back.

    Args:
        root: the matrix's folder.
        tick: told what has changed.
        only: globs of run ids, separated by commas: others are not waited for.

    Raises:
        LabError: runs are left but no lane works on them, here or elsewhere.
    """
    told: dict[str, int] = {}
    ears = Ears(root)
    lonely = 0
    while True:
        grid = read_grid(root)
        grid = replace(grid, runs=tuple(run for run in grid.runs if is_meant(run.run_id, only)))
        _tell(grid, told, tick)
        if grid.is_over:
            return grid
        # Twice in a row: between the end of one lane and the takeover by another there is a moment.
        lonely = 0 if ears.hear_somebody() or _is_queued(grid) else lonely + 1
        if lonely > 1:
            raise _no_lanes(grid)
        time.sleep(_POLL_S)


def _is_queued(grid: Grid) -> bool:
    """The cluster has a lane in its own queue."""
    return any(lane.state is LaneWord.PENDING for lane in grid.lanes)


@dataclass
class Ears:
    """Listens for lanes that are alive, by this machine's clock alone: other clocks may be minutes off.

    Attributes:
        root: the matrix's folder.
        patience_s: a lane elsewhere is believed to live for so long after its last sign.
        clock: seconds that only grow.
    """

    root: Path
    patience_s: float = _PATIENCE_S
    clock: Callable[[], float] = time.monotonic
    _heard: dict[tuple[str, str], tuple[str, float]] = field(init=False, default_factory=dict)

    def hear_somebody(self) -> bool:
        """Is there a lane, here or elsewhere, that lives as far as one can tell?"""
        now = self.clock()
        for state in read_lane_states(self.root):
            if state.has_ended or (is_here(state.process) and not is_alive(state.process)):
                continue
            if is_here(state.process):
                return True
            lane = state.lane, state.host
            if lane not in self._heard or self._heard[lane][0] != state.time:
                self._heard[lane] = state.time, now
            if now - self._heard[lane][1] < self.patience_s:
                return True
        return False


def _tell(grid: Grid, told: dict[str, int], tick: Tick) -> None:
    """What has changed: of the matrix, and of each run that was seen running."""
    over = sum(not run.state.is_open for run in grid.runs)
    news = {"runs": (over, len(grid.runs))}
    for run in grid.runs:
        if run.state is State.RUNNING or run.run_id in told:
            epochs = run.epochs if run.state is State.DONE else min(run.epochs - 1, int(run.progress * run.epochs))
            news[run.run_id] = (epochs, run.epochs)
    for step, (done, total) in news.items():
        if told.get(step) != done:
            told[step] = done
            tick(step, done, total)


def _no_lanes(grid: Grid) -> LabError:
    left = [run.run_id for run in grid.runs if run.state is State.TODO]
    return LabError(
        f"no lane is alive, and {len(left)} runs are left: {', '.join(left[:4])}{', ...' if len(left) > 4 else ''}",
        lanes_folder(grid.root),
        "Read the last lines of the logs there, then run the same train-matrix command again: it goes on.",
    )
