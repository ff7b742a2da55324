"""A weekend of training in virtual time, for `bench_schedule`: real run folders, claims, ends and takeovers."""

from __future__ import annotations

import heapq
import itertools
import math
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from labtools.artifacts.checkpoint import Kept, kept_epochs, write_kept
from labtools.artifacts.record import Beat, Cause, ProcessId, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import RunSpec
from labtools.core.files import write_json
from labtools.train.estimates import Pace, Workload, expected_bytes, expected_seconds, write_workload
from labtools.train.runqueue import claims
from labtools.train.runqueue.orders import set_priority
from labtools.train.runqueue.policy import Fault
from labtools.train.runqueue.run_queue import LEASE_S, WATCH_EVERY_S, Attempt, RunQueue

LANES = 8
MODELS = ("yolov8n", "yolov8s", "yolov8m", "yolov8l")
YEARS = {"24 runs": (160, 320, 640), "32 runs": (320, 640, 1280, 1980)}  # image sizes; each with and without freeze
WORKLOAD = Workload(images=9000, val_images=1800)
EPOCHS = 100
START_S = 25.0
GPU_BYTES = 8 * 2**30
IDLE_S = 3.0  # how soon a lane without work looks again
SERVER = "a-simulated-server"
LOOK, WATCH, REPAIR, DEATH, DONE = "look", "watch", "repair", "death", "done"
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


class Piece(NamedTuple):
    """One attempt, as it went: the lane, the run, its number, when it began and ended, and how."""

    lane: str
    run_id: str
    number: int
    start: float
    end: float
    how: str


@dataclass(frozen=True)
class Outcome:
    """One simulated weekend.

    Attributes:
        makespan: seconds until the last run was over.
        bound: seconds; see `bench_schedule`.
        done: runs.
        failed: runs that were given up.
        claim_s: real seconds of each claim, on this machine.
        pieces: every attempt of every run, as they ended.
    """

    makespan: float
    bound: float
    done: int
    failed: int
    claim_s: tuple[float, ...]
    pieces: tuple[Piece, ...]

    @property
    def ratio(self) -> float:
        return self.makespan / self.bound

    @property
    def attempts(self) -> int:
        return len(self.pieces)


def least_seconds(pieces: Sequence[Piece]) -> float:
    """The lower bound of the makespan, of whatever order: see `bench_schedule`."""
    chains: dict[str, float] = defaultdict(float)
    for piece in pieces:
        chains[piece.run_id] += piece.end - piece.start
    work, deaths = sum(chains.values()), [piece for piece in pieces if piece.how == DEATH]
    begun = {(piece.run_id, piece.number) for piece in pieces}
    for piece in deaths:
        chains[piece.run_id] += LEASE_S if (piece.run_id, piece.number + 1) in begun else 0.0
    lost = REPAIR_S * max(0, len(deaths) - LANES)  # the last death of each lane may come after all is done
    return max(*chains.values(), (work + lost) / LANES)


def year(sizes: Sequence[int]) -> list[RunSpec]:
    return [
        RunSpec(f"{model}_{imgsz}_{'freeze' if freeze else 'nofreeze'}", model, f"/w/{model}.pt", freeze, imgsz, 64,
                EPOCHS, 0, "/d/dlcv.yaml", "f")
        for imgsz, model, freeze in itertools.product(sizes, MODELS, (10, None))
    ]  # fmt: skip


@dataclass
class Truth:
    """What the estimates try to guess: how long trainings really take, and what fits the GPU."""

    seed: int
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        # From a fast card behind slow loaders to a slow card behind fast ones.
        chance = random.Random(self.seed)  # noqa: S311 - a simulation
        self.pace = Pace(0.0, chance.uniform(0.001, 0.01), chance.uniform(3000.0, 15000.0))

    def epoch_s(self, spec: RunSpec, batch: int) -> float:
        """Seconds of an epoch; a smaller batch uses a GPU less well."""
        stray = random.Random(f"{self.seed} {spec.run_id}").lognormvariate(0.0, 0.15)  # noqa: S311
        slower = float(1.05 ** math.log2(spec.batch / batch))
        return expected_seconds(spec, WORKLOAD, self.pace) / spec.epochs * stray * slower


@dataclass
class Lane:
    """A simulated lane: its queue, and what it trains since when."""

    number: int
    queue: RunQueue
    attempt: Attempt | None = None
    since: float = 0.0
    is_dead: bool = False
    beats: int = 0

    @property
    def name(self) -> str:
        return f"gpu{self.number}"


