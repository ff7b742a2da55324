"""Lanes as elements of a job array of a Slurm cluster: ``gpu3`` is element 3.

The cluster decides when and where each starts and which GPU it gets; a lane claims runs as everywhere else. It is told
a minute before its time is over, ends its training, which goes on from its checkpoint later, and queues again.

A lane that finds nothing open keeps its place for some minutes (`SlurmOptions.idle_minutes`), then leaves it to others,
though a training elsewhere may still fall free. Nothing is lost by that: a lane whose node dies or is preempted comes
back by itself, and takes what it dropped; every lane looks again when it ends a training; and what is left open all the
same is there for the lanes that the next `train-matrix` submits.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from labtools.artifacts.lanes import lanes_folder
from labtools.core.errors import LabError
from labtools.core.locks import awaited
from labtools.train import cluster
from labtools.train.cluster import ENDING, ClusterError
from labtools.train.lanes.lane import Lane, arguments, plan_lanes
from labtools.train.launchers import Launch
from labtools.train.launchers._refusals import explain
from labtools.train.servers.config import SlurmOptions
from labtools.train.status.grid import read_grid

_LEAD_S = 60
"""To end a training, which takes seconds, and to write that down on a busy disk. Slurm looks twice a minute."""

_SETTLE_S = 20.0
_ALONE_S = 60.0
_REQUEUE_TRIES = 4
_REQUEUE_EVERY_S = 5.0


def missing() -> str:
    lack = next((tool for tool in ("sbatch", "squeue", "scancel", "scontrol") if shutil.which(tool) is None), "")
    return f"this machine is not part of a Slurm cluster: {lack} is not installed" if lack else ""


def plan(options: SlurmOptions, gpus: str | None, lanes: int | None = None) -> tuple[Lane, ...]:
    """The lanes to ask the cluster for.

    Args:
        options: of the ``slurm:`` section of ``configs/servers.yaml``.
        gpus: ``0-7`` names eight lanes, whichever GPUs the cluster gives them; ``cpu``: lanes without a GPU; None:
            as many as ``lanes`` or the options say.
        lanes: how many, where ``gpus`` does not say it.

    Raises:
        LabError: nobody says how many.
    """
    count = lanes or options.lanes
    if gpus is not None and gpus.strip().lower() == "cpu":
        request = _request(options, gres="")
        cpu = Lane("cpu", threads=options.cpus or 1, idle_s=60 * options.idle_minutes, request=request)
        return tuple(replace(cpu, name=f"cpu{i}") for i in range(count or 1))
    if gpus is None and count is None:
        fix = "Add --lanes 8, or `lanes: 8` to the slurm: section of servers.yaml."
        raise LabError("how many lanes the cluster should run was not said", None, fix)
    names = (
        [lane.name for lane in plan_lanes(gpus, lanes)] if gpus is not None else [f"gpu{i}" for i in range(count or 0)]
    )
    request = _request(options, gres=options.gres)
    gpu = Lane("gpu", threads=options.cpus, is_given=True, idle_s=60 * options.idle_minutes, request=request)
    return tuple(replace(gpu, name=name) for name in names)


def _request(options: SlurmOptions, gres: str) -> tuple[str, ...]:
    valued = {
        "--partition": options.partition,
        "--account": options.account,
        "--time": options.time,
        "--cpus-per-task": options.cpus,
        "--mem": options.mem,
        "--gres": gres,
    }
    return (*(f"{option}={value}" for option, value in valued.items() if value), *options.extra)


def start(root: Path, lanes: Sequence[Lane]) -> Launch:
    """Ask the cluster for those lanes that it does not have yet, running or queued.

    Raises:
        LabError: it refuses, or does not answer.
    """
    name = cluster.remember(root)
    try:
        with _alone(root):
            there = _settled(root, [lane.name for lane in lanes])
            wanted = [lane for lane in lanes if lane.name not in there]
            jobs = [_submit(root, name, group) for group in _alike(wanted)]
    except ClusterError as error:
        raise explain(error) from None
    cluster.forget_glance(root)
    kinds = dict.fromkeys(_kind(lane) for lane in lanes)
    watch = shlex.join(["squeue", f"--name={','.join(cluster.job_name(name, kind) for kind in kinds)}"])
    note = (
        f"in the cluster's queue as job {', '.join(jobs)}: each lane starts when there is room for it" if jobs else ""
    )
    alive = tuple(lane.name for lane in lanes if lane not in wanted)
    return Launch("slurm", tuple(lane.name for lane in wanted), alive, watch, note if jobs else "")


def _settled(root: Path, names: Sequence[str]) -> set[str]:
    """The lanes that the cluster has; those that are just ending come back into its queue, or go."""
    end = time.monotonic() + _SETTLE_S
    while True:
        queue = cluster.read_queue(root)
        if time.monotonic() > end or not any(element.state in ENDING and element.lane in names for element in queue):
            return {element.lane for element in queue if element.state not in ENDING}
        time.sleep(1.0)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Two who submit at the same moment would each find nothing there."""
    with awaited(lanes_folder(root) / "slurm.lock", _ALONE_S) as is_ours:
        if not is_ours:
            raise LabError("somebody else is submitting lanes of this matrix", root, "Try again in a minute.")
        yield


