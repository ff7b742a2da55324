"""Of many lanes one wins; what dies is taken over; nothing is lost and nothing is done twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from labtools.artifacts.record import Beat, Cause, Claim, ProcessId, State, judge
from labtools.artifacts.record_files import read_record
from labtools.train.estimates import Workload, write_workload
from labtools.train.processes import is_alive, this_process
from labtools.train.runqueue import claims
from labtools.train.runqueue.news import announce
from labtools.train.runqueue.orders import cancel, requeue, retry, set_priority
from labtools.train.runqueue.policy import Fault
from labtools.train.runqueue.run_queue import LOOK_AGAIN_S, LOOK_EVERY_S, WATCH_EVERY_S, RunQueue

MakeRun = Callable[..., Path]
ELSEWHERE = ProcessId("another-machine", 4711, 1.0)


def end(folder: Path, number: int, cause: Cause, epoch: int = 0) -> None:
    claims.take(folder, number, Claim("x", this_process(), claims.now()))
    claims.write_end(folder, number, cause, "why", epoch=epoch)


def claimed(queue: RunQueue, lane: str = "gpu0") -> list[str]:
    """Run ids in the order in which one lane takes them."""
    return [attempt.run.run_id for attempt in iter(lambda: queue.claim(lane), None)]


def claimed_once(queue: RunQueue, lane: str = "gpu0") -> str | None:
    attempt = queue.claim(lane)
    return attempt.run.run_id if attempt is not None else None


OTHERS = ["large", "lost", "small", "quarter_left"]


@pytest.mark.parametrize(
    ("lane", "order"),
    [
        ("gpu0", ["got_on", "failed", "killed", *OTHERS, "unplugged"]),
        ("x", ["got_on", *OTHERS, "failed", "killed", "unplugged"]),
    ],
)
def test_longest_first_and_what_failed_last_where_it_failed(make_run: MakeRun, lane: str, order: list[str]) -> None:
    """All ends are of lane x; what lost its GPU twice may be what GPUs do not survive."""
    make_run("small", imgsz=320)
    make_run("large", imgsz=640)
    longest = make_run("failed", imgsz=1280)
    end(longest, 1, Cause.ERROR)
    lost = make_run("lost", imgsz=480)
    end(lost, 1, Cause.LANE)
    killed = make_run("killed", imgsz=1280)
    unplugged = make_run("unplugged", imgsz=1280)
    for number in (1, 2):
        end(killed, number, Cause.KILLED)
        end(unplugged, number, Cause.GPU)
    got_on = make_run("got_on", imgsz=1280, model="yolov8s")
    end(got_on, 1, Cause.ERROR, epoch=1)
    quarter_left = make_run("quarter_left", imgsz=640)
    end(quarter_left, 1, Cause.PREEMPTED, epoch=3)
    queue = RunQueue(longest.parent)
    assert queue.waiting() == 8
    assert claimed(queue, lane) == order
    assert (queue.waiting(), queue.running()) == (0, 8)


def test_the_order_is_that_of_expected_seconds_which_finished_runs_refine(make_run: MakeRun) -> None:
    """Many small images or few large ones: which takes longer depends on the machine, as the finished runs show."""

    def make(run_id: str, images: int, **changes: Any) -> Path:
        folder = make_run(run_id, **changes)
        write_workload(folder, Workload(images, 0))
        return folder

    many = make("many_small", 8000, imgsz=320)
    make("few_large", 1000, imgsz=1280, model="yolov8x")
    clock = [0.0]
    queue = RunQueue(many.parent, clock=lambda: clock[0])
    assert queue.claim("gpu0") is not None
    assert read_record(many).attempt == 0, "as far as a GPU's arithmetic goes, the large ones take longer"
    for number, model in enumerate(["yolov8n", "yolov8x"] * 5):
        done = make(f"done{number}", 4000, imgsz=1280, model=model)
        claims.write_done(done, {"attempt": 1, "epochs": 4, "seconds": 4000.0, "device": "0"})
    end(many.parent / "few_large", 1, Cause.LANE)
    clock[0] += LOOK_EVERY_S
    attempt = queue.claim("gpu0")
    assert attempt is not None and attempt.run.run_id == "many_small", "here only the number of images counts"


def test_what_people_decide_counts_at_the_next_claim(make_run: MakeRun) -> None:
    folders = {name: make_run(name) for name in "abcd"}
    queue = RunQueue(folders["a"].parent)
    first = queue.claim("gpu0")
    assert first is not None and first.run.run_id == "a"
    set_priority(folders["d"], 5)
    cancel(folders["b"])
    assert claimed(queue) == ["d", "c"]
    retry(folders["b"])
    assert claimed(queue) == ["b"]
    end(folders["b"], 2, Cause.ERROR)


def test_what_earlier_attempts_changed_comes_with_the_claim(make_run: MakeRun) -> None:
    folder = make_run(batch=16)
    queue = RunQueue(folder.parent)
    for expected in ({}, {"batch": 8}, {"batch": 4}):
        attempt = RunQueue(folder.parent).claim("gpu0")
        assert attempt is not None and attempt.settings == expected
        claims.end_attempt(attempt.run, attempt.number, Fault(Cause.OOM, "out of memory"))
    assert queue.waiting() == 1


def test_a_stale_run_is_not_taken_until_it_fits_again(make_run: MakeRun) -> None:
    folder = make_run()
    clock = [0.0]
    queue = RunQueue(folder.parent, clock=lambda: clock[0])
    attempt = queue.claim("gpu0")
    assert attempt is not None
    claims.end_attempt(attempt.run, 1, Fault(Cause.STALE, "the dataset has changed"))
    record = read_record(folder)
    assert (judge(record, stale=False), record.stale) == (State.STALE, "the dataset has changed")
    assert RunQueue(folder.parent).claim("gpu0") is None
    (folder / "stale.json").unlink()  # as planning does
    clock[0] += LOOK_AGAIN_S + 1
    assert queue.claim("gpu0") is not None


def test_a_requeued_run_is_another_one(make_run: MakeRun) -> None:
    """Lanes remember that a run is done; what is put in its place is not."""
    folder = make_run()
    clock = [0.0]
    queue = RunQueue(folder.parent, clock=lambda: clock[0])
    attempt = queue.claim("gpu0")
    assert attempt is not None and claims.write_done(folder, {"attempt": 1})
    clock[0] += LOOK_EVERY_S
    assert (queue.claim("gpu0"), queue.running()) == (None, 0)
    assert requeue(folder) == folder.parent / "old" / f"{folder.name}.1"
    again = queue.claim("gpu0")
    assert again is not None and (again.number, again.settings) == (1, {})


def test_a_run_whose_folder_was_emptied_and_asked_for_again_is_another_one(make_run: MakeRun) -> None:
    """As after `rm -r` and `train-matrix`: to the system it may even be the same folder."""
    folder = make_run()
    clock = [0.0]
    queue = RunQueue(folder.parent, clock=lambda: clock[0])
    attempt = queue.claim("gpu0")
    assert attempt is not None and claims.write_done(folder, {"attempt": 1})
    clock[0] += LOOK_EVERY_S
    assert queue.claim("gpu0") is None
    for path in folder.iterdir():
        path.unlink()
    make_run(epochs=9)
    announce(folder.parent)
    again = queue.claim("gpu0")
    assert again is not None and (again.number, again.run.spec.epochs) == (1, 9)


def test_a_folder_that_is_no_run_or_is_broken_is_passed_over(make_run: MakeRun) -> None:
    folder = make_run()
    for name in ("lanes", "old", "empty"):
        (folder.parent / name).mkdir(exist_ok=True)
    (folder.parent / "broken").mkdir()
    (folder.parent / "broken" / "run.json").write_text('{"run_id": ')
    (folder.parent / "note.txt").write_text("do not touch")
    assert claimed(RunQueue(folder.parent)) == [folder.name]


def test_a_claim_at_the_moment_of_a_cancel_is_given_back(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run()
    queue = RunQueue(folder.parent)
    take = claims.take

    def cancelled_just_before(*arguments: Any) -> bool:
        cancel(folder)
        return take(*arguments)

    monkeypatch.setattr("labtools.train.runqueue.run_queue.take", cancelled_just_before)
    assert queue.claim("gpu0") is None
    record = read_record(folder)
    assert (record.attempt, record.is_taken) == (1, False), "the attempt is closed: nobody waits for it"
    retry(folder)
    monkeypatch.undo()
    attempt = queue.claim("gpu0")
    assert attempt is not None and attempt.number == 2


def test_a_claim_at_the_moment_of_a_requeue_leaves_no_trace(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run()
    end(folder, 1, Cause.ERROR)
    queue = RunQueue(folder.parent)
    take = claims.take

    def requeued_just_before(*arguments: Any) -> bool:
        requeue(folder)
        return take(*arguments)

    monkeypatch.setattr("labtools.train.runqueue.run_queue.take", requeued_just_before)
    assert queue.claim("gpu0") is None
    assert [path.name for path in folder.iterdir()] == ["run.json"]
    monkeypatch.undo()
    attempt = queue.claim("gpu0")
    assert attempt is not None and attempt.number == 1


def test_a_lane_with_nothing_to_do_reads_all_again_once_a_minute_and_no_more(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lanes ask every few seconds, of a file server that others use; but somebody may have mended a run by hand."""
    folder = make_run("failed")
    end(folder, 1, Cause.WEIGHTS)
    (folder / "end.1.json").write_text((folder / "end.1.json").read_text().replace('"again": true', '"again": false'))
    clock, reads = [0.0], []
    monkeypatch.setattr(
        "labtools.train.runqueue.run_queue.read_record", lambda path: reads.append(clock[0]) or read_record(path)
    )
    queue = RunQueue(folder.parent, clock=lambda: clock[0])
    for second in range(int(2.5 * LOOK_AGAIN_S)):
        clock[0] = float(second)
        assert queue.claim("gpu0") is None
    assert reads == [0.0, LOOK_AGAIN_S + 1, 2 * (LOOK_AGAIN_S + 1)]
    (folder / "end.1.json").unlink()
    (folder / "claim.1").unlink()
    clock[0] += LOOK_AGAIN_S
    assert queue.claim("gpu0") is not None


