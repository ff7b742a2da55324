"""Lanes as plain processes in the background, on any system; their logs are files."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane
from labtools.train.launchers import Launch


def missing() -> str:
    return ""


def start(root: Path, lanes: Sequence[Lane]) -> Launch:
    """Start each lane that is not alive in a session of its own, so that the end of this terminal is not its end."""
    started = tuple(lane.name for lane in lanes if records.start_detached(root, lane))
    alive = tuple(lane.name for lane in lanes if lane.name not in started)
    # A window on the logs, where there is `tail`.
    logs = [str(records.log_path(root, lane)) for lane in lanes]
    return Launch("process", started, alive, watch="" if sys.platform == "win32" else f"tail -F {shlex.join(logs)}")
