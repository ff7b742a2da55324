"""How long a training will take and how much memory it needs: from its work, refined by what has been trained already.

The work of a training is counted in GFLOP: those of one forward pass at its image size, times the images of all its
epochs; the backward pass of the part that learns costs twice its forward pass. Memory is what the GPU has to hold at
once: the network, its optimizer, and per image of the batch what the backward pass needs to remember. Everything here
is arithmetic on a `RunSpec` and a `Workload`, so lanes order hundreds of runs by it in a moment.
"""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from labtools.artifacts.runs import RunSpec
from labtools.core.files import read_json, write_json

WORKLOAD_FILE = "workload.json"
CPU, GPU = "cpu", "gpu"

_YOLOV8 = {  # parameters and GFLOPs at 640 px as published (docs.ultralytics.com/models/yolov8); kept MiB as measured
    "n": (3_157_200, 8.7, 186),
    "s": (11_166_560, 28.6, 348),
    "m": (25_902_640, 78.9, 624),
    "l": (43_691_520, 165.2, 968),
    "x": (68_229_648, 257.8, 1208),
}
_AFTER_BACKBONE = (0.55, 0.52, 0.35)  # shares of these after YOLOv8's layer 10


@dataclass(frozen=True)
class Network:
    """What a network costs, measured once (see `labtools.train.planning.networks`). GFLOPs: one forward pass, 640 px.

    Attributes:
        parameters: numbers in it.
        gflops: of all its layers.
        trained_parameters: those that learn, i.e. after the frozen layers.
        trained_gflops: of the layers that learn.
        kept_bytes: what a forward pass keeps for the backward one, per image of 640 px, in 32 bit.
    """

    parameters: int
    gflops: float
    trained_parameters: int
    trained_gflops: float
    kept_bytes: int


@dataclass(frozen=True)
class Workload:
    """What a training has to go through.

    Attributes:
        images: in the training split.
        val_images: in the val split, seen once per epoch.
        network: None where nobody has measured it: then it is taken for a YOLOv8 of its letter.
    """

    images: int
    val_images: int
    network: Network | None = None


def write_workload(folder: Path, workload: Workload) -> None:
    write_json(folder / WORKLOAD_FILE, asdict(workload))


def read_workload(folder: Path) -> Workload | None:
    """None where nobody has written one that can be read."""
    try:
        content = read_json(f"{folder}{os.sep}{WORKLOAD_FILE}")
        network = Network(**content["network"]) if content.get("network") else None
        return Workload(int(content["images"]), int(content["val_images"]), network)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


class Finished(NamedTuple):
    """A finished run: what was asked, what it had to go through, and its ``done.json``."""

    spec: RunSpec
    workload: Workload | None
    done: dict[str, Any]


@dataclass(frozen=True)
class Pace:
    """How fast a lane is: seconds = start_s + images * image_s + GFLOP / gflop_per_s.

    Attributes:
        start_s: before the first batch and after the last: imports, caches, the last validation, plots.
        image_s: to read and augment one image, however small the network.
        gflop_per_s: of the network itself.
        runs: finished runs that it was learnt from; 0: a guess.
    """

    start_s: float
    image_s: float
    gflop_per_s: float
    runs: int = 0


_GUESSES = {
    # A card of 8 to 16 GB in mixed precision (a T4 was seen to do 6,600 to 10,400), loaders on a quarter of a server.
    GPU: Pace(start_s=20.0, image_s=0.005, gflop_per_s=8000.0),
    CPU: Pace(start_s=8.0, image_s=0.01, gflop_per_s=60.0),
}
_TRUST = 0.5  # of the guessed proportion between images and GFLOP, in runs: one finished run outweighs it
_CHEAPEST = 0.05  # of the common factor: neither an image nor a GFLOP is ever for free


def work(spec: RunSpec, workload: Workload | None) -> float:
    """GFLOP of a whole training; only good to compare where ``workload`` is None."""
    seen, network = _workload(workload), _network(spec, workload)
    per_image = (spec.imgsz / 640) ** 2
    trained = seen.images * (network.gflops + 2 * network.trained_gflops)
    return spec.epochs * per_image * (trained + seen.val_images * network.gflops)


def images_seen(spec: RunSpec, workload: Workload | None) -> int:
    """Images that a whole training reads, val included."""
    seen = _workload(workload)
    return spec.epochs * (seen.images + seen.val_images)


def expected_seconds(spec: RunSpec, workload: Workload | None, pace: Pace) -> float:
    """Seconds that a whole training takes on a lane of that pace."""
    images = images_seen(spec, workload)
    return pace.start_s + images * pace.image_s + work(spec, workload) / pace.gflop_per_s


def pace(finished: Iterable[Finished], kind: str = GPU) -> Pace:
    """The pace of one kind of lane, learnt from the runs that such lanes have finished.

    Their two rates are fitted so that relative errors are small, and the guessed proportion between the two holds
    where one run (or ten alike) cannot tell them apart.

    Args:
        finished: any runs; only those of that kind count.
        kind: ``cpu``, ``gpu`` (any), or the name of a GPU as in ``done.json`` (all GPUs, where none of that name).
    """
    runs = [run for run in finished if (run.done.get("seconds") or 0) > 0]
    family = CPU if kind == CPU else GPU
    alike = [run for run in runs if _kind(run.done) == family]
    named = [run for run in alike if run.done.get("gpu") == kind]
    guess = _GUESSES[family]
    if not alike:
        return guess
    shortest = min(run.done["seconds"] for run in named or alike)
    guess = replace(guess, start_s=min(guess.start_s, 0.8 * shortest))
    return _fit(guess, [_sample(run, guess) for run in named or alike])


