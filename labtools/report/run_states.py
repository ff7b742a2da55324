"""How far a run is, as its folder tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labtools.artifacts.record import Record, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import Run


@dataclass(frozen=True)
class RunState:
    """``note`` is a few words; numbers that are not known are None."""

    state: str
    note: str = ""
    epochs_done: int | None = None
    batch_used: int | None = None
    seconds: float | None = None


_WORDS = {
    State.DONE: "done",
    State.RUNNING: "running",
    State.TODO: "to do",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.STALE: "stale",
}


def read_state(run: Run) -> RunState:
    """The state recorded in a run folder. Whether a "running" training is still alive only `labtools status` can
    tell, since that takes two looks with a pause between them."""
    record = read_record(run.folder)
    state = judge(record, stale=False)
    if record.done is not None:
        done = record.done
        return RunState(_WORDS[state], "", _integer(done, "epochs"), _integer(done, "batch"), _number(done, "seconds"))
    return RunState(_WORDS[state], _note(record, run.spec.epochs), record.beat.epoch if record.beat else None)


def _note(record: Record, epochs: int) -> str:
    """Where a training is, or why the last attempt ended."""
    if record.is_taken:
        return f"epoch {record.beat.epoch} of {epochs}" if record.beat and record.beat.epoch else "starting"
    return record.last_end.reason if record.last_end else ""


def _number(record: dict[str, Any], key: str) -> float | None:
    value = record.get(key)
    return float(value) if isinstance(value, int | float) else None


def _integer(record: dict[str, Any], key: str) -> int | None:
    value = _number(record, key)
    return None if value is None else int(value)
