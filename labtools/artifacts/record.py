"""The record of a run: who trains it, how far it is and how it ended, as the files beside ``run.json`` say.

An attempt is taken by creating ``claim.<n>`` with a hard link, so of many lanes one wins; its number is the fencing
token. It is closed by ``end.<n>.json``, created the same way, whoever writes it: its own training, with the result of a
finished run or why it ended; or somebody else, who thinks it dead. So an attempt that was given up can never finish,
and one that has finished can never be given up. ``done.json`` is a second name of the result that closed the last
attempt. What people decide (cancel, retry) is written likewise, as ``order.<n>.json``, and the last one holds.

Here is what all that means; `labtools.artifacts.record_files` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

MAX_FAILURES = 2
"""A training that fails by itself twice, without one more epoch in between, would fail for ever."""

MAX_FRUITLESS = 10
"""Lanes die for reasons of their own; a run that takes this many with it, without one more epoch, is not innocent."""

MAX_ATTEMPTS = 100
"""Without one more epoch, whatever the causes, e.g. a cluster's time limit shorter than an epoch: people must look."""


UNWANTED = "the matrix no longer asks for it"
"""The one reason for being stale that takes nothing from a result: a run that is finished all the same stays done."""


class State(str, Enum):
    """What a cell of the grid shows."""

    TODO = "todo"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STALE = "stale"

    @property
    def is_open(self) -> bool:
        """Something is left to do without anybody's decision."""
        return self in (State.TODO, State.RUNNING)


class Cause(str, Enum):
    """Why an attempt ended without finishing its run."""

    ERROR = "error"  # the training's own trouble, whatever Python says
    NAN = "nan"  # the loss is no number any more
    OOM = "oom"  # a batch did not fit the GPU's memory
    WEIGHTS = "weights"  # the checkpoint to start from cannot be used
    STALE = "stale"  # the dataset is not the one that was planned with
    KILLED = "killed"  # the training process was killed (by the system, for want of memory, or by somebody)
    LANE = "lane"  # its lane, or the whole machine, died
    GPU = "gpu"  # the GPU does not answer
    DISK = "disk"  # the disk is full
    DATA = "data"  # the dataset cannot be read for now
    STOPPED = "stopped"  # somebody stopped the lane, or the run
    PREEMPTED = "preempted"  # the cluster wants its machine back, or its time limit is reached


OWN_TROUBLE = frozenset({Cause.ERROR, Cause.NAN})
"""Counted against the run: `MAX_FAILURES`. (OOM has a bound of its own: a batch cannot be halved for ever.)"""

BAD_LUCK = frozenset({Cause.KILLED, Cause.LANE, Cause.GPU})
"""Not the run's fault as far as one can tell: `MAX_FRUITLESS` in a row without progress."""


@dataclass(frozen=True)
class ProcessId:
    """A process on some machine.

    Attributes:
        host: name of the machine.
        pid: its number there.
        started: when it started, seconds since 1970: tells it from a later process with the same number.
        boot: of that machine, as the system numbers them, "" where it does not: tells it from another machine of the
            same name.
    """

    host: str
    pid: int
    started: float
    boot: str = ""


@dataclass(frozen=True)
class Claim:
    """Who took an attempt: the lane, and its process."""

    lane: str
    process: ProcessId
    time: str


@dataclass(frozen=True)
class Beat:
    """The sign of life of an attempt, written again every other second.

    Attributes:
        count: grows with each beat.
        time: when, UTC.
        process: the training process, which may outlive its lane by a moment.
        phase: ``starting``, ``training`` or ``finishing`` (the last validation).
        epoch: from 1; 0 before the first.
        epochs: asked for.
        step: batches done in this epoch.
        steps: batches in an epoch.
        map50: of the last validation, 0..1, None before.
        map50_95: likewise.
        seconds: since the attempt started.
        eta_s: seconds that it will still take, None while nobody knows.
        batch: images per step, really used; 0 before that is known.
        resumed: epoch after whose checkpoint this attempt went on, 0: from the start.
        gpu_bytes: the most that torch has reserved on the GPU so far, None on the CPU.
    """

    count: int
    time: str
    process: ProcessId
    phase: str = "starting"
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    map50: float | None = None
    map50_95: float | None = None
    seconds: float = 0.0
    eta_s: float | None = None
    batch: int = 0
    resumed: int = 0
    gpu_bytes: int | None = None


