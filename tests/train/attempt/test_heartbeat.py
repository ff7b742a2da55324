"""Signs of life, time left, and how an attempt learns that it has been taken away."""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.record import Beat, Cause, Claim, ProcessId
from labtools.artifacts.record_files import read_record
from labtools.train.attempt import heartbeat
from labtools.train.attempt.heartbeat import Fenced, Heartbeat
from labtools.train.processes import this_process
from labtools.train.runqueue import claims
from labtools.yolo import Epoch, Start

MakeRun = Callable[..., Path]


def claimed(make_run: MakeRun) -> Path:
    folder = make_run()
    claims.take(folder, 1, Claim("cpu0", this_process(), claims.now()))
    return folder


def beat_of(folder: Path) -> Beat:
    beat = read_record(folder).beat
    assert beat is not None
    return beat


def test_time_left_is_the_pace_so_far_without_the_start_up(make_run: MakeRun) -> None:
    folder = claimed(make_run)
    clock = [0.0]
    heart = Heartbeat(folder, 1, clock=lambda: clock[0])
    clock[0] = 50.0  # imports
    heart.beat()
    assert (beat_of(folder).phase, beat_of(folder).eta_s) == ("starting", None)
    heart.on_start(Start(epochs=4, batch=8, accumulate=8, val_batch=16, resumed=0, is_last=False))
    heart.on_step(1, 4, 1, 10)
    clock[0] = 60.0
    heart.on_step(1, 4, 5, 10)
    heart.beat()
    beat = beat_of(folder)
    assert (beat.phase, beat.epoch, beat.step, beat.steps, beat.batch) == ("training", 1, 5, 10, 8)
    assert beat.eta_s == pytest.approx(10 * (4 - 0.5) / 0.5)
    assert beat.seconds == 60.0
    heart.on_epoch(Epoch(4, 4, 0.5, float("nan")))
    heart.beat()
    beat = beat_of(folder)
    assert (beat.phase, beat.map50, beat.map50_95, beat.eta_s) == ("finishing", 0.5, None, None)


