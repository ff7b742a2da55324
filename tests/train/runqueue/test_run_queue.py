"""Of many lanes one wins; what dies is taken over; nothing is lost and nothing is done twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from labtools.artifacts.record import Beat, Cause, Claim, ProcessId, State, judge, read_record
from labtools.train.processes import is_alive, this_process
from labtools.train.runqueue import claims
from labtools.train.runqueue.run_queue import RunQueue

MakeRun = Callable[..., Path]
ELSEWHERE = ProcessId("another-machine", 4711, 1.0)

# A lane whose trainings take a twentieth of a second; each writes down what it finished.
WORKER = """
import sys, time
from pathlib import Path
from labtools.train.runqueue import claims
from labtools.train.runqueue.run_queue import RunQueue
root, witness, lane = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
queue = RunQueue(root)
while True:
    attempt = queue.claim(lane)
    if attempt is None:
        if not queue.running():
            break
        time.sleep(0.02)
        continue
    folder = attempt.run.folder
    with (witness / f"{folder.name} {attempt.number}").open("a") as file:
        file.write(lane + "\\n")
    time.sleep(0.05)
    if not claims.is_fenced(folder, attempt.number) and claims.write_done(folder, {"lane": lane}):
        with (witness / folder.name).open("a") as file:
            file.write(lane + "\\n")
"""


def test_cheapest_first_and_untouched_before_tried(make_run: MakeRun, tmp_path: Path) -> None:
    big = make_run("yolov8n_640_freeze", imgsz=640)
    small = make_run("yolov8n_320_freeze", imgsz=320)
    claims.take(small, 1, Claim("x", this_process(), claims.now()))
    claims.write_end(small, 1, Cause.ERROR, "bad luck")
    queue = RunQueue(tmp_path / "runs" / "tiny")
    first, second = queue.claim("gpu0"), queue.claim("gpu0")
    assert first is not None and second is not None
    assert (first.run.folder, first.number) == (big, 1)
    assert (second.run.folder, second.number) == (small, 2)
    assert queue.claim("gpu0") is None
    assert queue.running() == 2


def test_a_lane_elsewhere_is_dead_after_a_silent_lease_of_our_clock(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run()
    clock = [1000.0]
    queue = RunQueue(tmp_path / "runs" / "tiny", lease_s=100, clock=lambda: clock[0])

    def beat(count: int) -> None:
        claims.write_beat(folder, 1, Beat(count, "1970-01-01T00:00:00+00:00", ELSEWHERE, "training", epoch=3))

    claims.take(folder, 1, Claim("gpu0", ELSEWHERE, "2999-01-01T00:00:00+00:00"))
    assert queue.claim("gpu1") is None
    clock[0] += 99
    beat(1)
    assert queue.claim("gpu1") is None
    clock[0] += 99
    assert queue.claim("gpu1") is None, "the beat was new at the last look"
    clock[0] += 2
    attempt = queue.claim("gpu1")
    assert attempt is not None and attempt.number == 2
    assert read_record(folder).ends[0][1].reason == "lane gpu0 on another-machine died in epoch 3"
    assert claims.is_fenced(folder, 1)


def test_a_lane_of_this_machine_is_dead_at_once_and_its_training_is_ended(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run()
    lane = subprocess.Popen([sys.executable, "-c", "pass"])
    lane.wait()
    dead = ProcessId(this_process().host, lane.pid, time.time())
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as orphan:
        process = ProcessId(dead.host, orphan.pid, psutil.Process(orphan.pid).create_time())
        claims.take(folder, 1, Claim("gpu0", dead, claims.now()))
        claims.write_beat(folder, 1, Beat(1, claims.now(), process))
        attempt = RunQueue(tmp_path / "runs" / "tiny").claim("gpu1")
        assert attempt is not None and attempt.number == 2
        assert not is_alive(process), "two trainings must not write into one folder"


def test_many_lanes_and_random_kills_lose_nothing_and_do_nothing_twice(make_run: MakeRun, tmp_path: Path) -> None:
    runs = [make_run(f"yolov8n_{320 + i}_freeze", imgsz=320 + i) for i in range(40)]
    witness = tmp_path / "witness"
    witness.mkdir()

    def start(lane: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", WORKER, runs[0].parent, witness, f"lane{lane}"])

    lanes = [start(i) for i in range(6)]
    chance = random.Random(4)
    for kill in range(8):
        time.sleep(chance.uniform(0.05, 0.3))
        victim = chance.randrange(len(lanes))
        lanes[victim].kill()
        lanes[victim].wait()
        lanes[victim] = start(10 + kill)
    assert [lane.wait(60) for lane in lanes] == [0] * len(lanes)
    states = Counter(judge(read_record(folder), stale=False) for folder in runs)
    assert states == {State.DONE: len(runs)}
    notes = {path.name: path.read_text().splitlines() for path in witness.iterdir()}
    attempts = {name: lanes for name, lanes in notes.items() if " " in name}
    assert max(map(len, attempts.values())) == 1, "an attempt has one winner"
    assert len(attempts) > len(runs), "some were taken over"
    finished = {name: lanes for name, lanes in notes.items() if " " not in name}
    # A lane killed between done.json and its own note leaves no note: at most one per kill.
    assert max(map(len, finished.values())) == 1
    assert len(finished) >= len(runs) - 8
