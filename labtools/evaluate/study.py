"""What a trained network gains and pays when it is shown larger or smaller images than it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labtools import __version__, yolo
from labtools.artifacts import results
from labtools.artifacts.dataset import Dataset
from labtools.artifacts.runs import Run
from labtools.core.errors import LabError
from labtools.core.progress import Tick
from labtools.evaluate import predict, speed
from labtools.evaluate.metrics.mean_ap import overall
from labtools.evaluate.records import is_fresh, key_of, write_record
from labtools.evaluate.request import Request
from labtools.evaluate.tables import assemble_matrix
from labtools.evaluate.truth import read_truth

FACTORS = (0.5, 0.75, 1.0, 1.5)
_STRIDE = 32  # the coarsest grid of YOLO: image sizes are multiples of it


def plan_sizes(trained: int, asked: Sequence[int] = ()) -> list[int]:
    """The image sizes to try, ascending: those asked for, or `FACTORS` of the trained one in multiples of 32.

    >>> plan_sizes(640)
    [320, 480, 640, 960]
    >>> plan_sizes(160), plan_sizes(640, [640, 320])
    ([96, 128, 160, 256], [320, 640])

    Raises:
        LabError: a size asked for is not a multiple of 32.
    """
    odd = [size for size in asked if size < _STRIDE or size % _STRIDE]
    if odd:
        listed = ", ".join(map(str, odd))
        raise LabError(f"image sizes are multiples of {_STRIDE}, but not {listed}", None, "Ask for e.g. 320 or 640.")
    # Half up, not Python's round-half-to-even: 2.5 and 7.5 strides should not go different ways.
    default = (max(1, int(trained * factor / _STRIDE + 0.5)) * _STRIDE for factor in FACTORS)
    return sorted(set(asked or default))


def record_of(run: Run, split: str, imgsz: int) -> Path:
    return results.results_folder(run.root) / "study" / run.run_id / f"{split}_{imgsz}.json"


def measure(run: Run, dataset: Dataset, request: Request, tick: Tick) -> bool:
    """Measure accuracy and speed of one run at each size; return False if all were already known."""
    sizes = plan_sizes(run.spec.imgsz, request.sizes)
    measured = [_measure_size(run, dataset, request, imgsz, tick) for imgsz in sizes]
    return any(measured)


def _measure_size(run: Run, dataset: Dataset, request: Request, imgsz: int, tick: Tick) -> bool:
    record = record_of(run, request.split, imgsz)
    key = key_of(run, dataset, request.split, imgsz) | speed.conditions(request)
    if is_fresh(record, key) and not request.force:
        return False
    truth = read_truth(dataset, request.split)
    predict.check_names(run, yolo.model_info(run.best).names, dataset)
    seen = predict.see_split(run, dataset, truth, request, imgsz, _at_size(tick, imgsz))
    images = speed.read_sample(dataset, request.split, request.timing.images)
    accuracy = overall(truth, seen.predictions)
    row = {
        "run_id": run.run_id,
        "model": run.spec.model,
        "freeze": run.spec.freeze,
        "trained_imgsz": run.spec.imgsz,
        "imgsz": imgsz,
        "split": request.split,
        **{m: accuracy[m] if len(truth.boxes) else None for m in ("map50", "map50_95")},
        **speed.time_stages(run.best, images, imgsz, request, tick),
    }
    write_record(record, key, row=row, labtools=__version__)
    return True


def _at_size(tick: Tick, imgsz: int) -> Tick:
    def at_size(step: str, done: int, total: int) -> None:
        tick(f"{step} at {imgsz} px", done, total)

    return at_size


def assemble(root: Path, request: Request) -> Path:
    """Put the rows of all studied runs of a matrix together."""
    return assemble_matrix(root, "study", "study/*/*.json")
