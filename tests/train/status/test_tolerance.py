"""A folder that many write to while it is read, and in which anything may lie."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from labtools.artifacts.record import State
from labtools.cli._grid import render_grid
from labtools.core.files import write_json
from labtools.train.runqueue import claims
from labtools.train.runqueue.run_queue import RunQueue
from labtools.train.status import grid
from labtools.train.status.grid import read_grid

Make = Callable[..., Any]


def test_foreign_things_beside_the_runs_are_passed_over(make_run: Make, root: Path) -> None:
    make_run("a")
    (root / "notes.txt").write_text("mine")
    (root / ".trash").mkdir()
    (root / "empty").mkdir()
    (root / "old" / "a.1").mkdir(parents=True)
    (root / "old" / "a.1" / "run.json").write_text("{}")
    (root / "lanes").mkdir()
    (root / "lanes" / "gpu0@x.state.json").write_text('{"lane": "gp')
    (root / "lanes" / "gpu1@x.state.json").write_text("[]")
    found = read_grid(root)
    assert [run.run_id for run in found.runs] == ["a"]
    assert found.lanes == ()
    assert len(found.troubles) == 1


def test_a_damaged_run_file_is_told_and_hides_no_other(make_run: Make, root: Path) -> None:
    make_run("a"), make_run("b"), make_run("c")
    (root / "b" / "run.json").write_text('{"run_id": "b", "mod')
    (root / "c" / "run.json").write_text('{"run_id": "c"}')
    found = read_grid(root)
    assert [run.run_id for run in found.runs] == ["a"]
    assert {name for trouble in found.troubles for name in trouble.who} == {"b", "c"}


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"epoch": 1}', "\x00\xff", '{"process": 3, "time": 0}'])
def test_half_written_signs_are_as_if_absent(make_run: Make, train: Make, root: Path, content: str) -> None:
    folder = make_run("a")
    train(folder, "gpu0", "lab1")
    (folder / "beat.1.json").write_bytes(content.encode("latin-1"))
    (run,) = read_grid(root).runs
    assert (run.state, run.phase, run.lane) == (State.RUNNING, "starting", "gpu0")
    (folder / "claim.1").write_bytes(content.encode("latin-1"))
    (run,) = read_grid(root).runs
    assert (run.state, run.lane) == (State.RUNNING, "")


@pytest.mark.parametrize("content", ['{"attempt": 1}', '{"attempt": 1, "epochs": null, "seconds": "?", "map50": "x"}'])
def test_a_result_without_figures_is_a_result(make_run: Make, root: Path, content: str) -> None:
    folder = make_run("a")
    (folder / "done.json").write_text(content)
    (run,) = read_grid(root).runs
    assert (run.state, run.map50, run.seconds, run.epoch) == (State.DONE, None, None, 4)


def test_a_run_that_vanishes_between_two_looks(make_run: Make, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run("a"), make_run("b")
    real = grid.read_record

    def vanish(folder: Path) -> Any:
        if folder.name == "a":
            shutil.rmtree(folder)
        return real(folder)

    monkeypatch.setattr(grid, "read_record", vanish)
    found = read_grid(root)
    assert [run.run_id for run in found.runs] == ["b"]
    assert not any("a" in trouble.who for trouble in found.troubles), "somebody moved it; nothing is wrong"


def test_no_folder_is_an_empty_grid(tmp_path: Path) -> None:
    found = read_grid(tmp_path / "nothing")
    assert (found.runs, found.lanes, found.forecast, found.is_over) == ((), (), None, True)


def test_json_is_json_whatever_there_is(make_run: Make, train: Make, make_lane: Make, root: Path) -> None:
    train(make_run("a"), "gpu0", "lab1", map50=0.5)
    claims.write_done(make_run("b"), {"attempt": 1, "epochs": 4, "map50": None})
    make_lane("gpu1", "lab1", "waiting", why="x", gpu_others=("anna",))
    answer = json.loads(json.dumps(read_grid(root).to_json(), allow_nan=False))
    assert [run["state"] for run in answer["runs"]] == ["running", "done"]
    assert answer["lanes"][1]["gpu_others"] == ["anna"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("order.1.json", {"what": "retry", "attempt": "last", "who": "a", "time": ""}),
        ("end.1.json", {"cause": "oom", "reason": "x", "again": True, "time": "", "next": [4]}),
        ("end.1.json", {"cause": "oom", "reason": "x", "again": True, "time": "", "epoch": None}),
        ("beat.1.json", {"count": 1, "time": "", "process": {"host": "h", "pid": 1, "started": 0.0}, "epoch": "two"}),
        ("done.json", {"attempt": 1, "seconds": "long", "epochs": "all"}),
    ],
)
def test_a_field_that_somebody_has_spoilt_stops_neither_status_nor_lanes(
    make_run: Make, root: Path, file: str, content: dict[str, Any]
) -> None:
    make_run("a"), make_run("b")
    write_json(root / "a" / "claim.1", {"lane": "gpu0", "time": "", "process": {"host": "h", "pid": 1, "started": 0.0}})
    write_json(root / "a" / file, content)
    assert [run.run_id for run in read_grid(root).runs] == ["a", "b"]
    attempt = RunQueue(root).claim("gpu0")
    assert attempt is not None


def test_a_matrix_of_which_no_run_can_be_read_is_shown(make_run: Make, root: Path) -> None:
    make_run("a")
    (root / "a" / "run.json").write_text("", encoding="utf-8")
    console = Console(file=io.StringIO(), width=80)
    console.print(render_grid(read_grid(root)))
    assert "a" in console.file.getvalue()  # type: ignore[attr-defined]
