"""One numbering for the GPUs of all servers: 0-3 on the first, 4-7 on the second."""

from __future__ import annotations

from collections.abc import Sequence

from labtools.core.errors import LabError
from labtools.train.lanes.lane import Lane, plan_lanes
from labtools.train.servers.config import Server


def number_lanes(servers: Sequence[Server], gpus: str | None, lanes: int | None = None) -> tuple[Lane, ...]:
    """The lanes meant by ``--gpus`` and ``--lanes``, in the order of the servers.

    Args:
        servers: of ``configs/servers.yaml``, at least one.
        gpus: ``0-7`` counts through all GPUs; ``cpu``: the lanes of servers with ``cpu:``, or of this machine where
            no server has any; None: all there are.
        lanes: with ``cpu``, only the first of these.

    Raises:
        LabError: more than there is.
    """
    on_gpus = [(server, gpu) for server in servers for gpu in server.gpus]
    on_cpus = [Lane(f"cpu{i}", server=name) for i, name in enumerate(s.name for s in servers for _ in range(s.cpu))]
    if gpus is None:
        return (*_gpu_lanes(on_gpus, range(len(on_gpus))), *on_cpus)
    asked = plan_lanes(gpus, lanes)  # also refuses what is neither
    if gpus.strip().lower() == "cpu":
        return _cpu_lanes(on_cpus, lanes) if on_cpus else asked
    numbers = [lane.gpu for lane in asked if lane.gpu is not None]
    beyond = [number for number in numbers if number >= len(on_gpus)]
    if beyond:
        raise LabError(
            f"there is no GPU {', '.join(map(str, beyond))}: {describe(servers)}",
            None,
            "Name GPUs that servers.yaml lists, or add them there.",
        )
    return _gpu_lanes(on_gpus, numbers)


def _gpu_lanes(there: Sequence[tuple[Server, int]], numbers: Sequence[int]) -> tuple[Lane, ...]:
    return tuple(Lane(f"gpu{n}", there[n][1], server=there[n][0].name) for n in numbers)


def _cpu_lanes(there: Sequence[Lane], count: int | None) -> tuple[Lane, ...]:
    wanted = len(there) if count is None else count
    if wanted > len(there):
        raise LabError(
            f"there are {len(there)} CPU lanes, not {wanted}",
            None,
            "Name fewer, or raise `cpu:` of a server in servers.yaml.",
        )
    return tuple(there[:wanted])


def describe(servers: Sequence[Server]) -> str:
    """``a has 0-3, b has 4-7``: whose GPUs are which."""
    parts, first = [], 0
    for server in servers:
        count = len(server.gpus)
        if count:
            last = first + count - 1
            parts.append(f"{server.name} has {first}" + (f"-{last}" if count > 1 else ""))
        first += count
    return ", ".join(parts) or "no server has a GPU"
