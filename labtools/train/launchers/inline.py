"""Train in this very process, one run after the other: breakpoints work, and Ctrl-C ends it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from labtools.core.visible import visible
from labtools.train.lanes.lane import Lane
from labtools.train.lanes.signals import interrupted_by_sigterm
from labtools.train.lanes.trainers import train_here
from labtools.train.lanes.worker import run_lane
from labtools.train.launchers import Launch


def missing() -> str:
    return ""


def start(root: Path, lanes: Sequence[Lane]) -> Launch:
    """Returns when nothing is left to do. One process is one lane: the first one asked for does all the work."""
    lane = lanes[0]
    with interrupted_by_sigterm():
        report = run_lane(root, lane, _say, trainer=train_here)
    if report.is_double:
        return Launch("inline", (), (lane.name,), is_over=True)
    note = f"inline is one lane: {lane.name} did all the work" if len(lanes) > 1 else ""
    return Launch("inline", (lane.name,), (), note=note, is_over=True)


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {visible(line)}\n")
    sys.stderr.flush()
