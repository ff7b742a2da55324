"""What each lane says of itself, beside the run folders: ``runs/<matrix>/lanes/<lane>@<host>.state.json``.

A lane writes it when something changes and every half minute, so one that is silent for minutes is dead or cut off.
On a full disk the last words stay as they are until there is room again.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from labtools.artifacts.record import ProcessId
from labtools.core.files import read_json, write_json

LANES_FOLDER = "lanes"

STATE_EVERY_S = 30.0
"""How often a lane writes its state again while nothing changes."""


class LaneMood(str, Enum):
    """What a lane is about."""

    WORKING = "working"  # it trains a run
    WAITING = "waiting"  # for its GPU, for room on the disk, for the dataset, or for a run to fall free
    RETIRED = "retired"  # it gave up: its GPU is gone, or run after run failed on it
    OVER = "over"  # nothing is left to do
    STOPPED = "stopped"  # somebody, or the cluster, asked it to end


@dataclass(frozen=True)
class LaneState:
    """A lane, as it last said.

    Attributes:
        lane: its name, unique in the matrix: ``gpu0``.
        server: name in ``configs/servers.yaml``, "" where there is no such file.
        process: the lane's own; a process of this machine that is gone means that the lane died.
        state: see `LaneMood`.
        why: a sentence on what it waits for or why it ended; "" while it works.
        since: when this state began, UTC.
        time: when this was written, UTC; see `STATE_EVERY_S`.
        run_id: what it trains, "" otherwise.
        attempt: of that run, 0 otherwise.
        trained: runs that this process has finished.
        gpu_name: as the driver calls it, "" for a CPU lane or where the driver does not tell.
        gpu_used_bytes: of its memory, by whomever; None where the driver does not tell.
        gpu_total_bytes: likewise.
        gpu_others: who else uses that GPU, one text each: ``anna (python, 3.2 GB)``.
    """

    lane: str
    server: str
    process: ProcessId
    state: LaneMood
    why: str
    since: str
    time: str
    run_id: str = ""
    attempt: int = 0
    trained: int = 0
    gpu_name: str = ""
    gpu_used_bytes: int | None = None
    gpu_total_bytes: int | None = None
    gpu_others: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return self.process.host

    @property
    def has_ended(self) -> bool:
        """It said good-bye: it will not train again unless somebody starts it."""
        return self.state in (LaneMood.RETIRED, LaneMood.OVER, LaneMood.STOPPED)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "state": self.state.value, "gpu_others": list(self.gpu_others)}


def lanes_folder(root: Path) -> Path:
    """Where the lanes of a matrix folder keep their files."""
    return root / LANES_FOLDER


def state_path(root: Path, lane: str, host: str) -> Path:
    return lanes_folder(root) / f"{lane}@{host}.state.json"


def write_lane_state(root: Path, state: LaneState) -> None:
    write_json(state_path(root, state.lane, state.host), state.to_json())


def read_lane_states(root: Path) -> tuple[LaneState, ...]:
    """The last words of every lane that this matrix has had, by name; files that cannot be read are left out."""
    try:
        names = sorted(name for name in os.listdir(lanes_folder(root)) if name.endswith(".state.json"))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    states = (_read(lanes_folder(root) / name) for name in names if not name.startswith("."))
    return tuple(state for state in states if state is not None)


def _read(path: Path) -> LaneState | None:
    try:
        content = read_json(path)
        process, mood = ProcessId(**content["process"]), LaneMood(content["state"])
        others = tuple(map(str, content["gpu_others"]))
        return LaneState(**{**content, "process": process, "state": mood, "gpu_others": others})
    except (OSError, ValueError, TypeError, KeyError):  # gone, foreign, or of another version
        return None
