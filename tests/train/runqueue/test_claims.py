"""Who has a run, how it ended, and who must stop."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from labtools.artifacts.checkpoint import Kept, is_forgotten, write_kept
from labtools.artifacts.record import (
    MAX_FAILURES,
    MAX_FRUITLESS,
    Beat,
    Cause,
    Claim,
    ProcessId,
    State,
    judge,
)
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import read_run
from labtools.train.estimates import Workload
from labtools.train.planning.folders import write_run
from labtools.train.processes import end_process, is_alive, is_here, this_process
from labtools.train.runqueue import claims
from labtools.train.runqueue.orders import cancel, retry
from labtools.train.runqueue.policy import Fault
from labtools.train.runqueue.run_queue import RunQueue

MakeRun = Callable[..., Path]


def claim(lane: str = "gpu0") -> Claim:
    return Claim(lane, this_process(), claims.now())


def state(folder: Path, *, stale: bool = False) -> State:
    return judge(read_record(folder), stale=stale)


def test_the_life_of_a_run(make_run: MakeRun) -> None:
    folder = make_run()
    assert state(folder) is State.TODO
    assert claims.take(folder, 1, claim())
    assert state(folder) is State.RUNNING
    assert state(folder, stale=True) is State.TODO
    beat = Beat(3, claims.now(), this_process(), "training", 2, 4, 5, 10, 0.5, None, 12.0, 30.0)
    claims.write_beat(folder, 1, beat)
    record = read_record(folder)
    assert record.beat == beat
    assert record.claim is not None and record.claim.process == this_process()
    assert claims.write_done(folder, {"map50": 0.5})
    assert state(folder) is State.DONE
    assert state(folder, stale=True) is State.DONE


def test_an_attempt_is_taken_ended_and_finished_once(make_run: MakeRun) -> None:
    folder = make_run()
    assert claims.take(folder, 1, claim("gpu0"))
    assert not claims.take(folder, 1, claim("gpu1"))
    assert claims.write_end(folder, 1, Cause.LANE, "first")
    assert not claims.write_end(folder, 1, Cause.ERROR, "second")
    assert read_record(folder).ends[0][1].reason == "first"
    assert not claims.write_done(folder, {"attempt": 1}), "whoever was given up cannot finish any more"
    assert not (folder / "done.json").exists()
    assert claims.take(folder, 2, claim("gpu1"))
    assert claims.write_done(folder, {"attempt": 2})
    assert not claims.write_done(folder, {"attempt": 2})
    assert not claims.write_end(folder, 2, Cause.LANE, "thought dead"), "whoever has finished cannot be given up"
    assert read_record(folder).done == {"attempt": 2}
    assert state(folder) is State.DONE


def test_who_was_given_up_cannot_finish_under_the_number_of_whoever_has_the_run_now(make_run: MakeRun) -> None:
    folder = make_run()
    claims.take(folder, 1, claim("gpu0"))
    claims.write_end(folder, 1, Cause.LANE, "thought dead")
    claims.take(folder, 2, claim("gpu1"))
    assert not claims.write_done(folder, {"attempt": 1, "map50": 0.1})
    assert state(folder) is State.RUNNING
    assert claims.write_done(folder, {"attempt": 2, "map50": 0.5})
    assert read_record(folder).done == {"attempt": 2, "map50": 0.5}


def test_what_no_other_attempt_can_help_ends_with_it(make_run: MakeRun) -> None:
    folder = make_run()
    claims.take(folder, 1, claim())
    assert claims.end_attempt(read_run(folder), 1, Fault(Cause.WEIGHTS, "no such checkpoint"))
    assert (state(folder), claims.state_now(read_record(folder))) == (State.FAILED, State.FAILED)


def test_an_attempt_ends_after_the_epochs_that_its_checkpoint_has(make_run: MakeRun) -> None:
    """However far its training was: the next attempt goes on from there, and only that is progress."""
    folder = make_run()
    for attempt, kept in ((1, 3), (2, 3), (3, 4)):
        claims.take(folder, attempt, claim())
        write_kept(folder, Kept(kept, False, kept, 1.0))
        claims.end_attempt(read_run(folder), attempt, Fault(Cause.KILLED, "killed", epoch=9))
    assert [end.epoch for _, end in read_record(folder).ends] == [3, 3, 4]
    assert [end.next for _, end in read_record(folder).ends] == [{}, {"workers": 4}, {}]


def test_a_result_without_any_claim_is_one_too(make_run: MakeRun) -> None:
    """Of a run folder that was brought here from elsewhere with its weights."""
    folder = make_run()
    assert claims.write_done(folder, {"map50": 0.5})
    assert not claims.write_done(folder, {"map50": 0.6})
    assert (state(folder), read_record(folder).done) == (State.DONE, {"attempt": 0, "map50": 0.5})


def test_a_finished_run_stays_finished_when_its_leftovers_cannot_be_removed(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run()
    claims.take(folder, 1, claim())
    write_kept(folder, Kept(3, False, 3, 1.0))
    claims.write_done(folder, {"map50": 0.5})

    def refused(_: Path) -> None:
        raise PermissionError("read-only")

    with monkeypatch.context() as patch:
        patch.setattr(claims, "forget", refused)
        claims.mend_done(folder, {"attempt": 1})
    assert not is_forgotten(folder)
    claims.mend_done(folder, {"attempt": 1})
    assert is_forgotten(folder), "whoever looks next tidies up"


@pytest.mark.skipif(os.name == "nt", reason="Windows flushes no folder")
def test_how_an_attempt_ended_survives_a_power_cut_and_a_beat_costs_no_flush(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    folder = make_run()
    flushed.clear()
    claims.take(folder, 1, claim())
    claims.write_beat(folder, 1, Beat(1, claims.now(), this_process()))
    assert not flushed
    claims.write_end(folder, 1, Cause.LANE, "died")
    assert flushed


def test_finishing_and_being_given_up_exclude_each_other(make_run: MakeRun) -> None:
    """At the same moment a training finishes, another lane buries it, and somebody cancels the run."""
    with ThreadPoolExecutor(3) as pool:
        for number in range(60):
            folder = make_run(f"run{number}")
            claims.take(folder, 1, claim())
            start = threading.Barrier(3)

            def at_once(act: Callable[[], bool], start: threading.Barrier = start) -> bool:
                start.wait()
                return act()

            finish = partial(claims.write_done, folder, {"attempt": 1})
            bury = partial(claims.write_end, folder, 1, Cause.LANE, "thought dead")
            won = [pool.submit(at_once, act) for act in (finish, bury, partial(cancel, folder))]
            finished, buried, cancelled = (future.result() for future in won)
            expected = State.DONE if finished else State.CANCELLED
            assert (state(folder), cancelled) == (expected, not finished)
            assert not (finished and buried)


def test_killed_between_the_two_names_of_its_result_a_run_is_done(make_run: MakeRun) -> None:
    folder = make_run()
    claims.take(folder, 1, claim())
    claims.write_done(folder, {"map50": 0.5})
    (folder / "done.json").unlink()
    assert state(folder) is State.DONE
    assert RunQueue(folder.parent).claim("gpu0") is None
    assert read_run(folder).is_done, "the next lane that looks writes what is missing"


def test_whoever_gives_a_result_its_second_name_the_run_was_finished_by_its_training(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lane looks between the two names, and mends what is about to be done anyway."""
    folder = make_run()
    claims.take(folder, 1, claim())
    link = claims.link_again

    def overtaken(source: Path, path: Path) -> bool:
        assert link(source, path)
        return link(source, path)

    monkeypatch.setattr(claims, "link_again", overtaken)
    assert claims.write_done(folder, {"map50": 0.5}), "else the training would think that it was given up"


