"""Axes and rules -> the settings of every run. Pure: nothing here touches the disk."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from labtools.train.matrix.config import CELL_KEYS, OWNED_ARGS, MatrixConfig, fits, suggest

_MOST = 20_000
"""Combinations. A list too many multiplies all others, and would fill the memory before anybody sees it."""

Cell = Mapping[str, Any]
"""The settings of one run: `CELL_KEYS`, then any training argument that is set."""


@dataclass(frozen=True)
class Combined:
    """What a matrix asks for.

    Attributes:
        cells: the settings of every run, each once, in the order written.
        combinations: of the axes.
        excluded: by each rule of ``exclude``, of those.
        included: new ones by each rule of ``include``.
    """

    cells: tuple[Cell, ...]
    combinations: int
    excluded: tuple[int, ...]
    included: tuple[int, ...]


@dataclass(frozen=True)
class Mistake:
    """A rule that cannot be meant.

    Attributes:
        place: of the rule in the file, e.g. ``("exclude", 1)``.
        sentence: what is wrong.
        fix: what to do.
    """

    place: tuple[int | str, ...]
    sentence: str
    fix: str


def combine(config: MatrixConfig) -> Combined:
    """All combinations of the axes but the excluded ones, then what is included."""
    axes = _axes(config)
    every = _cells(axes, config.defaults)
    out = [[fits(rule, cell) for rule in config.exclude] for cell in every]
    kept = {_key(cell): cell for cell, rules in zip(every, out, strict=True) if not any(rules)}
    included = []
    for rule in config.include:
        more = {_key(cell): cell for cell in _cells({**axes, **rule}, config.defaults)}
        included.append(len(more.keys() - kept.keys()))
        kept |= more
    excluded = tuple(sum(rules[index] for rules in out) for index in range(len(config.exclude)))
    return Combined(tuple(kept.values()), len(every), excluded, tuple(included))


def written_at(config: MatrixConfig, cell: Cell, name: str) -> tuple[int | str, ...]:
    """Where in the file a run got one of its settings: in the axes, or in the rule that included it."""
    axes, key = _axes(config), _key(cell)
    is_excluded = any(fits(rule, cell) for rule in config.exclude)
    if not is_excluded and key in map(_key, _cells(axes, config.defaults)):
        return ("axes", name)
    for index, rule in enumerate(config.include):
        if key in map(_key, _cells({**axes, **rule}, config.defaults)):
            return ("include", index, name) if name in rule else ("include", index)
    return ("axes", name)


def priority(config: MatrixConfig, cell: Cell) -> int:
    """Of several rules that a run fits, the first counts; 0 where none fits."""
    return next((p.priority for p in config.priorities if fits(p.rule, cell)), 0)


def plain_values(config: MatrixConfig) -> dict[str, Any]:
    """What goes without saying in this matrix: the settings for which it has one value. They are in no run's name."""
    return {key: values[0] for key, values in _axes(config).items() if len(values) == 1} | config.defaults


def _axes(config: MatrixConfig) -> dict[str, list[Any]]:
    axes = config.axes
    seeds = config.seeds if config.seeds is not None else [config.seed or 0]
    epochs = axes.epochs if axes.epochs is not None else [config.epochs]
    course: dict[str, list[Any]] = {"model": [*axes.model], "freeze": [*axes.freeze]}
    return {
        **course,
        "imgsz": [*axes.imgsz],
        "batch": [*axes.batch],
        "epochs": [*epochs],
        "seed": [*seeds],
        **axes.others,
    }


def _cells(axes: Mapping[str, list[Any]], defaults: Mapping[str, Any]) -> list[Cell]:
    return [{**defaults, **dict(zip(axes, values, strict=True))} for values in product(*axes.values())]


def _key(cell: Cell) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, repr(value)) for name, value in cell.items()))


def rule_mistakes(config: MatrixConfig) -> list[Mistake]:
    """Arguments that have a place of their own; rules that name what no run has, change nothing or leave nothing."""
    owned = [("axes", name) for name in config.axes.others] + [("defaults", name) for name in config.defaults]
    mistakes = [_misplaced(section, name) for section, name in owned if name in OWNED_ARGS]
    if mistakes:
        return mistakes
    count = math.prod(len(values) for values in _axes(config).values())
    if count > _MOST:
        return [Mistake(("axes",), f"these axes have {count:,} combinations", "Shorten them: a matrix is of hundreds.")]
    combined = combine(config)
    every = _cells(_axes(config), config.defaults)
    for index, (rule, count) in enumerate(zip(config.exclude, combined.excluded, strict=True)):
        if count == 0:
            mistakes.append(_unfit(("exclude", index), "this rule excludes nothing", rule, every))
    for index, count in enumerate(combined.included):
        if count == 0:
            fix = "Remove it, or change what it adds."
            mistakes.append(Mistake(("include", index), "this rule adds nothing that is not there already", fix))
    for index, wish in enumerate(config.priorities):
        if not any(fits(wish.rule, cell) for cell in combined.cells):
            place = ("priorities", index)
            mistakes.append(_unfit(place, "this priority is of no run", wish.rule, combined.cells))
    if not combined.cells and not mistakes:
        mistakes.append(Mistake(("exclude", 0), "these rules exclude every run", "Remove one of them."))
    return mistakes


def _misplaced(section: str, name: str) -> Mistake:
    sentence = f"{name} is not set here but by {OWNED_ARGS[name]}"
    return Mistake((section, name), sentence, "Remove this line.")


def _unfit(place: tuple[int | str, ...], what: str, rule: Mapping[str, list[Any]], cells: Iterable[Cell]) -> Mistake:
    """Why a rule fits no run: the name or value that none has, else that no run has all of them together."""
    cells = list(cells)
    known = dict.fromkeys([*CELL_KEYS, *(name for cell in cells for name in cell)])
    for name, values in rule.items():
        if name not in known:
            fix = suggest(name, known, f"The names here are {', '.join(known)}.")
            return Mistake((*place, name), f"{what}: no run has a setting {name}", fix)
        there = list(dict.fromkeys(_words(cell[name]) for cell in cells if name in cell))
        strange = [_words(value) for value in values if not any(fits({name: [value]}, cell) for cell in cells)]
        if len(strange) == len(values):
            fix = f"The values of {name} are {', '.join(there)}."
            return Mistake((*place, name), f"{what}: no run has {name} {' or '.join(strange)}", fix)
    return Mistake(place, f"{what}: no run has all of this together", "Change it, or remove it.")


def _words(value: Any) -> str:
    return "none" if value is None else str(value)
