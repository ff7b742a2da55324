"""The lanes of a matrix as Slurm sees them: asked with its own commands, on any machine where these are.

Lanes are the elements of job arrays, ``gpu3`` being element 3. An array is known by its name, made from the matrix's
folder, so that lanes are found again whoever submitted them, from where, and whatever died in between. That a matrix
has such lanes at all is noted in ``lanes/slurm.json``: without it nobody asks.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labtools.artifacts.lanes import lanes_folder
from labtools.artifacts.weights import cache_folder
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes, read_json, write_json

KINDS = ("gpu", "cpu")
"""How the names of lanes begin; each kind has arrays of its own."""

ENDING = frozenset({"COMPLETING"})
"""The cluster is cleaning up after it: it ends, or comes back to the queue."""

_PATIENCE_S = 20.0
_GLANCE_PATIENCE_S = 3.0
_GLANCE_EVERY_S = 10.0
"""All who look at a matrix of one user share one question to the cluster in so many seconds."""
_GLANCE_HOLDS_S = 600.0
"""While the cluster's controller is away, its last answer stands for so long."""

log = logging.getLogger(__name__)


class ClusterError(LabError):
    """Slurm was asked and gave no answer, or a refusal."""


@dataclass(frozen=True)
class Element:
    """A lane in the cluster's queue.

    Attributes:
        lane: its name.
        job: how Slurm calls it, ``1234_0``.
        state: in Slurm's words: ``PENDING``, ``RUNNING``, ``COMPLETING`` ...
        node: where it runs, "" while it does not.
        start: when it started, or is expected to, in the cluster's local time (ISO); "" where nobody knows.
        reason: why it is pending, in Slurm's words; "" otherwise.
    """

    lane: str
    job: str
    state: str
    node: str = ""
    start: str = ""
    reason: str = ""


def record_path(root: Path) -> Path:
    return lanes_folder(root) / "slurm.json"


def remember(root: Path) -> str:
    """Note that the matrix has lanes on a cluster; the name of their jobs, which never changes."""
    if (known := _name(root)) is not None:
        return known
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", root.name).strip("-") or "matrix"
    name = f"labtools-{plain}-{hash_bytes(os.fsencode(root.absolute()))[:8]}"
    write_json(record_path(root), {"name": name})
    return name