def test_killed_before_it_could_tidy_up_a_finished_training_is_tidied_up_after(make_run: MakeRun) -> None:
    """By the next lane that looks; by the next train-matrix where no lane is needed any more."""
    lane = make_run("by_a_lane")
    for folder in (lane, make_run("by_a_plan")):
        claims.take(folder, 1, claim())
        write_kept(folder, Kept(3, False, 3, 1.0))
        for name in ("resume.3.pt", "resume.3.best.pt", "last.pt", ".best.pt.7.tmp"):
            (folder / "weights" / name).touch()
    before = sorted(path.name for path in (lane / "weights").iterdir())
    queue = RunQueue(lane.parent)
    assert queue.claim("gpu1") is None
    assert sorted(path.name for path in (lane / "weights").iterdir()) == before, "it is needed until the run is done"
    for folder in (lane, lane.parent / "by_a_plan"):
        claims.write_done(folder, {"map50": 0.5})
    assert RunQueue(lane.parent, only="by_a_lane").claim("gpu1") is None
    write_run(lane.parent, read_run(lane.parent / "by_a_plan").spec, Workload(1, 1), 0, {})
    for folder in (lane, lane.parent / "by_a_plan"):
        assert [path.name for path in (folder / "weights").iterdir()] == ["last.pt"]


