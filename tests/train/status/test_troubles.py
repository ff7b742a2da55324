"""Whatever is wrong is said in a sentence, with what to type."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labtools.artifacts.record import UNWANTED, Cause, ProcessId
from labtools.artifacts.runs import list_runs
from labtools.core.files import write_json
from labtools.train import disk
from labtools.train.processes import this_process
from labtools.train.runqueue import claims
from labtools.train.runqueue.run_queue import RunQueue
from labtools.train.status.grid import read_grid
from labtools.train.status.troubles import Level, Trouble

Make = Callable[..., Any]


def told(root: Path) -> list[tuple[str, tuple[str, ...], str]]:
    return [(trouble.level.value, trouble.who, trouble.what) for trouble in read_grid(root).troubles]


def first(root: Path) -> Trouble:
    return read_grid(root).troubles[0]


def test_nothing_is_wrong_with_a_matrix_at_work(make_run: Make, make_lane: Make, train: Make, root: Path) -> None:
    train(make_run("a"), "gpu0", "")
    make_run("b")
    make_lane("gpu0", "")
    assert told(root) == []


def test_runs_without_a_lane(make_run: Make, root: Path) -> None:
    make_run("a"), make_run("b")
    assert told(root) == [("error", (), "no lane is at work, and 2 runs are left")]
    assert "`labtools train-matrix`" in first(root).fix


@pytest.mark.parametrize("cause", list(Cause))
def test_each_cause_of_giving_up_has_something_to_type(make_run: Make, root: Path, cause: Cause) -> None:
    claims.write_end(make_run("a"), 1, cause, "that is why", again=False)
    (trouble,) = read_grid(root).troubles
    assert (trouble.level, trouble.who) == (Level.ERROR, ("a",))
    assert "that is why" in trouble.what
    assert "`labtools retry a`" in trouble.fix


def test_what_to_type_names_the_matrix_where_there_are_several(make_run: Make, root: Path) -> None:
    claims.write_end(make_run("a"), 1, Cause.OOM, "it does not fit", again=False)
    claims.mark_stale(make_run("b"), "epochs was 1, now 2")
    assert ["--matrix" in trouble.fix for trouble in read_grid(root).troubles] == [False, False]
    shutil.copytree(root, root.with_name("other year"))
    assert "`labtools retry a --matrix runs/tiny`" in first(root).fix
    assert "`labtools retry a --matrix 'runs/other year'`" in first(root.with_name("other year")).fix
    assert "`labtools requeue b --matrix runs/tiny`" in read_grid(root).troubles[1].fix


def test_a_copy_of_a_run_folder_is_no_run_of_the_matrix(make_run: Make, make_lane: Make, root: Path) -> None:
    make_run("a")
    make_lane("gpu0", "")
    shutil.copytree(root / "a", root / "a backup")
    grid = read_grid(root)
    assert [run.run_id for run in grid.runs] == ["a"]
    (trouble,) = grid.troubles
    assert trouble.who == ("a backup",) and "its run.json is that of a" in trouble.what
    assert [run.folder.name for run in list_runs(root)] == ["a"]
    queue = RunQueue(root)
    assert queue.claim("gpu0") is not None and queue.claim("gpu0") is None


def test_a_run_that_was_taken_out_of_the_matrix_is_no_error(make_run: Make, root: Path) -> None:
    claims.mark_stale(make_run("a"), UNWANTED)
    claims.write_done(make_run("b"), {"epochs": 1})
    (trouble,) = read_grid(root).troubles
    assert (trouble.level, trouble.who, trouble.what) == (Level.NOTE, ("a",), f"not trained: {UNWANTED}")
    assert "`labtools requeue a`" in trouble.fix


def test_what_to_type_names_a_matrix_of_another_lab(
    make_run: Make, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims.write_end(make_run("a"), 1, Cause.OOM, "it does not fit", again=False)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert f"`labtools retry a --matrix {root}`" in first(root).fix


def test_runs_that_ended_alike_are_told_together(make_run: Make, root: Path) -> None:
    for name in "abcd":
        claims.write_end(make_run(name), 1, Cause.OOM, "it does not fit", again=False)
    (trouble,) = read_grid(root).troubles
    assert trouble.who == ("a", "b", "c", "d")
    assert "`labtools retry --failed`" in trouble.fix


def test_a_full_disk_comes_first(make_run: Make, train: Make, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On it no lane can say that it waits: the last words of all are old."""
    train(make_run("a"), "gpu0", "")
    monkeypatch.setattr(disk, "_FLOOR_BYTES", 2**60)
    monkeypatch.setattr(disk, "_FLOOR_SHARE", 10.0)
    trouble = first(root)
    assert trouble.level is Level.ERROR and trouble.what.startswith(f"the disk of {root} is full: ")
    claims.write_done(root / "a", {"epochs": 4})
    assert told(root) == [], "nothing is left that needs room"


