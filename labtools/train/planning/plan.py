"""A matrix file -> the runs to have and what is missing, with every mistake found before anything starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.artifacts.dataset import open_dataset
from labtools.artifacts.runs import RUN_FILE, Run, RunSpec, list_runs, read_run
from labtools.core.errors import LabError
from labtools.core.files import write_json
from labtools.core.progress import Tick, silent
from labtools.train.matrix.config import MatrixConfig, read_matrix
from labtools.train.matrix.expand import expand


@dataclass(frozen=True)
class Plan:
    """A checked matrix.

    Attributes:
        root: folder of the matrix, which may not exist yet.
        specs: every run asked for, cheapest first.
        others: ids of runs in that folder that the matrix no longer asks for.
    """

    root: Path
    specs: tuple[RunSpec, ...]
    others: tuple[str, ...]


def plan_matrix(matrix: Path, data: Path | None, runs: Path, tick: Tick = silent) -> Plan:
    """Check the matrix, its dataset and its weights against what is on disk. Writes nothing.

    Args:
        matrix: the YAML file.
        data: a dataset that stands in for the one that the file names.
        runs: folder of all matrices.
        tick: told about weights, which may be downloaded.

    Raises:
        LabError: whatever would stop a run later: no such dataset or weights, a wrong argument, a run folder in which
            something else was trained.
    """
    config = read_matrix(matrix)
    dataset = open_dataset(_data_path(matrix, config, data))
    _check_args(config.args, matrix)
    weights = _find_weights(config, matrix.parent, tick)
    specs = expand(config, weights, dataset.yaml, dataset.fingerprint)
    double = [run_id for run_id, n in Counter(s.run_id for s in specs).items() if n > 1]
    if double:
        raise LabError(f"several runs would be called {double[0]}", matrix, "Rename a model, or drop a value.")
    root = (runs / config.name).absolute()
    there = {run.run_id: run for run in list_runs(root)}
    for spec in specs:
        if spec.run_id in there:
            _refuse_mix(spec, there[spec.run_id])
    others = tuple(sorted(set(there) - {s.run_id for s in specs}))
    return Plan(root, specs, others)


def _data_path(matrix: Path, config: MatrixConfig, data: Path | None) -> Path:
    if data is not None:
        return data.resolve()
    if config.data is None:
        raise LabError("this matrix names no dataset", matrix, "Add `data: ../datasets/dlcv`, or give --data.")
    return (matrix.parent / config.data).resolve()


def _check_args(args: dict[str, Any], matrix: Path) -> None:
    from labtools.yolo import training_arguments

    known = training_arguments()
    for name in args:
        if name not in known:
            from difflib import get_close_matches

            close = get_close_matches(name, known, n=3)
            hint = f"Did you mean {' or '.join(close)}?" if close else "See docs.ultralytics.com/usage/cfg."
            raise LabError(f"Ultralytics has no training argument {name!r}", matrix, hint)


def _find_weights(config: MatrixConfig, folder: Path, tick: Tick) -> dict[str, Path]:
    from labtools.yolo import find_weights

    named = {model.removesuffix(".pt"): path for model, path in config.weights.items()}
    found = {}
    for index, model in enumerate(config.axes.model, start=1):
        found[model] = find_weights(named.get(model, f"{model}.pt"), [folder]).resolve()
        tick("weights", index, len(config.axes.model))
    return found


def _refuse_mix(spec: RunSpec, run: Run) -> None:
    """A run folder holds what it was asked for first; anything else is another run.

    Raises:
        LabError: names what differs.
    """
    asked, there = spec.to_json(), run.spec.to_json()
    if run.is_done:
        # A lab may be moved to another disk: a finished run stays what it is, as long as its data is the same.
        for key in ("data", "weights"):
            asked[key], there[key] = Path(asked[key]).name, Path(there[key]).name
    different = [key for key in asked if asked[key] != there[key]]
    if not different:
        return
    sentences = "; ".join(_difference(key, there[key], asked[key]) for key in different)
    raise LabError(
        f"{spec.run_id} was asked for differently before: {sentences}",
        run.folder / RUN_FILE,
        "Give this matrix another `name:`, go back to the old values, or remove that run's folder to train it again.",
    )


def _difference(key: str, before: Any, now: Any) -> str:
    if key == "fingerprint":
        return "the dataset has changed since"
    if key == "args":
        names = sorted(k for k in {*before, *now} if before.get(k) != now.get(k))
        return ", ".join(f"{k} was {before.get(k, 'not set')}, now {now.get(k, 'not set')}" for k in names)
    return f"{key} was {before}, now {now}"


def write_specs(root: Path, specs: Sequence[RunSpec]) -> tuple[Run, ...]:
    """Create the folder of each run that has none; all of them, in the order given."""
    for spec in specs:
        path = root / spec.run_id / RUN_FILE
        if not path.is_file():
            write_json(path, spec.to_json())
    return tuple(read_run(root / spec.run_id) for spec in specs)
