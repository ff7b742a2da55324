"""Event files of several attempts become one that tells each value once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from labtools.train.attempt import events


@pytest.fixture
def folder(make_run: Callable[..., Path]) -> Path:
    return make_run()


def train(folder: Path, first: int, last: int, value: float) -> Path:
    """Write what an attempt writes, and return its file."""
    before = set(folder.glob("events.*"))
    with SummaryWriter(str(folder), filename_suffix=f".{first}") as writer:
        for epoch in range(first, last + 1):
            writer.add_scalar("metrics/mAP50(B)", value, epoch)
    (path,) = set(folder.glob("events.*")) - before
    return path


def read(folder: Path) -> tuple[list[tuple[int, float]], EventAccumulator]:
    (path,) = folder.glob("events.*")
    board = EventAccumulator(str(path))
    board.Reload()
    return [(p.step, round(p.value, 3)) for p in board.Scalars("metrics/mAP50(B)")], board


def test_epochs_that_are_trained_again_are_told_once(folder: Path) -> None:
    events.write_hyperparameters(folder, {"model": "yolov8n", "freeze": 0, "classes": [1, 2], "cos_lr": True})
    train(folder, 1, 5, 0.1)
    events.join(folder, 3)
    train(folder, 4, 6, 0.2)
    events.join(folder, 5)
    train(folder, 6, 6, 0.3)
    events.finish(folder)
    points, board = read(folder)
    assert points == [(1, 0.1), (2, 0.1), (3, 0.1), (4, 0.2), (5, 0.2), (6, 0.3)]
    assert set(board.PluginTagToContent("hparams")) == {
        "_hparams_/experiment",
        "_hparams_/session_start_info",
        "_hparams_/session_end_info",
    }


def test_a_training_of_less_than_a_second_keeps_its_values(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.time, "time", lambda: 1_700_000_000.0)
    events.write_hyperparameters(folder, {"model": "yolov8n"})
    train(folder, 1, 2, 0.1)
    events.join(folder)
    events.finish(folder)
    assert read(folder)[0] == [(1, 0.1), (2, 0.1)]


def test_a_kill_while_joining_doubles_nothing(folder: Path) -> None:
    """The joined file is there, and the others have not been removed yet."""
    train(folder, 1, 2, 0.1)
    second = train(folder, 3, 4, 0.2)
    content = second.read_bytes()
    events.join(folder, 4)
    second.write_bytes(content)
    events.join(folder, 4)
    assert read(folder)[0] == [(1, 0.1), (2, 0.1), (3, 0.2), (4, 0.2)]


def test_a_torn_file_is_read_as_far_as_it_goes(folder: Path) -> None:
    path = train(folder, 1, 4, 0.1)
    path.write_bytes(path.read_bytes()[:-7])
    events.join(folder)
    train(folder, 4, 5, 0.2)
    events.join(folder)
    assert read(folder)[0] == [(1, 0.1), (2, 0.1), (3, 0.1), (4, 0.2), (5, 0.2)]


def test_nothing_is_nothing(folder: Path) -> None:
    events.join(folder, 3)
    assert not list(folder.glob("events.*"))
