"""Matrix folders in which nobody trains, but whose files say all that real ones may say."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from labtools.artifacts.lanes import LaneMood, LaneState, state_path, write_lane_state
from labtools.artifacts.record import Beat, Claim, ProcessId
from labtools.train.processes import this_process
from labtools.train.runqueue import claims


def ago(seconds: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(seconds=seconds)).isoformat(timespec="seconds")


def wrote(path: Path, time: str) -> None:
    """Let a file be stamped with that moment, as by the disk that it lies on."""
    stamp = datetime.fromisoformat(time).timestamp()
    os.utime(path, (stamp, stamp))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `make_run` puts its runs: the only matrix of the lab in which we are."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs" / "tiny"


@pytest.fixture
def make_lane(root: Path) -> Callable[..., LaneState]:
    """Let a lane say something: on this machine where ``host`` is not given, by the process of this test."""

    def make(
        lane: str = "gpu0", host: str = "", state: str = "working", silent_s: float = 0, **facts: Any
    ) -> LaneState:
        process = ProcessId(host, 4711, 1.0) if host else this_process()
        known: dict[str, Any] = {"server": "", "why": "", "since": ago(3600), "time": ago(silent_s), **facts}
        told = LaneState(lane=lane, process=known.pop("process", process), state=LaneMood(state), **known)
        write_lane_state(root, told)
        wrote(state_path(root, lane, told.host), told.time)
        return told

    return make


@pytest.fixture
def train() -> Callable[..., None]:
    """Let a run be in training on another machine (or on this one, by this process)."""

    def start(
        folder: Path, lane: str = "gpu0", host: str = "lab1", silent_s: float = 0, stamp: str = "", **facts: Any
    ) -> None:
        process = ProcessId(host, 4711, 1.0) if host else this_process()
        claims.take(folder, facts.pop("attempt", 1), Claim(lane, process, ago(silent_s)))
        known: dict[str, Any] = {"count": 1, "phase": "training", "epoch": 2, "epochs": 4, "step": 5, "steps": 10}
        attempt = max(int(path.suffix[1:]) for path in folder.glob("claim.*"))
        beat = Beat(**{**known, "time": ago(silent_s), "process": process, **facts})
        claims.write_beat(folder, attempt, beat)
        wrote(folder / f"beat.{attempt}.json", stamp or beat.time)

    return start
