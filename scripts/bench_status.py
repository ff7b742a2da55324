"""How long `labtools status` takes, the whole command, over 500 and 1,000 invented run folders.

The folders hold what real ones hold. Usually half of the runs are done, one in twenty failed, and 64 lanes on 16
servers are at work; beside that, all are done, all are in training (on as many lanes), and all have failed after three
attempts, each for a reason of its own. The floor is the same Python doing nothing but listing each of these folders and
reading the same files. Python's bytecode is kept from one command to the next, as where labtools was installed.

    python scripts/bench_status.py
    python scripts/bench_status.py --quick --json
    python scripts/bench_status.py --keep /tmp/invented --runs 24     # leaves a lab to look at: labtools status ...
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any

from labtools.artifacts.lanes import LaneMood, LaneState, write_lane_state
from labtools.artifacts.record import Beat, Cause, Claim, ProcessId
from labtools.artifacts.runs import RunSpec
from labtools.core.files import write_json
from labtools.train.estimates import Workload, expected_seconds, pace, write_workload
from labtools.train.runqueue import claims

COUNTS, QUICK_COUNTS = (500, 1000), (500,)
USUAL, ALL_DONE, ALL_RUNNING, ALL_FAILED = SCENES = ("usual", "all done", "all running", "all failed")
EPOCHS, BATCH = 100, 64
GB = 2**30
WORKLOAD = Workload(17_119, 5_385)


def main() -> None:
    options = _options()
    if options.keep is not None:
        invent(options.keep, options.runs, options.scene)
        print(f"labtools status {options.keep}")
        return
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        bytecode = Path(folder) / "bytecode"
        for count, scene in product(QUICK_COUNTS if options.quick else COUNTS, SCENES):
            root = Path(folder) / f"{scene} {count}" / "invented"
            invent(root, count, scene)
            forms = measure(root, bytecode, 3 if options.quick else 9)
            figures |= {f"{count} runs, {scene}: {form}, s": seconds for form, seconds in forms.items()}
    for name, value in figures.items():
        print(f"{name:44} {value:8.3f}")
    if options.json:
        print(json.dumps({"figures": figures}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="500 runs only, 3 times")
    parser.add_argument("--json", action="store_true", help="figures as the last line")
    parser.add_argument("--keep", type=Path, help="only invent a lab in this folder")
    parser.add_argument("--runs", type=int, default=24, help="how many, with --keep")
    parser.add_argument("--scene", choices=SCENES, default=USUAL, help="how they are, with --keep")
    return parser.parse_args()


def measure(root: Path, bytecode: Path, times: int) -> dict[str, float]:
    """Median seconds of the command in its usual forms, and of the floor, in turns, after a first one of each."""
    command = [sys.executable, "-m", "labtools", "status", str(root)]
    page = str(root.parent / "status.html")
    forms = {
        "floor": [sys.executable, "-c", _FLOOR, str(root)],
        "status": command,
        "status --json": [*command, "--json"],
        "status --plain": [*command, "--plain"],
        "status --html": [*command, "--html", page],
    }
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(bytecode)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    seconds: dict[str, list[float]] = {form: [] for form in forms}
    for form, argv in list(forms.items()) * (times + 1):
        start = time.perf_counter()
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, env=environment)
        seconds[form].append(time.perf_counter() - start)
    return {form: round(statistics.median(taken[1:]), 3) for form, taken in seconds.items()}


_FLOOR = """
import os, sys
for folder in os.scandir(sys.argv[1]):
    for name in os.listdir(folder.path):
        if name.endswith(".json") or name.startswith("claim"):
            open(os.path.join(folder.path, name), "rb").read()
