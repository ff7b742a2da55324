"""A tmux window per lane, in session ``labtools`` on a socket of its own.

The window is a view: the lane is a detached process (as with `process`) and its window follows its log. `kill -9` of a
tmux server hangs up everything inside it; here that closes windows and ends no training. Launching again, or
`labtools attach`, opens whatever is missing.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labtools.core.errors import LabError
from labtools.core.locks import awaited, lock_path
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane
from labtools.train.launchers import Launch, process

SESSION = "labtools"
_ALONE_S = 20.0


def missing() -> str:
    return "" if shutil.which("tmux") else "tmux is not installed"


def socket_name() -> str:
    """The tmux server that is ours; ``LABTOOLS_TMUX_SOCKET`` names another."""
    return os.environ.get("LABTOOLS_TMUX_SOCKET") or "labtools"


def start(root: Path, lanes: Sequence[Lane]) -> Launch:
    """Start the lanes, and open a window on the log of each. Lanes train whether or not tmux plays along."""
    launch = process.start(root, lanes)
    try:
        with _alone():
            for lane in lanes:
                _open_window(f"{root.name}-{lane.name}", records.log_path(root, lane))
    except LabError as error:
        return Launch("tmux", launch.started, launch.alive, launch.watch, f"{error.what}; the lanes train all the same")
    watch = f"tmux -L {shlex.quote(socket_name())} attach -t ={SESSION}"
    return Launch("tmux", launch.started, launch.alive, watch)


def view(roots: Iterable[Path], lane: str | None = None) -> list[str]:
    """Open the windows that living lanes of these matrix folders lack, and turn to one of them.

    Args:
        roots: matrix folders.
        lane: ``gpu0``, or the whole name of a window (``dlcv-gpu0``); None: whichever window was looked at last.

    Returns:
        The command that shows the session in this terminal; none if this terminal is in that session already.

    Raises:
        LabError: there is nothing to see, no such lane here, or several.
    """
    living = {
        str(records.log_path(root, record.lane)): f"{root.name}-{record.lane.name}"
        for root in roots
        for record in records.living_lanes(root)
    }
    with _alone():
        for log, name in living.items():
            _open_window(name, Path(log))
    windows = _windows()
    if windows is None:
        raise LabError(
            "no lane is at work on this machine",
            None,
            "`labtools status` shows where they are; `labtools train-matrix` starts them.",
        )
    if lane is not None:
        _tmux("select-window", "-t", _find_window(lane, windows, living).pane)
    is_inside = Path(os.environ.get("TMUX", "").split(",")[0]).name == socket_name()
    return [] if is_inside else ["tmux", "-L", socket_name(), "attach", "-t", f"={SESSION}"]


def _find_window(lane: str, windows: dict[str, _Window], living: Collection[str]) -> _Window:
    """The one window of that lane; of several (other matrices had one of that name) that of the lane that lives."""
    known = {log: window for log, window in windows.items() if lane in (window.name, Path(log).name.split("@")[0])}
    fitting = [window for log, window in known.items() if log in living] or list(known.values())
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(sorted(window.name for window in fitting or windows.values()))
    if fitting:
        raise LabError(f"several lanes are called {lane}: {names}", None, "Name one of these.")
    raise LabError(f"there is no window of a lane {lane} here", None, f"There are: {names}.")


@dataclass(frozen=True)
class _Window:
    """A window of ours: its pane, its name at this moment, and whether its viewer has ended."""

    pane: str
    name: str
    is_dead: bool


@contextmanager
def _alone() -> Iterator[None]:
    """Two who open windows at the same moment would open each twice. Who waits for long goes on: it is only a view."""
    with awaited(lock_path(f"tmux-{socket_name()}"), _ALONE_S):
        yield


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
    elif windows[str(log)].is_dead:
        _tmux("respawn-pane", "-t", windows[str(log)].pane, follow)


def _create_session(title: str, log: Path, follow: str) -> None:
    options = {
        "remain-on-exit": "on",
        "automatic-rename": "off",
        "history-limit": "20000",
        "mouse": "on",
        "status-right": " Ctrl-b n: next lane   Ctrl-b d: leave, lanes go on ",
        "status-right-length": "60",
    }
    before = [word for key, value in options.items() for word in ("set-option", "-g", key, value, ";")]
    size = ("-x", "200", "-y", "50")
    pane = _tmux(
        "start-server", ";", *before,
        "new-session", "-d", "-P", "-F", "#{pane_id}", "-s", SESSION, "-n", title, *size, follow,
    )  # fmt: skip
    _tmux("set-option", "-w", "-t", pane.strip(), "@log", str(log))


def _windows() -> dict[str, _Window] | None:
    """Log -> window, for every one of ours; None: there is no session.

    A window is known by its option ``@log``: names are for people, who may rename them.
    """
    form = "#{pane_id}\t#{pane_dead}\t#{window_name}\t#{@log}"
    found = _run("list-panes", "-s", "-t", f"={SESSION}", "-F", form)
    if found.returncode != 0:
        return None
    rows = (line.split("\t", 3) for line in found.stdout.splitlines())
    return {log: _Window(pane, name, dead == "1") for pane, dead, name, log in rows if log}


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
