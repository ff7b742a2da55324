"""Taking runs and writing down how they go. Nobody locks anything; see `labtools.artifacts.record` for the files.

A lane whose attempt was closed by somebody else (it was thought dead, or the run was cancelled) is *fenced*: it has to
stop, and cannot finish the run any more.
"""

from __future__ import annotations

import logging
import os
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from labtools.artifacts.checkpoint import forget, is_forgotten, kept_epochs
from labtools.artifacts.record import Beat, Cause, Claim, End, Record, State, judge
from labtools.artifacts.record_files import read_claim, read_record
from labtools.artifacts.runs import Run
from labtools.core.files import json_bytes, link_again, link_exclusive, write_json
from labtools.train.processes import is_alive, is_here
from labtools.train.runqueue.policy import Fault, decide

log = logging.getLogger(__name__)


def now() -> str:
    """UTC, to the second, ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def is_dead(record: Record) -> bool:
    """Is the lane of a taken run known to be dead at once: it ran on this machine and its process is gone?"""
    return record.claim is not None and is_here(record.claim.process) and not is_alive(record.claim.process)


def state_now(record: Record) -> State:
    """The state of a run as far as this machine can tell at once."""
    return judge(record, stale=is_dead(record))


def take(folder: Path, attempt: int, claim: Claim) -> bool:
    """Take that attempt; False if another lane was faster, or the run's folder is not there any more."""
    try:
        # Not flushed to the disk: a power cut that forgets a claim ends its training too.
        return link_exclusive(folder / f"claim.{attempt}", json_bytes(asdict(claim)), durable=False)
    except FileNotFoundError:
        return False


def write_beat(folder: Path, attempt: int, beat: Beat) -> None:
    """Not flushed to the disk either: the next one comes in two seconds."""
    write_json(folder / f"beat.{attempt}.json", asdict(beat), durable=False)


def end_attempt(run: Run, attempt: int, fault: Fault) -> bool:
    """Decide what follows from a fault (see `policy`) and end the attempt; False if it has been closed before.

    This is the way to end an attempt that went wrong, for its training, its lane, and whoever finds it dead. The epoch
    of the fault is filled in from the checkpoint.
    """
    fault = replace(fault, epoch=kept_epochs(run.folder))
    decided = decide(read_record(run.folder), fault, run.spec)
    if decided.cause is Cause.STALE:
        mark_stale(run.folder, decided.reason)
    return write_end(
        run.folder,
        attempt,
        decided.cause,
        decided.reason,
        again=decided.again,
        epoch=decided.epoch,
        changes=decided.changes,
    )


def write_end(
    folder: Path,
    attempt: int,
    cause: Cause,
    reason: str,
    *,
    again: bool = True,
    epoch: int | None = None,
    changes: dict[str, Any] | None = None,
) -> bool:
    """End an attempt; False if it has been closed before, which then stands.

    For the arguments see `End`; ``epoch`` is by default what the checkpoint says.
    """
    kept = kept_epochs(folder) if epoch is None else epoch
    end = End(cause, reason, again, now(), kept, changes or {})
    return link_exclusive(folder / f"end.{attempt}.json", json_bytes(asdict(end)))


def write_done(folder: Path, result: dict[str, Any]) -> bool:
    """Finish the run; False if its attempt has been closed before, or the run was finished: that then stands.

    Args:
        folder: of the run.
        result: content of ``done.json``; ``attempt`` is the one that finished, by default the last one taken.
    """
    attempt = result.get("attempt") or read_record(folder).attempt
    content = json_bytes({**result, "attempt": attempt})
    if not attempt:  # nobody has claimed it
        return link_exclusive(folder / "done.json", content)
    # The attempt is closed first, under the one name that everybody closes it by: this is what decides.
    end = folder / f"end.{attempt}.json"
    if not link_exclusive(end, content):
        return False
    link_again(end, folder / "done.json")  # unless whoever looked in between was faster: see `mend_done`
    return True


def mend_done(folder: Path, result: dict[str, Any]) -> None:
    """What a training could no more that was killed when it had finished its run.

    That is to give its result the second name, see `write_done`, and to remove what it could have gone on from.

    Raises:
        OSError: the result cannot get its name.
    """
    if not (folder / "done.json").exists():
        link_again(folder / f"end.{result['attempt']}.json", folder / "done.json")
    try:
        if not is_forgotten(folder):
            forget(folder)
    except OSError as error:  # the run is done all the same; some room on the disk is lost until somebody looks again
        log.debug("%s: the checkpoints of a finished training are still there: %s", folder, error)


def mark_stale(folder: Path, reason: str) -> None:
    """Nobody trains this run until what was asked for fits the matrix again, or a person requeues it."""
    write_json(folder / "stale.json", {"reason": reason, "time": now()})


def is_fenced(folder: Path, attempt: int, claim: Claim | None = None) -> bool:
    """Has somebody closed this attempt, or taken the next one? Then its owner must stop.

    A listing and not ``exists``: over NFS the latter has been seen to lag by 25 s, the former by 1 s.

    Args:
        folder: of the run.
        attempt: its number.
        claim: the one by which its owner has it. A requeue puts a fresh folder in the place of this one, in which
            attempts are counted anew: somebody else's attempt of the same number is not ours.

    Raises:
        FileNotFoundError: the run's folder is gone.
    """
    names = set(os.listdir(folder))
    if f"end.{attempt}.json" in names or f"claim.{attempt + 1}" in names:
        return True
    return claim is not None and read_claim(folder, attempt) != claim