class Simulation:
    """One matrix, some lanes, one weekend, in virtual seconds. Events are times, and what then happens to a lane.

    What becomes of an attempt depends on the weekend's seed, its run and its number alone: not on the order.
    """

    def __init__(self, root: Path, specs: Sequence[RunSpec], weekend: Weekend, seed: int) -> None:
        self.root, self.weekend, self.seed = root, weekend, seed
        self.run_ids = [spec.run_id for spec in specs]
        self.truth = Truth(seed)
        self.now, self.beaten_at = 0.0, -math.inf
        self.events: list[tuple[float, int, Lane, Fault | str]] = []
        self.order = itertools.count()
        self.lost: set[str] = set()  # runs whose lane died, until another takes them
        self.claim_s: list[float] = []
        self.pieces: list[Piece] = []
        self.lanes = [
            Lane(n, RunQueue(root, clock=lambda: self.now, me=ProcessId(SERVER, n + 1, 1.0))) for n in range(LANES)
        ]
        for lane in self.lanes:
            self.at(0.0, lane, LOOK)

    def at(self, when: float, lane: Lane, what: Fault | str) -> None:
        heapq.heappush(self.events, (when, next(self.order), lane, what))

    def run(self) -> Outcome:
        """Until every run is done or given up."""
        while self.events:
            self.now, _, lane, what = heapq.heappop(self.events)
            self.happen(lane, what)
        states = [judge(read_record(self.root / run_id), stale=False) for run_id in self.run_ids]
        done, failed = states.count(State.DONE), states.count(State.FAILED)
        if done + failed < len(states):
            raise RuntimeError(f"weekend {self.seed}: {len(states) - done - failed} runs were left behind")
        makespan = max(piece.end for piece in self.pieces)
        bound = least_seconds(self.pieces)
        return Outcome(makespan, bound, done, failed, tuple(self.claim_s), tuple(self.pieces))

    def happen(self, lane: Lane, what: Fault | str) -> None:
        if what == REPAIR:
            lane.is_dead = False
        if what in (LOOK, REPAIR, WATCH) or lane.attempt is None:
            if what != WATCH or self.lost:
                self.look(lane)
            return
        attempt, lane.attempt = lane.attempt, None
        how = what.cause.value if isinstance(what, Fault) else what
        self.pieces.append(Piece(lane.name, attempt.run.run_id, attempt.number, lane.since, self.now, how))
        if what == DEATH:
            self.die(lane, attempt)
        elif isinstance(what, Fault):
            claims.end_attempt(attempt.run, attempt.number, what)
        else:
            result = {"attempt": attempt.number, "epochs": attempt.run.spec.epochs, "device": "0"}
            claims.write_done(attempt.run.folder, {**result, "seconds": self.seconds_of(attempt.run.run_id)})
        if what != DEATH:
            self.at(self.now, lane, LOOK)
            self.all_look_after(IDLE_S)

    def seconds_of(self, run_id: str) -> float:
        return sum(piece.end - piece.start for piece in self.pieces if piece.run_id == run_id)

    def die(self, lane: Lane, attempt: Attempt) -> None:
        """The others see its last beat, and when the lease is over that no other followed."""
        self.beat(lane, attempt)
        lane.is_dead = True
        self.lost.add(attempt.run.run_id)
        self.at(self.now + REPAIR_S, lane, REPAIR)
        looks = range(1, 3 + math.ceil(LEASE_S / WATCH_EVERY_S))
        for seconds in (since + look * WATCH_EVERY_S for since in (0.0, REPAIR_S) for look in looks):
            self.all_look_after(seconds, WATCH)

    def all_look_after(self, seconds: float, what: str = LOOK) -> None:
        """In truth each looks again and again; but only now there is something to see."""
        for lane in self.lanes:
            self.at(self.now + seconds, lane, what)

    def look(self, lane: Lane) -> None:
        """Take the next run, where it trains none; else see how the others are."""
        if lane.is_dead:
            return
        if lane.attempt is not None and not self.lost:
            return  # all who train are alive
        self.all_beat()
        if lane.attempt is not None:
            lane.queue.watch()
            return
        start = time.perf_counter()
        lane.attempt, lane.since = lane.queue.claim(lane.name), self.now
        self.claim_s.append(time.perf_counter() - start)
        if lane.attempt is not None:
            self.lost.discard(lane.attempt.run.run_id)
            seconds, what = self.fate(lane.attempt)
            self.at(self.now + seconds, lane, what)

    def all_beat(self) -> None:
        """The living beat all the time; it is enough to write that when somebody looks."""
        if self.now > self.beaten_at:
            self.beaten_at = self.now
            for lane in self.lanes:
                if lane.attempt is not None:
                    self.beat(lane, lane.attempt)

    def beat(self, lane: Lane, attempt: Attempt) -> None:
        lane.beats += 1
        process = ProcessId(SERVER, lane.number + 1, 1.0)
        claims.write_beat(attempt.run.folder, attempt.number, Beat(lane.beats, claims.now(), process, "training"))

    def fate(self, attempt: Attempt) -> tuple[float, Fault | str]:
        """What becomes of this attempt, and after how many seconds; its checkpoint is written already."""
        run, spec = attempt.run, attempt.run.spec
        chance = random.Random(f"{self.seed} {run.run_id} {attempt.number}")  # noqa: S311 - a simulation
        batch = int(attempt.settings.get("batch", spec.batch))
        kept = kept_epochs(run.folder)
        epoch_s = self.truth.epoch_s(spec, batch)
        if expected_bytes(replace(spec, batch=batch), WORKLOAD) > self.weekend.gpu_bytes:
            return START_S + 0.1 * epoch_s, Fault(Cause.OOM, f"out of memory: batch {batch}", batch=batch)
        whole = START_S + (spec.epochs - kept) * epoch_s
        trouble, death = (hours(chance, rate) for rate in (self.weekend.trouble, self.weekend.death))
        seconds = min(trouble, death)
        if seconds >= whole:
            return whole, DONE
        epochs = kept + max(0, int((seconds - START_S) / epoch_s))
        if epochs > kept:
            write_kept(run.folder, Kept(epochs, False, 1, 0.0))
        # The policy expects a NaN to go with mixed precision, and gives a run up where it does not.
        causes = TROUBLES if attempt.settings.get("amp", True) else TROUBLES[:-1]
        return seconds, DEATH if death < trouble else Fault(chance.choice(causes), "trouble")


def hours(chance: random.Random, rate: float) -> float:
    """Seconds until the next event of that many per hour."""
    return chance.expovariate(rate / 3600) if rate else math.inf


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
