"""A lane trains one run after the other, on one GPU or on its share of the cores; its files lie in ``lanes/``.

::

    runs/<matrix>/lanes/
      gpu0@host.log     what it says, followed by its tmux window
      gpu0@host.json    its process (`LaneRecord`)
      gpu0@host.lock    held while it lives: nobody starts the same lane twice

The host is in the names because several machines may share the folder, each with a GPU 0.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from labtools.artifacts.record import ProcessId
from labtools.core.errors import LabError
from labtools.core.files import read_json, write_json
from labtools.core.locks import held
from labtools.train.processes import end_process, is_alive, this_process

_STOP_PATIENCE_S = 20.0


@dataclass(frozen=True)
class Lane:
    """Where a lane computes.

    Attributes:
        name: ``gpu0`` ... or ``cpu0`` ...
        gpu: index of the GPU in PCI order, None for a CPU lane.
        threads: of torch and OpenMP, None for their own choice.
    """

    name: str
    gpu: int | None = None
    threads: int | None = None

    @property
    def device(self) -> str:
        """What Ultralytics is told inside the lane's environment, where its GPU is the only one."""
        return "cpu" if self.gpu is None else "0"


@dataclass(frozen=True)
class LaneRecord:
    """A lane that was started, and the process that it is."""

    lane: Lane
    process: ProcessId


def plan_lanes(gpus: str, lanes: int | None = None, cores: int | None = None) -> tuple[Lane, ...]:
    """``0-3,6`` or ``cpu`` -> lanes: one per GPU, or ``lanes`` that share the cores.

    Raises:
        LabError: neither a list of GPUs nor ``cpu``.
    """
    if gpus.strip().lower() == "cpu":
        count = 1 if lanes is None else lanes
        if count < 1:
            raise LabError(f"{count} lanes cannot train", None, "Give --lanes 1 or more.")
        threads = max(1, (cores or _usable_cores()) // count)
        return tuple(Lane(f"cpu{i}", None, threads) for i in range(count))
    if lanes is not None:
        raise LabError("--lanes goes with --gpus cpu only", None, "A GPU has one lane: name fewer GPUs instead.")
    return tuple(Lane(f"gpu{i}", i) for i in _parse_gpus(gpus))


def _parse_gpus(text: str) -> list[int]:
    indices: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise LabError(f"{text!r} is not a list of GPUs", None, "Write --gpus 0-7, --gpus 0,2,3 or --gpus cpu.")
        indices.update(range(first, last + 1))
    return sorted(indices)


def _usable_cores() -> int:
    """Cores that this process may use (a container or `taskset` may allow fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def require_gpus(lanes: tuple[Lane, ...]) -> None:
    """Refuse GPUs that this machine does not have, before anything is written.

    Raises:
        LabError: names what there is.
    """
    asked = [lane.gpu for lane in lanes if lane.gpu is not None]
    if not asked:
        return
    count = _count_gpus()
    missing = [gpu for gpu in asked if gpu >= count]
    fix = "Name the GPUs of `nvidia-smi -L`, or train with --gpus cpu."
    if count == 0:
        raise LabError("this machine has no GPU that CUDA can use", None, fix)
    if missing:
        named = ", ".join(map(str, missing))
        raise LabError(f"this machine has no GPU {named}: it has {count}, numbered from 0", None, fix)


def _count_gpus() -> int:
    """GPUs of this machine, whatever CUDA_VISIBLE_DEVICES says (each lane sets its own)."""
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        import torch  # seconds, and only where NVIDIA's own tool is missing

        return int(torch.cuda.device_count())
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def environment(lane: Lane) -> dict[str, str]:
    """What a lane adds to the environment of its trainings."""
    extra = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "" if lane.gpu is None else str(lane.gpu)}
    if lane.threads is not None:
        extra |= {name: str(lane.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        # Threads that wait for each other sleep instead of spinning: on two cores that others use too, an epoch
        # with two threads took 1.0 s instead of 3.5 s.
        extra["OMP_WAIT_POLICY"] = "PASSIVE"
    return extra


def folder(root: Path) -> Path:
    return root / "lanes"


def log_path(root: Path, lane: Lane) -> Path:
    """The log of a lane of this machine."""
    return _path(root, lane, "log")


def _path(root: Path, lane: Lane, kind: str) -> Path:
    return folder(root) / f"{lane.name}@{socket.gethostname()}.{kind}"


def read_lanes(root: Path) -> list[LaneRecord]:
    """Every lane that this matrix ever had, by name; only the last process of each name."""
    records = []
    for path in sorted(folder(root).glob("*.json")):
        content = read_json(path)
        records.append(LaneRecord(Lane(**content["lane"]), ProcessId(**content["process"])))
    return records


def living_lanes(root: Path) -> list[LaneRecord]:
    """The lanes of this matrix that run on this machine now."""
    return [record for record in read_lanes(root) if is_alive(record.process)]


@contextmanager
def hold(root: Path, lane: Lane) -> Iterator[bool]:
    """Be that lane while the block runs; yields False where another process already is."""
    with held(_path(root, lane, "lock")) as is_ours:
        if is_ours:
            write_json(_path(root, lane, "json"), asdict(LaneRecord(lane, this_process())))
        yield is_ours


def start_detached(root: Path, lane: Lane) -> bool:
    """Start a lane that outlives this process and its terminal; False if it lives already.

    Raises:
        LabError: it ended as soon as it began; with the last line of its log.
    """
    if _is_living(root, lane):
        return False
    path = log_path(root, lane)
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "labtools", "lane", str(root), lane.name]
    command += [] if lane.gpu is None else ["--gpu", str(lane.gpu)]
    command += [] if lane.threads is None else ["--threads", str(lane.threads)]
    with path.open("ab") as log:
        process = _popen_detached(command, log, cwd=path.parent)
    while process.poll() is None and not _is_living(root, lane):
        time.sleep(0.05)
    if process.returncode:
        last = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise LabError(f"lane {lane.name} ended at once: {''.join(last)}", path, "Read its log, mend that, run again.")
    return True


def _is_living(root: Path, lane: Lane) -> bool:
    return any(record.lane.name == lane.name for record in living_lanes(root))


def _popen_detached(command: list[str], log: IO[bytes], cwd: Path) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONUTF8": "1"}  # names may hold letters that the log's default encoding lacks
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd, env=env, creationflags=flags
        )
    # A session of its own: no terminal, so no hang-up when ssh closes or the tmux server is killed.
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd, env=env, start_new_session=True
    )


def stop_lanes(root: Path) -> list[str]:
    """End the lanes of this matrix on this machine, by their recorded processes; their names.

    Their runs are open again, without having lost one of their chances.
    """
    living = living_lanes(root)
    for record in living:
        end_process(record.process, patience_s=_STOP_PATIENCE_S)
    return [record.lane.name for record in living]
