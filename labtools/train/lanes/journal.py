"""What a lane says: lines for people in its log, and its state for `labtools status`.

A full disk makes both late and never ends a lane.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from labtools.artifacts.lanes import STATE_EVERY_S, LaneMood, LaneState, lanes_folder, write_lane_state
from labtools.train.lanes.gpu_watch import GpuWatch
from labtools.train.lanes.lane import Lane
from labtools.train.lanes.work import Say
from labtools.train.processes import this_process
from labtools.train.runqueue.claims import now
from labtools.train.runqueue.run_queue import Attempt

_RETRY_S = 5.0

log = logging.getLogger(__name__)


class Journal:
    """Keeps the state file of one lane as true as the disk allows.

    Args:
        root: the matrix's folder.
        lane: whose it is.
        say: gets one line for the log at a time.
        gpu: of the lane, None for one that computes on the CPU.
        clock: seconds that only grow.
    """

    def __init__(
        self, root: Path, lane: Lane, say: Say, gpu: GpuWatch | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root = root
        self._say = say
        self._gpu = gpu
        self._clock = clock
        self._next = 0.0
        self.state = LaneState(lane.name, lane.server, this_process(), LaneMood.WAITING, "", now(), now())

    def say(self, line: str) -> None:
        self._say(line)

    def works_on(self, attempt: Attempt) -> None:
        self._show(LaneMood.WORKING, run_id=attempt.run.run_id, attempt=attempt.number)

    def waits(self, why: str) -> None:
        """Said once: what keeps a lane for a night is one line in its log."""
        if (self.state.state, self.state.why) != (LaneMood.WAITING, why):
            self._say(f"waiting: {why}")
            self._show(LaneMood.WAITING, why)
        self.pulse()

    def ends(self, mood: LaneMood, why: str) -> None:
        self._say(why if mood is not LaneMood.RETIRED else f"retired: {why}")
        self._show(mood, why)

    def has_trained(self) -> None:
        """Another run is done."""
        self.state = replace(self.state, trained=self.state.trained + 1)

    def pulse(self) -> None:
        """To be called often: writes the state again when it is time to."""
        if self._clock() >= self._next:
            self._write()

    def _show(self, mood: LaneMood, why: str = "", run_id: str = "", attempt: int = 0) -> None:
        self.state = replace(self.state, state=mood, why=why, since=now(), run_id=run_id, attempt=attempt)
        self._write()

    def _write(self) -> None:
        self.state = replace(self.state, time=now(), **_seen(self._gpu))
        try:
            lanes_folder(self._root).stat()  # a matrix folder that was moved away must not be made anew
            write_lane_state(self._root, self.state)
        except OSError as error:  # no room, or the file server is away: these words can wait
            log.debug("the state of lane %s was not written: %s", self.state.lane, error)
            self._next = self._clock() + _RETRY_S
        else:
            self._next = self._clock() + STATE_EVERY_S


def _seen(gpu: GpuWatch | None) -> dict[str, Any]:
    card = gpu.glance() if gpu is not None else None
    if gpu is None or card is None:
        return {}
    used, total = card.used_bytes, card.total_bytes
    return {"gpu_name": card.name, "gpu_used_bytes": used, "gpu_total_bytes": total, "gpu_others": gpu.others()}
