"""`labtools attach`, typed in a real terminal."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labtools.train.lanes.lane import Lane
from labtools.train.launchers import tmux

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """Two matrices whose windows are open; their lanes have long ended."""
    for matrix, lane in (("dlcv", "gpu0"), ("dlcv", "gpu1"), ("other", "gpu1")):
        log = tmp_path / "runs" / matrix / "lanes" / f"{lane}@host.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"hello from {matrix} {lane}\n", encoding="utf-8")
        tmux._open_window(f"{matrix}-{lane}", log)
    yield tmp_path / "runs"
    subprocess.run(["tmux", "-L", os.environ["LABTOOLS_TMUX_SOCKET"], "kill-server"], check=False)


def attach(runs: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Typed where there is no terminal."""
    command = [sys.executable, "-m", "labtools", "attach", *words, "--runs-root", str(runs)]
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def attach_in_terminal(runs: Path, *words: str, until: str) -> tuple[int, str]:
    """Typed in a terminal, and left with Ctrl-b d once ``until`` is shown; the exit code, and what was shown."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "labtools", "attach", *words, "--runs-root", str(runs)]
    environment = {**os.environ, "TERM": "xterm", "TMUX": "/tmp/tmux-0/default,1,0"}  # noqa: S108 - inside another tmux
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown, end = "", time.monotonic() + 60
        while time.monotonic() < end:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    shown += os.read(ours, 65536).decode(errors="replace")
                except OSError:  # Linux says so when the other side has closed
                    break
            if until in shown and process.poll() is None:
                for key in (b"\x02", b"d"):  # one after the other: tmux takes keys of one moment for pasted text
                    os.write(ours, key)
                    time.sleep(0.1)
                until = "\0 said only once"
            if process.poll() is not None:
                break
        process.kill()
    os.close(ours)
    return process.returncode, shown


@needs_tmux
def test_a_lane_is_shown_in_this_terminal_and_left_again(runs: Path) -> None:
    code, shown = attach_in_terminal(runs, "gpu0", until="hello from dlcv gpu0")
    assert "hello from dlcv gpu0" in shown
    assert "leave, lanes go on" in shown
    assert code == 0, shown


@needs_tmux
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gpu1"], "several lanes are called gpu1: dlcv-gpu1, other-gpu1"),
        (["gpu7"], "there is no window of a lane gpu7 here"),
        (["gpu0", "--server", "c"], "there is no server 'c'"),
    ],
)
def test_what_cannot_be_shown_is_said(runs: Path, words: list[str], sentence: str) -> None:
    code, shown = attach_in_terminal(runs, *words, until="fix:")
    assert code == 2, shown
    assert sentence in " ".join(shown.split())


@needs_tmux
def test_the_whole_name_of_a_window_is_understood(runs: Path) -> None:
    assert tmux.view([], "other-gpu1")[-2:] == ["-t", "=labtools"]


@needs_tmux
def test_of_lanes_of_one_name_the_one_that_lives_is_meant(runs: Path) -> None:
    """The windows of matrices that are over stay open: their last words are worth a look."""
    from labtools.train.lanes import records

    with records.hold(runs / "other", Lane("gpu1", 1)):
        log = records.log_path(runs / "other", Lane("gpu1", 1))
        log.write_text("hello from the living gpu1\n", encoding="utf-8")
        code, shown = attach_in_terminal(runs, "gpu1", until="hello from the living gpu1")
    assert "hello from the living gpu1" in shown and code == 0, shown


def test_without_a_terminal_it_says_how_to_follow_the_logs(tmp_path: Path) -> None:
    result = attach(tmp_path / "runs")
    assert result.returncode == 2
    assert "attach needs a terminal" in result.stderr
    assert "tail -F" in result.stderr


@needs_tmux
def test_with_nothing_to_see_it_says_so(tmp_path: Path) -> None:
    code, shown = attach_in_terminal(tmp_path / "runs", until="fix:")
    assert code == 2
    assert "no lane is at work on this machine" in shown


def test_a_lane_on_a_server_is_shown_through_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labtools.cli import attach as door

    servers = tmp_path / "servers.yaml"
    servers.write_text(
        "servers:\n  - {name: b, ssh: lab-b, gpus: [0], workdir: /scratch/l'été, python: /venv/bin/python}\n"
    )
    command = door._there("gpu5", door._find("b", servers), Path("runs"))
    assert command[:3] == ["ssh", "-t", "lab-b"]
    # What sh makes of the words that ssh gives it, with the real sh.
    words = subprocess.run(
        ["sh", "-c", command[3].replace("exec ", "printf %s, ", 1)], capture_output=True, text=True, check=True
    )
    assert words.stdout.endswith("/venv/bin/python,-m,labtools,attach,gpu5,--runs-root,/scratch/l'été/runs,")


def test_a_lane_is_looked_for_where_it_works(tmp_path: Path) -> None:
    """By its own word, and as long as it has not said good-bye; one of this machine is no other server's."""
    from labtools.artifacts.lanes import LaneMood, LaneState, write_lane_state
    from labtools.artifacts.record import ProcessId
    from labtools.cli import attach as door
    from labtools.train.processes import this_process

    elsewhere = ProcessId("server-b", 7, 0.0, "another boot")
    for lane, server, process, mood in (
        ("gpu0", "a", this_process(), LaneMood.WORKING),
        ("gpu5", "b", elsewhere, LaneMood.WORKING),
        ("gpu6", "b", elsewhere, LaneMood.STOPPED),
    ):
        write_lane_state(tmp_path / "runs" / "dlcv", LaneState(lane, server, process, mood, "", "", ""))
    found = {lane: door._server_of(lane, tmp_path / "runs") for lane in ("gpu0", "gpu5", "dlcv-gpu5", "gpu6", None)}
    assert found == {"gpu0": None, "gpu5": "b", "dlcv-gpu5": "b", "gpu6": None, None: None}


@needs_tmux
def test_windows_that_were_lost_are_opened_again(tmp_path: Path) -> None:
    from labtools.train.lanes import records

    root = tmp_path / "runs" / "dlcv"
    try:
        with records.hold(root, Lane("cpu0", None, 1)):
            tmux.view([root], "cpu0")
        windows = tmux._windows()
        assert windows is not None
        assert [window.name for window in windows.values()] == ["dlcv-cpu0"]
    finally:
        subprocess.run(["tmux", "-L", os.environ["LABTOOLS_TMUX_SOCKET"], "kill-server"], check=False)