def test_after_each_epoch_its_figures_are_told(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = claimed(make_run)
    monkeypatch.setattr("labtools.yolo.gpu_bytes", lambda: 77)
    heart = Heartbeat(folder, 1, clock=lambda: 0.0)
    heart.on_start(Start(epochs=4, batch=8, accumulate=8, val_batch=16, resumed=0, is_last=False))
    heart.beat()
    beat = beat_of(folder)
    assert (beat.epochs, beat.batch) == (4, 8)
    assert beat.gpu_bytes is None, "torch may still be half imported"
    heart.on_step(1, 4, 9, 10)
    heart.on_epoch(Epoch(1, 4, 0.5, 0.25))
    heart.beat()
    beat = beat_of(folder)
    assert (beat.phase, beat.epoch, beat.epochs, beat.step, beat.steps) == ("training", 1, 4, 10, 10)
    assert (beat.map50, beat.map50_95, beat.gpu_bytes) == (0.5, 0.25, 77)
    heart.on_start(Start(epochs=4, batch=8, accumulate=8, val_batch=16, resumed=4, is_last=True))
    heart.beat()
    assert (beat_of(folder).phase, beat_of(folder).epoch) == ("finishing", 4), "killed in its last validation"


def test_the_pace_is_that_of_this_attempt_alone(make_run: MakeRun) -> None:
    folder = claimed(make_run)
    clock = [0.0]
    heart = Heartbeat(folder, 1, clock=lambda: clock[0])
    heart.on_start(Start(epochs=10, batch=4, accumulate=2, val_batch=8, resumed=6, is_last=False))
    heart.on_step(7, 10, 0, 10)
    clock[0] = 10.0
    heart.beat()
    assert beat_of(folder).eta_s is None, "no step has been taken yet"
    clock[0] = 20.0
    heart.on_step(7, 10, 10, 10)
    heart.beat()
    assert (beat_of(folder).resumed, beat_of(folder).batch, beat_of(folder).eta_s) == (6, 4, 60.0)


def test_a_fenced_training_stops_at_its_next_step(make_run: MakeRun) -> None:
    folder, left = claimed(make_run), []
    with Heartbeat(folder, 1, leave=lambda: left.append("in the middle of a step")) as heart:
        heart.on_step(1, 4, 1, 10)
        claims.write_end(folder, 1, Cause.LANE, "thought dead")
        heart.beat()
        with pytest.raises(Fenced):
            heart.on_step(1, 4, 2, 10)
    assert not left


def test_news_are_told_at_once_and_the_end_waits_for_no_beat(
    make_run: MakeRun, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = claimed(make_run)
    monkeypatch.setattr(heartbeat, "BEAT_EVERY_S", 60.0)
    start = time.monotonic()
    with Heartbeat(folder, 1) as heart:
        heart.on_start(Start(epochs=4, batch=8, accumulate=8, val_batch=16, resumed=0, is_last=False))
        until(lambda: beat_of(folder).phase == "training", "the beginning to be told", 30)
        heart.on_epoch(Epoch(1, 4, 0.5, 0.25))
        until(lambda: beat_of(folder).epoch == 1, "the epoch to be told", 30)
    assert time.monotonic() - start < 30.0


def test_before_its_first_step_a_fenced_training_leaves_at_once(
    make_run: MakeRun, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = claimed(make_run)
    monkeypatch.setattr(heartbeat, "BEAT_EVERY_S", 0.2)
    left = threading.Event()
    with Heartbeat(folder, 1, leave=left.set) as heart:
        assert not left.wait(0.1)
        claims.write_end(folder, 1, Cause.STOPPED, "cancelled by hand")
        heart.beat()
        until(left.is_set, "the end of a training that has not begun", 10)


def test_before_something_lasting_is_written_the_disk_is_asked(make_run: MakeRun) -> None:
    folder = claimed(make_run)
    heart = Heartbeat(folder, 1)
    heart.confirm()
    claims.take(folder, 2, Claim("cpu1", this_process(), claims.now()))
    with pytest.raises(Fenced):
        heart.confirm()


def test_a_full_disk_or_a_hanging_one_stops_no_heart(
    make_run: MakeRun,
    until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The trouble is said once, and when it is over the signs of life go on by themselves."""
    folder = claimed(make_run)
    monkeypatch.setattr(heartbeat, "BEAT_EVERY_S", 0.01)
    write = claims.write_beat
    tried = []

    def refuse(where: Path, attempt: int, beat: Beat) -> None:
        tried.append(beat.count)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with caplog.at_level(logging.WARNING), Heartbeat(folder, 1) as heart:
        monkeypatch.setattr(heartbeat, "write_beat", refuse)
        until(lambda: len(tried) > 5, "more than one try")
        heart.on_step(1, 4, 1, 10)
        assert sum("No space left" in line for line in caplog.messages) == 1
        monkeypatch.setattr(heartbeat, "write_beat", write)
        until(lambda: beat_of(folder).step == 1, "a beat after the trouble")


def test_no_bug_stops_the_heart(
    make_run: MakeRun, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A half-imported torch once did: nobody would have told this training that another lane has its run."""
    folder = claimed(make_run)
    monkeypatch.setattr(heartbeat, "BEAT_EVERY_S", 0.01)
    clock = [AttributeError("partially initialized module 'torch' has no attribute 'cuda'")]

    def tick() -> float:
        if clock:
            raise clock.pop()
        return 0.0

    heart = Heartbeat(folder, 1, clock=lambda: 0.0)
    heart.clock = tick
    with caplog.at_level(logging.ERROR):
        heart._thread.start()
        until(lambda: read_record(folder).beat is not None, "a beat after the bug")
        heart.__exit__(None, None, None)
    assert "trying on" in caplog.text


def test_a_training_whose_folder_was_taken_away_stops(make_run: MakeRun) -> None:
    folder = claimed(make_run)
    heart = Heartbeat(folder, 1)
    heart.beat()
    folder.rename(folder.with_name("moved"))
    heart.beat()
    with pytest.raises(Fenced):
        heart.check()
    assert not folder.exists(), "nothing is written where the folder was"


def test_a_requeue_is_heard_though_somebody_has_the_fresh_folder_under_our_number(make_run: MakeRun) -> None:
    """This machine was cut off while the run was put aside; when it is back, another lane trains attempt 1 there."""
    folder = claimed(make_run)
    heart = Heartbeat(folder, 1)
    heart.beat()
    folder.rename(folder.with_name("old"))
    make_run()
    with pytest.raises(Fenced):
        heart.confirm()

    claims.take(folder, 1, Claim("gpu7", ProcessId("elsewhere", 1, 0.0), claims.now()))
    for late in (heart, Heartbeat(folder, 1)):
        late.beat()
        with pytest.raises(Fenced):
            late.check()
    assert read_record(folder).beat is None, "nothing is written into it"
