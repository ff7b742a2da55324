"""Where a matrix is trained: which lanes, on which servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labtools.artifacts.lanes import read_lane_states
from labtools.core.errors import LabError
from labtools.train import cluster
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


def choose_lanes(root: Path, lanes: Sequence[Lane], open_runs: int) -> tuple[Lane, ...]:
    """Those lanes that a matrix needs, in the order given.

    A machine's GPUs all get theirs, however few runs are left. Of eight GPUs somebody else may use the first three,
    now or when a run falls free: their lanes wait, the others go on, and a lane without a run keeps nobody from its
    GPU. Lanes on cores are all alike, and a cluster has to make room for each of its own: of these only as many as
    there are runs, those that are at work already before the others.

    Args:
        root: the matrix's folder.
        lanes: all that were asked for.
        open_runs: that are to do or under way.
    """
    everywhere = [lane for lane in lanes if lane.gpu is not None and not lane.is_given]
    at_work = {state.lane for state in read_lane_states(root) if not state.has_ended}
    at_work |= {element.lane for element in cluster.glance(root)}
    others = sorted((lane for lane in lanes if lane not in everywhere), key=lambda lane: lane.name not in at_work)
    chosen = {lane.name for lane in (*everywhere, *others[: max(0, open_runs - len(everywhere))])}
    return tuple(lane for lane in lanes if lane.name in chosen)


def _require_launcher(name: str | None, *, is_for_here: bool) -> None:
    """Refuse a launcher that nobody knows, and for lanes of this machine one that it lacks."""
    if is_for_here or name not in launchers():
        choose(name)
