"""What is not as it should be, each in a sentence, and what to type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from labtools.artifacts.record import UNWANTED, Cause, State
from labtools.artifacts.runs import option_of
from labtools.core.words import duration
from labtools.train.status.lane_status import LIVING, LaneStatus, LaneWord
from labtools.train.status.run_status import RunStatus

TRAIN_AGAIN = "the same `labtools train-matrix` command again"


class Level(str, Enum):
    """How bad it is."""

    ERROR = "error"  # stays as it is until somebody does something
    WARNING = "warning"  # labtools goes on by itself, but somebody may want to look
    NOTE = "note"  # good to know


@dataclass(frozen=True)
class Trouble:
    """Something that people should know.

    Attributes:
        level: see `Level`.
        who: run ids, lanes or machines that it is about; empty: the whole matrix.
        what: a sentence.
        fix: what to do, with commands in backticks; "" where nothing is to be done.
    """

    level: Level
    who: tuple[str, ...]
    what: str
    fix: str = ""

    def to_json(self) -> dict[str, object]:
        return {**self.__dict__, "level": self.level.value, "who": list(self.who)}


def list_troubles(
    root: Path,
    runs: Sequence[RunStatus],
    lanes: Sequence[LaneStatus],
    unreadable: Iterable[tuple[str, str]],
    full: str = "",
) -> tuple[Trouble, ...]:
    """The worst first.

    Args:
        root: of the matrix: commands name it where it is not the only one.
        runs: all of them.
        lanes: likewise.
        unreadable: folders that should be runs and cannot be read, and why.
        full: a sentence on the disk of the matrix while it is, else "". Lanes cannot even say that they wait for room.
    """
    found = [
        *_of_disk(runs, full),
        *_of_folders(unreadable),
        *_of_runs(root, runs),
        *_of_lanes(runs, lanes),
        *_without_lanes(runs, lanes),
        *_of_batches(runs),
    ]
    order = list(Level)
    return tuple(sorted(found, key=lambda trouble: order.index(trouble.level)))


def _of_disk(runs: Sequence[RunStatus], full: str) -> Iterator[Trouble]:
    if full and any(run.state.is_open for run in runs):
        yield Trouble(Level.ERROR, (), full, "Make room: lanes wait for it, go on by themselves, and lose nothing.")


def _of_folders(unreadable: Iterable[tuple[str, str]]) -> Iterator[Trouble]:
    by_reason = defaultdict(list)
    for name, why in unreadable:
        by_reason[why].append(name)
    for why, names in by_reason.items():
        fix = "Move that folder away; the next `labtools train-matrix` writes it anew."
        yield Trouble(Level.ERROR, tuple(names), f"this run folder cannot be read: {why}", fix)


_FIXES = {
    Cause.OOM: "Take it out of the matrix, or ask for a smaller network or image; on a larger GPU `{retry}`.",
    Cause.NAN: "Ask for a smaller lr0 or another optimizer in the matrix, or `{retry}`.",
    Cause.WEIGHTS: "Put a good checkpoint in that place, then `{retry}`.",
    Cause.KILLED: "Is that machine short of memory? Mend it, then `{retry}`.",
    Cause.LANE: "Look at the machines that it was on (`lanes/*.log`), then `{retry}`.",
    Cause.GPU: "Look at that GPU with `nvidia-smi`, then `{retry}`.",
    Cause.DISK: "Make room, then `{retry}`.",
    Cause.DATA: "Make the dataset readable there, then `{retry}`.",
}
_ANY_FIX = "See the end of its `train.log`; mend that, then `{retry}`."


def _of_runs(root: Path, runs: Sequence[RunStatus]) -> Iterator[Trouble]:
    """Runs that ended alike are told together."""
    alike = defaultdict(list)
    for run in runs:
        if run.reason and run.state in (State.FAILED, State.STALE, State.TODO):
            alike[run.state, run.cause, run.reason].append(run)
    option = option_of(root) if any(state is not State.TODO for state, _, _ in alike) else ""
    for (state, cause, reason), group in alike.items():
        ids = tuple(run.run_id for run in group)
        if state is State.STALE and reason == UNWANTED:
            aside = f"`{_command('requeue', ids, option)}` puts what it has into old/"
            fix = f"Write it into the matrix to have it back; {aside}."
            yield Trouble(Level.NOTE, ids, f"not trained: {reason}", fix)
        elif state is State.STALE:
            yield Trouble(
                Level.ERROR, ids, f"stale: {reason}", f"To train it anew: `{_command('requeue', ids, option)}`."
            )
        elif state is State.FAILED:
            fix = _FIXES.get(Cause(cause), _ANY_FIX).format(retry=_command("retry", ids, option))
            yield Trouble(Level.ERROR, ids, f"{_after(group)}: {reason}", fix)
        else:
            yield Trouble(Level.WARNING, ids, f"{_after(group)}: {reason}; it will be tried again")


def _after(group: Sequence[RunStatus]) -> str:
    attempts = sorted({run.attempt for run in group})
    return f"attempt {attempts[0]}" if len(attempts) == 1 else f"attempts {attempts[0]}-{attempts[-1]}"


def _command(verb: str, ids: Sequence[str], option: str) -> str:
    few = 3
    everyone = {"retry": "--failed", "requeue": "--stale"}[verb]
    return f"labtools {verb} {' '.join(ids) if len(ids) <= few else everyone}{option}"


def _of_lanes(runs: Sequence[RunStatus], lanes: Sequence[LaneStatus]) -> Iterator[Trouble]:
    """Of interest as long as there is something to train; a lane that waits, while there is something to take."""
    states = {run.state for run in runs}
    if not any(state.is_open for state in states):
        return
    yield from _silent(lanes)
    for word, level, fix in (
        (LaneWord.DEAD, Level.WARNING, f"Type {TRAIN_AGAIN} to have it back."),
        (LaneWord.RETIRED, Level.ERROR, f"Mend that, then type {TRAIN_AGAIN}."),
        (LaneWord.WAITING, Level.NOTE, ""),
        (LaneWord.PENDING, Level.NOTE, ""),
    ):
        alike = defaultdict(list)
        for lane in lanes:
            is_idle = word in (LaneWord.WAITING, LaneWord.PENDING) and not (lane.why and State.TODO in states)
            if lane.state is word and not is_idle:
                alike[lane.why].append(_name(lane))
        for why, names in alike.items():
            what = "its process is gone without a word" if word is LaneWord.DEAD else f"{word.value}: {why}"
            yield Trouble(level, tuple(names), what, fix)


def _silent(lanes: Sequence[LaneStatus]) -> Iterator[Trouble]:
    """One line for a machine of which nothing is heard, or one per lane where others there go on."""
    machines = defaultdict(list)
    for lane in lanes:
        machines[lane.machine].append(lane)
    for machine, there in machines.items():
        silent = [lane for lane in there if lane.state is LaneWord.SILENT]
        if not silent:
            continue
        all_silent = not any(lane.state in LIVING for lane in there)
        who = (machine,) if all_silent else tuple(_name(lane) for lane in silent)
        since = duration(min(lane.silent_s or 0.0 for lane in silent))
        heirs = "; what it trains is taken over by other lanes" if any(lane.state in LIVING for lane in lanes) else ""
        what = f"nothing heard for {since}{heirs}"
        fix = f"Is it up, and does it see this folder (`ssh {machine}`)? When it is back, type {TRAIN_AGAIN}."
        yield Trouble(Level.WARNING, who, what, fix)


def _name(lane: LaneStatus) -> str:
    return f"{lane.name}@{lane.machine}" if lane.machine else lane.name


def _without_lanes(runs: Sequence[RunStatus], lanes: Sequence[LaneStatus]) -> Iterator[Trouble]:
    left = sum(run.state is State.TODO for run in runs)
    heard = LIVING | {LaneWord.PENDING}
    if left and not any(lane.state in heard for lane in lanes):
        silent = any(lane.state is LaneWord.SILENT for lane in lanes)
        runs_left = "1 run is left" if left == 1 else f"{left} runs are left"
        what = f"no lane is {'heard of' if silent else 'at work'}, and {runs_left}"
        yield Trouble(Level.ERROR, (), what, f"Type {TRAIN_AGAIN} to go on.")


def _of_batches(runs: Sequence[RunStatus]) -> Iterator[Trouble]:
    smaller = [run for run in runs if run.is_smaller and run.state in (State.RUNNING, State.DONE, State.TODO)]
    if smaller:
        what = "a smaller batch than asked was all that fitted; more steps are added up, so that they learn alike"
        yield Trouble(Level.NOTE, tuple(f"{run.run_id} b{run.batch_used}<{run.batch}" for run in smaller), what)
