"""What has to hold of a lab after `chaos_train.py`: records, files and what a witness saw tell one story."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _chaos_lab import Lab, SaidNothing
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from labtools.artifacts.record import BAD_LUCK, Cause, Record, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import read_curves, read_run
from labtools.core.files import read_json

_PATIENCE_S = 60.0
_EXPLAINED = BAD_LUCK | {Cause.DISK}
_BEGINNING = re.compile(
    r"^==== attempt (\d+), lane |^going on after epoch (\d+) of |^(training from the start)|^(.*: started over)$",
    re.MULTILINE,
)


@dataclass
class Told:
    """What was done to a lab and what a witness saw, none of it read from a record afterwards.

    Attributes:
        hit: attempts (run id and number) that a blow has ended, or may have.
        processes: numbers of the processes that trained each attempt.
        side_by_side: runs that two processes were training at the same time.
        done: ``done.json`` of each run, as it was first seen.
        launcher_codes: how the commands ended that started lanes.
    """

    hit: set[tuple[str, int]] = field(default_factory=set)
    processes: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    side_by_side: set[str] = field(default_factory=set)
    done: dict[str, bytes] = field(default_factory=dict)
    launcher_codes: Counter[int] = field(default_factory=Counter)

    def tally(self, root: Path) -> dict[str, float]:
        """Figures of the attempts, and of the commands typed."""
        records = [read_record(path.parent) for path in root.glob("*/run.json")]
        causes = Counter(end.cause.value for record in records for _, end in record.ends)
        codes = {f"train-matrix ended with {code}": count for code, count in sorted(self.launcher_codes.items())}
        attempts = {"runs": len(records), "attempts": sum(record.attempt for record in records)}
        return {**codes, **attempts, **{f"attempts ended by {cause}": n for cause, n in sorted(causes.items())}}


def check(lab: Lab, told: Told, runs: int, epochs: int) -> list[str]:
    """Whatever is not as it should be, one sentence each."""
    wrong = list(_check_lab(lab, told, runs))
    for folder in sorted(path.parent for path in lab.root.glob("*/run.json")):
        wrong += [f"{folder.name}: {sentence}" for sentence in _check_run(folder, told, epochs)]
    return wrong


def _check_lab(lab: Lab, told: Told, runs: int) -> Iterator[str]:
    end = time.monotonic() + _PATIENCE_S
    while (left := [p for p in lab.processes() if p.kind in ("lane", "training")]) and time.monotonic() < end:
        time.sleep(0.5)
    if left:
        yield f"still at work when all was done: {[process.argv for process in left]}"
    try:
        status, again = lab.say("status", str(lab.root)), lab.say(*lab.start_again()[3:-1])
        if status["counts"].get("done") != runs or len(status["runs"]) != runs:
            yield f"the status counts {status['counts']}"
        if again["launched"] is not None:
            yield f"there was something left to start: {again['launched']}"
    except SaidNothing as error:
        yield str(error)
    logs = [lab.folder / "launchers.log", *(lab.root / "lanes").glob("*.log")]
    yield from (f"a traceback in {log.name}" for log in logs if "Traceback" in log.read_text(errors="replace"))
    yield from (f"{run_id} was trained by two processes at once" for run_id in sorted(told.side_by_side))
    # What a killed `train-matrix` showed the servers is swept by one that is typed an hour later.
    halves = [path for path in lab.root.rglob(".*") if path.is_file() and not path.name.startswith(".labtools-")]
    yield from (f"half a file stays: {path.relative_to(lab.root)}" for path in halves)


def _check_run(folder: Path, told: Told, epochs: int) -> Iterator[str]:
    record = read_record(folder)
    if judge(record, stale=False) is not State.DONE or record.done is None:
        yield f"is {judge(record, stale=False).value}: {record.last_end}"
        return
    yield from _check_attempts(folder, record, record.done, told)
    yield from _check_epochs(folder, record, record.done, epochs)
    if (folder / "done.json").read_bytes() != told.done.get(folder.name, b""):
        yield "its done.json has changed after it was first seen"
    for name in ("args.yaml", "results.csv", "train.log", "weights/best.pt", "weights/last.pt"):
        if not (folder / name).is_file() or not (folder / name).stat().st_size:
            yield f"{name} is missing or empty"
    if extra := sorted(path.name for path in (folder / "weights").iterdir() if path.name not in ("best.pt", "last.pt")):
        yield f"weights/ holds what was only there to go on from: {extra}"


def _check_attempts(folder: Path, record: Record, done: dict[str, Any], told: Told) -> Iterator[str]:
    """Attempts 1, 2, 3 ..., each begun once, each ended once, and none ended that nobody has hit."""
    last = done["attempt"]
    claims = sorted(int(path.suffix[1:]) for path in folder.glob("claim.*"))
    if claims != list(range(1, last + 1)) or [n for n, _ in record.ends] != list(range(1, last)):
        yield f"attempt {last} finished it, but claims are {claims} and ends {[n for n, _ in record.ends]}"
    if read_json(folder / f"end.{last}.json") != done:
        yield "done.json is not the word that closed its last attempt"
    history = [(a["number"], a["cause"]) for a in done["attempts"]]
    if history != [*((n, end.cause.value) for n, end in record.ends), (last, "done")]:
        yield f"done.json tells of other attempts: {history}"
    for number, end in record.ends:
        if end.cause not in _EXPLAINED:
            yield f"attempt {number} ended by {end.cause.value}: {end.reason}"
        elif (folder.name, number) not in told.hit:
            yield f"attempt {number} ended by {end.cause.value}, though nothing was done to it: {end.reason}"
    for number in claims:
        if len(told.processes.get((folder.name, number), ())) > 1:
            yield f"attempt {number} was begun by more than one process"


def _check_epochs(folder: Path, record: Record, done: dict[str, Any], epochs: int) -> Iterator[str]:
    """Each epoch once in table and curves, and no attempt that began before the place where the last one was."""
    if done["epochs"] != epochs or list(read_curves(read_run(folder))["epoch"]) != list(range(1, epochs + 1)):
        yield f"results.csv has the epochs {list(read_curves(read_run(folder))['epoch'])} of {epochs}"
    kept = {1: 0} | {number + 1: end.epoch for number, end in record.ends}
    for number, epoch in _beginnings(folder / "train.log"):
        # A headline that met a full disk is missing from the log: then the attempt is one of those after `number`.
        if epoch not in [kept.get(n) for n in range(number, max(kept) + 1)]:
            yield f"attempt {number} went on after epoch {epoch}, though {kept.get(number)} were kept"
    if done["resumed"] != kept[done["attempt"]]:
        yield f"it says that it went on after epoch {done['resumed']}, though {kept[done['attempt']]} were kept"
    boards = sorted(folder.glob("events.out.tfevents.*"))
    if len(boards) != 1:
        yield f"{len(boards)} event files instead of one"
        return
    board = EventAccumulator(str(boards[0]))
    board.Reload()
    for tag in board.Tags()["scalars"]:
        steps = [event.step for event in board.Scalars(tag)]
        if len(steps) != len(set(steps)) or (tag.startswith("train/") and len(steps) != epochs):
            yield f"TensorBoard shows {tag} at {steps}"


def _beginnings(log: Path) -> Iterator[tuple[int, int]]:
    """Attempt, and the epoch after which it went on, for those that got so far as to say so."""
    number = 1
    for match in _BEGINNING.finditer(log.read_text(encoding="utf-8", errors="replace")):
        if match[1]:
            number = int(match[1])
        else:
            yield number, int(match[2] or 0)
