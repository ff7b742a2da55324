"""Looked at before each training: is there room on the disk, are dataset and weights there and still the same?"""

from __future__ import annotations

from pathlib import Path

from labtools.artifacts.dataset import read_fingerprint
from labtools.artifacts.record import Cause
from labtools.artifacts.runs import RUN_FILE, RunSpec, read_run
from labtools.artifacts.weights import are_weights
from labtools.core.errors import LabError
from labtools.train.disk import why_full
from labtools.train.lanes.holds import Hold
from labtools.train.runqueue.policy import Fault


def look_at_disk(folder: Path) -> Hold | None:
    """Is there room for another training's checkpoints?

    Raises:
        OSError: the folder cannot be reached.
    """
    why = why_full(folder)
    return Hold(why) if why else None


def look_at_dataset(data: Path) -> Hold | None:
    """Can the dataset of that ``dlcv.yaml`` be read now, an image of it included?"""
    found = _read(data)
    return found if isinstance(found, Hold) else None


def _read(data: Path) -> str | Hold:
    """The fingerprint of a dataset that can be read, or why it cannot."""
    try:
        fingerprint = read_fingerprint(data)
        with (data.parent / "train.txt").open(encoding="utf-8") as listed:
            image = data.parent / listed.readline().strip()
        with image.open("rb") as file:
            file.read(1)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
        return Hold(f"the dataset {data.parent} cannot be read: {reason}")
    return fingerprint


def look_at_data_of(spec: RunSpec) -> Fault | None:
    """Why a run that was just claimed cannot be trained on, and from, what it was planned with; None where it can."""
    found = _read(Path(spec.data))
    if isinstance(found, Hold):
        return Fault(Cause.DATA, found.why)
    if found != spec.fingerprint:
        return Fault(Cause.STALE, "the dataset has changed since this run was planned")
    return _look_at_weights(Path(spec.weights), spec.weights_digest)


def _look_at_weights(weights: Path, digest: str) -> Fault | None:
    """Absent ones are the training's to tell: it knows whether it needs them, and where they may lie."""
    try:
        if not weights.is_file() or are_weights(weights, digest):
            return None
    except OSError as error:
        return Fault(Cause.DATA, f"the weights {weights} cannot be read: {error.strerror or error}")
    return Fault(Cause.STALE, f"the weights {weights.name} have changed since this run was planned")


def dataset_of(root: Path) -> Path | None:
    """The ``dlcv.yaml`` that the runs of a matrix read (one for all, as far as plans go), None if there is no run."""
    for path in root.glob(f"*/{RUN_FILE}"):
        try:
            return Path(read_run(path.parent).spec.data)
        except (OSError, LabError):
            continue  # half written, or removed meanwhile: any other tells as much
    return None
