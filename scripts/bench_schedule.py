"""How near the order of training comes to the best possible: the real queue, estimates and policy in virtual time.

The matrices of two real years (24 and 32 runs) are trained by 8 simulated lanes: real run folders, claims, ends and
takeovers; invented durations, which the estimates do not know (a machine's pace is drawn at random, and each run
strays from it). Two weekends are simulated: a quiet one, and a rough one on GPUs of 8 GB where batches do not fit,
trainings fail and are killed, and whole lanes die. The makespan is compared with its lower bound: no schedule is
shorter than its longest run, nor than all the work spread evenly over all lanes. Beside the order of labtools stand
cheapest first and a random one, through the same code by means of priorities.

    python scripts/bench_schedule.py
    python scripts/bench_schedule.py --quick --json
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import math
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from labtools.artifacts.checkpoint import Kept, kept_epochs, write_kept
from labtools.artifacts.record import Beat, Cause, ProcessId, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import RunSpec
from labtools.core.files import write_json
from labtools.core.words import duration
from labtools.train.estimates import Pace, Workload, expected_bytes, expected_seconds, write_workload
from labtools.train.runqueue import claims
from labtools.train.runqueue.orders import set_priority
from labtools.train.runqueue.policy import Fault
from labtools.train.runqueue.run_queue import LEASE_S, Attempt, RunQueue

LANES = 8
MODELS = ("yolov8n", "yolov8s", "yolov8m", "yolov8l")
YEARS = {"24 runs": (160, 320, 640), "32 runs": (320, 640, 1280, 1980)}  # image sizes; each with and without freeze
WORKLOAD = Workload(images=9000, val_images=1800)
EPOCHS = 100
START_S = 25.0
GPU_BYTES = 8 * 2**30
IDLE_S = 3.0  # how soon a lane without work looks again
REPAIR_S = 600.0  # until somebody starts a dead lane again
ORDERS = ("labtools", "cheapest first", "random")


@dataclass(frozen=True)
class Weekend:
    """What goes wrong.

    Attributes:
        trouble: faults per hour of training, of the training itself.
        death: deaths per hour of a lane, which somebody starts again after `REPAIR_S`.
        gpu_bytes: memory of a GPU.
    """

    name: str
    trouble: float = 0.0
    death: float = 0.0
    gpu_bytes: float = math.inf


WEEKENDS = (Weekend("quiet"), Weekend("rough", trouble=0.05, death=0.05, gpu_bytes=GPU_BYTES))
TROUBLES = (Cause.ERROR, Cause.KILLED, Cause.GPU, Cause.NAN)


@dataclass(frozen=True)
class Outcome:
    """One simulated weekend.

    Attributes:
        makespan: seconds until the last run was over.
        bound: seconds; see this file's first lines. Of what was really computed, lost epochs and dead lanes included.
        done: runs.
        failed: runs that were given up.
        attempts: of all runs.
        claim_s: real seconds of each claim, on this machine.
    """

    makespan: float
    bound: float
    done: int
    failed: int
    attempts: int
    claim_s: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return self.makespan / self.bound


def year(sizes: Sequence[int]) -> list[RunSpec]:
    return [
        RunSpec(f"{model}_{imgsz}_{'freeze' if freeze else 'nofreeze'}", model, f"/w/{model}.pt", freeze, imgsz, 64,
                EPOCHS, 0, "/d/dlcv.yaml", "f")
        for imgsz, model, freeze in itertools.product(sizes, MODELS, (10, None))
    ]  # fmt: skip


@dataclass
class Truth:
    """What the estimates try to guess: how long trainings really take, and what fits the GPU."""

    chance: random.Random
    pace: Pace = field(init=False)
    strays: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # From a fast card behind slow loaders to a slow card behind fast ones.
        self.pace = Pace(0.0, self.chance.uniform(0.001, 0.01), self.chance.uniform(3000.0, 15000.0))

    def epoch_s(self, spec: RunSpec, batch: int) -> float:
        """Seconds of an epoch; a smaller batch uses a GPU less well."""
        stray = self.strays.setdefault(spec.run_id, self.chance.lognormvariate(0.0, 0.15))
        slower = float(1.05 ** math.log2(spec.batch / batch))
        return expected_seconds(spec, WORKLOAD, self.pace) / spec.epochs * stray * slower


@dataclass
class Lane:
    """A simulated lane: its queue, and what it trains."""

    number: int
    queue: RunQueue
    attempt: Attempt | None = None
    is_dead: bool = False
    beats: int = 0

    @property
    def name(self) -> str:
        return f"gpu{self.number}"


class Simulation:
    """One matrix, some lanes, one weekend, in virtual seconds. Events are times, and what then happens to a lane."""

    def __init__(self, root: Path, specs: Sequence[RunSpec], weekend: Weekend, seed: int) -> None:
        self.root, self.weekend = root, weekend
        self.chance = random.Random(seed)  # noqa: S311 - a simulation
        self.truth = Truth(random.Random(seed + 1))  # noqa: S311
        self.now, self.died_at = 0.0, -math.inf
        self.events: list[tuple[float, int, Lane, Fault | str]] = []
        self.order = itertools.count()
        self.spent: dict[str, float] = {spec.run_id: 0.0 for spec in specs}
        self.lost_s = 0.0
        self.claim_s: list[float] = []
        for number in range(LANES):
            me = ProcessId("a-simulated-server", number + 1, 1.0)
            self.at(0.0, Lane(number, RunQueue(root, clock=lambda: self.now, me=me)), "look")

    def at(self, when: float, lane: Lane, what: Fault | str) -> None:
        heapq.heappush(self.events, (when, next(self.order), lane, what))

    def run(self) -> Outcome:
        """Until every run is done or given up."""
        makespan = 0.0
        while self.events:
            self.now, _, lane, what = heapq.heappop(self.events)
            if lane.attempt is not None:
                makespan = self.now
            self.happen(lane, what)
        records = [read_record(self.root / run_id) for run_id in self.spent]
        states = [judge(record, stale=False) for record in records]
        total = (sum(self.spent.values()) + self.lost_s) / LANES
        bound = max(total, *self.spent.values())
        attempts = sum(record.attempt for record in records)
        done, failed = states.count(State.DONE), states.count(State.FAILED)
        return Outcome(makespan, bound, done, failed, attempts, tuple(self.claim_s))

    def happen(self, lane: Lane, what: Fault | str) -> None:
        if what == "look":
            lane.is_dead = False
            self.look(lane)
        elif what == "death":
            lane.attempt, lane.is_dead = None, True
            self.lost_s += REPAIR_S
            self.died_at = self.now
            self.at(self.now + REPAIR_S, lane, "look")
        elif lane.attempt is not None:
            run, number = lane.attempt.run, lane.attempt.number
            if isinstance(what, Fault):
                claims.end_attempt(run, number, what)
            else:
                result = {
                    "attempt": number,
                    "epochs": run.spec.epochs,
                    "seconds": self.spent[run.run_id],
                    "device": "0",
                }
                claims.write_done(run.folder, result)
            lane.attempt = None
            self.at(self.now, lane, "look")

    def look(self, lane: Lane) -> None:
        """Take the next run, or wait for one that falls free."""
        self.beat()
        start = time.perf_counter()
        lane.attempt = lane.queue.claim(lane.name)
        self.claim_s.append(time.perf_counter() - start)
        if lane.attempt is not None:
            self.train(lane, lane.attempt)
        elif lane.queue.running():
            # In truth every three seconds; but nothing changes before the next event, or a lease that runs out.
            soon = min((when for when, _, _, what in self.events if what != "look"), default=math.inf)
            if self.now - self.died_at < 3 * LEASE_S:
                soon = min(soon, self.now + LEASE_S / 2)
            self.at(soon + IDLE_S, lane, "look")

    def beat(self) -> None:
        """The living beat all the time; it is enough to write that when somebody looks."""
        for _, _, lane, _ in self.events:
            if lane.attempt is not None and not lane.is_dead:
                lane.beats += 1
                process = ProcessId("a-simulated-server", lane.number + 1, 1.0)
                beat = Beat(lane.beats, claims.now(), process, "training")
                claims.write_beat(lane.attempt.run.folder, lane.attempt.number, beat)

    def train(self, lane: Lane, attempt: Attempt) -> None:
        """Decide what becomes of this attempt, and when."""
        run, spec = attempt.run, attempt.run.spec
        batch = int(attempt.settings.get("batch", spec.batch))
        kept = kept_epochs(run.folder)
        epoch_s = self.truth.epoch_s(spec, batch)
        seconds = START_S + (spec.epochs - kept) * epoch_s
        what: Fault | str = "done"
        trouble, death = (self.hours(rate) for rate in (self.weekend.trouble, self.weekend.death))
        if expected_bytes(replace(spec, batch=batch), WORKLOAD) > self.weekend.gpu_bytes:
            seconds, what = START_S + 0.1 * epoch_s, Fault(Cause.OOM, f"out of memory: batch {batch}", batch=batch)
        elif min(trouble, death) < seconds:
            seconds = min(trouble, death)
            what = "death" if death < trouble else Fault(self.chance.choice(TROUBLES), "trouble")
            epochs = kept + max(0, int((seconds - START_S) / epoch_s))
            if epochs > kept:
                write_kept(run.folder, Kept(epochs, False, 1, 0.0))
        self.spent[spec.run_id] += seconds
        self.at(self.now + seconds, lane, what)

    def hours(self, rate: float) -> float:
        """Seconds until the next event of that many per hour."""
        return self.chance.expovariate(rate / 3600) if rate else math.inf


def simulate(specs: Sequence[RunSpec], weekend: Weekend, order: str, seed: int) -> Outcome:
    """One weekend in fresh run folders."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "dlcv"
        for spec in specs:
            write_json(root / spec.run_id / "run.json", spec.to_json(), durable=False)
            (root / spec.run_id / "weights").mkdir()
            write_workload(root / spec.run_id, WORKLOAD)
        turns = sorted(specs, key=lambda spec: expected_seconds(spec, WORKLOAD, Pace(0.0, 0.005, 8000.0)))
        if order == "random":
            random.Random(seed).shuffle(turns)  # noqa: S311
        if order != "labtools":
            for rank, spec in enumerate(turns):
                set_priority(root / spec.run_id, -rank)
        return Simulation(root, specs, weekend, seed).run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 weekends of each kind instead of 8")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + (3 if options.quick else 8))
    figures: dict[str, float] = {}
    print(f"{LANES} lanes; makespan / lower bound over {len(seeds)} weekends of each kind\n")
    print(f"{'matrix':8} {'weekend':8} {'order':15} {'median':>7} {'worst':>7}   makespan  done  given up  attempts")
    for (name, sizes), weekend, order in itertools.product(YEARS.items(), WEEKENDS, ORDERS):
        outcomes = [simulate(year(sizes), weekend, order, seed) for seed in seeds]
        ratios = [outcome.ratio for outcome in outcomes]
        middle = statistics.median(outcome.makespan for outcome in outcomes)
        done, failed, attempts = (sum(getattr(o, key) for o in outcomes) for key in ("done", "failed", "attempts"))
        print(f"{name:8} {weekend.name:8} {order:15} {statistics.median(ratios):7.3f} {max(ratios):7.3f}   "
              f"{duration(middle):>8} {done:5} {failed:9} {attempts:9}")  # fmt: skip
        key = f"{name} {weekend.name} {order}"
        figures |= {f"{key}: median ratio": statistics.median(ratios), f"{key}: worst ratio": max(ratios)}
        if order == "labtools":
            waits = sorted(second for outcome in outcomes for second in outcome.claim_s)
            figures[f"{key}: claim p99 ms"] = 1e3 * waits[int(0.99 * len(waits))]
    if options.json:
        print(json.dumps({"figures": figures}))


if __name__ == "__main__":
    main()
