"""Signs of life, time left, and a clean folder to start in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.record import Cause, Claim, read_record
from labtools.artifacts.runs import read_run
from labtools.core.errors import LabError
from labtools.train.attempt.faults import diagnose
from labtools.train.attempt.heartbeat import Fenced, Heartbeat
from labtools.train.attempt.training import clear_leftovers
from labtools.train.processes import this_process
from labtools.train.runqueue import claims
from labtools.yolo import Epoch

MakeRun = Callable[..., Path]


def test_time_left_is_the_pace_so_far_without_the_start_up(make_run: MakeRun) -> None:
    folder = make_run()
    claims.take(folder, 1, Claim("cpu0", this_process(), claims.now()))
    clock = [0.0]
    heart = Heartbeat(folder, 1, clock=lambda: clock[0])
    clock[0] = 50.0  # imports
    heart.beat()
    beat = read_record(folder).beat
    assert beat is not None and (beat.phase, beat.eta_s) == ("starting", None)
    heart.on_step(1, 4, 1, 10)
    clock[0] = 60.0
    heart.on_step(1, 4, 5, 10)
    heart.beat()
    beat = read_record(folder).beat
    assert beat is not None and (beat.phase, beat.epoch, beat.step, beat.steps) == ("training", 1, 5, 10)
    assert beat.eta_s == pytest.approx(10 * (4 - 0.5) / 0.5)
    assert beat.seconds == 60.0
    heart.on_epoch(Epoch(4, 4, 0.5, float("nan")))
    beat = read_record(folder).beat
    assert beat is not None and (beat.phase, beat.map50, beat.map50_95, beat.eta_s) == ("finishing", 0.5, None, None)


def test_the_best_epoch_is_the_one_whose_weights_ultralytics_keeps(make_run: MakeRun) -> None:
    heart = Heartbeat(make_run(), 1)
    assert heart.best_epoch == 0
    for epoch, fitness in enumerate([0.1, 0.3, 0.2, 0.3, float("nan")], start=1):
        heart.on_epoch(Epoch(epoch, 5, 0.9, fitness))
    assert heart.best_epoch == 4


def test_a_fenced_training_stops_at_its_next_step(make_run: MakeRun) -> None:
    folder = make_run()
    claims.take(folder, 1, Claim("cpu0", this_process(), claims.now()))
    with Heartbeat(folder, 1) as heart:
        heart.on_step(1, 4, 1, 10)
        claims.write_end(folder, 1, Cause.LANE, "thought dead")
        heart.beat()
        with pytest.raises(Fenced):
            heart.on_step(1, 4, 2, 10)


def test_only_what_ultralytics_left_is_cleared(make_run: MakeRun) -> None:
    folder = make_run()
    leftovers = ["args.yaml", "results.csv", "events.out.tfevents.1.vm.2.0", "BoxPR_curve.png", "train_batch0.jpg"]
    kept = ["train.log", "claim.1", "end.1.json", "beat.1.json", "notes of a student.txt"]
    for name in (*leftovers, *kept):
        (folder / name).write_text("x")
    (folder / "weights").mkdir()
    (folder / "weights" / "last.pt").write_text("x")
    clear_leftovers(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*kept, "run.json"])


def test_reasons_are_sentences_and_hopeless_ones_are_known(make_run: MakeRun) -> None:
    import torch

    run = read_run(make_run(batch=64, imgsz=1280))
    memory = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    fault = diagnose(memory, run)
    assert (fault.cause, fault.again) == (Cause.OOM, False)
    assert fault.reason == "out of memory: batch 64 at 1280 px does not fit; ask for a smaller batch"
    fault = diagnose(LabError("no file", "/w", "Put it there."), run)
    assert (fault.cause, fault.reason, fault.again) == (Cause.WEIGHTS, "no file; where: /w; fix: Put it there.", False)
    assert diagnose(OSError(28, "No space left on device"), run).reason == "OSError: [Errno 28] No space left on device"
    assert diagnose(ValueError(), run).reason == "ValueError: no message"
    assert diagnose(MemoryError(), run).again
