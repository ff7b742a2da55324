"""A matrix -> the runs to have, in order, each with its id and priority. Pure: nothing here touches the disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.artifacts.runs import RunSpec, course_order
from labtools.train.matrix.combine import Cell, combine, plain_values, priority
from labtools.train.matrix.config import CELL_KEYS, MatrixConfig
from labtools.train.matrix.naming import name_runs


@dataclass(frozen=True)
class Expansion:
    """The runs that a matrix asks for.

    Attributes:
        specs: in the course's order, which is also cheapest first.
        priorities: run id -> its priority, where that is not 0.
        combinations: of the axes.
        excluded: of those.
        included: besides them.
    """

    specs: tuple[RunSpec, ...]
    priorities: Mapping[str, int]
    combinations: int
    excluded: int
    included: int


def expand(
    config: MatrixConfig,
    weights: Mapping[str, Path],
    data: Path,
    fingerprint: str,
    known: Iterable[RunSpec] = (),
    usual: Mapping[str, Any] | None = None,
    digests: Mapping[str, str] | None = None,
) -> Expansion:
    """One spec per combination that is not excluded.

    Args:
        config: the checked matrix.
        weights: model -> checkpoint, for each of the matrix's models.
        data: the dataset's YAML.
        fingerprint: of the dataset.
        known: runs that are in the matrix's folder: they keep their names.
        usual: training argument -> the value that it has where none is given.
        digests: model -> that of its checkpoint (see `RunSpec.weights_digest`), where it is known.
    """
    combined = combine(config)
    known_digests = digests or {}
    unnamed = [_spec(cell, weights, known_digests.get(cell["model"], ""), data, fingerprint) for cell in combined.cells]
    plain = plain_values(config)
    depths = {depth for depth in config.axes.freeze if depth is not None}
    if len(depths) == 1:
        plain["freeze"] = depths.pop()
    named = name_runs(unnamed, plain, known, usual or {})
    wanted = {spec.run_id: priority(config, cell) for spec, cell in zip(named, combined.cells, strict=True)}
    out = combined.combinations + sum(combined.included) - len(combined.cells)
    return Expansion(
        specs=tuple(sorted(named, key=course_order)),
        priorities={run_id: number for run_id, number in wanted.items() if number},
        combinations=combined.combinations,
        excluded=out,
        included=sum(combined.included),
    )


def cell_of(spec: RunSpec) -> Cell:
    """The settings that a run was made from."""
    return {**{key: getattr(spec, key) for key in CELL_KEYS}, **spec.args}


def _spec(cell: Cell, weights: Mapping[str, Path], digest: str, data: Path, fingerprint: str) -> RunSpec:
    return RunSpec(
        run_id="",
        model=cell["model"],
        weights=str(weights[cell["model"]]),
        freeze=cell["freeze"],
        imgsz=cell["imgsz"],
        batch=cell["batch"],
        epochs=cell["epochs"],
        seed=cell["seed"],
        data=str(data),
        fingerprint=fingerprint,
        args={name: value for name, value in cell.items() if name not in CELL_KEYS},
        weights_digest=digest,
    )
