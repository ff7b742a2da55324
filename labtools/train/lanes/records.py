"""What lies in ``lanes/`` about each lane, and how one is started, recognised and ended.

::

    runs/<matrix>/lanes/
      gpu0@host.log         what it says, followed by its tmux window
      gpu0@host.json        its process (`LaneRecord`)
      gpu0@host.state.json  what it is about (`labtools.artifacts.lanes.LaneState`)

The host is in the names because several machines may share the folder, each with a GPU 0.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from labtools.artifacts.lanes import lanes_folder
from labtools.artifacts.record import ProcessId
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes, read_json, sweep_halves, write_json
from labtools.core.locks import held, lock_path
from labtools.train.lanes.lane import Lane, arguments
from labtools.train.processes import end_process, is_alive, is_from, this_process

_STOP_PATIENCE_S = 20.0

EXIT_TAKEN = 3
"""Exit code of a lane that leaves because another process of this machine is that lane."""


@dataclass(frozen=True)
class LaneRecord:
    """A lane that was started, and the process that it is.

    Attributes:
        lane: what it was told.
        process: its own.
        root: the matrix's folder as it knows it, "" where an older version started it.
    """

    lane: Lane
    process: ProcessId
    root: str = ""

    def works_in(self, root: Path) -> bool:
        """Is it at work in that folder, and not where the lab was before it was moved?"""
        try:
            return not self.root or Path(self.root).samefile(root)
        except FileNotFoundError:
            return False


def folder(root: Path) -> Path:
    return lanes_folder(root)


def log_path(root: Path, lane: Lane) -> Path:
    """The log of a lane of this machine."""
    return _path(root, lane, "log")


def _path(root: Path, lane: Lane, kind: str) -> Path:
    return folder(root) / f"{lane.name}@{socket.gethostname()}.{kind}"


def read_lanes(root: Path) -> list[LaneRecord]:
    """Every lane that this matrix ever had, by name; only the last process of each name."""
    paths = (path for path in sorted(folder(root).glob("*.json")) if not path.name.endswith(".state.json"))
    return [record for path in paths if (record := _read(path)) is not None]


def _read(path: Path) -> LaneRecord | None:
    try:
        content = read_json(path)
        return LaneRecord(Lane(**content["lane"]), ProcessId(**content["process"]), content.get("root", ""))
    except (OSError, ValueError, TypeError, KeyError):  # gone, foreign, or of another version
        return None


def living_lanes(root: Path) -> list[LaneRecord]:
    """The lanes of this matrix that run on this machine now."""
    return [record for record in read_lanes(root) if is_alive(record.process)]


@contextmanager
def hold(root: Path, lane: Lane) -> Iterator[bool]:
    """Be that lane while the block runs; yields False where another process already is."""
    whose = hash_bytes(str(root.absolute()).encode())[:16]
    with held(lock_path(f"{lane.name}@{socket.gethostname()}-{whose}")) as is_ours:
        if is_ours:
            sweep_halves(folder(root), _path(root, lane, "").name)  # of one that was killed
            write_json(_path(root, lane, "json"), asdict(LaneRecord(lane, this_process(), str(root.absolute()))))
        yield is_ours


def start_detached(root: Path, lane: Lane) -> bool:
    """Start a lane that outlives this process and its terminal; False if it lives already.

    Of two who start it at the same moment one is told True: the lane itself decides (`hold`), and says so as it ends.

    Raises:
        LabError: it ended as soon as it began; with the last line of its log.
    """
    if _living(root, lane) is not None:
        return False
    path = log_path(root, lane)
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "labtools", "lane", str(root), *arguments(lane)]
    with path.open("ab") as log:
        process = _popen_detached(command, log, cwd=path.parent)
    while process.poll() is None:
        living = _living(root, lane)
        if living is not None and is_from(living.pid, process.pid):
            return True
        time.sleep(0.05)
    if process.returncode == EXIT_TAKEN:
        return False
    if process.returncode:
        last = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise LabError(f"lane {lane.name} ended at once: {''.join(last)}", path, "Read its log, mend that, run again.")
    return True


def _living(root: Path, lane: Lane) -> ProcessId | None:
    there = (record for record in living_lanes(root) if record.lane.name == lane.name and record.works_in(root))
    return next((record.process for record in there), None)


def _popen_detached(command: list[str], log: IO[bytes], cwd: Path) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONUTF8": "1"}  # names may hold letters that the log's default encoding lacks
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd, env=env, creationflags=flags
        )
    else:
        # A session of its own: no terminal, so no hang-up when ssh closes or the tmux server is killed.
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd, env=env, start_new_session=True
        )


def stop_lanes(root: Path) -> list[str]:
    """End the lanes of this matrix on this machine, by their recorded processes; their names.

    Their runs are open again, without having lost one of their chances.

    Raises:
        LabError: some are another user's; ours are ended.
    """
    living = living_lanes(root)
    if not living:
        return []
    with ThreadPoolExecutor(len(living)) as pool:  # all at once: each may need some seconds
        users = list(pool.map(lambda record: end_process(record.process, patience_s=_STOP_PATIENCE_S), living))
    theirs = [(record.lane.name, user) for record, user in zip(living, users, strict=True) if user]
    if theirs:
        who = ", ".join(dict.fromkeys(user for _, user in theirs))
        what = f"not yours to end: {', '.join(name for name, _ in theirs)} of {who}"
        raise LabError(what, root, f"Have {who} type `labtools train-matrix --stop`.")
    return [record.lane.name for record in living]