def test_who_was_ended_or_overtaken_is_fenced(make_run: MakeRun) -> None:
    folder = make_run()
    claims.take(folder, 1, claim())
    assert not claims.is_fenced(folder, 1)
    claims.take(folder, 2, claim())
    assert claims.is_fenced(folder, 1)
    assert not claims.is_fenced(folder, 2)
    claims.write_end(folder, 2, Cause.LANE, "gone")
    assert claims.is_fenced(folder, 2)


@pytest.mark.parametrize(
    ("cause", "chances"), [(Cause.ERROR, MAX_FAILURES), (Cause.LANE, MAX_FRUITLESS), (Cause.STOPPED, None)]
)
def test_how_often_a_run_is_tried_again(make_run: MakeRun, cause: Cause, chances: int | None) -> None:
    folder = make_run()
    for attempt in range(1, MAX_FRUITLESS + 2):
        claims.take(folder, attempt, claim())
        claims.write_end(folder, attempt, cause, "why")
        given_up = chances is not None and attempt >= chances
        assert (state(folder) is State.FAILED) is given_up


def test_what_cannot_get_better_is_not_tried_again_unless_asked(make_run: MakeRun) -> None:
    folder = make_run()
    claims.take(folder, 1, claim())
    assert not retry(folder), "it has not failed"
    claims.write_end(folder, 1, Cause.ERROR, "out of memory", again=False)
    assert state(folder) is State.FAILED
    assert retry(folder)
    assert state(folder) is State.TODO
    claims.take(folder, 2, claim())
    claims.write_end(folder, 2, Cause.ERROR, "out of memory", again=False)
    assert state(folder) is State.FAILED, "only the first was forgiven"


def test_ten_attempts_are_numbers_not_letters(make_run: MakeRun) -> None:
    folder = make_run()
    for attempt in range(1, 12):
        claims.take(folder, attempt, claim())
        claims.write_end(folder, attempt, Cause.STOPPED, "why")
    assert read_record(folder).attempt == 11
    assert [number for number, _ in read_record(folder).ends] == list(range(1, 12))
    assert not read_record(folder).is_taken


def test_a_dead_process_is_known_even_if_its_number_is_used_again(make_run: MakeRun) -> None:
    folder = make_run()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    me = this_process()
    import psutil

    its = ProcessId(me.host, child.pid, psutil.Process(child.pid).create_time())
    assert is_alive(its)
    assert not is_alive(ProcessId(me.host, child.pid, its.started - 1000)), "a later process with this number"
    assert not is_alive(ProcessId("another-machine", child.pid, its.started))
    assert not is_here(replace(me, boot="another-machine-of-this-name"))
    claims.take(folder, 1, Claim("gpu0", its, claims.now()))
    assert not claims.is_dead(read_record(folder))
    assert claims.state_now(read_record(folder)) is State.RUNNING
    child.kill()
    assert child.pid and _wait_zombie(its), "a zombie is dead"
    assert claims.is_dead(read_record(folder))
    assert claims.state_now(read_record(folder)) is State.TODO
    child.wait()
    assert end_process(its, 1.0) == "", "of a process that is gone: nothing happens"


def _wait_zombie(process: ProcessId) -> bool:
    import time

    for _ in range(100):
        if not is_alive(process):
            return True
        time.sleep(0.02)
    return False
