"""What is asked of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Timing:
    """How to time; these settings are part of what a figure means.

    Attributes:
        images: how many images of the split, spread evenly over it.
        repeats: how many times each is timed.
        warm_up: how many are seen before the clock counts.
    """

    images: int = 24
    repeats: int = 3
    warm_up: int = 5


@dataclass(frozen=True)
class Request:
    """What to evaluate, and how.

    Attributes:
        task: ``val`` (how good), ``speed`` (how fast), ``study`` (both, over image sizes).
        split: ``train``, ``val`` or ``test``.
        data: dataset to use instead of each run's own.
        device: as Ultralytics names it: ``cpu``, ``0``, ``mps``.
        batch: images at a time in the pass (speed is timed one by one).
        sizes: image sizes of the study; none for fractions of the trained one.
        timing: see `Timing`.
        force: measure again what is up to date.
    """

    task: str = "val"
    split: str = "val"
    data: Path | None = None
    device: str = "cpu"
    batch: int = 16
    sizes: Sequence[int] = ()
    timing: Timing = Timing()
    force: bool = False
