"""What a lane hands to whoever trains: the attempt, and what to know of the lane meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labtools.artifacts.record import Cause
from labtools.train.lanes.lane import Lane
from labtools.train.runqueue.run_queue import Attempt

POLL_S = 0.5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Work:
    """One attempt to be trained by one lane.

    Attributes:
        attempt: the run, and the number of the attempt.
        lane: where to compute.
        environment: what the training's environment has beyond the lane's.
        stop: set when the lane has to end; the training then ends too, within seconds.
        stopped_as: the cause to record in that case, `Cause.STOPPED` or `Cause.PREEMPTED`.
        say: one line for the lane's log.
        pulse: to be called every `POLL_S` or so: keeps the lane's own sign of life fresh.
    """

    attempt: Attempt
    lane: Lane
    environment: Mapping[str, str]
    stop: threading.Event
    stopped_as: Cause
    say: Say
    pulse: Callable[[], None]

    @property
    def stop_reason(self) -> str:
        if self.stopped_as is Cause.PREEMPTED:
            return f"the cluster ended lane {self.lane.name}"
        return f"lane {self.lane.name} was asked to stop"


Trainer = Callable[[Work], None]
"""Trains an attempt and leaves its record ended or the run done. Raises nothing but what ends the lane."""
