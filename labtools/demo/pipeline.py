"""The embedded default: a simulated cohort walks the whole street, from submissions to a report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from labtools.artifacts.dataset import SPLITS, open_dataset, read_findings, read_manifest
from labtools.artifacts.record import State
from labtools.artifacts.results import read_matrix_table, read_split_table
from labtools.artifacts.runs import list_runs
from labtools.core.errors import LabError
from labtools.core.files import write_bytes, write_json
from labtools.core.progress import Tick, silent
from labtools.demo.cohort import write_cohort, write_video
from labtools.demo.scales import WEIGHTS
from labtools.detect import pipeline as detecting
from labtools.detect.weights import choose_weights
from labtools.evaluate import pipeline as evaluating
from labtools.evaluate.request import Request
from labtools.prepare.pipeline import prepare
from labtools.report.pipeline import write_report
from labtools.train.pipeline import train_matrix, wait
from labtools.train.request import Request as TrainRequest

SEED = 7
VIDEO_SECONDS = 6.0
_MARK = "demo.json"
_CONFIGS = Path(__file__).parent / "configs"


@dataclass(frozen=True)
class DemoFolder:
    """What lies where in the demo's folder: the layout of a real lab, with its submissions beside it."""

    root: Path

    @property
    def submissions(self) -> Path:
        return self.root / "submissions"

    @property
    def course(self) -> Path:
        return self.root / "configs" / "course.yaml"

    @property
    def matrix(self) -> Path:
        return self.root / "configs" / "matrix.yaml"

    @property
    def dataset(self) -> Path:
        return self.root / "datasets" / "demo"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def matrix_root(self) -> Path:
        return self.runs / "demo"

    @property
    def video(self) -> Path:
        return self.root / "videos" / "everything.mp4"

    @property
    def detections(self) -> Path:
        return self.runs / "detect" / "everything"

    @property
    def report(self) -> Path:
        return self.matrix_root / "report" / "index.html"


@dataclass(frozen=True)
class DemoResult:
    """Where the demo left what, and its figures.

    Attributes:
        folder: see `DemoFolder`.
        images: images per split.
        findings: how many repairs and omissions prepare reported.
        results: the results on the test split, one row per run, best mAP50-95 first, with ``total_ms`` per image.
        seconds: step -> wall time of this call.
    """

    folder: DemoFolder
    images: dict[str, int]
    findings: int
    results: pd.DataFrame
    seconds: dict[str, float]


Step = Callable[[DemoFolder, Tick], object]


def run_demo(out: Path, lanes: int, tick: Tick = silent, launcher: str | None = None) -> DemoResult:
    """Simulate a cohort below ``out`` and take it through every room. Run again, it goes on where it stopped.

    Args:
        out: a new folder, or one that an earlier demo made.
        lanes: trainings at a time; they share the cores.
        tick: told how far each step is.
        launcher: how lanes live, see `labtools.train.launchers`; None chooses.

    Raises:
        LabError: ``out`` holds something else, or a training failed.
    """
    folder = DemoFolder(out.absolute())
    steps: dict[str, Step] = {
        "simulate": simulate,
        "prepare": _prepare,
        "train-matrix": partial(_train, lanes=lanes, launcher=launcher),
        "evaluate val": partial(_evaluate, request=Request(split="val")),
        "evaluate test": partial(_evaluate, request=Request(split="test")),
        "evaluate speed": partial(_evaluate, request=Request(split="test", task="speed")),
        "detect": _detect,
        "report": _report,
    }
    seconds = {}
    for number, (name, step) in enumerate(steps.items()):
        tick("demo", number, len(steps))
        start = time.monotonic()
        step(folder, tick)
        seconds[name] = round(time.monotonic() - start, 1)
    tick("demo", len(steps), len(steps))
    return _result(folder, seconds)


def simulate(folder: DemoFolder, tick: Tick) -> None:
    """Submissions, video, configurations and weights; each is left alone where it is: somebody may have changed the
    matrix."""
    mark = folder.root / _MARK
    if folder.root.exists() and any(folder.root.iterdir()) and not mark.is_file():
        raise LabError("this folder holds something else", folder.root, "Name a new one: labtools demo --out DIR.")
    write_json(mark, {"seed": SEED, "made_by": "labtools demo"})
    if not folder.submissions.exists():
        partial_folder = folder.root / "submissions.partial"
        shutil.rmtree(partial_folder, ignore_errors=True)
        write_cohort(partial_folder, SEED, tick)
        partial_folder.rename(folder.submissions)
    if not folder.video.exists():
        partial_video = folder.video.with_name("partial.mp4")
        write_video(partial_video, SEED, VIDEO_SECONDS)
        partial_video.rename(folder.video)
    for source, target in ((_CONFIGS, folder.course.parent), (WEIGHTS, folder.root / "weights")):
        for file in source.iterdir():
            if not (target / file.name).exists():
                write_bytes(target / file.name, file.read_bytes())


def _prepare(folder: DemoFolder, tick: Tick) -> None:
    prepare(folder.submissions, folder.dataset, folder.course, tick=tick, leakage=True)


def _train(folder: DemoFolder, tick: Tick, *, lanes: int, launcher: str | None) -> None:
    request = TrainRequest(folder.matrix, folder.runs, gpus="cpu", lanes=lanes, launcher=launcher)
    train_matrix(request, tick=tick)
    grid = wait(folder.matrix_root, tick)
    failed = [run.run_id for run in grid.runs if run.state is State.FAILED]
    if failed:
        fix = f"See why with `labtools status {folder.matrix_root}`; then run the demo again."
        raise LabError(f"these trainings failed: {', '.join(failed)}", folder.matrix_root, fix)


def _evaluate(folder: DemoFolder, tick: Tick, *, request: Request) -> None:
    evaluating.evaluate(list_runs(folder.matrix_root), request, tick)


def _detect(folder: DemoFolder, tick: Tick) -> None:
    weights = choose_weights(None, folder.runs)
    request = detecting.Request(
        source=folder.video,
        weights=weights,
        out=folder.detections.parent,
        name=folder.detections.name,
        overwrite=True,
    )
    detecting.detect(request, tick)


def _report(folder: DemoFolder, tick: Tick) -> None:
    write_report(folder.matrix_root, folder.report.parent, tick=tick)


def _result(folder: DemoFolder, seconds: dict[str, float]) -> DemoResult:
    dataset = open_dataset(folder.dataset)
    images = read_manifest(dataset)["split"].value_counts()
    results = read_split_table(folder.matrix_root, "test", "results")
    results = results.merge(read_matrix_table(folder.matrix_root, "speed")[["run_id", "total_ms"]], on="run_id")
    return DemoResult(
        folder=folder,
        images={split: int(images.get(split, 0)) for split in SPLITS},
        findings=len(read_findings(dataset)),
        results=results.sort_values("map50_95", ascending=False, ignore_index=True),
        seconds=seconds,
    )
