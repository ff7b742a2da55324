"""How far a run is, as its folder tells it: done, running, failed, or to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from labtools.artifacts.runs import Run
from labtools.core.files import read_json

State = Literal["done", "running", "failed", "to do"]


@dataclass(frozen=True)
class RunState:
    """``note`` is a few words; numbers that are not known are None."""

    state: State
    note: str = ""
    epochs_done: int | None = None
    batch_used: int | None = None
    best_epoch: int | None = None
    seconds: float | None = None


def read_state(run: Run) -> RunState:
    """The state recorded in a run folder. Whether a "running" training is still alive only `labtools status` can
    tell, since that takes two looks with a pause between them."""
    if run.is_done:
        done = _read(run.folder / "done.json")
        return RunState(
            "done",
            "",
            _integer(done, "epochs"),
            _integer(done, "batch"),
            _integer(done, "best_epoch"),
            _number(done, "seconds"),
        )
    attempt = _last_attempt(run.folder, "claim.*")
    if attempt is None:
        return RunState("to do")
    ended = run.folder / f"end.{attempt}.json"
    if ended.is_file():
        why = _read(ended)
        return RunState("failed", str(why.get("reason") or "see train.log"))
    beat = _read(run.folder / f"beat.{attempt}.json")
    epoch = _integer(beat, "epoch")
    return RunState("running", f"epoch {epoch} of {run.spec.epochs}" if epoch else "starting", epoch)


def _last_attempt(folder: Path, pattern: str) -> int | None:
    numbers = [re.search(r"\.(\d+)", path.name) for path in folder.glob(pattern)]
    return max((int(n.group(1)) for n in numbers if n), default=None)


def _read(path: Path) -> dict[str, Any]:
    """A small JSON object; {} where it is absent or being written: it says no more than that."""
    try:
        value = read_json(path)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _integer(record: dict[str, Any], key: str) -> int | None:
    value = record.get(key)
    return int(value) if isinstance(value, int | float) else None


def _number(record: dict[str, Any], key: str) -> float | None:
    value = record.get(key)
    return float(value) if isinstance(value, int | float) else None