@dataclass(frozen=True)
class End:
    """Why an attempt ended without finishing.

    Attributes:
        cause: see `Cause`.
        reason: a sentence.
        again: False where trying again cannot help.
        time: when, UTC.
        epoch: epochs whose result is kept in a checkpoint when it ended.
        next: what the attempts after it change: training arguments (``{"batch": 32}``, ``{"amp": false}``,
            ``{"workers": 2}``), and ``{"fresh": true}``: start over, the checkpoint is of no use.
    """

    cause: Cause
    reason: str
    again: bool
    time: str
    epoch: int = 0
    next: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What a person decided about a run.

    Attributes:
        what: ``cancel``, ``retry`` or ``requeue`` (leave it out: a fresh one takes its place).
        attempt: number of the last attempt when they did; ends up to it are forgiven by ``retry``.
        who: user and machine.
        time: when, UTC.
    """

    what: str
    attempt: int
    who: str
    time: str


@dataclass(frozen=True)
class Record:
    """All that the files of one run folder say, read at one moment.

    Attributes:
        attempt: number of the last claim, 0: never taken.
        claim: of that attempt, None when it is over.
        beat: of that attempt, None before the first.
        ends: of all attempts, by number.
        done: how the run finished, the content of ``done.json``.
        orders: what people decided, oldest first.
        stale: why what was asked for is not what the matrix means now, ``""`` where it is.
        priority: higher ones are trained first.
    """

    attempt: int = 0
    claim: Claim | None = None
    beat: Beat | None = None
    ends: tuple[tuple[int, End], ...] = ()
    done: dict[str, Any] | None = None
    orders: tuple[Order, ...] = ()
    stale: str = ""
    priority: int = 0

    @property
    def cancelled(self) -> bool:
        """Somebody cancelled the run, and nobody has called it back."""
        return bool(self.orders) and self.orders[-1].what in ("cancel", "requeue")

    @property
    def forgiven(self) -> int:
        """Ends up to this attempt count no more."""
        return max((order.attempt for order in self.orders if order.what == "retry"), default=0)

    @property
    def is_taken(self) -> bool:
        """The last attempt has neither ended nor finished (its lane may be dead all the same)."""
        return self.done is None and self.attempt > 0 and not any(n == self.attempt for n, _ in self.ends)

    @property
    def last_end(self) -> End | None:
        return self.ends[-1][1] if self.ends else None

    @property
    def counted(self) -> tuple[End, ...]:
        """The ends that nobody has forgiven."""
        return tuple(end for n, end in self.ends if n > self.forgiven)

    @property
    def changes(self) -> dict[str, Any]:
        """What earlier attempts changed for the next one, the last word first: see `End.next`.

        Another chance given by a person is one as asked. ``fresh`` holds until an attempt has kept an epoch again.
        """
        merged: dict[str, Any] = {}
        for end in self.counted:
            if end.epoch:
                merged.pop("fresh", None)
            merged.update(end.next)
        return merged


def judge(record: Record, *, stale: bool) -> State:
    """The state of a run.

    Args:
        record: what its folder says.
        stale: its lane is known to be dead.
    """
    if record.done is not None:
        return State.STALE if record.stale and record.stale != UNWANTED else State.DONE
    if record.cancelled:
        return State.CANCELLED
    if record.is_taken and not stale:
        return State.RUNNING
    if record.stale:
        return State.STALE
    return State.FAILED if is_hopeless(record.counted) else State.TODO


def is_hopeless(ends: tuple[End, ...]) -> bool:
    """Would another attempt be in vain, as far as these ends tell?

    What counts are the attempts since the last one that kept a new epoch: so a run that gets on goes on, however often
    it is interrupted, and any sequence of ends is finite.
    """
    if any(not end.again for end in ends):
        return True
    causes = [end.cause for end in since_progress(ends)]
    return (
        sum(cause in OWN_TROUBLE for cause in causes) >= MAX_FAILURES
        or sum(cause in BAD_LUCK for cause in causes) >= MAX_FRUITLESS
        or sum(cause is not Cause.STOPPED for cause in causes) >= MAX_ATTEMPTS
    )


def since_progress(ends: tuple[End, ...]) -> tuple[End, ...]:
    """The last ends, from the last one with more epochs in its checkpoint than any before; its own trouble counts."""
    start, furthest = 0, 0
    for index, end in enumerate(ends):
        if end.epoch > furthest:
            start, furthest = index, end.epoch
    return ends[start:]
