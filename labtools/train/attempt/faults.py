"""What went wrong in a training -> why the attempt ended, as a sentence, and what the next one changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labtools.artifacts.record import Cause
from labtools.artifacts.runs import Run
from labtools.core.errors import LabError


@dataclass(frozen=True)
class Fault:
    """How an attempt ended; the fields are those of `labtools.artifacts.record.End`."""

    cause: Cause
    reason: str
    again: bool = True
    changes: dict[str, Any] = field(default_factory=dict)


def diagnose(error: BaseException, run: Run) -> Fault:
    """Why a training ended."""
    from labtools import yolo

    if isinstance(error, LabError):
        return Fault(Cause.WEIGHTS, str(error).replace("\n", "; "), again=False)
    if yolo.is_out_of_memory(error):
        spec = run.spec
        reason = f"out of memory: batch {spec.batch} at {spec.imgsz} px does not fit; ask for a smaller batch"
        return Fault(Cause.OOM, reason, again=False)
    if isinstance(error, MemoryError):
        return Fault(Cause.ERROR, "this machine's memory is full")
    lines = str(error).strip().splitlines()
    return Fault(Cause.ERROR, f"{type(error).__name__}: {lines[0][:200] if lines else 'no message'}")
