"""What is done for a matrix on the machine where this runs: look, start lanes, end them.

On this machine `labtools.train.pipeline` calls it; on another one the hidden command ``labtools lanes`` does, which
that server was told to run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from labtools.core.progress import Tick, silent
from labtools.train import cluster
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane, plan_lanes
from labtools.train.launchers import Launch, choose, launchers
from labtools.train.planning.ahead import build_label_caches
from labtools.train.servers.facts import Facts, Needs, Trouble, find_facts


def look(needs: Needs, launcher: str | None) -> Facts:
    """See whether lanes could train here, and be started in the way asked for."""
    facts = find_facts(needs)
    lack = launchers()[launcher].missing() if launcher is not None else ""
    if not lack:
        return facts
    trouble = Trouble(lack, None, "Install it there, or use --launcher process.")
    return replace(facts, troubles=(*facts.troubles, trouble))


def start(root: Path, lanes: Sequence[Lane], launcher: str | None, tick: Tick = silent) -> Launch:
    """Start those lanes that are not alive here; calling it again is harmless.

    The dataset's labels are read first, once per machine: lanes that start together would all do it, at once.

    Raises:
        LabError: the launcher cannot be had here, or a lane ends as soon as it begins.
    """
    name, how, note = choose(launcher)
    left_out = build_label_caches(root, tick)
    launch = how.start(root, [_with_threads(lane, lanes) for lane in lanes])
    notes = filter(None, (note, launch.note, _say_left_out(left_out)))
    return replace(launch, launcher=name, note="; ".join(notes))


def _say_left_out(complaints: Sequence[str]) -> str:
    """What no training will see, in one sentence."""
    if not complaints:
        return ""
    return f"Ultralytics has {len(complaints)} complaints about images or labels, the first: {complaints[0].strip()}"


def _with_threads(lane: Lane, lanes: Sequence[Lane]) -> Lane:
    """CPU lanes of one machine share its cores, which only that machine knows."""
    if lane.device != "cpu" or lane.threads is not None:
        return lane
    sharing = sum(other.device == "cpu" for other in lanes)
    return replace(lane, threads=plan_lanes("cpu", sharing)[0].threads)


def stop(root: Path, *, tells_cluster: bool = True) -> list[str]:
    """End the lanes of a matrix here, and those of the cluster that this machine belongs to; their names.

    What they trained is open again.

    Args:
        root: the matrix's folder.
        tells_cluster: False where somebody else has told the cluster already.

    Raises:
        ClusterError: the matrix has lanes on a cluster, which cannot be told. Those here have ended all the same.
    """
    try:
        # First: a lane of a cluster that was ended otherwise would queue again.
        queued = cluster.cancel(root) if tells_cluster else ()
    finally:
        stopped = records.stop_lanes(root)
    return sorted({*queued, *stopped})


def launch_to_json(launch: Launch) -> dict[str, Any]:
    return asdict(launch)


def launch_from_json(content: dict[str, Any]) -> Launch:
    return Launch(**{**content, "started": tuple(content["started"]), "alive": tuple(content["alive"])})
