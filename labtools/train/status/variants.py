"""What tells the runs of one cell apart: the label of a sub-cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from labtools.artifacts.runs import RunSpec

_SHORT = {"batch": "b{}", "epochs": "e{}", "seed": "s{}"}
"""The suffixes of run ids, which people know."""


def label_variants(specs: Sequence[RunSpec]) -> dict[str, str]:
    """run id -> what sets the run apart from the others of its cell: ``b32``, ``b32 s1``, ``lr0=0.01``.

    ``""`` everywhere if no cell holds two runs. The labels come in the order of the sub-cells.
    """
    facts = {spec.run_id: _facts(spec) for spec in specs}
    keys = _varying(specs, facts)
    ordered = sorted(specs, key=lambda spec: tuple(_rank(facts[spec.run_id].get(key)) for key in keys))
    return {spec.run_id: _label(facts[spec.run_id], keys) for spec in ordered}


def _facts(spec: RunSpec) -> dict[str, Any]:
    """All that may differ inside a cell."""
    known = {"batch": spec.batch, "epochs": spec.epochs, "seed": spec.seed}
    return {**known, "weights": Path(spec.weights).stem, **spec.args}


def _varying(specs: Iterable[RunSpec], facts: dict[str, dict[str, Any]]) -> list[str]:
    """The keys that differ inside any cell, those with short names first."""
    cells = defaultdict(list)
    for spec in specs:
        cells[spec.imgsz, spec.model, spec.freeze].append(facts[spec.run_id])
    names = dict.fromkeys(name for cell in cells.values() if len(cell) > 1 for fact in cell for name in fact)
    known = [*_SHORT, "weights"]
    return [
        name
        for name in (*known, *sorted(set(names) - set(known)))
        if any(len({str(fact.get(name)) for fact in cell}) > 1 for cell in cells.values())
    ]


def _rank(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then words, then what is not set."""
    if isinstance(value, int | float):
        return 0, float(value), ""
    return (2, 0.0, "") if value is None else (1, 0.0, str(value))


def _label(fact: dict[str, Any], keys: Iterable[str]) -> str:
    words = (_SHORT.get(key, f"{key}={{}}").format(fact[key]) for key in keys if fact.get(key) is not None)
    return " ".join(word.removeprefix("weights=") for word in words)