"""


def invent(root: Path, count: int, scene: str = USUAL) -> None:
    """A matrix folder with that many runs, and lanes on invented servers that are at work on it."""
    dice = random.Random(0)  # noqa: S311 - invented figures, not secrets
    specs = list(_specs(count))
    lanes = _lanes(count + 2 if scene == ALL_RUNNING else max(8, min(64, count // 8)))
    working = iter(lanes[1:-1])
    speed = pace([])
    for index, spec in enumerate(specs):
        folder = root / spec.run_id
        write_json(folder / "run.json", spec.to_json())
        write_workload(folder, WORKLOAD)
        seconds = expected_seconds(spec, WORKLOAD, speed) * dice.uniform(0.9, 1.1)
        share = {USUAL: index / count, ALL_DONE: 0.0, ALL_RUNNING: 0.6, ALL_FAILED: 1.0}[scene]
        lane = next(working, None) if 0.5 < share < 1 else None
        if share <= 0.5:
            _finish(folder, spec, lanes[index % len(lanes)], seconds, dice)
        elif lane is not None:
            _train(root, spec, lane, seconds, dice)
        elif share > 0.95:
            _fail(folder, spec, lanes[0], 3 if scene == ALL_FAILED else 1)
    _idle_lanes(root, lanes)


def _specs(count: int) -> Iterator[RunSpec]:
    """The course's axes, with as many batches and seeds as it takes; cheapest first."""
    base = 2 * 4 * 3
    seeds = range(-(-count // base))
    cells = list(product((320, 640, 1280), "nsml", (10, None), seeds))[:count]
    for imgsz, letter, freeze, seed in sorted(cells, key=lambda cell: (cell[0], cell[3])):
        suffix = f"_s{seed}" if len(seeds) > 1 else ""
        name = f"yolov8{letter}_{imgsz}_{'nofreeze' if freeze is None else 'freeze'}{suffix}"
        model = f"yolov8{letter}"
        yield RunSpec(name, model, f"/w/{model}.pt", freeze, imgsz, BATCH, EPOCHS, seed, "/d/dlcv.yaml", "f", {})


def _lanes(count: int) -> list[tuple[str, str]]:
    """(name, machine): four GPUs each, numbered through."""
    return [(f"gpu{index}", f"lab{index // 4 + 1}") for index in range(count)]


def _process(machine: str) -> ProcessId:
    return ProcessId(machine, 4711, 1.0)


def _memory(spec: RunSpec) -> int:
    return int((1 + "nsmlx".index(spec.model[-1])) * spec.imgsz / 640 * GB)


def _batch(spec: RunSpec) -> int:
    """What is left of the asked one on 8 GB."""
    return BATCH // 4 if spec.imgsz == 1280 and spec.model[-1] in "ml" else BATCH


def _score(spec: RunSpec, share: float) -> float:
    top = 0.62 + 0.06 * "nsmlx".index(spec.model[-1]) + (0.05 if spec.imgsz > 320 else 0) - (0.05 if spec.freeze else 0)
    return round(top * (1 - 0.9 ** (1 + 40 * share)), 4)


def _finish(folder: Path, spec: RunSpec, lane: tuple[str, str], seconds: float, dice: random.Random) -> None:
    name, machine = lane
    map50 = _score(spec, 1.0)
    claims.take(folder, 1, Claim(name, _process(machine), claims.now()))
    claims.write_done(
        folder,
        {
            "attempt": 1, "epochs": EPOCHS, "best_epoch": dice.randint(50, EPOCHS), "batch": _batch(spec),
            "map50": map50, "map50_95": round(map50 * 0.68, 4), "seconds": round(seconds, 1), "device": "0",
            "host": machine, "lane": name, "gpu_bytes": _memory(spec), "finished": claims.now(),
        },
    )  # fmt: skip


def _train(root: Path, spec: RunSpec, lane: tuple[str, str], seconds: float, dice: random.Random) -> None:
    name, machine = lane
    folder, share = root / spec.run_id, dice.uniform(0.05, 0.95)
    attempt = 1
    if _batch(spec) < BATCH:
        claims.take(folder, 1, Claim(name, _process(machine), claims.now()))
        reason = f"out of memory: batch {BATCH} at {spec.imgsz} px does not fit"
        claims.write_end(folder, 1, Cause.OOM, reason, changes={"batch": _batch(spec)})
        attempt = 2
    claims.take(folder, attempt, Claim(name, _process(machine), claims.now()))
    map50 = _score(spec, share)
    beat = Beat(
        count=9, time=claims.now(), process=_process(machine), phase="training", epoch=1 + int(share * EPOCHS),
        epochs=EPOCHS, step=30, steps=268, map50=map50, map50_95=round(map50 * 0.66, 4), seconds=seconds * share,
        eta_s=round(seconds * (1 - share), 1), batch=_batch(spec), gpu_bytes=_memory(spec),
    )  # fmt: skip
    claims.write_beat(folder, attempt, beat)
    _say(root, lane, LaneMood.WORKING, run_id=spec.run_id, attempt=attempt, gpu_used_bytes=_memory(spec) + GB // 2)


def _fail(folder: Path, spec: RunSpec, lane: tuple[str, str], attempts: int) -> None:
    for number in range(1, attempts + 1):
        claims.take(folder, number, Claim(lane[0], _process(lane[1]), claims.now()))
        why = "with batch 1" if number == attempts else f"with batch {2 ** (attempts - number)}"
        reason = f"out of memory even {why}: {spec.model} at {spec.imgsz} px on a GPU of 8.0 GB ({spec.run_id})"
        claims.write_end(folder, number, Cause.OOM, reason, again=number < attempts)


def _say(root: Path, lane: tuple[str, str], state: LaneMood, **facts: Any) -> None:
    name, machine = lane
    since = (datetime.now(timezone.utc) - timedelta(hours=3)).isoformat(timespec="seconds")
    gpu = {"gpu_name": "NVIDIA GeForce RTX 2080", "gpu_total_bytes": 8 * GB}
    words: dict[str, Any] = {"why": "", "since": since, "time": claims.now(), "trained": 2, **gpu, **facts}
    write_lane_state(root, LaneState(name, machine, _process(machine), state, **words))


def _idle_lanes(root: Path, lanes: list[tuple[str, str]]) -> None:
    """The first waits for its GPU, the last has given up."""
    why = "its GPU is used by anna (python, 6.1 GB); 1.9 GB are free, 4.0 are needed"
    _say(root, lanes[0], LaneMood.WAITING, why=why, gpu_used_bytes=int(6.2 * GB), gpu_others=("anna (python, 6.1 GB)",))
    _say(root, lanes[-1], LaneMood.RETIRED, why="its GPU does not answer: fell off the bus")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    main()