def _alike(lanes: Sequence[Lane]) -> list[list[Lane]]:
    """Lanes that differ by their number alone: one array each."""
    groups: dict[object, list[Lane]] = {}
    for lane in lanes:
        groups.setdefault((_kind(lane), lane.request, *arguments(lane)[1:]), []).append(lane)
    return list(groups.values())


def _kind(lane: Lane) -> str:
    return lane.name.rstrip("0123456789")


def _submit(root: Path, name: str, lanes: Sequence[Lane]) -> str:
    """The number of the job that was made."""
    kind, folder = _kind(lanes[0]), lanes_folder(root)
    command = [
        "sbatch",
        "--parsable",
        f"--job-name={cluster.job_name(name, kind)}",
        f"--array={','.join(lane.name.removeprefix(kind) for lane in lanes)}",
        # Named as every lane's log; what Slurm itself has to say of a lane goes there too.
        f"--output={_escaped(folder)}/{kind}%a@%N.log",
        "--open-mode=append",
        f"--chdir={folder}",
        f"--signal=B:TERM@{_LEAD_S}",
        "--requeue",
        *lanes[0].request,
    ]
    answer = cluster.call(command, _script(root, lanes[0]), timeout_s=60.0)
    return answer.strip().split(";")[0]  # after the semicolon: the name of the cluster, where there are several


def _escaped(folder: Path) -> str:
    """In the name of an output file, ``%`` begins a pattern."""
    return str(folder).replace("%", "%%")


def _script(root: Path, lane: Lane) -> str:
    """What each element runs. The lane takes the place of the shell, so that signals reach it."""
    python, rest = shlex.quote(sys.executable), shlex.join([*arguments(lane)[1:], "--preempted"])
    lacks = f"$(hostname) lacks {sys.executable}: labtools must be on a disk that the whole cluster sees"
    return "\n".join(
        [
            "#!/bin/sh",
            "export PYTHONUTF8=1",
            f"command -v {python} >/dev/null || {{ echo {_in_double_quotes(lacks)}; exit 127; }}",
            f'exec {python} -m labtools lane {shlex.quote(str(root))} "{_kind(lane)}$SLURM_ARRAY_TASK_ID" {rest}',
            "",
        ]
    )


def _in_double_quotes(text: str) -> str:
    """For `sh`; only the first ``$`` (of our own) stays one."""
    head, tail = text.split(" ", 1)
    return f'"{head} "{shlex.quote(tail)}'


def queue_again(root: Path, say: Callable[[str], None]) -> None:
    """For a lane that the cluster has told to end: back into the queue, if it would not come back otherwise.

    Args:
        root: the matrix's folder.
        say: gets a line on what comes of it. The cluster ends this process soon after.
    """
    if read_grid(root).is_over:
        return
    for _ in range(_REQUEUE_TRIES):
        try:
            if not cluster.is_only_signalled():
                return  # cancelled, and so it stays; or preempted, and the cluster queues it again
            say("queued again: it goes on when the cluster has room for it")
            cluster.requeue()
        except ClusterError as error:
            say(f"could not be queued again: {error.what}")
            time.sleep(_REQUEUE_EVERY_S)
        else:
            return
