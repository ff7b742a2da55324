"""Where a matrix is trained: which lanes, on which servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labtools.core.errors import LabError
from labtools.train.lanes.lane import Lane, plan_lanes, require_gpus
from labtools.train.launchers import choose, launchers, slurm
from labtools.train.servers.config import Server, SlurmOptions, read_servers, read_slurm
from labtools.train.servers.numbering import number_lanes


@dataclass(frozen=True)
class Place:
    """Where a matrix is trained.

    Attributes:
        lanes: in the order of their numbers. Those without a `Lane.server` are on this machine.
        servers: those that `lanes` name.
        launcher: how lanes are kept alive, None: the best way on each machine.
    """

    lanes: tuple[Lane, ...]
    servers: tuple[Server, ...] = ()
    launcher: str | None = None

    def on(self, server: str) -> tuple[Lane, ...]:
        """The lanes of a server; of this machine for ``""``."""
        return tuple(lane for lane in self.lanes if lane.server == server)

    def without(self, lost: Sequence[Server]) -> Place:
        """What is left when those servers are left out."""
        names = {server.name for server in lost}
        return replace(
            self,
            lanes=tuple(lane for lane in self.lanes if lane.server not in names),
            servers=tuple(server for server in self.servers if server.name not in names),
        )


def find_place(
    gpus: str | None, lanes: int | None = None, servers: Path | None = None, launcher: str | None = None
) -> Place:
    """What ``--gpus`` means: lanes of the servers in that file, of this machine where there is none, or of a cluster.

    Raises:
        LabError: no such GPU, server file or launcher; or nothing says where to train.
    """
    if launcher == "slurm":
        choose(launcher)
        return Place(slurm.plan(read_slurm(servers) if servers else SlurmOptions(), gpus, lanes), launcher=launcher)
    known = () if servers is None or launcher == "inline" else read_servers(servers)
    if known:
        planned = number_lanes(known, gpus, lanes)
    elif gpus is None:
        fix = "Name GPUs of this machine, --gpus 0-3, or --gpus cpu; or list servers in configs/servers.yaml."
        raise LabError("where to train was not said", None, fix)
    else:
        planned = plan_lanes(gpus, lanes)
    used = {lane.server for lane in planned}
    place = Place(planned, tuple(server for server in known if server.name in used), launcher)
    require_gpus(place.on(""))
    _require_launcher(launcher, is_for_here=bool(place.on("")))
    return place


def _require_launcher(name: str | None, *, is_for_here: bool) -> None:
    """Refuse a launcher that nobody knows, and for lanes of this machine one that it lacks."""
    if is_for_here or name not in launchers():
        choose(name)
