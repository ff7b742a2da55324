"""What a lane costs over plain `yolo train`, one training after the other, and the gap between two of its runs.

The same trainings on the CPU, the same arguments, seeds and threads, in turns: by Ultralytics' own command, and by a
lane. Each way is done with few epochs and with many; two lengths give the seconds that a run costs at its beginning
and end, and those that each epoch costs. From these follows the overhead of a 10-minute run, the figure to keep below
3 %. Processor seconds are the ones to look at where other people use the machine, too.

    python scripts/bench_train.py               # about 10 minutes on two cores
    python scripts/bench_train.py --quick       # about 2 minutes: a rough idea
    python scripts/bench_train.py --epochs 10 300 --rounds 3 --json
    python scripts/bench_train.py --ten-minutes # about 25 minutes: runs of that length, as they are

The last one extrapolates nothing: a plain run and a lane's go on at the same time, on a core each, then again with the
cores exchanged, so that whatever else the machine does slows both alike. It needs Linux (taskset) and two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from _chaos_lab import draw_shapes

from labtools.artifacts.record import State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import RunSpec
from labtools.core.config import dump_yaml
from labtools.demo.scales import WEIGHTS
from labtools.train.lanes.lane import Lane, environment
from labtools.train.planning.plan import plan_matrix, write_plan

TEN_MINUTES_S = 600.0
_RUNS = 2  # per lane and round: two have one gap
_YOLO = (sys.executable, "-c", "from ultralytics.cfg import entrypoint; entrypoint()")


@dataclass(frozen=True)
class Cost:
    """Seconds per run."""

    wall: float
    processor: float


@dataclass
class Bench:
    """A lab in which everything is measured."""

    folder: Path
    lane: Lane
    imgsz: int = 96
    costs: dict[tuple[str, int], list[Cost]] = field(default_factory=lambda: defaultdict(list))
    gaps: list[float] = field(default_factory=list)

    def furnish(self) -> None:
        draw_shapes(self.folder / "handed_in")
        prepare = ("prepare", "handed_in", "--out", "datasets/shapes", "--no-leakage")
        (self.folder / "cache" / "ultralytics").mkdir(parents=True)
        for command in ([sys.executable, "-m", "labtools", *prepare], [*_YOLO, "settings", "tensorboard=True"]):
            self._run([command])

    def plan(self, name: str, epochs: int, first_seed: int, runs: int = _RUNS) -> list[RunSpec]:
        """The runs of one round, with folders ready for a lane."""
        matrix = {
            "name": name,
            "data": "datasets/shapes",
            "axes": {"model": "yolov8f", "imgsz": self.imgsz, "batch": 8},
            "seeds": [first_seed + i for i in range(runs)],
            "epochs": epochs,
            "weights": {"yolov8f": str(WEIGHTS / "yolov8f.pt")},
            "defaults": {"nbs": 8, "optimizer": "AdamW", "lr0": 0.002},
        }
        path = self.folder / f"{name}.yaml"
        path.write_text(dump_yaml(matrix), encoding="utf-8")
        return [run.spec for run in write_plan(plan_matrix(path, None, self.folder / "runs"))]

    def round(self, name: str, epochs: int, first_seed: int) -> None:
        """Plain and with a lane, in turns."""
        specs = self.plan(name, epochs, first_seed)
        self.costs["plain", epochs].append(self._run([self._plain(name, spec) for spec in specs]))
        with self._watch(self.folder / "runs" / name, [spec.run_id for spec in specs]):
            cost = self._run([self._by_lane(name)])
        self.costs["lane", epochs].append(cost)

    def side_by_side(self, name: str, epochs: int, cores: tuple[int, int]) -> dict[str, float]:
        """Seconds of one plain run and of one by a lane, at the same time on a core each."""
        (spec,) = self.plan(name, epochs, first_seed=0, runs=1)
        ways = {"plain": self._plain(name, spec), "lane": self._by_lane(name)}
        seconds: dict[str, float] = {}

        def one(way: str, core: int) -> None:
            start = time.monotonic()
            command = ["taskset", "--cpu-list", str(core), *ways[way]]
            self._call(command, self.folder / f"log_{way}.txt")
            seconds[way] = time.monotonic() - start

        threads = [threading.Thread(target=one, args=pair) for pair in zip(ways, cores, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if judge(read_record(self.folder / "runs" / name / spec.run_id), stale=False) is not State.DONE:
            raise SystemExit(f"not done: {spec.run_id}")
        return seconds

    def _by_lane(self, name: str) -> list[str]:
        command = [sys.executable, "-m", "labtools", "lane", str(self.folder / "runs" / name), self.lane.name]
        return [*command, "--threads", str(self.lane.threads)]

    def _plain(self, name: str, spec: RunSpec) -> list[str]:
        """The course's own command for that run."""
        asked = {
            **{"model": spec.weights, "data": spec.data, "epochs": spec.epochs, "imgsz": spec.imgsz},
            **{"batch": spec.batch, "seed": spec.seed, "device": "cpu", **spec.args},
            **{"project": str(self.folder / "plain"), "name": f"{name}_{spec.run_id}"},
        }
        return [*_YOLO, "detect", "train", *(f"{key}={value}" for key, value in asked.items())]

    def _environment(self) -> dict[str, str]:
        """The same for both: threads, no network, and Ultralytics' own folder, which says to write events."""
        own = {"LABTOOLS_CACHE": str(self.folder / "cache"), "LABTOOLS_OFFLINE": "1"}
        plain = {"YOLO_CONFIG_DIR": str(self.folder / "cache" / "ultralytics"), "YOLO_OFFLINE": "1"}
        return {**os.environ, **environment(self.lane), **own, **plain}

    def _run(self, commands: list[list[str]]) -> Cost:
        """Seconds per run of these commands, children included."""
        start, before = time.monotonic(), os.times()
        for command in commands:
            self._call(command, self.folder / "log.txt")
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        return Cost((time.monotonic() - start) / _RUNS, spent / _RUNS)

    def _call(self, command: list[str], log: Path) -> None:
        with log.open("wb") as out:
            done = subprocess.run(command, cwd=self.folder, env=self._environment(), stdout=out, stderr=out)
        if done.returncode:
            raise SystemExit(f"{shlex.join(command)}\n{log.read_text(errors='replace')[-2000:]}")

    @contextmanager
    def _watch(self, root: Path, run_ids: list[str]) -> Iterator[None]:
        """Note the time from the end of the lane's first run to the first step of its second."""
        over, done_at, begun_at = threading.Event(), {}, {}

        def look() -> None:
            while not over.wait(0.05):
                for run_id in run_ids:
                    record = read_record(root / run_id)
                    if record.beat is not None and record.beat.phase == "training":
                        begun_at.setdefault(run_id, time.monotonic())
                    if record.done is not None:
                        done_at.setdefault(run_id, time.monotonic())

        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
        if left := [r for r in run_ids if judge(read_record(root / r), stale=False) is not State.DONE]:
            raise SystemExit(f"not done: {left}")
        self.gaps.append(max(begun_at.values()) - min(done_at.values()))

    def figures(self, lengths: tuple[int, int]) -> dict[str, float]:
        """Medians; the overhead of a 10-minute run from a line through both lengths."""
        answer = {f"gap between two runs of a lane, s ({how.__name__})": how(self.gaps) for how in (min, max)}
        for kind in ("wall", "processor"):
            start, epoch = {}, {}
            for way in ("plain", "lane"):
                few, many = (statistics.median(getattr(c, kind) for c in self.costs[way, n]) for n in lengths)
                epoch[way] = (many - few) / (lengths[1] - lengths[0])
                start[way] = few - lengths[0] * epoch[way]
                answer |= {f"{way}, {n} epochs, {kind} s": value for n, value in zip(lengths, (few, many), strict=True)}
            epochs = (TEN_MINUTES_S - start["plain"]) / epoch["plain"]
            answer[f"lane over plain, per run, {kind} s"] = start["lane"] - start["plain"]
            answer[f"lane over plain, per epoch, {kind}"] = epoch["lane"] / epoch["plain"]
            answer[f"lane over plain, 10 minutes, {kind}"] = (start["lane"] + epochs * epoch["lane"]) / TEN_MINUTES_S
        return answer


