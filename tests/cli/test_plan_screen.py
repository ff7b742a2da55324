"""The screen of a dry run: what differs in columns, what is the same once, everything within the width."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from labtools.artifacts.record import State
from labtools.artifacts.runs import RunSpec
from labtools.cli._plan_screen import kind_of_lanes, render_outlook, smallest_gpu
from labtools.train.estimates import Pace
from labtools.train.lanes.lane import Lane
from labtools.train.matrix.expand import Expansion
from labtools.train.planning.outlook import ExpectedRun, Outlook
from labtools.train.planning.plan import Plan
from labtools.train.servers.config import Server
from labtools.train.servers.facts import Facts
from labtools.train.servers.preflight import Checkup

NOW = datetime(2026, 3, 6, 18, 0, tzinfo=timezone.utc)  # a Friday


def run(model: str, imgsz: int, batch: int = 64, freeze: int | None = None) -> ExpectedRun:
    name = f"{model}_{imgsz}_{'freeze' if freeze else 'nofreeze'}"
    spec = RunSpec(name, model, f"/w/{model}.pt", freeze, imgsz, batch, 100, 0, "/d", "f")
    return ExpectedRun(spec, State.TODO, 0, 3600.0, 3600.0, 5 * 2**30, None, "")


RUNS = tuple(run(m, i, freeze=f) for m in ("yolov8n", "yolov8l") for i in (640, 1280) for f in (10, None))


def outlook(runs: tuple[ExpectedRun, ...] = RUNS, lanes: int = 8, is_cpu: bool = False, learnt: int = 0) -> Outlook:
    expansion = Expansion(tuple(run.spec for run in runs), {}, len(runs) + 1, 2, 1)
    plan = Plan(Path("/lab/runs/dlcv"), expansion, {}, ("yolov8x_640_freeze",), {}, frozenset(), {})
    end = 47 * 3600.0 if lanes else None
    return Outlook(plan, runs, lanes, is_cpu, None, Pace(1, 1, 1, learnt), end)


def screen(shown: Outlook, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(render_outlook(shown, NOW))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    return text


def test_what_differs_has_a_column_and_what_is_the_same_is_said_once() -> None:
    head, *lines = screen(outlook()).splitlines()
    assert head.split() == ["run", "model", "freeze", "imgsz", "memory", "time", "state"]
    assert lines[0].split() == [
        "yolov8n_640_freeze",
        "yolov8n",
        "10",
        "640",
        "5.0",
        "GB",
        "1",
        "h",
        "00",
        "○",
        "to",
        "do",
    ]
    assert "the same for all: batch 64, epochs 100, seed 0" in lines
    assert "8 runs = 9 combinations - 2 excluded + 1 included   ○ 8 to do" in lines
    varied = screen(outlook((*RUNS, replace(run("yolov8x", 640, 16), priority=5))))
    assert varied.splitlines()[0].split()[4:7] == ["batch", "priority", "memory"]


def test_the_end_is_a_day_and_an_hour() -> None:
    assert "8 h 00 of training are left: 1 d 23 h on 8 lanes, until Sunday 08 March, 17:00" in screen(outlook(), 160)
    assert "(a guess: it becomes an estimate" in screen(outlook(), 160)
    assert "at the pace of 3 finished runs" in screen(outlook(learnt=3), 160)
    assert "add --gpus to know when it ends" in screen(outlook(lanes=0), 160)


def test_memory_is_marked_where_it_is_too_much_and_not_shown_for_cpus() -> None:
    large = replace(RUNS[-1], memory_bytes=160 * 2**30, fits=2)
    huge = replace(RUNS[-2], memory_bytes=900 * 2**30, fits=0)
    text = screen(replace(outlook((*RUNS[:-2], huge, large)), gpu_bytes=8 * 2**30), 400)
    assert "⚠ 160.0 GB" in text
    said = "more than the 8.0 GB of a GPU, in brackets the batch that should fit: "
    assert said + "yolov8l_1280_freeze (not even 1), yolov8l_1280_nofreeze (2)." in text
    assert "memory" not in screen(outlook(is_cpu=True))


def test_stale_runs_are_one_line_per_reason() -> None:
    reason = "the dataset has changed since"
    stale = tuple(replace(run, state=State.STALE, left_s=0.0, reason=reason) for run in RUNS)
    text = screen(outlook(stale), 400)
    assert text.count(reason) == 1
    assert "yolov8l_640_nofreeze, 2 more: the dataset has changed since" in text
    assert "labtools requeue --stale" in text
    assert "nothing is left to train" in text
    assert "there, but no longer in this matrix: yolov8x_640_freeze" in text


def test_the_kind_of_lanes_and_their_smallest_gpu() -> None:
    def server(name: str, *memories: int) -> Checkup:
        facts = Facts(name, "me", {}, "", ("card",) * len(memories), memories, None, ())
        return Checkup(Server(name, f"lab-{name}", tuple(range(len(memories)))), facts)

    assert kind_of_lanes([]) is None
    assert kind_of_lanes([Lane("cpu0")]) == "cpu"
    lanes = [Lane("gpu0", 0, server="a"), Lane("gpu1", 1, server="a"), Lane("gpu2", 1, server="b")]
    assert kind_of_lanes(lanes) == "gpu"
    assert smallest_gpu(lanes, [server("a", 24, 16), server("b", 8, 12)]) == 12, "the 8 of b are not asked for"
    assert smallest_gpu(lanes[:1], [server("a", 0)]) is None, "a driver that does not tell"
    assert smallest_gpu(lanes, [Checkup(Server("a", "lab-a"), None)]) is None
    assert smallest_gpu([Lane("cpu0")], []) is None
