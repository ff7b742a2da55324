"""Kill lanes at random while they work on a matrix, and check that nothing was lost and nothing done twice.

Real lane processes (`labtools.train.lanes.worker.run_lane`: claims, heartbeats, ends, takeovers) on real run folders;
only the training is invented: it keeps a few epochs, each a moment long, and sometimes runs out of memory or meets a
NaN. Every epoch is also written down by a witness outside the run folders, before and after. Lanes are killed with
SIGKILL and started again; at the end, records and witness have to tell the same story.

    python scripts/chaos_simulated.py                      # 1,000 runs, 64 lanes, 100 kills
    python scripts/chaos_simulated.py --runs 60 --lanes 6 --kills 8 --epoch-s 0.05 --json
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labtools.artifacts.checkpoint import Kept, kept_epochs, write_kept
from labtools.artifacts.record import Beat, Cause, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import RunSpec
from labtools.core.files import read_json, write_json
from labtools.train.estimates import Workload, write_workload
from labtools.train.lanes.lane import Lane
from labtools.train.lanes.work import Work
from labtools.train.lanes.worker import run_lane
from labtools.train.processes import this_process
from labtools.train.runqueue import claims
from labtools.train.runqueue.policy import Fault
from labtools.train.runqueue.run_queue import Attempt, RunQueue

EPOCHS = 4
FAULTS = {Cause.OOM: 0.02, Cause.NAN: 0.005}  # per epoch
_MODELS = "nsmlx"
_WORDS = ("start", "kept", "done")  # attempt and epochs kept before; attempt and epoch; attempt


@dataclass(frozen=True)
class Witness:
    """What really happened: a text file per run, one line per event, which no lane ever reads."""

    folder: Path

    def say(self, run_id: str, line: str) -> None:
        with (self.folder / run_id).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")  # one write of a few bytes: whole, or not at all

    def lines(self, run_id: str) -> list[list[str]]:
        path = self.folder / run_id
        return [line.split() for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def train(work: Work, witness: Witness, chance: random.Random, epoch_s: float) -> None:
    """An invented training that goes on from its last kept epoch, and stops when it is fenced."""
    run, number = work.attempt.run, work.attempt.number
    first = kept_epochs(run.folder) + 1
    witness.say(run.run_id, f"start {number} {first - 1}")
    for epoch in range(first, EPOCHS + 1):
        claims.write_beat(run.folder, number, Beat(epoch, claims.now(), this_process(), "training", epoch, EPOCHS))
        time.sleep(chance.uniform(0.5, 1.5) * epoch_s)
        if claims.is_fenced(run.folder, number):
            return
        for cause, rate in FAULTS.items():
            # A run that meets NaN without mixed precision too is given up, and rightly: not what is looked at here.
            if chance.random() < rate and not (cause is Cause.NAN and work.attempt.settings.get("amp") is False):
                claims.end_attempt(run, number, Fault(cause, "invented"))
                return
        if epoch < EPOCHS:
            write_kept(run.folder, Kept(epoch, False, epoch, 0.0))
            witness.say(run.run_id, f"kept {number} {epoch}")
    batch = work.attempt.settings.get("batch", run.spec.batch)
    result = {"attempt": number, "epochs": EPOCHS, "batch": batch, "seconds": 1.0, "device": "cpu", "map50": 0.5}
    if claims.write_done(run.folder, result):
        witness.say(run.run_id, f"done {number}")


def be_a_lane(root: Path, witness: Witness, name: str, seed: int, epoch_s: float, log: Path) -> None:
    """The process of a lane, from its first look to its end; how long each claim took goes to ``log``."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    with log.open("a", encoding="utf-8") as file:

        def say(line: str) -> None:
            return None

        waits: list[float] = []
        claim = RunQueue.claim

        def timed(self: RunQueue, lane: str) -> Attempt | None:
            start = time.perf_counter()
            attempt = claim(self, lane)
            waits.append(time.perf_counter() - start)
            if attempt is not None:
                file.write(f"{len(waits)} {waits[-1]:.6f}\n")
                file.flush()
            return attempt

        RunQueue.claim = timed  # type: ignore[method-assign]
        run_lane(root, Lane(name), say, trainer=lambda work: train(work, witness, chance, epoch_s), needs_data=False)


@dataclass
class Chaos:
    """Lanes, and who kills them."""

    folder: Path
    chance: random.Random
    epoch_s: float
    lanes: dict[str, Any] = field(default_factory=dict)
    started: int = 0
    killed: int = 0

    @property
    def root(self) -> Path:
        return self.folder / "runs" / "chaos"

    def prepare(self, runs: int) -> list[str]:
        names = [f"yolov8{_MODELS[i % 5]}_{320 + i}_freeze" for i in range(runs)]
        for i, name in enumerate(names):
            spec = RunSpec(name, f"yolov8{_MODELS[i % 5]}", "/w.pt", 10, 320 + i, 16, EPOCHS, 0, "/d/dlcv.yaml", "f")
            write_json(self.root / name / "run.json", spec.to_json(), durable=False)
            (self.root / name / "weights").mkdir()
            write_workload(self.root / name, Workload(1000, 100))
        (self.folder / "witness").mkdir()
        return names

    def start(self, name: str) -> None:
        self.started += 1
        log = self.folder / f"{name}.claims"
        witness, seed = Witness(self.folder / "witness"), self.chance.randrange(2**30)
        arguments = (self.root, witness, name, seed, self.epoch_s, log)
        self.lanes[name] = multiprocessing.get_context("fork").Process(target=be_a_lane, args=arguments)
        self.lanes[name].start()

    def kill(self) -> None:
        """End the life of one lane in the middle of whatever it does; another takes its name at once."""
        living = [name for name, process in self.lanes.items() if process.is_alive()]
        if living:
            name = self.chance.choice(living)
            os.kill(self.lanes[name].pid, signal.SIGKILL)
            self.lanes[name].join()
            self.killed += self.lanes[name].exitcode == -signal.SIGKILL
            self.start(name)

    def reign(self, lanes: int, kills: int, limit_s: float) -> None:
        """Start the lanes, kill while they work, and wait until they have nothing left to do."""
        end = time.monotonic() + limit_s
        for number in range(lanes):
            self.start(f"sim{number}")
        while any(process.is_alive() for process in self.lanes.values()):
            if time.monotonic() > end:
                raise SystemExit(f"not over after {limit_s:.0f} s")
            time.sleep(0.05 + self.chance.uniform(0.0, self.epoch_s))
            if self.killed < kills:
                self.kill()
        codes = Counter(process.exitcode for process in self.lanes.values())
        if set(codes) != {0}:
            raise SystemExit(f"a lane ended badly: exit codes {dict(codes)}")


