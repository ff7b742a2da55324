"""One lane's GPU: is it there, and is it free for us?"""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from pathlib import Path

from labtools.core.locks import held, lock_path
from labtools.core.words import memory
from labtools.train.lanes.gpus import Gpu, GpuGone, Gpus, GpuUser, NoDriver, is_ours
from labtools.train.lanes.holds import Hold
from labtools.train.lanes.lane import Lane

_NOTHING_BYTES = 300 * 2**20
"""A process with less than this has opened the GPU and does nothing with it: monitors, forgotten notebooks."""

_UNSEEN_BYTES = 2**30
"""Memory that no visible process accounts for, beyond the driver's own: somebody in another container."""


class GpuWatch:
    """The GPU of a lane, followed as the very card that it was when the lane started.

    Numbers are given anew when a card fails: what was GPU 3 in the evening may be GPU 2 in the morning, and two lanes
    would train on one card. So the card is looked up once, and its trainings are told its ``uuid``.

    Between lanes of one user, also of several matrices, a lock on this machine decides who has the card: the driver
    does not know yet who is about to use it. A lane gives it back (`release`) while it has nothing to train.

    Args:
        lane: one with a GPU.
        gpus: who can be asked.
        purpose: shown to those who wait for us.
    """

    def __init__(self, lane: Lane, gpus: Gpus, purpose: str) -> None:
        self._lane = lane
        self._gpus = gpus
        self._purpose = purpose
        self._lock = ExitStack()
        self._has_lock = False
        self._uuid = ""
        self.last: Gpu | None = None
        self.problem = ""
        try:
            self._uuid = self._find()
        except NoDriver as error:
            self.problem = "" if error.is_absent else str(error)
            self.note = f"{error}: this lane cannot see who else uses its GPU"
        else:
            self.note = ""

    def _find(self) -> str:
        if self._lane.is_given:  # of several, a lane uses the first
            given = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
            if given and not given.isdigit():
                return given
            index = int(given) if given else 0
        else:
            index = self._lane.gpu or 0
        known = {gpu.index: gpu.uuid for gpu in self._gpus.all()}
        if index not in known and not self._lane.is_given:
            self.problem = f"this machine has no GPU {index}: {len(known)} answer"
        return known.get(index, "")

    def environment(self) -> dict[str, str]:
        """What a training's environment needs so that it sees this card alone."""
        return {"CUDA_VISIBLE_DEVICES": self._uuid} if self._uuid and not self._lane.is_given else {}

    def look(self) -> Hold | None:
        """What keeps a training from starting on it now. Takes the lock where nothing does."""
        if self.problem:
            return Hold(self.problem, is_final=True)
        if self._uuid:
            try:
                self.last = self._gpus.look(self._uuid)
            except (GpuGone, NoDriver) as error:
                if not self._lane.is_given or self.last is not None:
                    return Hold(f"the GPU of {self._lane.name} is gone: {error}", is_final=True)
                self._uuid = ""  # a cluster's own name for it, which the driver does not know: work unwatched
        if self._lane.is_given:
            return None  # the cluster has seen to it that it is ours
        if busy := self._busy():
            return Hold(busy)
        if not self._take():
            return Hold(f"the GPU of {self._lane.name} is in use by {self._holder()}")
        return None

    def glance(self) -> Gpu | None:
        """The card now, for those who look at the lane; what was seen last where it does not answer."""
        try:
            self.last = self._gpus.look(self._uuid) if self._uuid else None
        except (GpuGone, NoDriver):
            return self.last
        return self.last

    def others(self) -> tuple[str, ...]:
        """Who else uses it, in words; those who only paint the screen aside."""
        return tuple(str(user) for user in (self.last.users if self.last else ()) if _counts(user))

    def _busy(self) -> str:
        """Why it is not free enough, in words; "" where it is."""
        gpu, floor = self.last, self._lane.memory_floor_gb * 2**30
        if gpu is None:
            return ""
        if floor:
            with_whom = f", in use by {', '.join(self.others())}" if self.others() else ""
            short = f"only {memory(gpu.free_bytes)} of {memory(gpu.total_bytes)} are free{with_whom}"
            return f"{short}; waiting for {memory(floor)}" if gpu.free_bytes < floor else ""
        if others := self.others():
            return f"the GPU of {self._lane.name} is in use by {', '.join(others)}"
        unseen = gpu.used_bytes - sum(user.bytes or 0 for user in gpu.users)
        if unseen > max(_UNSEEN_BYTES, gpu.total_bytes // 10):
            return f"somebody who cannot be seen from here uses {memory(unseen)} of the GPU of {self._lane.name}"
        return ""

    def _take(self) -> bool:
        if not self._has_lock:
            self._has_lock = self._lock.enter_context(held(self._lock_path()))
            if self._has_lock:
                self._lock_path().with_suffix(".txt").write_text(self._purpose, encoding="utf-8")
            else:
                self._lock.close()
        return self._has_lock

    def release(self) -> None:
        """Let other lanes of this user have it."""
        self._lock.close()
        self._has_lock = False

    def _holder(self) -> str:
        try:
            return self._lock_path().with_suffix(".txt").read_text(encoding="utf-8") or "another lane"
        except OSError:
            return "another lane"

    def _lock_path(self) -> Path:
        return lock_path(self._uuid or f"{socket.gethostname()}-gpu{self._lane.gpu}")


def _counts(user: GpuUser) -> bool:
    is_small = user.bytes is not None and user.bytes < _NOTHING_BYTES
    return not (user.only_draws or is_small or is_ours(user))
