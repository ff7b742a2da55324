"""How long a run will take: from its work, at the pace of the runs that have been trained.

The work of a training is counted in GFLOP: those of one forward pass at its image size, times the images of all its
epochs; a backward pass costs about twice a forward one, frozen layers skip theirs. Only ratios matter for the order of
runs, so the pace is a guess until the first run is done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from labtools.artifacts.runs import RunSpec
from labtools.core.files import read_json, write_json

WORKLOAD_FILE = "workload.json"
GUESSED_GFLOP_PER_S = 2500.0
"""A GPU of 8 GB in mixed precision, as a guess until a run is done."""

_GFLOPS_AT_640 = {"n": 8.7, "s": 28.6, "m": 78.9, "l": 165.2, "x": 257.8}
"""YOLOv8 as published (docs.ultralytics.com/models/yolov8); other families are near enough for an order."""


@dataclass(frozen=True)
class Workload:
    """What a training has to go through.

    Attributes:
        images: in the training split.
        val_images: in the val split, seen once per epoch.
    """

    images: int
    val_images: int


def write_workload(folder: Path, workload: Workload) -> None:
    write_json(folder / WORKLOAD_FILE, asdict(workload))


def read_workload(folder: Path) -> Workload | None:
    """None where nobody has written one that can be read."""
    try:
        return Workload(**read_json(folder / WORKLOAD_FILE))
    except (OSError, ValueError, TypeError):
        return None


def work(spec: RunSpec, workload: Workload | None) -> float:
    """GFLOP of a whole training; only good to compare where ``workload`` is None."""
    match = re.fullmatch(r".*[\d-]([nsmlx])u?", spec.model)
    per_image = _GFLOPS_AT_640[match[1] if match else "n"] * (spec.imgsz / 640) ** 2
    backward = 2.0 if not spec.freeze else 1.0
    seen = workload or Workload(1000, 200)
    return spec.epochs * per_image * (seen.images * (1 + backward) + seen.val_images)


def pace(finished: Iterable[tuple[float, dict[str, Any]]]) -> float:
    """GFLOP per second, as the median of finished runs: pairs of their `work` and their ``done.json``."""
    rates = [gflop / done["seconds"] for gflop, done in finished if done.get("seconds")]
    return median(rates) if rates else GUESSED_GFLOP_PER_S