def _name(root: Path) -> str | None:
    try:
        return str(read_json(record_path(root))["name"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def job_name(name: str, kind: str) -> str:
    """How the array of one kind of lanes is called."""
    return f"{name}.{kind}"


def read_queue(root: Path, timeout_s: float = _PATIENCE_S) -> tuple[Element, ...]:
    """The lanes of a matrix that the cluster has, by name and number; asks it now.

    Raises:
        ClusterError: it does not answer.
    """
    name = _name(root)
    if name is None:
        return ()
    names = ",".join(job_name(name, kind) for kind in KINDS)
    form = "%F|%K|%j|%T|%N|%S|%r"
    answer = call(["squeue", "--noheader", "--array", f"--name={names}", f"--format={form}"], timeout_s=timeout_s)
    found = [element for line in answer.splitlines() if (element := _parse(line)) is not None]
    return tuple(sorted(found, key=lambda element: (element.lane[:3], int(element.lane[3:]))))


def _parse(line: str) -> Element | None:
    words = line.strip().split("|", 6)
    if len(words) < 7 or not words[1].isdigit():  # an element of ours is always a number
        return None
    job, index, name, state, node, start, reason = words
    why = "" if reason == "None" else reason
    return Element(f"{name.rsplit('.', 1)[-1]}{index}", f"{job}_{index}", state, node, _known(start), why)


def _known(text: str) -> str:
    return "" if text in ("N/A", "Unknown") else text


def glance(root: Path) -> tuple[Element, ...]:
    """`read_queue` for those who look again and again: seconds old, and never an error.

    Nothing where the cluster's commands are not: whoever looks from elsewhere knows what the lanes wrote.
    """
    name = _name(root)
    if name is None:
        return ()
    path, now = _glance_path(name), time.time()
    asked, answered, elements = _read_glance(path)
    if 0 <= now - asked < _GLANCE_EVERY_S:
        return elements
    try:
        elements, answered = read_queue(root, _GLANCE_PATIENCE_S), now
    except ClusterError as error:
        log.debug("%s", error.what)
        elements = elements if 0 <= now - answered < _GLANCE_HOLDS_S else ()
    _write_glance(path, {"asked": now, "answered": answered, "elements": [asdict(element) for element in elements]})
    return elements


def forget_glance(root: Path) -> None:
    """What was asked before is no longer true: lanes were just submitted, or cancelled."""
    if (name := _name(root)) is not None:
        _glance_path(name).unlink(missing_ok=True)


def _glance_path(name: str) -> Path:
    return cache_folder() / "slurm" / f"{name}.json"


def _read_glance(path: Path) -> tuple[float, float, tuple[Element, ...]]:
    try:
        content = read_json(path)
        elements = tuple(Element(**element) for element in content["elements"])
        return float(content["asked"]), float(content["answered"]), elements
    except (OSError, ValueError, TypeError, KeyError):  # none yet, or of another version
        return 0.0, 0.0, ()


def _write_glance(path: Path, content: dict[str, Any]) -> None:
    try:
        write_json(path, content, durable=False)
    except OSError as error:  # then everybody asks for himself
        log.debug("the cluster's answer was not kept: %s", error)


def cancel(root: Path) -> tuple[str, ...]:
    """Take the lanes of a matrix out of the cluster's queue, those that run included; their names.

    Raises:
        ClusterError: it does not answer, or they are somebody else's.
    """
    found = [element for element in read_queue(root) if element.state not in ENDING]
    if found:
        call(["scancel", *(element.job for element in found)])
        forget_glance(root)
    return tuple(element.lane for element in found)


def is_only_signalled() -> bool:
    """Is this process's own job still at work as far as the cluster knows, though it was told to end?

    So it is when its time is nearly over. A job that was cancelled or preempted is ``COMPLETING``: the latter comes
    back by itself, and `requeue` would bring back the former against the will of whoever cancelled it.
    """
    return call(["squeue", "--noheader", f"--jobs={_own_job()}", "--format=%T"]).strip() == "RUNNING"


def requeue() -> None:
    """Put this process's own job back into the queue; the cluster then ends this process.

    Raises:
        ClusterError: it refuses.
    """
    call(["scontrol", "requeue", _own_job()])


def _own_job() -> str:
    job = os.environ.get("SLURM_JOB_ID")
    if not job:
        raise ClusterError("this process is not a job of a cluster", None, "")
    return job


def call(command: Sequence[str], script: str = "", *, timeout_s: float = _PATIENCE_S) -> str:
    """Run one of Slurm's commands; its stdout.

    Raises:
        ClusterError: it failed, with the last thing that it said as ``what``.
    """
    try:
        answer = subprocess.run(
            command,
            input=script,
            env=_environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        fix = "Type this on a machine of the cluster."
        raise ClusterError(f"there is no Slurm here: {command[0]} is not installed", None, fix) from None
    except subprocess.TimeoutExpired:
        fix = "Its controller may be overloaded or off: try again, or ask those who run it."
        raise ClusterError(f"the cluster has not answered `{command[0]}` within {timeout_s:.0f} s", None, fix) from None
    if answer.returncode != 0:
        raise _failure(command[0], answer.stderr or answer.stdout)
    return answer.stdout


def _environment() -> dict[str, str]:
    """Ours, without what changes the format of answers or asks before it cancels; SBATCH_... are the user's wishes."""
    theirs = ("SQUEUE_", "SCANCEL_", "SCONTROL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    return {**kept, "SLURM_TIME_FORMAT": "standard", "LC_ALL": "C.UTF-8"}


def _failure(command: str, said: str) -> ClusterError:
    """Slurm's errors come as ``sbatch: error: ...`` lines, the one that matters last."""
    lines = [re.sub(r"^(\w+: )?(error: |fatal: )?", "", line.strip()) for line in said.splitlines()]
    told = [line for line in lines if line and not line.startswith("Try ")]
    text = "; ".join(dict.fromkeys(told[-2:])) or "nothing, and failed"
    return ClusterError(
        f"{command} says: {text}", None, "Is the cluster at work? `sinfo` tells; or ask those who run it."
    )
