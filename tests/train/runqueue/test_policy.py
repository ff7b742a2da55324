"""What comes after each kind of fault, and that everything comes to an end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.artifacts.record import (
    MAX_ATTEMPTS,
    MAX_FAILURES,
    MAX_FRUITLESS,
    Beat,
    Cause,
    End,
    Order,
    ProcessId,
    Record,
    State,
    judge,
)
from labtools.artifacts.runs import RunSpec
from labtools.train.runqueue.policy import Fault, decide

SPEC = RunSpec("yolov8x_1280_nofreeze", "yolov8x", "/w.pt", None, 1280, 16, 30, 0, "/d.yaml", "f")


def after(record: Record, fault: Fault, spec: RunSpec = SPEC) -> Record:
    """The record once the next attempt has been taken and has ended with that fault."""
    number = record.attempt + 1
    decided = decide(replace(record, attempt=number), fault, spec)
    end = End(decided.cause, decided.reason, decided.again, "", decided.epoch, decided.changes)
    return replace(record, attempt=number, ends=(*record.ends, (number, end)))


def ends(*faults: Fault, spec: RunSpec = SPEC) -> Record:
    record = Record()
    for fault in faults:
        record = after(record, fault, spec)
    return record


def state(record: Record) -> State:
    return judge(record, stale=False)


OOM = Fault(Cause.OOM, "out of memory")
NAN = Fault(Cause.NAN, "the loss is no number")
KILL = Fault(Cause.KILLED, "killed")


@pytest.mark.parametrize(
    ("faults", "changes"),
    [
        ([OOM], {"batch": 8}),
        ([OOM, OOM], {"batch": 4}),
        ([NAN], {"amp": False}),
        ([OOM, NAN], {"batch": 8, "amp": False}),
        ([KILL], {}),
        ([KILL, KILL], {"workers": 4}),
        ([replace(KILL, epoch=1), replace(KILL, epoch=2)], {}),
        ([Fault(Cause.ERROR, "unreadable checkpoint", changes={"fresh": True})], {"fresh": True}),
        ([Fault(Cause.LANE, "died")], {}),
        ([Fault(Cause.GPU, "gone"), Fault(Cause.DISK, "full"), Fault(Cause.PREEMPTED, "time")], {}),
    ],
)
def test_what_the_next_attempt_changes(faults: list[Fault], changes: dict[str, Any]) -> None:
    record = ends(*faults)
    assert record.changes == changes
    assert state(record) is State.TODO


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (OOM, 5),  # 16, 8, 4, 2, 1
        (NAN, 2),
        (Fault(Cause.ERROR, "error"), MAX_FAILURES),
        (KILL, MAX_FRUITLESS),
        (Fault(Cause.LANE, "died"), MAX_FRUITLESS),
        (Fault(Cause.GPU, "gone"), MAX_FRUITLESS),
        (Fault(Cause.WEIGHTS, "no checkpoint"), 1),
        (Fault(Cause.DISK, "full"), MAX_ATTEMPTS),
        (Fault(Cause.DATA, "away"), MAX_ATTEMPTS),
        (Fault(Cause.PREEMPTED, "time"), MAX_ATTEMPTS),
    ],
)
def test_when_a_run_is_given_up(fault: Fault, attempts: int) -> None:
    record = Record()
    for number in range(1, attempts + 1):
        assert state(record) is State.TODO, number
        record = after(record, fault)
    assert state(record) is State.FAILED


def test_who_is_stopped_by_people_is_never_given_up() -> None:
    assert state(ends(*[Fault(Cause.STOPPED, "asked")] * 300)) is State.TODO


@pytest.mark.parametrize("cause", [Cause.ERROR, Cause.KILLED, Cause.LANE, Cause.PREEMPTED])
def test_a_run_that_gets_on_goes_on(cause: Cause) -> None:
    record = ends(*[Fault(cause, "again", epoch=epoch) for epoch in range(1, 30)])
    assert state(record) is State.TODO


def test_the_sentence_says_what_comes_next() -> None:
    def reason(*faults: Fault, spec: RunSpec = SPEC) -> str:
        last = ends(*faults, spec=spec).last_end
        assert last is not None
        return last.reason

    assert reason(OOM) == "out of memory; batch 8 next"
    assert "not even one image at a time fits" in reason(*[OOM] * 5)
    assert reason(NAN) == "the loss is no number; without mixed precision next"
    assert reason(NAN, NAN) == "the loss is no number, without mixed precision too"
    assert reason(KILL, KILL) == "killed; 4 loader workers next"
    assert reason(NAN, spec=replace(SPEC, args={"amp": False})) == "the loss is no number, without mixed precision too"


def test_a_batch_that_ultralytics_chose_is_halved_from_what_it_was() -> None:
    auto = replace(SPEC, batch=-1)
    beat = Beat(9, "", ProcessId("h", 1, 1.0), batch=48)
    assert decide(Record(attempt=1, beat=beat), OOM, auto).changes == {"batch": 24}
    assert decide(Record(attempt=1), replace(OOM, batch=12), auto).changes == {"batch": 6}


def test_another_chance_forgets_what_was_changed_and_counted() -> None:
    record = ends(*[OOM] * 5)
    assert state(record) is State.FAILED
    record = replace(record, orders=(Order("cancel", 5, "", ""), Order("retry", 5, "", "")))
    assert (state(record), record.changes) == (State.TODO, {})
    record = after(record, OOM)
    assert record.changes == {"batch": 8}


def test_starting_over_is_asked_for_once() -> None:
    fresh = Fault(Cause.ERROR, "unreadable checkpoint", changes={"fresh": True}, epoch=7)
    record = ends(fresh, replace(KILL, epoch=0))
    assert record.changes == {"fresh": True}, "killed before it could keep an epoch: there is nothing better yet"
    assert after(record, replace(KILL, epoch=3)).changes == {}, "what it has kept is its own"


FAULTS = st.builds(
    Fault,
    cause=st.sampled_from([cause for cause in Cause if cause is not Cause.STOPPED]),
    reason=st.just("why"),
    again=st.just(True),
    changes=st.sampled_from([{}, {"fresh": True}]),
    epoch=st.integers(0, 29),
    batch=st.just(0),
)


@given(first=st.lists(FAULTS, max_size=20), cycle=st.lists(FAULTS, min_size=1, max_size=6))
def test_no_sequence_of_faults_goes_on_for_ever(first: list[Fault], cycle: list[Fault]) -> None:
    """However attempts end, and whatever pattern repeats: the run is given up, or the pattern makes no progress."""
    record = Record()
    for fault in first:
        if state(record) is not State.TODO:
            return
        record = after(record, fault)
        assert int(record.changes.get("batch", 16)) >= 1
    # From here on no epoch beyond those of the cycle is ever kept, so at some point nothing is new.
    for number in range(MAX_ATTEMPTS + 2 * len(cycle)):
        if state(record) is not State.TODO:
            return
        record = after(record, cycle[number % len(cycle)])
    assert state(record) is State.FAILED
