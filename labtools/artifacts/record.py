"""The record of a run: who trains it, how far it is and how it ended, as the files beside ``run.json`` say.

An attempt is taken by creating ``claim.<n>`` with a hard link, so of many lanes one wins; its number is the fencing
token. It is over when ``end.<n>.json`` or ``done.json`` exists; both are created once and the first writer wins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from labtools.core.files import read_json

MAX_FAILURES = 2  # a training that fails by itself twice would fail for ever
MAX_ATTEMPTS = 6  # lanes may die for reasons of their own, but a run that takes six lanes with it is not innocent


class State(str, Enum):
    """What a cell of the grid shows."""

    TODO = "todo"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


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


@dataclass(frozen=True)
class End:
    """Why an attempt ended without finishing.

    Attributes:
        kind: ``failed`` (the training's own trouble), ``lost`` (its lane died) or ``stopped`` (somebody asked).
        reason: a sentence.
        again: False where trying again cannot help.
        time: when, UTC.
    """

    kind: str
    reason: str
    again: bool
    time: str


@dataclass(frozen=True)
class Record:
    """All that the files of one run folder say, read at one moment.

    Attributes:
        attempt: number of the last claim, 0: never taken.
        claim: of that attempt.
        beat: of that attempt, None before the first.
        ends: of all attempts that count, by number (those before a retry are forgiven).
        done: content of ``done.json``.
    """

    attempt: int = 0
    claim: Claim | None = None
    beat: Beat | None = None
    ends: tuple[tuple[int, End], ...] = ()
    done: dict[str, Any] | None = None

    @property
    def is_taken(self) -> bool:
        """The last attempt has neither ended nor finished (its lane may be dead all the same)."""
        return self.done is None and self.attempt > 0 and not any(n == self.attempt for n, _ in self.ends)

    @property
    def last_end(self) -> End | None:
        return self.ends[-1][1] if self.ends else None


def read_record(folder: Path) -> Record:
    """Read the record of a run folder. Files that vanish or are foreign are as if absent."""
    names = {path.name for path in folder.iterdir()}
    claims, ends, pardons = (_numbers(names, kind) for kind in ("claim", "end", "retry"))
    attempt = max(claims, default=0)
    forgiven = max(pardons, default=0)
    counted = [(n, _read(folder / f"end.{n}.json")) for n in ends]
    record = Record(
        attempt=attempt,
        ends=tuple((n, _forgive(End(**e), n <= forgiven)) for n, e in counted if e),
        done=_read(folder / "done.json") if "done.json" in names else None,
    )
    if record.is_taken:
        claim, beat = _read(folder / f"claim.{attempt}"), _read(folder / f"beat.{attempt}.json")
        record = replace(
            record,
            claim=Claim(**{**claim, "process": ProcessId(**claim["process"])}) if claim else None,
            beat=Beat(**{**beat, "process": ProcessId(**beat["process"])}) if beat else None,
        )
    return record


def _forgive(end: End, forgiven: bool) -> End:
    return replace(end, kind="forgiven", again=True) if forgiven else end


def _numbers(names: set[str], kind: str) -> list[int]:
    """The attempt numbers in ``claim.3`` or ``end.3.json``, ascending."""
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
        return State.DONE
    if record.is_taken and not stale:
        return State.RUNNING
    kinds = [end.kind for _, end in record.ends]
    hopeless = any(not end.again for _, end in record.ends)
    if hopeless or kinds.count("failed") >= MAX_FAILURES:
        return State.FAILED
    if kinds.count("failed") + kinds.count("lost") >= MAX_ATTEMPTS:
        return State.FAILED
    return State.TODO
