"""A lane at work: claim a run, have it trained, say how it went, again until nothing is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from labtools.artifacts.lanes import LaneMood
from labtools.artifacts.record import OWN_TROUBLE, Cause, Record
from labtools.artifacts.record_files import read_record
from labtools.core.words import duration, score
from labtools.train.lanes import guards, records
from labtools.train.lanes.gpu_watch import GpuWatch
from labtools.train.lanes.gpus import Gpus, Nvml
from labtools.train.lanes.holds import Hold
from labtools.train.lanes.journal import Journal
from labtools.train.lanes.lane import Lane, environment
from labtools.train.lanes.luck import Luck
from labtools.train.lanes.trainers import close, train_in_child
from labtools.train.lanes.work import Say, Trainer, Work
from labtools.train.runqueue.run_queue import LEASE_S, Attempt, RunQueue

_FIRST_LOOK_S = 0.5
_LONGEST_LOOK_S = 10.0
_LONGEST_IDLE_S = 3.0
_GONE_PATIENCE_S = 60.0

_QUIET_S = 15.0
"""A training that has not beaten for so long (seven beats) may be dead: it is waited for until its lease ends."""


@dataclass(frozen=True)
class LaneReport:
    """What a lane did.

    Attributes:
        done: run ids.
        failed: run ids of attempts that ended otherwise, as often as that happened.
        mood: how it ended.
        is_double: it did nothing, because another process of this machine is that lane.
    """

    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    mood: LaneMood = LaneMood.OVER
    is_double: bool = False


def run_lane(
    root: Path,
    lane: Lane,
    say: Say,
    *,
    trainer: Trainer = train_in_child,
    gpus: Gpus | None = None,
    needs_data: bool = True,
    lease_s: float = LEASE_S,
    clock: Callable[[], float] = time.monotonic,
    stop: threading.Event | None = None,
    stopped_as: Cause = Cause.STOPPED,
) -> LaneReport:
    """Work until nothing is open and nobody else trains either (what they drop, this lane takes).

    A lane with `Lane.idle_s` does not wait that long for the others.

    Args:
        root: the matrix's folder.
        lane: where to compute.
        say: gets one line at a time.
        trainer: who trains an attempt, in this process or another.
        gpus: who is asked about the lane's GPU, None: the driver.
        needs_data: False for a trainer that reads no dataset: then none is waited for.
        lease_s: see `labtools.train.runqueue.run_queue.LEASE_S`.
        clock: seconds that only grow.
        stop: to be set by whoever wants the lane to end.
        stopped_as: what that means: `Cause.STOPPED` by somebody, or `Cause.PREEMPTED` by the cluster.
    """
    with records.hold(root, lane) as is_ours:
        if not is_ours:
            say(f"lane {lane.name} is already at work; this second one leaves")
            return LaneReport(is_double=True)
        needs_gpu = lane.gpu is not None or lane.is_given
        gpu = GpuWatch(lane, gpus or Nvml(), f"lane {lane.name} of {root}") if needs_gpu else None
        queue = RunQueue(root, lease_s=lease_s, clock=clock, only=lane.only)
        journal = Journal(root, lane, say, gpu, clock)
        worker = _Worker(
            root, lane, journal, queue, gpu, trainer, needs_data, clock, stop or threading.Event(), stopped_as
        )
        return worker.work()


@dataclass
class _Worker:
    """One lane, from its first look at the matrix to its good-bye."""

    root: Path
    lane: Lane
    journal: Journal
    queue: RunQueue
    gpu: GpuWatch | None
    trainer: Trainer
    needs_data: bool
    clock: Callable[[], float]
    stop: threading.Event
    stopped_as: Cause
    _luck: Luck = field(default_factory=Luck)
    _rest_until: float = 0.0
    _data: Path | None = None
    _gone_since: float | None = None

    def work(self) -> LaneReport:
        done: list[str] = []
        failed: list[str] = []
        if self.gpu is not None and self.gpu.note:
            self.journal.say(self.gpu.note)
        try:
            while (attempt := self._next()) is not None:
                is_done = self._train(attempt)
                (done if is_done else failed).append(attempt.run.run_id)
        except KeyboardInterrupt:
            self.journal.ends(LaneMood.STOPPED, "interrupted")
            raise
        finally:
            if self.gpu is not None:
                self.gpu.release()
        return LaneReport(tuple(done), tuple(failed), self.journal.state.state)

    def _next(self) -> Attempt | None:
        """The next attempt, when there is one and nothing stands in its way; None: the lane has said good-bye."""
        looks = 0
        idle_since: float | None = None
        while not self.stop.is_set():
            hold = self._hold()
            attempt = self._claim() if hold is None else None
            if isinstance(attempt, Attempt):
                return attempt
            if self.gpu is not None:
                self.gpu.release()  # other lanes of this user may have it while nothing is trained here
            hold = self._idle(hold or attempt)
            idle_since = (self.clock() if idle_since is None else idle_since) if hold and hold.is_idle else None
            if (bye := self._good_bye(hold, idle_since)) is not None:
                self.journal.ends(*bye)
                return None
            if looks and hold:  # what is over in a moment is not worth a line: a process that still lets go of the GPU
                self.journal.waits(hold.why)
            is_idle = idle_since is not None
            self.stop.wait(min(_FIRST_LOOK_S * 2**looks, _LONGEST_IDLE_S if is_idle else _LONGEST_LOOK_S))
            looks = min(looks + 1, 10)
        why = "the cluster wants its machine back" if self.stopped_as is Cause.PREEMPTED else "stopped, as asked"
        self.journal.ends(LaneMood.STOPPED, why)
        return None

    def _good_bye(self, hold: Hold | None, idle_since: float | None) -> tuple[LaneMood, str] | None:
        """How and why the lane ends now, None if it goes on.

        An idle one leaves only while it hears all others: with one that fell silent a run may be about to fall free,
        and whoever brings a lane back (a cluster, whose node died) has brought it for that run.
        """
        if hold is None:
            return LaneMood.OVER, f"nothing left to do: {self.journal.state.trained} trained by this lane"
        if hold.is_final:
            return LaneMood.RETIRED, hold.why
        limit = self.lane.idle_s
        if (
            limit is None
            or idle_since is None
            or self.clock() - idle_since < limit
            or self.queue.silence_s() > _QUIET_S
        ):
            return None
        return LaneMood.OVER, f"nothing was open for {duration(limit)}: others train what is left"

    def _hold(self) -> Hold | None:
        """What stands in the way of any training."""
        if why := self._luck.retires:
            return Hold(why, is_final=True)
        if self.clock() < self._rest_until:
            return Hold(f"the last trainings were cut short; the next one after {duration(self._luck.rest_s)}")
        try:
            return self._look_around()
        except FileNotFoundError:
            return self._gone()
        except OSError as error:
            return Hold(f"the folder of the matrix cannot be reached: {error.strerror or error}")

    def _look_around(self) -> Hold | None:
        hold = guards.look_at_disk(self.root)
        self._gone_since = None
        if hold is None and self.gpu is not None:
            hold = self.gpu.look()
        if hold is None and self.needs_data:
            self._data = self._data or guards.dataset_of(self.root)
            hold = guards.look_at_dataset(self._data) if self._data else None
        return hold

    def _gone(self) -> Hold:
        """A file server that starts anew may show an empty folder for a while; a folder that was removed stays away."""
        self._gone_since = self.clock() if self._gone_since is None else self._gone_since
        is_final = self.clock() - self._gone_since > _GONE_PATIENCE_S
        return Hold(f"the folder of the matrix is gone: {self.root}", is_final=is_final)

    def _claim(self) -> Attempt | Hold | None:
        """An attempt; or why there is none, None if that is because none is open."""
        try:
            attempt = self.queue.claim(self.lane.name)
        except OSError as error:
            return Hold(f"no run can be claimed: {error.strerror or error}")
        return attempt

    def _idle(self, hold: Hold | None) -> Hold | None:
        """The hold as it is while runs are open; with none open, the wait for those that others train, or None."""
        if hold is not None:
            try:
                if hold.is_final or self.queue.waiting():
                    return hold
            except OSError:  # what is open cannot be told either: the hold stands
                return hold
        running = self.queue.running()
        if not running:
            return None
        return Hold(f"nothing is open; staying in case one of {running} running elsewhere falls free", is_idle=True)

    def _train(self, attempt: Attempt) -> bool:
        """True: the run is done."""
        run, number = attempt.run, attempt.number
        self.journal.say(f"{run.run_id}: attempt {number} starts")
        self.journal.works_on(attempt)
        begin = self.clock()
        surroundings = {**environment(self.lane), **(self.gpu.environment() if self.gpu else {})}
        work = Work(attempt, self.lane, surroundings, self.stop, self.stopped_as, self.journal.say, self._pulse)
        if self.needs_data and (fault := guards.look_at_data_of(run.spec)):
            self._data = Path(run.spec.data)
            close(work, fault)
        else:
            self.trainer(work)
        return self._conclude(attempt, self.clock() - begin)

    def _pulse(self) -> None:
        self.journal.pulse()
        self.queue.watch()

    def _conclude(self, attempt: Attempt, seconds: float) -> bool:
        """Say how the attempt ended, from the record, and learn from it; True if the run is done."""
        try:
            record = read_record(attempt.run.folder)
        except OSError:
            self.journal.say(f"{attempt.run.run_id}: its folder cannot be read any more")
            return False
        ends = dict(record.ends)
        cause = ends[attempt.number].cause if attempt.number in ends else None
        before = any(end.cause in OWN_TROUBLE for number, end in record.ends if number < attempt.number)
        if record.done is not None or cause is not None:
            self._luck.note(attempt.run.run_id, cause if record.done is None else None, seconds, failed_before=before)
            self._rest_until = self.clock() + self._luck.rest_s
        if record.done is not None:
            self.journal.has_trained()
        self.journal.say(f"{attempt.run.run_id}: {_conclusion(record, attempt.number)}")
        return record.done is not None


def _conclusion(record: Record, number: int) -> str:
    if record.done is not None:
        done = record.done
        figures = f"mAP50 {score(done.get('map50'))}, mAP50-95 {score(done.get('map50_95'))}"
        return f"done in {duration(done.get('seconds'))}, {figures}"
    ends = dict(record.ends)
    if number in ends:
        return f"{ends[number].cause.value}: {ends[number].reason}"
    if record.attempt < number:
        return "put aside by a requeue; it is trained anew"
    return "taken over by another lane"