def check(root: Path, names: list[str], witness: Witness) -> list[str]:
    """Whatever is not as it should be, one sentence each."""
    return [f"{name}: {wrong}" for name in names for wrong in _wrongs(root / name, witness.lines(name))]


def _wrongs(folder: Path, lines: list[list[str]]) -> list[str]:
    record = read_record(folder)
    if judge(record, stale=False) is not State.DONE or record.done is None:
        return [f"is {judge(record, stale=False).value}, not done"]
    last = record.done["attempt"]
    results = [folder / name for name in ("done.json", f"end.{last}.json")]
    starts, kept, done = ([[*map(int, rest)] for what, *rest in lines if what == word] for word in _WORDS)
    epochs = [epoch for _, epoch in kept]
    deaths = sum(end.cause is Cause.LANE for _, end in record.ends)
    checks = {
        "done.json is not what closed its last attempt": all(
            p.exists() and read_json(p) == record.done for p in results
        ),
        "somebody went on after it was done": record.attempt == last,
        "attempts are not 1, 2, 3 ...": [n for n, _ in record.ends] == list(range(1, last)),
        "an attempt was trained by two lanes": max(Counter(n for n, _ in starts).values()) == 1,
        "an attempt began that nobody claimed": {n for n, _ in starts} <= set(range(1, last + 1)),
        "it was finished twice, or by a lane that was given up": done in ([[last]], []),
        "an epoch was kept twice, or out of order": epochs == sorted(set(epochs)),
        # A lane killed between an epoch and its witness leaves a gap there.
        "an epoch is missing": EPOCHS - 1 - len(epochs) <= deaths,
        "an attempt did not go on where the last one was": not _went_back(lines),
        "it was not trained as its record says": record.done["batch"] == record.changes.get("batch", 16),
        "half a file was left in place": all(path.stat().st_size for path in folder.glob("*.json")),
    }
    return [wrong for wrong, is_right in checks.items() if not is_right]


def _went_back(lines: list[list[str]]) -> bool:
    """Did an attempt train an epoch again that had been kept?"""
    furthest = 0
    for what, *rest in lines:
        if what == "start" and int(rest[1]) < furthest:
            return True
        furthest = max(furthest, int(rest[1])) if what == "kept" else furthest
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--lanes", type=int, default=64)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--epoch-s", type=float, default=0.5, help="seconds of an invented epoch, on average")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--keep", type=Path, help="work in this new folder and leave it")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.mkdir(exist_ok=True)
    chaos = Chaos(folder, random.Random(options.seed), options.epoch_s)  # noqa: S311
    names = chaos.prepare(options.runs)
    start = time.monotonic()
    chaos.reign(options.lanes, options.kills, limit_s=60 + options.runs)
    figures: dict[str, float] = {"seconds": time.monotonic() - start, "kills": chaos.killed, "lanes": chaos.started}
    wrong = check(chaos.root, names, Witness(folder / "witness"))
    figures |= tally(chaos.root, names) | latencies(folder)
    if options.keep is None:
        shutil.rmtree(folder)
    for sentence in wrong:
        print(sentence)
    print("\n".join(f"{key:40} {value:10.1f}" for key, value in figures.items()))
    print("everything was done exactly once" if not wrong else f"{len(wrong)} things are wrong")
    if options.json:
        print(json.dumps({"figures": figures, "wrong": wrong}))
    sys.exit(1 if wrong else 0)


def tally(root: Path, names: list[str]) -> dict[str, float]:
    records = [read_record(root / name) for name in names]
    causes = Counter(end.cause.value for record in records for _, end in record.ends)
    attempts = {"runs": len(records), "attempts": sum(record.attempt for record in records)}
    return {**attempts, **{f"attempts ended by {cause}": count for cause, count in sorted(causes.items())}}


def latencies(folder: Path) -> dict[str, float]:
    """Of claims that got a run: a lane's first, which reads every folder, and the later ones."""
    first: list[float] = []
    later: list[float] = []
    for path in folder.glob("*.claims"):
        for line in path.read_text(encoding="utf-8").splitlines():
            number, seconds = line.split()
            (first if number == "1" else later).append(1e3 * float(seconds))
    return {f"{name} claim of a lane, {share:.0%} within ms": sorted(times)[int(share * len(times))]
            for name, times in (("first", first), ("later", later)) if times for share in (0.5, 0.99)}  # fmt: skip


if __name__ == "__main__":
    main()
