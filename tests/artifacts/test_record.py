"""The files of a run's record as they lie on disks: a lab that began with an earlier version goes on with this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from labtools.artifacts.record import Beat, Cause, Claim, End, Order, ProcessId, Record, State, judge
from labtools.artifacts.record_files import read_beat, read_claim, read_record

PROCESS = '{"boot": "b7", "host": "titan", "pid": 4711, "started": 1700000000.5}'
ENDED = '{"again": true, "cause": "oom", "epoch": 3, "next": {"batch": 8}, "reason": "too large", "time": "t1"}'
BEAT = (
    '{"batch": 8, "count": 9, "epoch": 2, "epochs": 4, "eta_s": 30.5, "gpu_bytes": 77, "map50": 0.5, "map50_95": 0.25,'
    ' "phase": "training", "process": ' + PROCESS + ', "resumed": 1, "seconds": 12.5, "step": 5, "steps": 10,'
    ' "time": "t"}'
)
FILES = {
    "claim.1": '{"lane": "gpu0", "process": ' + PROCESS + ', "time": "t0"}',
    "end.1.json": ENDED,
    "claim.2": '{"lane": "gpu1", "process": ' + PROCESS + ', "time": "t2"}',
    "beat.2.json": BEAT,
    "order.1.json": '{"attempt": 1, "time": "t", "what": "cancel", "who": "ann@titan"}',
    "order.2.json": '{"attempt": 1, "time": "t", "what": "retry", "who": "ann@titan"}',
    "priority.json": '{"priority": 5, "time": "t", "who": "ann@titan"}',
    "stale.json": '{"reason": "the dataset has changed", "time": "t"}',
}


def written(folder: Path, **files: str) -> Path:
    """Those files; ``_`` stands for the dot."""
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def test_every_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    process = ProcessId("titan", 4711, 1700000000.5, "b7")
    beat = Beat(9, "t", process, "training", 2, 4, 5, 10, 0.5, 0.25, 12.5, 30.5, 8, 1, 77)
    record = Record(
        attempt=2,
        claim=Claim("gpu1", process, "t2"),
        beat=beat,
        ends=((1, End(Cause.OOM, "too large", True, "t1", 3, {"batch": 8})),),
        orders=(Order("cancel", 1, "ann@titan", "t"), Order("retry", 1, "ann@titan", "t")),
        stale="the dataset has changed",
        priority=5,
    )
    assert read_record(tmp_path) == record
    assert (record.cancelled, record.forgiven, record.counted, record.changes) == (False, 1, (), {})
    assert read_claim(tmp_path, 1) == Claim("gpu0", process, "t0"), "who had an attempt that is over"


def test_what_a_file_need_not_say(tmp_path: Path) -> None:
    bare = '{"host": "titan", "pid": 1, "started": 2.0}'
    folder = written(
        tmp_path,
        claim_1='{"lane": "cpu0", "process": ' + bare + ', "time": ""}',
        end_1_json='{"again": false, "cause": "error", "reason": "why", "time": ""}',
        beat_1_json='{"count": 1, "process": ' + bare + ', "time": ""}',
        stale_json="{}",
        priority_json="{}",
    )
    record = read_record(folder)
    assert record.ends == ((1, End(Cause.ERROR, "why", False, "")),)
    assert (record.claim, record.beat) == (None, None), "of an attempt that is over"
    assert (record.stale, record.priority) == ("no reason was given", 0)
    assert read_beat(folder, 1) == Beat(1, "", ProcessId("titan", 1, 2.0, ""), "starting", 0, 0, 0, 0, None, None, 0.0)


def test_the_words_for_causes_and_states_are_on_disks_and_in_scripts() -> None:
    """Not to be renamed: old records, ``status --json`` and people's scripts say them."""
    causes = "error nan oom weights stale killed lane gpu disk data stopped preempted"
    assert " ".join(cause.value for cause in Cause) == causes
    assert " ".join(state.value for state in State) == "todo running done failed cancelled stale"
    assert [state.value for state in State if state.is_open] == ["todo", "running"]


@pytest.mark.parametrize("name", ["claim.1.json", "end.1", "order.1", "claim.x", "claim.1234567890", "xclaim.1"])
def test_other_names_are_no_part_of_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"attempt": 1, "what": "cancel", "who": "", "time": ""}')
    assert read_record(tmp_path) == Record()


def test_a_result_is_known_by_either_of_its_names(tmp_path: Path) -> None:
    folder = written(tmp_path, claim_1=FILES["claim.1"], end_1_json=ENDED, claim_2=FILES["claim.2"])
    assert judge(read_record(folder), stale=False) is State.RUNNING
    result = '{"attempt": 2, "map50": 0.5, "epochs": "many", "seconds": null}'
    written(folder, end_2_json=result)
    killed_before_the_second_name = read_record(folder)
    written(folder, done_json=result)
    record = read_record(folder)
    assert record == killed_before_the_second_name
    assert record.done == {"attempt": 2, "map50": 0.5, "seconds": None}, "a figure that is none is left out"
    assert [number for number, _ in record.ends] == [1]
    assert (record.is_taken, record.claim, judge(record, stale=True)) == (False, None, State.DONE)
    assert judge(read_record(written(folder, stale_json='{"reason": "why"}')), stale=False) is State.STALE


def test_only_another_chance_forgives() -> None:
    ends = tuple((n, End(Cause.ERROR, "why", True, "", next={"batch": n})) for n in (1, 2, 3))
    cancelled = Record(3, ends=ends, orders=(Order("cancel", 3, "", ""),))
    assert (cancelled.forgiven, cancelled.cancelled, len(cancelled.counted)) == (0, True, 3)
    again = Record(3, ends=ends, orders=(Order("retry", 2, "", ""), Order("cancel", 3, "", "")))
    assert (again.forgiven, again.cancelled, again.changes) == (2, True, {"batch": 3})
    assert Record(orders=(Order("requeue", 0, "", ""),)).cancelled
    assert not Record(orders=(Order("cancel", 0, "", ""), Order("retry", 0, "", ""))).cancelled


def test_figures_that_nothing_can_be_computed_with_are_left_out(tmp_path: Path) -> None:
    absurd = f'{{"attempt": 1, "batch": 8, "seconds": NaN, "epochs": 1{"0" * 400}, "map50": Infinity}}'
    assert read_record(written(tmp_path, claim_1="", done_json=absurd)).done == {"attempt": 1, "batch": 8}


def test_a_foreign_or_torn_file_is_as_if_absent(tmp_path: Path) -> None:
    folder = written(tmp_path, claim_1="", order_1_json='{"what": "cancel"}', priority_json='{"priority": 1.5}')
    record = read_record(written(folder, beat_1_json='{"count": 1, "process": 7}', done_json="[1]"))
    assert record == Record(attempt=1)
    (_, end), *_ = read_record(written(folder, end_1_json='{"cause": "a new one", "attempt": 1}')).ends
    assert end == End(Cause.LANE, "the record of its end is damaged", True, "")
