"""`labtools lane`: what a lane runs. Started by `labtools train-matrix`, not by people."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from labtools.core.visible import visible

ORDER = 90
HIDDEN = True


def command(
    root: Annotated[Path, typer.Argument(help="Folder of the matrix.")],
    name: Annotated[str, typer.Argument(help="Name of the lane, e.g. gpu0.")],
    gpu: Annotated[int | None, typer.Option(help="Index of its GPU.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of a CPU lane.")] = None,
    server: Annotated[str, typer.Option(help="Name of this machine in configs/servers.yaml.")] = "",
    memory_floor: Annotated[float, typer.Option(min=0.0, help="GB free on a GPU that others use too.")] = 0.0,
    given: Annotated[bool, typer.Option("--given", help="The GPU is the one that the cluster gave.")] = False,
    preempted: Annotated[
        bool, typer.Option("--preempted", help="SIGTERM means that the cluster wants its machine back.")
    ] = False,
    lease: Annotated[
        float | None, typer.Option(help="Seconds of silence after which a lane elsewhere is dead.")
    ] = None,
    only: Annotated[str, typer.Option(help="Globs of the run ids to train.")] = "",
    idle: Annotated[float | None, typer.Option(help="Seconds without an open run after which it leaves.")] = None,
) -> None:
    """Train one open run of a matrix after the other, until none is left."""
    from labtools.artifacts.lanes import LaneMood
    from labtools.artifacts.record import Cause
    from labtools.train.lanes.lane import Lane
    from labtools.train.lanes.records import EXIT_TAKEN
    from labtools.train.lanes.signals import stop_on_signals
    from labtools.train.lanes.worker import run_lane
    from labtools.train.runqueue.run_queue import LEASE_S

    with stop_on_signals() as stop:
        report = run_lane(
            root,
            Lane(name, gpu, threads, server, given, memory_floor, lease, only, idle_s=idle),
            _say,
            lease_s=LEASE_S if lease is None else lease,
            stop=stop,
            stopped_as=Cause.PREEMPTED if preempted else Cause.STOPPED,
        )
    if preempted and report.mood is LaneMood.STOPPED:
        from labtools.train.launchers.slurm import queue_again

        queue_again(root, _say)
    if report.is_double:
        raise typer.Exit(EXIT_TAKEN)
    if report.mood is LaneMood.RETIRED:
        raise typer.Exit(1)


def _say(line: str) -> None:
    try:
        sys.stdout.write(f"{time.strftime('%a %H:%M:%S')}  {visible(line)}\n")
        sys.stdout.flush()
    except OSError:  # the disk is full: what is in Python's buffer is written with a later line
        return
