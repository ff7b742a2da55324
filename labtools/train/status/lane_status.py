"""What the lanes of a matrix are about at this moment: what they say of themselves, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from labtools.artifacts.lanes import STATE_EVERY_S, LaneState
from labtools.artifacts.record import State
from labtools.train.processes import is_alive, is_here
from labtools.train.status.run_status import RunStatus
from labtools.train.status.silence import Silence, by_clocks

SILENT_LANE_S = 3 * STATE_EVERY_S
"""A lane on another machine that has said nothing for this long is shown as silent."""


class LaneWord(str, Enum):
    """What a lane is about, in the order in which people want to know."""

    DEAD = "dead"  # its process, on this machine, is gone without a good-bye
    SILENT = "silent"  # on another machine, and nothing is heard of it
    RETIRED = "retired"
    WAITING = "waiting"
    WORKING = "working"
    PENDING = "pending"  # asked of the cluster, not started yet
    STOPPED = "stopped"
    OVER = "over"


LIVING = frozenset({LaneWord.WAITING, LaneWord.WORKING})


@dataclass(frozen=True)
class LaneStatus:
    """One lane, now.

    Attributes:
        name: ``gpu0``, unique in the matrix while it lives.
        host: name of its machine.
        server: what ``configs/servers.yaml`` calls that, "" without such a file.
        state: see `LaneWord`.
        why: a sentence on what it waits for, or why it ended.
        run_id: what it trains, "" otherwise.
        trained: runs that its process has finished.
        gpu_name: "" for a CPU lane, or where the driver does not tell.
        gpu_used_bytes: of its memory, by whomever.
        gpu_total_bytes: likewise.
        gpu_others: who else uses that GPU, one text each.
        silent_s: seconds since its last word, of a silent one.
    """

    name: str
    host: str
    state: LaneWord
    server: str = ""
    why: str = ""
    run_id: str = ""
    trained: int = 0
    gpu_name: str = ""
    gpu_used_bytes: int | None = None
    gpu_total_bytes: int | None = None
    gpu_others: tuple[str, ...] = ()
    silent_s: float | None = None

    @property
    def machine(self) -> str:
        """What people call the machine that it is on."""
        return self.server or self.host

    def to_json(self) -> dict[str, object]:
        return {**self.__dict__, "state": self.state.value, "gpu_others": list(self.gpu_others)}


def describe_lanes(
    states: Iterable[LaneState],
    runs: Iterable[RunStatus],
    at: datetime,
    silence: Silence = by_clocks,
) -> tuple[LaneStatus, ...]:
    """Every lane that counts, by machine and number.

    A lane that was started anew elsewhere under the same name has left its old words behind: while it lives there,
    the old ones are of no interest. Lanes that have only their runs to show for them are listed from these.

    Args:
        states: what the lanes wrote.
        runs: all of them.
        at: now, with a time zone.
        silence: tells how long another machine has been silent.
    """
    told = [_describe(state, at, silence) for state in states]
    living = {lane.name for lane in told if lane.state in LIVING}
    lanes = {(lane.name, lane.host): lane for lane in told if lane.state in LIVING or lane.name not in living}
    for run in runs:
        if run.state is State.RUNNING and run.lane:
            known = lanes.get((run.lane, run.host)) or LaneStatus(run.lane, run.host, LaneWord.WORKING)
            lanes[run.lane, run.host] = _with_run(known, run)
    return tuple(sorted(lanes.values(), key=lambda lane: (lane.machine, _natural(lane.name), lane.host)))


def _describe(state: LaneState, at: datetime, silence: Silence) -> LaneStatus:
    word = LaneWord(state.state.value)
    silent = None
    if not state.has_ended:
        if is_here(state.process):
            word = word if is_alive(state.process) else LaneWord.DEAD
        else:
            silent = silence(f"lane {state.lane}@{state.host}", state.time, state.time, at)
            silent = silent if silent is not None and silent > SILENT_LANE_S else None
            word = word if silent is None else LaneWord.SILENT
    return LaneStatus(
        name=state.lane,
        host=state.host,
        state=word,
        server=state.server,
        why=state.why,
        run_id=state.run_id if word in LIVING else "",
        trained=state.trained,
        gpu_name=state.gpu_name,
        gpu_used_bytes=state.gpu_used_bytes,
        gpu_total_bytes=state.gpu_total_bytes,
        gpu_others=state.gpu_others,
        silent_s=silent,
    )


def _with_run(lane: LaneStatus, run: RunStatus) -> LaneStatus:
    """The run's beat is written every other second, so it knows better than what the lane last said."""
    if run.silent_s is not None:
        return replace(lane, state=LaneWord.SILENT, run_id=run.run_id, silent_s=run.silent_s)
    return replace(lane, state=LaneWord.WORKING, run_id=run.run_id, why="", silent_s=None)


def _natural(name: str) -> tuple[str, int]:
    """gpu2 before gpu10."""
    digits = name[len(name.rstrip("0123456789")) :]
    return name.removesuffix(digits), int(digits or -1)
