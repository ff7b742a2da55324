"""The record of a run: who trains it, how far it is and how it ended, as the files beside ``run.json`` say.

An attempt is taken by creating ``claim.<n>`` with a hard link, so of many lanes one wins; its number is the fencing
token. It is over when ``end.<n>.json`` or ``done.json`` exists; both are created once and the first writer wins.
What people decide (cancel, retry) is written the same way, as ``order.<n>.json``, and the last one holds.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from labtools.core.files import read_json

MAX_FAILURES = 2
"""A training that fails by itself twice would fail for ever."""

MAX_FRUITLESS = 10
"""Lanes die for reasons of their own; a run that takes this many with it, without one more epoch, is not innocent."""


class State(str, Enum):
    """What a cell of the grid shows."""

    TODO = "todo"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STALE = "stale"


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
    """

    host: str
    pid: int
    started: float


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
        next: what the attempts after it change: ``{"batch": 32}``, ``{"amp": false}``, ``{"fresh": true}``.
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
        what: ``cancel`` or ``retry``.
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
        forgiven: ends up to this attempt count no more.
        done: content of ``done.json``.
        cancelled: somebody cancelled the run, and nobody has called it back.
        stale: why what was asked for is not what the matrix means now, ``""`` where it is.
        priority: higher ones are trained first.
    """

    attempt: int = 0
    claim: Claim | None = None
    beat: Beat | None = None
    ends: tuple[tuple[int, End], ...] = ()
    forgiven: int = 0
    done: dict[str, Any] | None = None
    cancelled: bool = False
    stale: str = ""
    priority: int = 0

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
        """What earlier attempts changed for the next one, the last word first: see `End.next`."""
        merged: dict[str, Any] = {}
        for _, end in self.ends:
            merged.update(end.next)
        return merged


def read_record(folder: Path) -> Record:
    """Read the record of a run folder. Files that vanish or are foreign are as if absent."""
    names = set(os.listdir(folder))  # names as one call gives them: over NFS the fastest to be true
    claims, ends, orders = (_numbers(names, kind) for kind in ("claim", "end", "order"))
    attempt = max(claims, default=0)
    told = [_order(_read(folder / f"order.{n}.json")) for n in orders]
    decided = [order for order in told if order is not None]
    priority = _read(folder / "priority.json") if "priority.json" in names else None
    stale = _read(folder / "stale.json") if "stale.json" in names else None
    record = Record(
        attempt=attempt,
        ends=tuple((n, end) for n in ends if (end := _end(_read(folder / f"end.{n}.json")))),
        forgiven=max((order.attempt for order in decided if order.what == "retry"), default=0),
        done=_read(folder / "done.json") if "done.json" in names else None,
        cancelled=bool(decided) and decided[-1].what == "cancel",
        stale=str(stale["reason"]) if stale else "",
        priority=int(priority["priority"]) if priority else 0,
    )
    if record.is_taken:
        claim, beat = _read(folder / f"claim.{attempt}"), _read(folder / f"beat.{attempt}.json")
        record = replace(
            record,
            claim=Claim(**{**claim, "process": ProcessId(**claim["process"])}) if claim else None,
            beat=Beat(**{**beat, "process": ProcessId(**beat["process"])}) if beat else None,
        )
    return record


def _end(content: dict[str, Any] | None) -> End | None:
    return End(**{**content, "cause": Cause(content["cause"])}) if content else None


def _order(content: dict[str, Any] | None) -> Order | None:
    return Order(**content) if content else None


def _numbers(names: set[str], kind: str) -> list[int]:
    """The numbers in ``claim.3`` or ``end.3.json``, ascending."""
    suffix = "" if kind == "claim" else ".json"
    middles = (
        n[len(kind) + 1 : len(n) - len(suffix)] for n in names if n.startswith(f"{kind}.") and n.endswith(suffix)
    )
    return sorted(int(m) for m in middles if m.isdigit())


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = read_json(path)
    except (FileNotFoundError, ValueError):  # gone, or half written on a disk without hard links
        return None
    return value if isinstance(value, dict) else None


def judge(record: Record, *, stale: bool) -> State:
    """The state of a run.

    Args:
        record: what its folder says.
        stale: its lane is known to be dead.
    """
    if record.done is not None:
        return State.DONE if not record.stale else State.STALE
    if record.cancelled:
        return State.CANCELLED
    if record.is_taken and not stale:
        return State.RUNNING
    if record.stale:
        return State.STALE
    return State.FAILED if _is_hopeless(record.counted) else State.TODO


def _is_hopeless(ends: tuple[End, ...]) -> bool:
    if any(not end.again for end in ends):
        return True
    if sum(end.cause in OWN_TROUBLE for end in ends) >= MAX_FAILURES:
        return True
    return fruitless(ends) >= MAX_FRUITLESS


def fruitless(ends: tuple[End, ...]) -> int:
    """How many of the last attempts ended by `BAD_LUCK` without one more epoch in a checkpoint."""
    unlucky = [end for end in ends if end.cause in BAD_LUCK]
    furthest = unlucky[-1].epoch if unlucky else 0
    return sum(end.epoch == furthest for end in unlucky)
