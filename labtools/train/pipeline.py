"""DATASET + MATRIX -> RUNS: find the lanes, check everything, start what is missing, on all servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from labtools.core.errors import LabError
from labtools.core.progress import Tick, silent
from labtools.train import here
from labtools.train.cluster import ClusterError
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane
from labtools.train.launchers import Launch
from labtools.train.matrix.reading import read_matrix
from labtools.train.place import Place, choose_lanes, find_place
from labtools.train.planning.plan import Plan, plan_matrix, write_plan
from labtools.train.request import Request
from labtools.train.runqueue.orders import retry
from labtools.train.runqueue.run_queue import is_meant
from labtools.train.servers.config import Server, read_servers
from labtools.train.servers.facts import Needs
from labtools.train.servers.preflight import Checkup, check_servers, each, require_ready, token
from labtools.train.servers.reach import ask
from labtools.train.status.grid import Grid, read_grid
from labtools.train.waiting import wait

__all__ = ["Launched", "Place", "check", "find_place", "stop_everywhere", "train_matrix", "wait"]

_START_S = 1800.0
"""A server may have to read the labels of the whole dataset first."""
_STOP_S = 300.0
Shower = Callable[[Sequence[Checkup]], None]


def _show_nothing(found: Sequence[Checkup]) -> None:
    """Nobody wants to see how the servers were found."""


@dataclass(frozen=True)
class Launched:
    """A matrix at work.

    Attributes:
        plan: what was asked for.
        grid: its state when the lanes were started.
        launch: the lanes of all machines, None when there was nothing to do.
        servers: where they are, if not on this machine.
        troubles: servers on which lanes could not be started, though all had been well a moment before.
        as_before: lanes that were at work already, with another ``--only`` or the like: they go on with that.
    """

    plan: Plan
    grid: Grid
    launch: Launch | None
    servers: tuple[Server, ...] = ()
    troubles: tuple[LabError, ...] = ()
    as_before: tuple[str, ...] = ()


def train_matrix(request: Request, show: Shower = _show_nothing, tick: Tick = silent) -> Launched:
    """Check everything, then start the lanes that train what is missing. Returns at once (but for ``inline``).

    Args:
        request: what and where.
        show: gets what was found on the servers, before anything is refused for it.
        tick: told how far the checks are.

    Raises:
        LabError: see `labtools.train.planning.plan.plan_matrix`; a GPU, server or launcher that is not there.
    """
    only = request.only
    read_matrix(request.matrix)  # first: in another folder than the lab's, what is said of GPUs would mislead
    place = find_place(request.gpus, request.lanes, request.servers, request.launcher)
    plan = plan_matrix(request.matrix, request.data, request.runs, tick)
    require_meant(plan, only, request.matrix)
    place = check(place, plan, skip_unreachable=request.skip_unreachable, show=show, tick=tick)
    meant = [run for run in write_plan(plan) if is_meant(run.run_id, only)]
    if request.retry_failed:
        for run in meant:
            retry(run.folder)
    grid = read_grid(plan.root)
    open_runs = sum(run.state.is_open and is_meant(run.run_id, only) for run in grid.runs)
    if open_runs == 0:
        return Launched(plan, grid, None)
    wanted = tuple(
        replace(lane, memory_floor_gb=request.memory_floor_gb, lease_s=request.lease_s, only=only)
        for lane in choose_lanes(plan.root, place.lanes, open_runs)
    )
    launch, troubles = _start(plan.root, replace(place, lanes=wanted), tick)
    as_before = _as_before(plan.root, [lane for lane in wanted if lane.name in launch.alive])
    used = tuple(server for server in place.servers if any(lane.server == server.name for lane in wanted))
    return Launched(plan, read_grid(plan.root), launch, used, troubles, as_before)


def require_meant(plan: Plan, only: str, matrix: Path) -> None:
    """Raises:
    LabError: ``--only`` fits no run of the matrix.
    """
    if not any(is_meant(spec.run_id, only) for spec in plan.specs):
        raise LabError(f"no run of this matrix matches {only!r}", matrix, "See their names with --dry-run.")


def check(
    place: Place, plan: Plan, *, skip_unreachable: bool = False, show: Shower = _show_nothing, tick: Tick = silent
) -> Place:
    """See that every server could train this plan; the place without those that are skipped. Starts nothing.

    Raises:
        LabError: says what is wrong with each server.
    """
    if not place.servers:
        return place
    first = plan.specs[0]
    weights, digests = zip(*sorted({(spec.weights, spec.weights_digest) for spec in plan.specs}), strict=True)
    with token(plan.root) as (path, secret):

        def needs(server: Server) -> Needs:
            gpus = tuple(lane.gpu for lane in place.on(server.name) if lane.gpu is not None)
            return Needs(str(plan.root), str(path), secret, first.data, first.fingerprint, weights, gpus, digests)

        found = check_servers(place.servers, needs, place.launcher, tick)
    show(found)
    ready = require_ready(found, skip_unreachable=skip_unreachable)
    return place.without([server for server in place.servers if server not in ready])


def _start(root: Path, place: Place, tick: Tick) -> tuple[Launch, tuple[LabError, ...]]:
    """Start the lanes of all machines, side by side; of those that did not work out, why."""

    def start(server: Server) -> Launch:
        lanes = [asdict(lane) for lane in place.on(server.name)]
        request = json.dumps({"lanes": lanes, "launcher": place.launcher})
        launch = here.launch_from_json(ask(server, ["lanes", "up", str(root), request], timeout_s=_START_S))
        return replace(launch, watch="")  # a command for that machine, not for this one

    used = [server for server in place.servers if place.on(server.name)]
    answers = each(used, start, tick, "servers started")
    launches = [answer for answer in answers if isinstance(answer, Launch)]
    troubles = tuple(answer for answer in answers if isinstance(answer, LabError))
    if place.on(""):
        launches.append(here.start(root, place.on(""), place.launcher, tick))
    if not launches:
        raise troubles[0]
    return _together(launches), troubles


def _as_before(root: Path, alive: Sequence[Lane]) -> tuple[str, ...]:
    """The names of those of these lanes that were started with other options than are asked for now."""

    def options(lane: Lane) -> tuple[object, ...]:
        return lane.only, lane.memory_floor_gb, lane.lease_s

    started = sorted(records.read_lanes(root), key=lambda record: record.process.started)
    known = {(record.lane.server, record.lane.name): record.lane for record in started}  # of each name the last one
    return tuple(lane.name for lane in alive if options(known.get((lane.server, lane.name), lane)) != options(lane))


def _together(launches: Sequence[Launch]) -> Launch:
    """One launch that tells of several."""
    return Launch(
        launcher=launches[0].launcher,
        started=tuple(name for launch in launches for name in launch.started),
        alive=tuple(name for launch in launches for name in launch.alive),
        watch="".join(launch.watch for launch in launches),  # this machine's alone
        note="; ".join(dict.fromkeys(launch.note for launch in launches if launch.note)),
        is_over=all(launch.is_over for launch in launches),
    )


def stop_everywhere(root: Path, servers: Path | None, tick: Tick = silent) -> tuple[list[str], tuple[LabError, ...]]:
    """End the lanes of a matrix on this machine and on all servers; their names, and where that did not work.

    A cluster is told from here, or, where this machine does not belong to it, from a server that does.
    """
    known = () if servers is None else read_servers(servers)
    stopped: list[str] = []
    untold: ClusterError | None = None
    theirs: list[LabError] = []
    try:
        stopped = here.stop(root)
    except ClusterError as error:
        untold = error
    except LabError as error:  # the other machines' can be ended all the same
        theirs.append(error)
    request = json.dumps({"tells_cluster": untold is not None})

    def end(server: Server) -> list[str]:
        return list(ask(server, ["lanes", "stop", str(root), request], timeout_s=_STOP_S)["stopped"])

    answers = each(known, end, tick, "servers stopped")
    unreached = [answer for answer in answers if isinstance(answer, LabError)]
    troubles = [*theirs, *unreached]
    if untold is not None and len(unreached) == len(known):  # nobody could tell it
        troubles.insert(0, untold)
    names = {name for answer in answers if not isinstance(answer, LabError) for name in answer}
    return sorted({*stopped, *names}), tuple(troubles)
