"""Looking again and again: by our clock alone, because theirs may be minutes off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from labtools.train.status.watcher import Watcher

Make = Callable[..., Any]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def silence(watcher: Watcher) -> float | None:
    (run,) = watcher.look().runs
    return run.silent_s


def test_a_clock_that_is_behind_looks_silent_once(make_run: Make, train: Make, root: Path) -> None:
    folder, clock = make_run(), Clock()
    watcher = Watcher(root, clock)
    train(folder, silent_s=300)
    assert (silence(watcher) or 0) >= 300
    clock.now += 2
    train(folder, silent_s=298)  # the next beat, by the same clock
    assert silence(watcher) is None
    clock.now += 50
    assert silence(watcher) is None
    clock.now += 20
    assert silence(watcher) == 70


def test_a_clock_that_is_ahead_cannot_hide_a_dead_lane(make_run: Make, train: Make, root: Path) -> None:
    folder, clock = make_run(), Clock()
    watcher = Watcher(root, clock)
    train(folder, silent_s=-900)
    assert silence(watcher) is None
    clock.now += 100
    assert silence(watcher) == 100


def test_a_folder_that_is_away_for_a_while_is_remembered(make_run: Make, root: Path) -> None:
    make_run("a")
    watcher = Watcher(root)
    assert watcher.look().troubles[0].what == "no lane is at work, and 1 run is left"
    root.rename(root.with_name("elsewhere"))
    for _ in range(2):
        grid = watcher.look()
        assert [run.run_id for run in grid.runs] == ["a"]
        assert not grid.is_over, "or else watching would end"
        assert len(grid.troubles) == 2
        assert grid.troubles[0].what.startswith("the folder cannot be read now (it is gone)")
    root.with_name("elsewhere").rename(root)
    assert len(watcher.look().troubles) == 1
