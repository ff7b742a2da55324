"""A tmux window per lane, in session ``labtools`` on a socket of its own.

The window is a view: the lane is a detached process (as with `process`) and its window follows its log. `kill -9` of a
tmux server hangs up everything inside it; here that closes windows and ends no training. Launching again opens
whatever is missing.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from labtools.core.errors import LabError
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane
from labtools.train.launchers import Launch, process

SESSION = "labtools"


def missing() -> str:
    return "" if shutil.which("tmux") else "tmux is not installed"


def socket_name() -> str:
    """The tmux server that is ours; ``LABTOOLS_TMUX_SOCKET`` names another."""
    return os.environ.get("LABTOOLS_TMUX_SOCKET") or "labtools"


def start(root: Path, lanes: Sequence[Lane]) -> Launch:
    """Start the lanes, and open a window on the log of each."""
    launch = process.start(root, lanes)
    for lane in lanes:
        _open_window(f"{root.name}-{lane.name}", records.log_path(root, lane))
    watch = f"tmux -L {shlex.quote(socket_name())} attach -t ={SESSION}"
    return Launch("tmux", launch.started, launch.alive, watch=watch)


def _open_window(name: str, log: Path) -> None:
    """A window that follows a log; a window that follows it already stays, one whose viewer ended starts again."""
    # `.` and `:` separate session, window and pane in tmux's targets.
    title = name.replace(".", "_").replace(":", "_")
    follow = f"exec tail -n 200 -F {shlex.quote(str(log))}"
    windows = _windows()
    if windows is None:
        _create_session(title, log, follow)
    elif str(log) not in windows:
        pane = _tmux("new-window", "-d", "-P", "-F", "#{pane_id}", "-t", f"={SESSION}:", "-n", title, follow)
        _tmux("set-option", "-w", "-t", pane.strip(), "@log", str(log))
    else:
        pane, is_dead = windows[str(log)]
        if is_dead:
            _tmux("respawn-pane", "-t", pane, follow)


def _create_session(title: str, log: Path, follow: str) -> None:
    options = {"remain-on-exit": "on", "automatic-rename": "off", "history-limit": "20000", "mouse": "on"}
    before = [word for key, value in options.items() for word in ("set-option", "-g", key, value, ";")]
    size = ("-x", "200", "-y", "50")
    pane = _tmux(
        "start-server", ";", *before,
        "new-session", "-d", "-P", "-F", "#{pane_id}", "-s", SESSION, "-n", title, *size, follow,
    )  # fmt: skip
    _tmux("set-option", "-w", "-t", pane.strip(), "@log", str(log))


def _windows() -> dict[str, tuple[str, bool]] | None:
    """Log -> (pane, has its viewer ended), for every window of ours; None: there is no session.

    A window is known by its option ``@log``: names are for people, who may rename them.
    """
    form = "#{pane_id}\t#{pane_dead}\t#{@log}"
    found = _run("list-panes", "-s", "-t", f"={SESSION}", "-F", form)
    if found.returncode != 0:
        return None
    rows = (line.split("\t", 2) for line in found.stdout.splitlines())
    return {log: (pane, dead == "1") for pane, dead, log in rows}


def _tmux(*arguments: str) -> str:
    """Run a tmux command that has to succeed; its output."""
    result = _run(*arguments)
    if result.returncode != 0:
        raise LabError(
            f"tmux refused `{arguments[0]}`: {result.stderr.strip()}",
            None,
            "The lanes train all the same (`labtools status`). Use --launcher process to do without tmux.",
        )
    return result.stdout


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    # -f /dev/null: whatever a person's tmux.conf does to new windows must not reach the lanes.
    command = ["tmux", "-L", socket_name(), "-f", os.devnull, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
