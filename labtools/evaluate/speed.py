"""How fast a network is, timed apart from the pass that measures how good it is.

One image at a time (batch 1: a camera or a video), the same images for every run, decoded beforehand; a few images to
warm up, then all of them several times. Each stage's figure is the median over all its timings, since on a busy
machine the slow ones tell about the machine. Letterboxing and normalisation are ``preprocess``, the network is
``inference``, non-maximum suppression is ``postprocess``; reading the file is none of them.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import psutil

from labtools import __version__, yolo
from labtools.artifacts import results
from labtools.artifacts.dataset import Dataset
from labtools.artifacts.runs import Run
from labtools.core.draw import Image
from labtools.core.errors import LabError
from labtools.core.progress import Tick
from labtools.evaluate.records import Key, is_fresh, key_of, write_record
from labtools.evaluate.request import Request
from labtools.evaluate.tables import assemble_matrix
from labtools.evaluate.truth import read_truth

_LISTEN_S = 0.5
_BUSY_PERCENT = 25.0
STAGES = ["preprocess_ms", "inference_ms", "postprocess_ms"]


def conditions(request: Request) -> Key:
    """What a time depends on, besides the network and the images: the settings and the machine."""
    return {
        "images": request.timing.images,
        "repeats": request.timing.repeats,
        "device": _device_name(request.device),
        "threads": cpu_threads(),
        "host": platform.node(),
    }


def notes_on_machine() -> list[str]:
    """A sentence if others are using the processor: times would tell about them."""
    busy = psutil.cpu_percent(interval=_LISTEN_S)
    if busy < _BUSY_PERCENT:
        return []
    return [f"other programs use {busy:.0f} % of this machine's processor: the times are too long, measure again later"]


def cpu_threads() -> int:
    """How many threads the CPU part of the work uses: ``OMP_NUM_THREADS``, or all cores (as the yolo room has it)."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def _device_name(device: str) -> str:
    """``cpu``, or the device and the name of its GPU."""
    import torch

    if device == "cpu" or not torch.cuda.is_available():
        return device
    index = int(device.removeprefix("cuda:").split(",")[0] or 0)
    return f"{device} ({torch.cuda.get_device_name(index)})"


def record_of(run: Run) -> Path:
    return results.results_folder(run.root) / "speed" / f"{run.run_id}.json"


def measure(run: Run, dataset: Dataset, request: Request, tick: Tick) -> bool:
    """Time one run at its training size and keep its row; return False if that was already done."""
    record = record_of(run)
    under = conditions(request)
    key = key_of(run, dataset, request.split, run.spec.imgsz) | under
    if is_fresh(record, key) and not request.force:
        return False
    images = read_sample(dataset, request.split, request.timing.images)
    times = time_stages(run.best, images, run.spec.imgsz, request, tick)
    info = yolo.model_info(run.best, run.spec.imgsz)
    row = {
        "run_id": run.run_id,
        "model": run.spec.model,
        "freeze": run.spec.freeze,
        "imgsz": run.spec.imgsz,
        "batch_size": 1,
        "images": len(images),
        "device": under["device"],
        "threads": under["threads"],
        **times,
        "total_ms": sum(times.values()),
        "fps": 1000 / sum(times.values()),
        "parameters": info.parameters,
        "gflops": info.gflops,
        "weights_mb": info.weights_mb,
    }
    write_record(record, key, row=row, labtools=__version__)
    return True


def assemble(root: Path, request: Request) -> Path:
    """Put the rows of all timed runs of a matrix together."""
    return assemble_matrix(root, "speed", "speed/*.json")


def read_sample(dataset: Dataset, split: str, count: int) -> list[Image]:
    """``count`` images of a split (or all, if it has fewer), spread evenly, the same for every run.

    Raises:
        LabError: one of them cannot be read.
    """
    paths = read_truth(dataset, split).images["image"].tolist()
    chosen = np.unique(np.linspace(0, len(paths) - 1, min(count, len(paths))).round().astype(int))
    return [_read_image(dataset.root / paths[i]) for i in chosen]


def _read_image(path: Path) -> Image:
    # Not cv2.imread: on Windows it cannot open a path with accents.
    image = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        raise LabError("this image of the dataset cannot be read", path, "Run `labtools prepare` again.")
    return np.asarray(image, dtype=np.uint8)


def time_stages(weights: Path, images: list[Image], imgsz: int, request: Request, tick: Tick) -> dict[str, float]:
    """Median ms per image of each of `STAGES`, at batch 1."""
    detector = yolo.Detector(weights, device=request.device, imgsz=imgsz)
    for i in range(request.timing.warm_up):
        detector.detect([images[i % len(images)]])
    rounds = images * request.timing.repeats
    timings = []
    for i, image in enumerate(rounds, 1):
        seen = detector.detect([image])[0]
        timings.append({stage: getattr(seen, stage) for stage in STAGES})
        tick(f"timing at {imgsz} px", i, len(rounds))
    medians = pd.DataFrame(timings)[STAGES].median()
    return {stage: float(medians[stage]) for stage in STAGES}
