"""When the matrix will be finished: the lanes that live, the runs that are left, and the pace so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from labtools.artifacts.record import Record, State
from labtools.artifacts.runs import RunSpec
from labtools.train.estimates import CPU, GPU, Finished, Pace, Workload, expected_seconds, makespan, pace
from labtools.train.runqueue.order import turn
from labtools.train.status.lane_status import LaneStatus, LaneWord
from labtools.train.status.run_status import RunStatus, number


@dataclass(frozen=True)
class Forecast:
    """How long it will still take.

    Attributes:
        seconds: from now until the last run is finished.
        end: when that is, UTC.
        lanes: how many were reckoned with.
        is_measured: at the pace of what has been trained; False: a guess from the sizes of networks and images.
    """

    seconds: float
    end: datetime
    lanes: int
    is_measured: bool

    def to_json(self) -> dict[str, Any]:
        return {**self.__dict__, "end": self.end.isoformat(timespec="seconds")}


@dataclass(frozen=True)
class Asked:
    """What is behind a `RunStatus`: what was asked, what it has to go through, and its record."""

    spec: RunSpec
    workload: Workload | None
    record: Record


def learn_pace(runs: Sequence[RunStatus], asked: Mapping[str, Asked]) -> Pace:
    """From the finished runs; while there are none, from the epochs of those that run now.

    Args:
        runs: all of them.
        asked: by run id.
    """
    kind = CPU if runs and all(run.lane.startswith("cpu") for run in runs if run.lane) else GPU
    records = [(run, run.record.done) for run in asked.values()]
    finished = [
        Finished(run.spec, run.workload, done)
        for run, done in records
        if done is not None and number(done.get("seconds"))
    ]
    return pace(finished or [_so_far(run, asked[run.run_id]) for run in runs if _has_told(run)], kind)


def _has_told(run: RunStatus) -> bool:
    """At least one epoch of the present attempt is over."""
    return run.state is State.RUNNING and run.epoch - run.resumed > 1 and bool(run.seconds)


def _so_far(run: RunStatus, asked: Asked) -> Finished:
    """The present attempt as if it had been asked for the epochs that it has done."""
    device = "cpu" if run.lane.startswith("cpu") else run.lane
    done = {"seconds": run.seconds, "epochs": run.epoch - run.resumed - 1, "device": device}
    return Finished(asked.spec, asked.workload, done)


def expect(run: RunStatus, asked: Asked, pace: Pace) -> RunStatus:
    """The run with `RunStatus.expected_s`: its own estimate where it has one, else that of its work at that pace."""
    if not run.state.is_open:
        return run
    if run.eta_s is not None:
        return replace(run, expected_s=run.eta_s)
    whole = expected_seconds(asked.spec, asked.workload, pace)
    return replace(run, expected_s=round(whole * (1 - run.progress), 1))


def in_turn(runs: Sequence[RunStatus], asked: Mapping[str, Asked], pace: Pace) -> list[RunStatus]:
    """As the queue hands them out."""

    def key(run: RunStatus) -> Any:
        known = asked[run.run_id]
        return turn(known.spec, known.record, expected_seconds(known.spec, known.workload, pace))

    return sorted(runs, key=key)


def forecast(
    runs: Sequence[RunStatus], lanes: Iterable[LaneStatus], at: datetime, *, is_measured: bool
) -> Forecast | None:
    """The end, if the lanes at work take the open runs, and those of silent lanes, as the queue hands them out.

    None where nothing is left, and where no lane is able to take what is left.

    Args:
        runs: with `RunStatus.expected_s`, in the order of the queue.
        lanes: all; only those at work are reckoned with, since nobody knows how long another one waits for its GPU.
        at: now, UTC.
        is_measured: see `Forecast`.
    """
    able = {(lane.name, lane.host): 0.0 for lane in lanes if lane.state is LaneWord.WORKING}
    waiting = []
    for run in runs:
        if run.state is State.RUNNING and (run.lane, run.host) in able:
            able[run.lane, run.host] = run.expected_s or 0.0
        elif run.state.is_open:
            waiting.append(run.expected_s or 0.0)
    if not able:
        return None
    seconds = makespan(waiting, list(able.values()))
    return Forecast(round(seconds, 1), at + timedelta(seconds=seconds), len(able), is_measured)