def test_stale_runs(make_run: Make, root: Path) -> None:
    write_json(make_run("a") / "stale.json", {"reason": "the dataset has changed", "time": claims.now()})
    (trouble,) = read_grid(root).troubles
    assert trouble.what == "stale: the dataset has changed"
    assert "`labtools requeue a`" in trouble.fix


def test_what_is_tried_again_is_a_warning(make_run: Make, make_lane: Make, train: Make, root: Path) -> None:
    train(make_run("a"), "gpu0", "")
    claims.write_end(root / "a", 1, Cause.KILLED, "killed by signal 9")
    train(make_run("b"), "gpu0", "")
    assert told(root) == [("warning", ("a",), "attempt 1: killed by signal 9; it will be tried again")]


def test_a_machine_is_silent_or_one_of_its_lanes(make_run: Make, make_lane: Make, root: Path) -> None:
    make_run("a")
    make_lane("gpu0", "lab1", silent_s=600)
    make_lane("gpu1", "lab1", silent_s=700)
    assert told(root)[1][2] == "nothing heard for 10 min", "there is nobody else"
    make_lane("gpu4", "lab2")
    assert told(root)[0][2].endswith("; what it trains is taken over by other lanes")
    assert told(root)[0][:2] == ("warning", ("lab1",))
    assert "nothing heard for 10 min" in told(root)[0][2]
    assert "`ssh lab1`" in first(root).fix
    make_lane("gpu1", "lab1")
    assert told(root)[0][1] == ("gpu0@lab1",)


def test_dead_retired_and_waiting_lanes(make_run: Make, make_lane: Make, root: Path) -> None:
    make_run("a")
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    make_lane("gpu0", process=ProcessId(this_process().host, child.pid, time.time()), server="left")
    make_lane("gpu1", "lab1", "retired", why="3 runs in a row failed on it")
    make_lane("gpu2", "lab1", "waiting", why="the disk is full")
    make_lane("gpu3", "lab1", "over", why="nothing left to do")
    assert told(root) == [
        ("error", ("gpu1@lab1",), "retired: 3 runs in a row failed on it"),
        ("warning", ("gpu0@left",), "its process is gone without a word"),
        ("note", ("gpu2@lab1",), "waiting: the disk is full"),
    ]


def test_lanes_are_of_no_interest_when_all_is_done(make_run: Make, make_lane: Make, root: Path) -> None:
    claims.write_done(make_run("a"), {"attempt": 1, "epochs": 4})
    make_lane("gpu0", "lab1", silent_s=10_000)
    make_lane("gpu1", "lab1", "retired", why="its GPU is gone")
    assert told(root) == []


def test_a_smaller_batch_is_worth_a_note(make_run: Make, train: Make, root: Path) -> None:
    folder = make_run("a", batch=64)
    claims.write_end(folder, 1, Cause.OOM, "does not fit", changes={"batch": 32})
    train(folder, "gpu0", "", attempt=2, batch=32)
    (trouble,) = read_grid(root).troubles
    assert (trouble.level, trouble.who) == (Level.NOTE, ("a b32<64",))
