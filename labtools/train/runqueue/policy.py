"""What comes after a fault: is there another attempt, and what does it change? Pure: a record in, a decision out.

| cause | the next attempt | given up |
|---|---|---|
| out of memory | half the batch; accumulation keeps the nominal one (validation helps itself) | at one image |
| NaN loss | without mixed precision, from the last checkpoint | if it had none already, or as an error |
| error | the same again | twice without a new epoch |
| killed | the same; from the second time in vain on, half the loader workers | ten times without a new epoch |
| lane, GPU | the same, on another lane where there is one | ten times without a new epoch |
| disk, data, preempted | the same, when the lane finds the trouble gone | a hundred times without a new epoch |
| stopped | the same | never: each time somebody wanted it |
| weights | none | at once |
| stale | none, until the matrix fits again or a person requeues it | - (see ``stale.json``) |

When a run is given up for the number of its ends is judged by `labtools.artifacts.record.is_hopeless`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from labtools.artifacts.record import Cause, Record, since_progress
from labtools.artifacts.runs import RunSpec

_USUAL_WORKERS = 8  # Ultralytics' default


@dataclass(frozen=True)
class Fault:
    """How an attempt ended without finishing.

    Attributes:
        cause: see `Cause`.
        reason: a sentence (no full stop at its end: more may follow).
        again: False where whoever found it knows that trying again cannot help.
        changes: what the next attempts have to change, as far as whoever found it knows: see `End.next`.
        epoch: epochs whose result is in the checkpoint.
        batch: images per step when it happened, 0: as the record tells.
    """

    cause: Cause
    reason: str
    again: bool = True
    changes: dict[str, Any] = field(default_factory=dict)
    epoch: int = 0
    batch: int = 0


def decide(record: Record, fault: Fault, spec: RunSpec) -> Fault:
    """The fault with all that follows from it: ``again``, ``changes`` and a reason that says what comes next.

    Args:
        record: of the run, this attempt still open.
        fault: as diagnosed.
        spec: what was asked.
    """
    rule = _RULES.get(fault.cause)
    return rule(record, fault, spec) if rule is not None and fault.again else fault


def _after_oom(record: Record, fault: Fault, spec: RunSpec) -> Fault:
    batch = _batch(record, fault, spec)
    if batch == 1:
        fix = "a smaller imgsz or model, or a larger GPU, is needed"
        return replace(fault, again=False, reason=f"{fault.reason}; not even one image at a time fits: {fix}")
    changes = {**fault.changes, "batch": batch // 2}
    return replace(fault, changes=changes, reason=f"{fault.reason}; batch {batch // 2} next")


def _batch(record: Record, fault: Fault, spec: RunSpec) -> int:
    """Images per step of the attempt that ended; a batch that Ultralytics chose (-1) is known from its beat."""
    told = record.beat.batch if record.beat is not None else 0
    return max(1, int(fault.batch or record.changes.get("batch") or told or spec.batch))


def _after_nan(record: Record, fault: Fault, spec: RunSpec) -> Fault:
    if not record.changes.get("amp", spec.args.get("amp", True)):
        return replace(fault, again=False, reason=f"{fault.reason}, without mixed precision too")
    reason = f"{fault.reason}; without mixed precision next"
    return replace(fault, changes={**fault.changes, "amp": False}, reason=reason)


def _after_kill(record: Record, fault: Fault, spec: RunSpec) -> Fault:
    """The machine's memory is the usual killer, and loader workers its usual eaters."""
    before = since_progress(record.counted)
    in_vain = any(end.cause is Cause.KILLED and end.epoch >= fault.epoch for end in before)
    workers = int(record.changes.get("workers", spec.args.get("workers", _USUAL_WORKERS)))
    if not in_vain or workers == 0:
        return fault
    changes = {**fault.changes, "workers": workers // 2}
    return replace(fault, changes=changes, reason=f"{fault.reason}; {workers // 2} loader workers next")


_RULES: dict[Cause, Callable[[Record, Fault, RunSpec], Fault]] = {
    Cause.OOM: _after_oom,
    Cause.NAN: _after_nan,
    Cause.KILLED: _after_kill,
    Cause.WEIGHTS: lambda record, fault, spec: replace(fault, again=False),
}
