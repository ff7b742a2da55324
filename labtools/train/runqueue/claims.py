"""Taking runs and writing down how they go. Nobody locks anything; see `labtools.artifacts.record` for the files.

A lane whose attempt was ended by somebody else (it was thought dead, or the run was cancelled) is *fenced*: it has to
stop.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from labtools.artifacts.record import Beat, Cause, Claim, End, Record
from labtools.core.files import link_exclusive, write_json
from labtools.train.processes import is_alive, is_here


def now() -> str:
    """UTC, to the second, ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def is_dead(record: Record) -> bool:
    """Is the lane of a taken run known to be dead at once: it ran on this machine and its process is gone?"""
    return record.claim is not None and is_here(record.claim.process) and not is_alive(record.claim.process)


def take(folder: Path, attempt: int, claim: Claim) -> bool:
    """Take that attempt; False if another lane was faster."""
    return link_exclusive(folder / f"claim.{attempt}", as_json(asdict(claim)))


def write_beat(folder: Path, attempt: int, beat: Beat) -> None:
    write_json(folder / f"beat.{attempt}.json", asdict(beat))


def write_end(
    folder: Path,
    attempt: int,
    cause: Cause,
    reason: str,
    *,
    again: bool = True,
    epoch: int = 0,
    changes: dict[str, Any] | None = None,
) -> bool:
    """End an attempt; False if it has been ended before, which then stands. For the arguments see `End`."""
    end = End(cause, reason, again, now(), epoch, changes or {})
    return link_exclusive(folder / f"end.{attempt}.json", as_json(asdict(end)))


def write_done(folder: Path, result: dict[str, Any]) -> bool:
    """Finish the run; False if it was finished before, which then stands."""
    return link_exclusive(folder / "done.json", as_json(result))


def is_fenced(folder: Path, attempt: int) -> bool:
    """Has somebody ended this attempt, or taken the next one? Then its owner must stop.

    A listing and not ``exists``: over NFS the latter has been seen to lag by 25 s, the former by 1 s.
    """
    names = set(os.listdir(folder))
    return f"end.{attempt}.json" in names or f"claim.{attempt + 1}" in names


def as_json(value: dict[str, Any]) -> bytes:
    """The bytes of a small file of a record; NaN is refused (it is not JSON)."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
