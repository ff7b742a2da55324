"""Which run is next. There is no queue on disk: run folders are the record, and this only reads and claims them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from labtools.artifacts.record import Cause, Claim, ProcessId, Record, State, judge
from labtools.artifacts.record_files import read_claim, read_record
from labtools.artifacts.runs import NOT_RUNS, RUN_FILE, Run, read_run
from labtools.core.errors import LabError
from labtools.train.estimates import Finished, Pace, Workload, expected_seconds, read_workload
from labtools.train.processes import end_process, this_process
from labtools.train.runqueue.claims import end_attempt, mend_done, now, take, write_end
from labtools.train.runqueue.leases import Leases
from labtools.train.runqueue.news import read_news
from labtools.train.runqueue.order import Turn, failed_in_vain, pace_here, turn
from labtools.train.runqueue.policy import Fault

LEASE_S = 120.0
"""A lane on another machine that is silent for this long is taken for dead. Heartbeats come every 2 s."""

LOOK_EVERY_S = 1.0
"""How often a lane looks whether the others are alive: each look reads some files of each of them."""

LOOKS = 16
"""At how many of the others a lane looks before it claims, while there is something to claim anyway."""

WATCH_EVERY_S = 30.0
"""How often a lane that trains looks whether the others are alive."""

LOOK_AGAIN_S = 60.0
"""How often a lane that finds nothing open reads all that is not done again, whatever it believes of it. (What it
believes open is read before it is claimed.)"""


@dataclass(frozen=True)
class Attempt:
    """A run that this lane has taken.

    Attributes:
        run: what to train.
        number: of this attempt, from 1.
        settings: what earlier attempts changed: see `labtools.artifacts.record.End.next`.
    """

    run: Run
    number: int
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Known:
    """What this lane knows of a run: what never changes, and its state at the last look."""

    run: Run
    workload: Workload | None
    stamp: tuple[int, int]  # of its run.json
    state: State = State.TODO
    record: Record = field(default_factory=Record)
    failed_on: frozenset[str] = frozenset()
    seconds: tuple[Pace, float] | None = None
    looked_at: float = float("-inf")

    def turn(self, pace: Pace, lane: str = "") -> Turn:
        if self.seconds is None or self.seconds[0] is not pace:
            self.seconds = pace, expected_seconds(self.run.spec, self.workload, pace)
        return turn(self.run.spec, self.record, self.seconds[1], has_failed_here=lane in self.failed_on)

    def learn(self, record: Record) -> None:
        """Its record as it was read just now, and the lanes on which it failed in vain."""
        claims = [read_claim(self.run.folder, number) for number in failed_in_vain(record)]
        self.failed_on = frozenset(claim.lane for claim in claims if claim is not None)
        self.record, self.state = record, judge(record, stale=False)


class RunQueue:
    """The runs of one matrix folder, as one lane sees them.

    Only what may have changed is read again: a finished run stays finished (a folder put in its place is another folder
    to the system), and what people and plans decide, what was asked included, is announced in one file (see `news`).

    Args:
        root: the matrix's folder.
        lease_s: see `LEASE_S`.
        clock: seconds that only grow. Ours, not the other machine's: clocks that disagree do no harm.
        me: the process that others watch, None: this one.
        only: globs of run ids, separated by commas: no other run exists for this lane; "": all do.
    """

    def __init__(
        self,
        root: Path,
        *,
        lease_s: float = LEASE_S,
        clock: Callable[[], float] = time.monotonic,
        me: ProcessId | None = None,
        only: str = "",
    ) -> None:
        self._root = root
        self._only = only
        self._me = me
        self._lease_s = lease_s
        self._clock = clock
        self._known: dict[tuple[str, int], _Known] = {}
        self._leases = Leases(lease_s, clock)
        self._news: str | None = None
        self._pace = (0, pace_here(()))
        self._read_at = self._looked_at = float("-inf")
        self._ours: Path | None = None  # what this lane took last, and has just ended: others' runs can wait a second

    def claim(self, lane: str) -> Attempt | None:
        """Take the next open run, or None: nothing is open now.

        Higher priorities first; then the longest first (what is left of it), so that no long one begins when the others
        end; for what failed see `Turn`. A run whose lane is dead is ended as lost, and so is open again.

        Raises:
            OSError: nothing can be written: the disk is full, or gone.
        """
        self._refresh()
        pace = self._learn_pace()
        for known in sorted(self._in(State.TODO), key=lambda known: known.turn(pace, lane)):
            if attempt := self._take(known, lane):
                return attempt
        return None

    def watch(self) -> None:
        """To be called often while this lane trains: sees now and then whether the others are alive.

        A lane that looked at them only when it wants its next run would see the last sign of life of a dead one for the
        first time, could not yet tell it from that of a living one, and would take a shorter run before the long one
        that lost its lane: the long one would end after all the others.
        """
        at, every = self._clock(), min(WATCH_EVERY_S, self._lease_s / 4)
        if at - self._looked_at < every:
            return
        self._looked_at = at
        others = [known for known in self._silent_first() if known.run.folder != self._ours]
        share = math.ceil(len(others) * every / (self._lease_s / 2))  # each of them twice in a lease: see `Leases`
        # What others have taken since the last claim was the first in turn.
        taken = sorted(self._in(State.TODO), key=lambda known: known.turn(self._pace[1]))
        for known in others[: max(LOOKS, share)] + taken[:LOOKS]:
            self._look(known)

    def waiting(self) -> int:
        """How many runs are open: nobody trains them, and somebody should."""
        self._refresh()
        return len(self._in(State.TODO))

    def running(self) -> int:
        """How many runs others were training at the last `claim` or `waiting`; one of them may still fall free.

        So may one that is being requeued: its lane is told to end some seconds before the fresh folder is there.
        Not looked at again: a run that fell free since then would be neither open then nor running now, and the lane
        that asks would leave it behind.
        """
        left_out = self._in(State.CANCELLED)
        aside = sum(self._leases.is_put_aside(known.run.folder, known.record) for known in left_out)
        return len(self._in(State.RUNNING)) + aside

    def silence_s(self) -> float:
        """For how long the most silent of `running` has not been heard, by our clock; 0 where there is none."""
        return self._leases.silence_s(known.run.folder for known in self._in(State.RUNNING))

    def _in(self, state: State) -> list[_Known]:
        return [known for known in self._known.values() if known.state is state]

    def _learn_pace(self) -> Pace:
        """From the runs that are done; again when there are more of them."""
        done = self._in(State.DONE)
        if len(done) != self._pace[0]:
            finished = (Finished(known.run.spec, known.workload, known.record.done or {}) for known in done)
            self._pace = (len(done), pace_here(finished))
        return self._pace[1]

    def _refresh(self) -> None:
        """Bring up to date what may have changed since the last call, and no more."""
        at, news = self._clock(), read_news(self._root)
        again = news != self._news or (at - self._read_at > LOOK_AGAIN_S and not self._in(State.TODO))
        look = again or at - self._looked_at >= LOOK_EVERY_S
        if news != self._news:
            self._known = {key: known for key, known in self._known.items() if not _is_another(known)}
        fresh = self._list()
        due = [known for key, known in self._known.items() if key in fresh or known.run.folder == self._ours]
        if again:
            due = [known for key, known in self._known.items() if key in fresh or known.state is not State.DONE]
        elif look:
            due += self._due()
        for known in due:
            self._look(known)
        self._news = news
        self._read_at = at if again else self._read_at
        self._looked_at = at if look else self._looked_at

    def _due(self) -> list[_Known]:
        """Runs of others to look at: all of them where nothing is open."""
        return self._silent_first()[:LOOKS] if self._in(State.TODO) else self._silent_first()

    def _silent_first(self) -> list[_Known]:
        """Those that others train; at which nobody has looked for longest, first."""
        return sorted(self._in(State.RUNNING), key=lambda known: known.looked_at)

    def _list(self) -> set[tuple[str, int]]:
        """Forget folders that have gone, get to know new ones; those."""
        with os.scandir(self._root) as entries:
            there = {
                (e.name, e.inode())
                for e in entries
                if e.name not in NOT_RUNS and is_meant(e.name, self._only) and e.is_dir()
            }
        self._known = {key: known for key, known in self._known.items() if key in there}
        new = there - self._known.keys()
        fresh = {key: known for key in new if (known := _meet(self._root / key[0])) is not None}
        self._known |= fresh
        return set(fresh)

    def _look(self, known: _Known) -> State:
        """Read the record of a run, and end its attempt if its lane is dead; its state."""
        folder, known.looked_at = known.run.folder, self._clock()
        try:
            record = read_record(folder)
            if record.is_taken and self._leases.is_over(folder, record):
                _bury(known.run, record)
                record = read_record(folder)
            if record.done is not None:
                mend_done(folder, record.done)
            known.learn(record)
        except OSError:  # moved away, or the disk is full or gone: as at the last look, until the next one
            pass
        return known.state

    def _take(self, known: _Known, lane: str) -> Attempt | None:
        """Claim a run, if it still is open."""
        folder = known.run.folder
        if self._look(known) is not State.TODO:
            return None
        number = known.record.attempt + 1
        if not take(folder, number, Claim(lane, self._me or this_process(), now())):
            known.state = State.RUNNING  # somebody else was faster
            return None
        # Whoever decided something in between has seen our claim, or we see what they decided.
        state, record = self._look(known), known.record
        if number > 1 and all(n != number - 1 for n, _ in record.ends):
            (folder / f"claim.{number}").unlink(missing_ok=True)  # requeued: not the folder that we looked at
            return None
        if state is not State.RUNNING or record.attempt != number or record.stale:
            write_end(folder, number, Cause.STOPPED, "somebody decided otherwise at this moment")
            return None
        self._ours = folder
        return Attempt(known.run, number, record.changes)


def is_meant(run_id: str, only: str) -> bool:
    """Does one of these globs, separated by commas, fit this run? ``""`` fits all.

    >>> is_meant("yolov8n_320_freeze", "yolov8s_*, yolov8n_320_*")
    True
    """
    return not only or any(fnmatchcase(run_id, pattern.strip()) for pattern in only.split(","))


def _meet(folder: Path) -> _Known | None:
    """A run as its folder says; None while it is no run folder (yet), or not where it belongs."""
    try:
        stamp, run = _stamp(folder), read_run(folder)
    except (LabError, OSError):
        return None
    return _Known(run, read_workload(folder), stamp) if run.is_in_place else None


def _stamp(folder: Path) -> tuple[int, int]:
    about = os.stat(f"{folder}{os.sep}{RUN_FILE}")  # noqa: PTH116 - of a thousand runs: to build a path takes as long
    return about.st_ino, about.st_mtime_ns


def _is_another(known: _Known) -> bool:
    """Was it asked for anew in the same folder, as after an `rm -r`, when the system uses the folder's number again?"""
    try:
        return _stamp(known.run.folder) != known.stamp
    except OSError:  # gone; or the file server is, and then nothing changes
        return False


def _bury(run: Run, record: Record) -> None:
    """End an attempt whose lane is dead, once its training process is surely gone too."""
    beat, claim = record.beat, record.claim
    if beat is not None:
        # On this machine. It ends by itself when its lane dies (see `attempt`); this is for one that hangs.
        end_process(beat.process, patience_s=5.0)
    who = f"lane {claim.lane} on {claim.process.host}" if claim else "its lane"
    where = f" in epoch {beat.epoch}" if beat and beat.epoch else ""
    end_attempt(run, record.attempt, Fault(Cause.LANE, f"{who} died{where}"))
