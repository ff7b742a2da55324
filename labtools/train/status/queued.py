"""Lanes that a cluster has in its queue, beside what the lanes wrote of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from labtools.artifacts.lanes import LaneState
from labtools.train.cluster import ENDING, Element
from labtools.train.status.lane_status import LIVING, LaneStatus, LaneWord

_REASONS = {
    "Resources": "the cluster has no room for it yet",
    "Priority": "others come first in the cluster",
    "BeginTime": "queued again after it was ended",
    "ReqNodeNotAvail": "the nodes that it could run on are down or reserved",
    "Dependency": "it waits for another job",
    "JobArrayTaskLimit": "not more of them at once were asked for",
    "JobHeldUser": "somebody holds it back: `scontrol release` lets it go",
    "JobHeldAdmin": "those who run the cluster hold it back",
    "PartitionTimeLimit": "it asks for more time than its partition allows, so it will never start",
    "PartitionDown": "its partition is down",
    "PartitionInactive": "its partition takes no jobs now",
}
"""Slurm's words that people meet most, of src/common/job_state_reason.c."""

_NEAR = timedelta(days=6)
"""Slurm's guess further ahead only adds up the time limits of what is before it."""


def with_queued(
    lanes: Sequence[LaneStatus], queue: Sequence[Element], states: Sequence[LaneState] = ()
) -> tuple[LaneStatus, ...]:
    """The lanes and, after them, those that wait in the cluster; what these said before is of no interest then.

    Args:
        lanes: as far as they have spoken.
        queue: the cluster's, seconds old.
        states: the last words of all lanes.
    """
    living = {lane.name for lane in lanes if lane.state in LIVING}
    waiting = [e for e in queue if e.lane not in living and e.state not in ENDING and not _has_spoken(e, states)]
    pending = {element.lane: _pending(element) for element in waiting}
    return (*(lane for lane in lanes if lane.name not in pending), *pending.values())


def _has_spoken(element: Element, states: Sequence[LaneState]) -> bool:
    """The lane has been heard of since the cluster started it: what it says itself is known better there."""
    start = _time(element.start)
    if element.state != "RUNNING" or start is None:
        return False
    times = (_time(state.time) for state in states if state.lane == element.lane)
    return any(time is not None and time >= start for time in times)


def _time(text: str) -> datetime | None:
    """With a time zone: that of this machine, where the text has none."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        return None


def _pending(element: Element) -> LaneStatus:
    return LaneStatus(element.lane, element.node, LaneWord.PENDING, why=_why(element))


def _why(element: Element) -> str:
    if element.state == "RUNNING":
        return f"it is just starting on {element.node}"
    if element.state != "PENDING":
        return f"the cluster calls it {element.state.lower()}"
    key = element.reason.split(",")[0].strip("()")
    why = _REASONS.get(key, f"the cluster says: {element.reason}" if element.reason else "it was just submitted")
    start = _time(element.start)
    is_near = start is not None and start - datetime.now().astimezone() < _NEAR
    return f"{why}; expected to start {start:%a %H:%M}" if is_near else why