def _kind(done: dict[str, Any]) -> str:
    return CPU if done.get("device") == "cpu" else GPU


def _sample(run: Finished, guess: Pace) -> tuple[float, float]:
    """The guessed seconds of its images and of its GFLOP, each as a share of the seconds that they really took."""
    # A training that stopped early, for want of progress, did less than was asked.
    spec = replace(run.spec, epochs=int(run.done.get("epochs") or run.spec.epochs))
    spent = run.done["seconds"] - guess.start_s
    images = images_seen(spec, run.workload) * guess.image_s
    return images / spent, work(spec, run.workload) / guess.gflop_per_s / spent


def _fit(guess: Pace, samples: Sequence[tuple[float, float]]) -> Pace:
    """The guess times a common factor, and that times a and b for its two rates, near 1.

    a and b make the sum of (a x + b y - 1)^2 least, where x and y are a sample's shares at the common factor; each is
    held near 1 as if by `_TRUST` runs that took just as long as was expected.
    """
    common = median(1 / (x + y) for x, y in samples)
    shares = [_tamed(common * x, common * y) for x, y in samples]
    xx, yy = (sum(share[i] ** 2 for share in shares) + _TRUST for i in (0, 1))
    x, y = (sum(share[i] for share in shares) + _TRUST for i in (0, 1))
    xy = sum(share[0] * share[1] for share in shares)
    determinant = xx * yy - xy * xy  # at least _TRUST^2
    a, b = (x * yy - y * xy) / determinant, (y * xx - x * xy) / determinant
    a, b = (common * max(factor, _CHEAPEST) for factor in (a, b))
    return Pace(guess.start_s, guess.image_s * a, guess.gflop_per_s / b, len(samples))


def _tamed(x: float, y: float) -> tuple[float, float]:
    """A run that was ten times faster or slower than the others tells more of its lane than of the work."""
    odd = min(10.0, max(0.1, x + y)) / (x + y)
    return x * odd, y * odd


MIB = 2**20
_CONTEXT_BYTES = 500 * MIB
"""What CUDA takes before anything is trained; ``nvidia-smi`` counts it, torch does not."""

_BYTES_PER_PARAMETER = 8  # the network and its moving average, 32 bit
_BYTES_PER_TRAINED = 4  # its gradient
_OPTIMIZER_BYTES = {"sgd": 4, "musgd": 4, "rmsprop": 4}  # others, Adam's family, remember two numbers: 8

# Fitted to the memory that Ultralytics printed at batch 16 and 640 px on cards of 11 to 16 GB (n 2.3, m 6.7, l 11.2,
# x 14.9 GB; m at 1024 px and batch 8: 8.9 GB): the model gives 2.3, 7.3, 11.2, 14.2 and 9.2 GB.
_CUDNN = 1.35  # workspaces and what the allocator cannot use, as a share of what is kept
_LOSS_BYTES = 20 * MIB  # of the loss, per image of 640 px


def expected_bytes(spec: RunSpec, workload: Workload | None, scale: float = 1.0) -> int:
    """The most memory that a training needs on its GPU, as ``nvidia-smi`` counts it.

    Args:
        spec: of the run.
        workload: of the run.
        scale: see `memory_scale`.
    """
    network = _network(spec, workload)
    optimizer = _OPTIMIZER_BYTES.get(str(spec.args.get("optimizer", "auto")).lower(), 8)
    fixed = network.parameters * _BYTES_PER_PARAMETER + network.trained_parameters * (_BYTES_PER_TRAINED + optimizer)
    share = 0.5 if spec.args.get("amp", True) not in (False, "fp32") else 1.0
    per_image = (spec.imgsz / 640) ** 2 * (network.kept_bytes * share * _CUDNN + _LOSS_BYTES)
    return int(_CONTEXT_BYTES + scale * (fixed + spec.batch * per_image))


def memory_scale(finished: Iterable[Finished]) -> float:
    """How far finished runs were from `expected_bytes`, as a factor for those to come; 1.0 where none has told."""
    ratios = []
    for spec, workload, done in finished:
        if done.get("gpu_bytes"):
            used = replace(spec, batch=int(done.get("batch") or spec.batch))
            ratios.append(done["gpu_bytes"] / (expected_bytes(used, workload) - _CONTEXT_BYTES))
    return median(ratios) if ratios else 1.0


def makespan(seconds: Sequence[float], busy: Sequence[float]) -> float:
    """Seconds until everything is done when each lane that falls free takes the next of ``seconds``, in that order.

    Args:
        seconds: of the open runs, in the order in which they are taken.
        busy: one per lane: how long what it trains now will still take, 0 for a free one.
    """
    if not busy:
        return float("inf") if seconds else 0.0
    lanes = list(busy)
    heapq.heapify(lanes)
    for duration in seconds:
        heapq.heapreplace(lanes, lanes[0] + duration)
    return max(lanes)


def _workload(workload: Workload | None) -> Workload:
    return workload or Workload(1000, 200)


def _network(spec: RunSpec, workload: Workload | None) -> Network:
    if workload is not None and workload.network is not None:
        return workload.network
    match = re.fullmatch(r".*[\d-]([nsmlx])u?", spec.model)
    parameters, gflops, kept = _YOLOV8[match[1] if match else "n"]
    learning = _AFTER_BACKBONE if spec.freeze else (1.0, 1.0, 1.0)
    return Network(
        parameters, gflops, int(parameters * learning[0]), gflops * learning[1], int(kept * MIB * learning[2])
    )
