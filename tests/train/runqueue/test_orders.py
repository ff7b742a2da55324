"""What people decide, where it is not as simple as typing it; see also `tests/cli/test_orders.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labtools.artifacts.record import Beat, Cause, Claim, ProcessId, State, judge
from labtools.artifacts.record_files import read_record
from labtools.core.errors import LabError
from labtools.train.runqueue import claims
from labtools.train.runqueue.orders import cancel, requeue

MakeRun = Callable[..., Path]
ELSEWHERE = ProcessId("another-machine", 4711, 1.0)


class Time:
    """Virtual seconds; while they pass, a training elsewhere may beat."""

    def __init__(self, folder: Path, beats_for_s: float) -> None:
        self.now, self._folder, self._beats_for_s = 0.0, folder, beats_for_s

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now <= self._beats_for_s:
            claims.write_beat(self._folder, 1, Beat(int(self.now * 10), claims.now(), ELSEWHERE, "training", 1, 4))


def test_a_training_elsewhere_is_gone_when_it_is_silent(make_run: MakeRun) -> None:
    folder = make_run()
    claims.take(folder, 1, Claim("gpu5", ELSEWHERE, claims.now()))
    time = Time(folder, beats_for_s=4.0)
    assert requeue(folder, clock=time.clock, sleep=time.sleep).name == f"{folder.name}.1"
    assert time.now == pytest.approx(14.0, abs=0.5)
    assert judge(read_record(folder), stale=False) is State.TODO


def test_a_training_that_does_not_end_keeps_its_folder(make_run: MakeRun) -> None:
    folder = make_run()
    claims.take(folder, 1, Claim("gpu5", ELSEWHERE, claims.now()))
    time = Time(folder, beats_for_s=999.0)
    with pytest.raises(LabError, match="was told to end, and has not ended") as caught:
        requeue(folder, patience_s=30.0, clock=time.clock, sleep=time.sleep)
    assert caught.value.fix.startswith("End process 4711 on another-machine, then type this again.")
    assert judge(read_record(folder), stale=False) is State.CANCELLED, "nobody takes it meanwhile"
    time = Time(folder, beats_for_s=20.0)
    assert requeue(folder, clock=time.clock, sleep=time.sleep).is_dir()
    assert time.now == pytest.approx(30.0, abs=0.5), "typed again, it waits for the same training"


def test_what_should_have_ended_and_writes_on_does_not_spoil_the_fresh_folder(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run()
    claims.take(folder, 1, Claim("gpu5", ELSEWHERE, claims.now()))
    claims.write_end(folder, 1, Cause.ERROR, "why")
    rename = Path.rename

    def rename_and_write(path: Path, target: Path) -> Path:
        result = rename(path, target)
        if path == folder:
            claims.write_beat(folder, 1, Beat(9, claims.now(), ELSEWHERE))
        return result

    monkeypatch.setattr(Path, "rename", rename_and_write)
    requeue(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["beat.1.json", "run.json"]
    assert judge(read_record(folder), stale=False) is State.TODO
    assert [path.name for path in (folder.parent / "old").iterdir()] == [f"{folder.name}.1"]


def test_two_people_are_both_heard(make_run: MakeRun) -> None:
    folder = make_run()
    (folder / "order.1.json").write_text("")  # somebody's, torn by a power cut
    assert cancel(folder)
    assert (folder / "order.2.json").is_file()
    assert read_record(folder).cancelled


def test_of_two_who_requeue_at_the_same_moment_both_get_an_answer(make_run: MakeRun) -> None:
    """Both put it aside, one after the other, or the second is told in a sentence; a fresh one is there."""
    at_once = threading.Barrier(2)

    def put_aside(folder: Path) -> str:
        at_once.wait(60)
        try:
            return requeue(folder).name
        except LabError as error:
            return error.what

    for number in range(20):
        folder = make_run(f"run{number}")
        with ThreadPoolExecutor(2) as pool:
            answers = set(pool.map(put_aside, [folder, folder]))
        assert f"{folder.name}.1" in answers
        assert answers - {f"{folder.name}.1"} <= {f"{folder.name}.2", "somebody else has put this run aside just now"}
        assert (folder / "run.json").is_file()
        assert judge(read_record(folder), stale=False) is State.TODO