def test_however_often_a_lane_asks_it_looks_at_the_others_once_a_second(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run("elsewhere")
    claims.take(folder, 1, Claim("gpu1", ELSEWHERE, claims.now()))
    clock, reads = [0.0], []
    monkeypatch.setattr(
        "labtools.train.runqueue.run_queue.read_record", lambda path: reads.append(clock[0]) or read_record(path)
    )
    queue = RunQueue(folder.parent, clock=lambda: clock[0])
    for quarter in range(20):
        clock[0] = quarter / 4
        assert queue.claim("gpu0") is None
    assert reads == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_of_two_lanes_that_see_one_open_run_the_slower_takes_the_next(make_run: MakeRun) -> None:
    folder = make_run("a", imgsz=640)
    make_run("b", imgsz=320)
    slower, faster = RunQueue(folder.parent), RunQueue(folder.parent)
    assert slower.waiting() == 2
    assert claimed_once(faster) == "a" and claimed_once(slower) == "b"
    assert (slower.waiting(), slower.running()) == (0, 2)


def test_a_claim_that_was_overtaken_at_the_last_moment_is_not_ours(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the record and the claim another lane was faster; or the folder was moved away."""
    folder = make_run("a", imgsz=640)
    make_run("b", imgsz=320)
    gone = make_run("gone", imgsz=1280)
    queue, take = RunQueue(folder.parent), claims.take

    def overtaken(run: Path, number: int, claim: Claim) -> bool:
        if run == gone:
            gone.rename(folder.parent.parent / "elsewhere")
        elif run == folder:
            take(run, number, Claim("gpu1", ELSEWHERE, claims.now()))
        return take(run, number, claim)

    monkeypatch.setattr("labtools.train.runqueue.run_queue.take", overtaken)
    attempt = queue.claim("gpu0")
    assert attempt is not None and attempt.run.run_id == "b"
    record = read_record(folder)
    assert record.claim is not None and record.claim.lane == "gpu1"
    assert queue.running() == 3, "what cannot be taken now is somebody's, until the next look"


def test_a_claim_that_was_ended_and_taken_over_before_we_looked_is_not_ours(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This machine slept for a lease between the two."""
    folder = make_run()
    queue, take = RunQueue(folder.parent), claims.take

    def slept(run: Path, number: int, claim: Claim) -> bool:
        won = take(run, number, claim)
        claims.write_end(run, 1, Cause.LANE, "thought dead")
        assert take(run, 2, Claim("gpu1", ELSEWHERE, claims.now()))
        return won

    monkeypatch.setattr("labtools.train.runqueue.run_queue.take", slept)
    assert queue.claim("gpu0") is None
    record = read_record(folder)
    assert (record.attempt, record.is_taken) == (2, True), "and it is left to whoever has it"


def test_a_record_that_cannot_be_read_now_is_as_at_the_last_look(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file server that is away for a moment makes no run free, and none done."""
    folder = make_run("a")
    claims.take(folder, 1, Claim("gpu1", ELSEWHERE, claims.now()))
    clock = [0.0]
    queue = RunQueue(folder.parent, lease_s=100, clock=lambda: clock[0])
    assert (queue.claim("gpu0"), queue.running()) == (None, 1)

    def away(_: Path) -> Any:
        raise OSError(5, "input/output error")

    monkeypatch.setattr("labtools.train.runqueue.run_queue.read_record", away)
    clock[0] += LOOK_EVERY_S
    assert (queue.claim("gpu0"), queue.running()) == (None, 1)
    monkeypatch.undo()
    claims.write_done(folder, {"attempt": 1})
    clock[0] += LOOK_EVERY_S
    assert (queue.claim("gpu0"), queue.running()) == (None, 0)


def test_a_damaged_record_loses_no_run(make_run: MakeRun) -> None:
    """A power cut leaves empty files, and a lane of another version foreign ones."""
    folder = make_run()
    end(folder, 1, Cause.ERROR)
    (folder / "end.1.json").write_bytes(b"")
    (folder / "priority.json").write_text('{"priority": "high"}')
    (folder / "order.1.json").write_text("[]")
    queue = RunQueue(folder.parent)
    attempt = queue.claim("gpu0")
    assert attempt is not None and attempt.number == 2
    (folder / "claim.2").write_bytes(b"")
    (folder / "beat.2.json").write_text('{"count": 3, "new_field": 1}')
    record = read_record(folder)
    assert record.is_taken and (record.claim, record.beat) == (None, None)
    claims.write_end(folder, 2, Cause.KILLED, "killed")
    end_file = folder / "end.2.json"
    end_file.write_text(end_file.read_text().replace("killed", "a cause of the next version", 1))
    attempt = queue.claim("gpu0")
    assert attempt is not None and attempt.number == 3


def test_who_failed_need_not_be_known(make_run: MakeRun) -> None:
    """A power cut has torn the claim of an attempt that failed: the run is tried again like any other."""
    folder = make_run("a", imgsz=640)
    make_run("b", imgsz=320)
    end(folder, 1, Cause.ERROR)
    (folder / "claim.1").write_bytes(b"")
    assert claimed(RunQueue(folder.parent), "x") == ["a", "b"]


def test_a_claim_names_the_process_that_others_watch(make_run: MakeRun) -> None:
    """As in the simulated weekends, whose lanes are no processes of their own."""
    folder = make_run()
    assert RunQueue(folder.parent, me=ELSEWHERE).claim("gpu0") is not None
    record = read_record(folder)
    assert record.claim is not None and (record.claim.lane, record.claim.process) == ("gpu0", ELSEWHERE)


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


def test_a_lane_watches_the_others_while_it_trains(make_run: MakeRun) -> None:
    """The long run of a dead lane is open when the next run is wanted; after a shorter one, it would end last."""
    folders = [make_run(name, imgsz=imgsz) for name, imgsz in (("longest", 1280), ("long", 640), ("short", 320))]
    clock = [0.0]
    queue = RunQueue(folders[0].parent, lease_s=100, clock=lambda: clock[0])
    ours = queue.claim("gpu0")
    assert ours is not None and ours.run.run_id == "longest"
    claims.take(folders[1], 1, Claim("gpu1", ELSEWHERE, claims.now()))
    for _ in range(5):
        clock[0] += WATCH_EVERY_S
        queue.watch()
    assert read_record(folders[0]).is_taken, "nobody gives up its own run"
    claims.write_done(ours.run.folder, {"attempt": 1})
    attempt = queue.claim("gpu0")
    assert attempt is not None and (attempt.run.run_id, attempt.number) == ("long", 2)


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
