"""A matrix file -> the runs to have and what is missing, with every mistake found before anything starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.artifacts.dataset import open_dataset
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import Run, RunSpec, list_runs
from labtools.artifacts.weights import digest_weights, find_weights
from labtools.core.config import line_of
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes
from labtools.core.locks import awaited, lock_path
from labtools.core.progress import Tick, silent
from labtools.train.estimates import Workload
from labtools.train.matrix.combine import written_at
from labtools.train.matrix.config import MatrixConfig
from labtools.train.matrix.expand import Expansion, cell_of, expand
from labtools.train.matrix.reading import read_matrix
from labtools.train.planning import ahead
from labtools.train.planning.dataset import Counts, check_dataset
from labtools.train.planning.folders import difference, is_untouched, known_specs, write_runs
from labtools.train.planning.space import bytes_needed, require_space, require_writable

_ALONE_S = 120.0
"""To write a thousand runs takes seconds; to put one aside whose training has to end first, a minute."""


@dataclass(frozen=True)
class Plan:
    """A checked matrix.

    Attributes:
        root: folder of the matrix, which may not exist yet.
        expansion: every run asked for, in the course's order, with priorities and counts.
        workloads: run id -> what it has to go through.
        others: ids of runs in that folder that the matrix no longer asks for.
        stale: run id -> why what its folder was asked for is not what the matrix means now.
        renewed: ids of runs that were asked for differently, of which nothing would be lost: they are written anew.
        usual: training arguments in this matrix -> the values that they have where none is given.
    """

    root: Path
    expansion: Expansion
    workloads: Mapping[str, Workload]
    others: tuple[str, ...]
    stale: Mapping[str, str]
    renewed: frozenset[str]
    usual: Mapping[str, Any]

    @property
    def specs(self) -> tuple[RunSpec, ...]:
        """Every run asked for, cheapest first."""
        return self.expansion.specs


def plan_matrix(matrix: Path, data: Path | None, runs: Path, tick: Tick = silent) -> Plan:
    """Check the matrix, its dataset, its weights and arguments against what is on disk. Writes nothing below ``runs``.

    Args:
        matrix: the YAML file.
        data: a dataset that stands in for the one that the file names.
        runs: folder of all matrices.
        tick: told about weights, which may be downloaded and are opened for real.

    Raises:
        LabError: whatever would stop a run later: no such dataset or weights, other classes than the course's, a wrong
            argument, no room on the disk.
    """
    config = read_matrix(matrix)
    dataset = open_dataset(_data_path(matrix, config, data))
    counts = check_dataset(dataset, _course(matrix, config))
    _refuse_ignored(config, matrix)
    root = (runs / config.name).absolute()
    weights = _find_weights(config, matrix.parent, tick)
    looked = _look_ahead(config, matrix, weights, tick)
    digests = {model: _digest(path) for model, path in weights.items()}
    _refuse_twins(digests, matrix)
    expansion = expand(config, weights, dataset.yaml, dataset.fingerprint, known_specs(root), looked.usual, digests)
    networks = {model: looked.networks[path] for model, path in weights.items()}
    workloads = _workloads(
        expansion, counts, networks, lambda spec, name: _at(matrix, written_at(config, cell_of(spec), name))
    )
    there = {run.run_id: run for run in list_runs(root)}
    left = [spec.run_id for spec in expansion.specs if not (spec.run_id in there and there[spec.run_id].is_done)]
    require_writable(root, (there[i].folder for i in left if i in there))
    require_space(root, bytes_needed(network for i in left if (network := workloads[i].network)))
    known = [(spec, there[spec.run_id]) for spec in expansion.specs if spec.run_id in there]
    other = {spec.run_id: reason for spec, run in known if (reason := difference(spec, run.spec, looked.usual))}
    renewed = frozenset(run_id for run_id in other if is_untouched(read_record(there[run_id].folder)))
    stale = {run_id: reason for run_id, reason in other.items() if run_id not in renewed}
    others = tuple(sorted(set(there) - {spec.run_id for spec in expansion.specs}))
    return Plan(root, expansion, workloads, others, stale, renewed, looked.usual)


def write_plan(plan: Plan) -> tuple[Run, ...]:
    """Bring the run folders in line with a plan; all of its runs, in their order. Stale ones are marked, not mixed.

    One at a time on this machine: of two, each would put aside what the other has just written.

    Raises:
        LabError: somebody else does this, and does not come to an end; see also `write_runs`.
    """
    with awaited(lock_path(f"plan-{hash_bytes(os.fsencode(plan.root))[:16]}"), _ALONE_S) as is_ours:
        if not is_ours:
            fix = "Wait for the other train-matrix, or end it; then type this again."
            raise LabError("somebody else is writing the runs of this matrix", plan.root, fix)
        return write_runs(plan.root, plan.specs, plan.workloads, plan.expansion.priorities, plan.others, plan.usual)


def _data_path(matrix: Path, config: MatrixConfig, data: Path | None) -> Path:
    if data is not None:
        return data.resolve()
    if config.data is None:
        raise LabError("this matrix names no dataset", matrix, "Add `data: ../datasets/dlcv`, or give --data.")
    return (matrix.parent / Path(config.data).expanduser()).resolve()


def _course(matrix: Path, config: MatrixConfig) -> Path | None:
    """The file that says which classes the dataset must have; None: nobody does."""
    if config.course is None:
        beside = matrix.parent / "course.yaml"
        return beside if beside.is_file() else None
    return None if config.course == "none" else matrix.parent / Path(config.course).expanduser()


def _refuse_ignored(config: MatrixConfig, matrix: Path) -> None:
    """Raises:
    LabError: a learning rate is given that Ultralytics would ignore, so that runs would differ in name only.
    """
    ignored = [(name, place) for name in ("lr0", "momentum") for place, _ in config.arguments.get(name, ())]
    if ignored and any(str(value).lower() == "auto" for value in _optimizers(config)):
        name, place = ignored[0]
        fix = "Name the optimizer, e.g. `optimizer: AdamW`, or leave this out."
        raise LabError(f"{name} would be ignored: `optimizer: auto` chooses it itself", _at(matrix, place), fix)


def _optimizers(config: MatrixConfig) -> list[object]:
    """Every optimizer that some run may have."""
    named = [value for _, value in config.arguments.get("optimizer", [])]
    everywhere = "optimizer" in config.defaults or "optimizer" in config.axes.others
    return named if everywhere else [*named, "auto"]


def _at(matrix: Path, place: tuple[int | str, ...]) -> str:
    return f"{matrix}:{line_of(matrix, place)}"


def _find_weights(config: MatrixConfig, folder: Path, tick: Tick) -> dict[str, Path]:
    named = {model.removesuffix(".pt"): path for model, path in config.weights.items()}
    found = {}
    for index, model in enumerate(config.models, start=1):
        found[model] = find_weights(named.get(model, f"{model}.pt"), [folder]).resolve()
        tick("weights found", index, len(config.models))
    return found


def _digest(weights: Path) -> str:
    try:
        return digest_weights(weights)
    except OSError as error:
        fix = "Make it readable for you, on every server."
        raise LabError(f"this checkpoint cannot be read: {error.strerror or error}", weights, fix) from None


def _refuse_twins(digests: Mapping[str, str], matrix: Path) -> None:
    """Raises:
    LabError: two models start from one and the same checkpoint, so that runs would differ in name only.
    """
    first: dict[str, str] = {}
    for model, digest in digests.items():
        if (twin := first.setdefault(digest, model)) != model:
            what = f"{twin} and {model} start from the same checkpoint: their runs would differ in name only"
            raise LabError(what, _at(matrix, ("weights", model)), "Give each its own, or list only one of them.")


def _look_ahead(config: MatrixConfig, matrix: Path, weights: Mapping[str, Path], tick: Tick) -> ahead.Looked:
    """Have Ultralytics look at every argument and network.

    Raises:
        LabError: of the first argument with a wrong name, type or range, with its line; else of the first network.
    """
    places = [(place, name, value) for name, values in config.arguments.items() for place, value in values]
    looked = ahead.look([(name, value) for _, name, value in places], sorted(set(weights.values())), tick)
    for (place, _, _), trouble in zip(places, looked.troubles, strict=True):
        if trouble is not None:
            raise LabError(trouble.what, _at(matrix, place), trouble.fix)
    return looked


def _workloads(
    expansion: Expansion, counts: Counts, networks: Mapping[str, ahead.Measured], where: Callable[[RunSpec, str], str]
) -> dict[str, Workload]:
    """What each run has to go through.

    Args:
        expansion: the runs.
        counts: of the dataset's images.
        networks: model -> what it costs.
        where: tells file and line in which a run was given one of its settings.

    Raises:
        LabError: a network has no layer left to learn, or cannot take images of that size.
    """
    found = {}
    for spec in expansion.specs:
        measured = networks[spec.model]
        if spec.freeze is not None and spec.freeze >= len(measured.layers):
            what = f"freeze {spec.freeze} leaves nothing to learn: {spec.model} has {len(measured.layers)} layers"
            raise LabError(what, where(spec, "freeze"), "Freeze fewer; 10 is the backbone of YOLOv8.")
        if spec.imgsz % measured.stride:
            below = max(1, spec.imgsz // measured.stride) * measured.stride
            what = f"imgsz {spec.imgsz} is no multiple of {measured.stride}: {spec.model} would see another size"
            raise LabError(what, where(spec, "imgsz"), f"Write {below} or {below + measured.stride}.")
        found[spec.run_id] = Workload(_used(counts.train, spec), counts.val, measured.network(spec.freeze))
    return found


def _used(images: int, spec: RunSpec) -> int:
    """Images of the training split that a run sees: ``fraction`` is a share of them up to 1, a number of them above."""
    asked = spec.args.get("fraction", 1.0)
    train = asked[0] if isinstance(asked, list) and asked else asked
    if not isinstance(train, (int, float)):
        return images
    return max(1, min(images, int(train) if train > 1 else round(images * train)))
