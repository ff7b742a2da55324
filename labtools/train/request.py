"""What is asked of a training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """Which matrix to train, where, and what its lanes do.

    Attributes:
        matrix: the YAML file.
        runs: folder of all matrices.
        data: a dataset instead of the one that the file names.
        gpus: ``0-7``, ``cpu``, or None for all lanes of all servers.
        lanes: how many share the cores, with ``cpu``; how many a cluster is asked for.
        launcher: its name; None: tmux where there is one.
        servers: the file that lists them, None: train on this machine.
        skip_unreachable: go on without servers that cannot be reached.
        memory_floor_gb: see `labtools.train.lanes.lane.Lane`.
        lease_s: likewise, in seconds.
        only: globs of run ids, separated by commas: the lanes started now train no others.
        retry_failed: give runs that were given up another chance.
    """

    matrix: Path
    runs: Path
    data: Path | None = None
    gpus: str | None = None
    lanes: int | None = None
    launcher: str | None = None
    servers: Path | None = None
    skip_unreachable: bool = False
    memory_floor_gb: float = 0.0
    lease_s: float | None = None
    only: str = ""
    retry_failed: bool = False