def ten_minutes(bench: Bench) -> dict[str, float]:
    """As many epochs as ten minutes take, by both ways at once, on both cores in turns."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("--ten-minutes needs two cores, one for each way.")
    bench.imgsz = 256
    few, more = 10, 60  # two lengths tell what an epoch takes; the first epochs of a machine are its slowest
    short, longer = (max(bench.side_by_side(f"probe_{n}", n, (cores[0], cores[1])).values()) for n in (few, more))
    epoch = (longer - short) / (more - few)
    epochs = round((TEN_MINUTES_S - short) / epoch) + few
    turns = [
        bench.side_by_side(f"turn{i}", epochs, pair)
        for i, pair in enumerate(((cores[0], cores[1]), (cores[1], cores[0])))
    ]
    figures = {"epochs": float(epochs)}
    for way in ("plain", "lane"):
        figures |= {f"{way}, s (turn {number})": turn[way] for number, turn in enumerate(turns, start=1)}
    plain, lane = (sum(turn[way] for turn in turns) for way in ("plain", "lane"))
    return figures | {"lane over plain, 10 minutes": lane / plain}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, nargs=2, default=(5, 60), metavar=("FEW", "MANY"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ten-minutes", action="store_true", help="whole runs of ten minutes, side by side")
    parser.add_argument("--quick", action="store_true", help="2 and 12 epochs, one round")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    lengths, rounds = ((2, 12), 1) if options.quick else (tuple(options.epochs), options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        # As many threads as Ultralytics takes by itself: two that share two cores with others' work cost twice as much.
        threads = 1 if options.ten_minutes else max(1, min(8, (os.cpu_count() or 1) - 1))
        bench = Bench(Path(folder), Lane("cpu0", threads=threads))
        os.environ.update(LABTOOLS_CACHE=str(bench.folder / "cache"), LABTOOLS_OFFLINE="1")
        bench.furnish()
        if options.ten_minutes:
            figures = ten_minutes(bench)
        else:
            for number in range(rounds):
                for epochs in lengths:
                    bench.round(f"round{number}_{epochs}", epochs, first_seed=number * _RUNS)
            figures = bench.figures(lengths)
    for name, value in figures.items():
        print(f"{name:44} {value:9.3f}")
    if options.json:
        print(json.dumps({"figures": figures}))


if __name__ == "__main__":
    main()
