"""The one inference pass of a run over a split, and every table that follows from it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pandas as pd

from labtools import __version__, yolo
from labtools.artifacts import results
from labtools.artifacts.dataset import Dataset
from labtools.artifacts.predictions import read_predictions, write_predictions
from labtools.artifacts.runs import Run
from labtools.core.errors import LabError
from labtools.core.progress import Tick
from labtools.evaluate.metrics import Tables, columns, compute_tables
from labtools.evaluate.records import EVALUATION, is_fresh, key_of, read_record, write_record
from labtools.evaluate.request import Request
from labtools.evaluate.tables import assemble_split
from labtools.evaluate.truth import Truth, read_truth

PREDICTIONS = "predictions.parquet"


def run_folder(run: Run, split: str) -> Path:
    """Where the tables of one run and split lie."""
    return results.split_folder(run.root, split) / run.run_id


def measure(run: Run, dataset: Dataset, request: Request, tick: Tick) -> bool:
    """Make the tables of one run up to date; return False if they were already.

    The pass is made only if weights, dataset, split or image size changed, or if it is forced. If only labtools
    changed, the tables are made again from the stored predictions.

    Raises:
        LabError: the weights do not fit the dataset, or the split cannot be read.
    """
    folder = run_folder(run, request.split)
    record = folder / EVALUATION
    key = key_of(run, dataset, request.split, run.spec.imgsz)
    has_pass = is_fresh(record, key) and (folder / PREDICTIONS).is_file() and not request.force
    if has_pass and read_record(record).get("labtools") == __version__ and _has_tables(folder):
        return False
    truth = read_truth(dataset, request.split)
    facts = _kept_facts(record) if has_pass else _make_pass(run, dataset, truth, request, record, tick)
    tables = compute_tables(truth, read_predictions(folder / PREDICTIONS))
    _write_tables(folder, tables, run, request.split, dataset, facts)
    write_record(record, key, labtools=__version__, **facts)
    return True


def assemble(root: Path, request: Request) -> Path:
    """Put the tables of all evaluated runs of a matrix together."""
    return assemble_split(root, request.split)


def _has_tables(folder: Path) -> bool:
    return all((folder / f"{name}.csv").is_file() for name in columns())


def _kept_facts(record: Path) -> dict[str, Any]:
    return {k: v for k, v in read_record(record).items() if k not in {"key", "labtools"}}


def _make_pass(run: Run, dataset: Dataset, truth: Truth, request: Request, record: Path, tick: Tick) -> dict[str, Any]:
    """Write the predictions table; return what the pass and the network were like, for the record."""
    start, begun = time.monotonic(), datetime.now(timezone.utc)
    info = yolo.model_info(run.best, run.spec.imgsz)
    check_names(run, info.names, dataset)
    seen = see_split(run, dataset, truth, request, run.spec.imgsz, tick)
    record.unlink(missing_ok=True)  # until the new one is whole, nobody takes the old one for this pass
    write_predictions(record.parent / PREDICTIONS, seen.predictions)
    return {
        "data": str(dataset.root),
        "batch_size": request.batch,
        "device": request.device,
        "begun": begun.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - start, 3),
        "preprocess_ms": seen.preprocess_ms,
        "inference_ms": seen.inference_ms,
        "postprocess_ms": seen.postprocess_ms,
        "layers": info.layers,
        "parameters": info.parameters,
        "gflops": info.gflops,
        "weights_mb": info.weights_mb,
    }


def see_split(run: Run, dataset: Dataset, truth: Truth, request: Request, imgsz: int, tick: Tick) -> yolo.PassResult:
    """The pass itself at one image size, with images named as in the dataset.

    Raises:
        LabError: images are missing.
    """
    seen = yolo.predict_split(
        run.best, dataset.yaml, request.split, imgsz=imgsz, batch=request.batch, device=request.device, tick=tick
    )
    if seen.images != len(truth.images):
        raise LabError(
            f"{seen.images} images could be read, but the manifest lists {len(truth.images)} for {request.split}",
            dataset.root,
            "Files of the dataset were changed or lost: run `labtools prepare` again.",
        )
    images = _dataset_paths(seen.predictions["image"], dataset.root)
    return replace(seen, predictions=seen.predictions.assign(image=images))


def check_names(run: Run, names: dict[int, str], dataset: Dataset) -> None:
    """Class ids mean the same on both sides only if the names do.

    Raises:
        LabError: the checkpoint (``names``) knows other classes than the dataset.
    """
    if names != dataset.names:
        raise LabError(
            f"the classes of {run.run_id} ({', '.join(names.values())}) are not those of the dataset "
            f"({', '.join(dataset.names.values())})",
            run.best,
            f"Evaluate it on the dataset that it was trained on: {run.spec.data}.",
        )


def _dataset_paths(images: pd.Series[str], root: Path) -> pd.Series[str]:
    """Absolute paths as the pass names them -> paths in the dataset, as in the manifest.

    Ultralytics follows links to the dataset's folder, but not those of single images.
    """
    roots = (root, root.resolve())

    def shorten(image: str) -> str:
        path = Path(image)
        base = next((r for r in roots if path.is_relative_to(r)), None)
        return path.as_posix() if base is None else path.relative_to(base).as_posix()

    return images.map({image: shorten(image) for image in images.unique()}).astype(str)


def _write_tables(folder: Path, tables: Tables, run: Run, split: str, dataset: Dataset, facts: dict[str, Any]) -> None:
    spec = run.spec
    axes = {a: getattr(spec, a) for a in ("model", "freeze", "imgsz", "batch", "epochs", "seed")}
    about_run = {**facts, **axes, "fingerprint": dataset.fingerprint}
    for name, wanted in columns().items():
        rows = tables[name].assign(run_id=run.run_id, split=split)
        if name == "results":
            rows = rows.assign(**{k: v for k, v in about_run.items() if k in wanted and k not in rows})
            rows["freeze"] = rows["freeze"].astype("Int64")
        results.write_table(folder / f"{name}.csv", rows, wanted)
