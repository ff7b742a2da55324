"""Every launcher starts lanes, starts none twice, and is chosen by what this machine has."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labtools.artifacts.record import Claim
from labtools.core.errors import LabError
from labtools.train.lanes.lane import Lane
from labtools.train.lanes.records import living_lanes, log_path, stop_lanes
from labtools.train.launchers import choose, launchers
from labtools.train.processes import this_process
from labtools.train.runqueue import claims

Until = Callable[..., None]


@pytest.mark.parametrize("name", sorted(launchers()))
def test_contract_every_launcher_does_the_work_that_is_there(
    name: str, make_run: Callable[..., Path], request: pytest.FixtureRequest
) -> None:
    if name == "slurm":
        request.getfixturevalue("slurm")
    launcher = launchers()[name]
    if lack := launcher.missing():
        pytest.skip(lack)
    root = make_run().parent
    claims.write_done(make_run(), {"epochs": 4})  # nothing is open: a lane starts, finds that, and ends
    launch = launcher.start(root, [Lane("cpu0", None, 1)])
    assert launch.launcher == name
    assert launch.started == ("cpu0",)
    assert launch.alive == ()


@pytest.mark.parametrize("name", ["process", "tmux"])
def test_a_living_lane_is_not_started_again(name: str, make_run: Callable[..., Path], until: Until) -> None:
    """Its one run is held by somebody alive, so the lane waits."""
    folder = make_run()
    claims.take(folder, 1, Claim("other", this_process(), claims.now()))
    launcher, root, lane = launchers()[name], folder.parent, Lane("cpu0", None, 1)
    try:
        assert launcher.start(root, [lane]).started == ("cpu0",)
        (first,) = living_lanes(root)
        again = launcher.start(root, [lane, Lane("cpu1", None, 1)])
        assert (again.started, again.alive) == (("cpu1",), ("cpu0",))
        assert first.process in [record.process for record in living_lanes(root)]
        until(lambda: "falls free" in log_path(root, lane).read_text(), "the lane to say that it waits")
    finally:
        assert stop_lanes(root) == ["cpu0", "cpu1"]
    assert living_lanes(root) == []
    assert "stopped, as asked" in log_path(root, lane).read_text()


@pytest.fixture(autouse=True)
def _no_window_left() -> Iterator[None]:
    yield
    tmux("kill-server")


def tmux(*arguments: str) -> str:
    command = ["tmux", "-L", os.environ["LABTOOLS_TMUX_SOCKET"], *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_windows_follow_logs_and_come_back(make_run: Callable[..., Path], until: Until, tmp_path: Path) -> None:
    folder = make_run()
    claims.take(folder, 1, Claim("other", this_process(), claims.now()))
    root, lanes = folder.parent, [Lane("cpu0", None, 1), Lane("cpu1", None, 1)]
    launcher = launchers()["tmux"]
    try:
        launch = launcher.start(root, lanes)
        assert launch.watch == f"tmux -L {os.environ['LABTOOLS_TMUX_SOCKET']} attach -t =labtools"
        windows = "list-windows", "-t", "=labtools", "-F", "#{window_name}"
        assert tmux(*windows).split() == ["tiny-cpu0", "tiny-cpu1"]
        until(lambda: "falls free" in tmux("capture-pane", "-p", "-t", "=labtools:tiny-cpu1"), "the log in its window")
        launcher.start(root, lanes)
        assert tmux(*windows).split() == ["tiny-cpu0", "tiny-cpu1"], "nothing is opened twice"
        before = [record.process for record in living_lanes(root)]
        server = int(tmux("display-message", "-p", "#{pid}"))
        os.kill(server, 9)
        until(lambda: not tmux("list-sessions"), "the server to be gone")
        assert [record.process for record in living_lanes(root)] == before, "losing tmux loses only the view"
        launcher.start(root, lanes)
        assert tmux(*windows).split() == ["tiny-cpu0", "tiny-cpu1"]
        tmux("kill-window", "-t", "=labtools:tiny-cpu0")
        launcher.start(root, lanes)
        assert sorted(tmux(*windows).split()) == ["tiny-cpu0", "tiny-cpu1"]
    finally:
        stop_lanes(root)


def test_without_tmux_lanes_are_plain_processes_and_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    name, _, note = choose(None)
    assert name == "process"
    assert note.startswith("tmux is not installed: lanes run as plain background processes")
    with pytest.raises(LabError, match="tmux is not installed"):
        choose("tmux")


def test_an_unknown_launcher_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LabError) as caught:
        choose("screen")
    assert caught.value.fix == f"Choose one of: {', '.join(launchers())}."
