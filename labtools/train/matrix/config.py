"""The checked model of ``configs/matrix.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    field_validator,
    model_validator,
)

from labtools.core.config import Config
from labtools.core.names import is_device_name

OWNED_ARGS = {
    "data": "`data:`, or --data",
    "epochs": "`epochs:`, or `axes: epochs:`",
    "seed": "`seed:` or `seeds:`",
    "model": "`axes: model:`",
    "freeze": "`axes: freeze:`",
    "imgsz": "`axes: imgsz:`",
    "batch": "`axes: batch:`",
    "device": "--gpus",
    "project": "the run's own folder",
    "name": "the run's own folder",
    "save_dir": "the run's own folder",
    "exist_ok": "the run's own folder",
    "resume": "the record in the run's folder",
    "save": "always on: a run without weights is of no use",
    "split": "always val: what is chosen on the test split says nothing any more",
    "cfg": "`defaults:`, one by one",
    "time": "`epochs:`: runs that end by the clock cannot be compared",
    "classes": "the dataset: runs that learn other classes cannot be compared",
    "single_cls": "the dataset: runs that learn other classes cannot be compared",
    "mode": "always train",
    "task": "always detect",
}
"""Arguments of Ultralytics that labtools sets itself -> what decides them instead."""

CELL_KEYS = ("model", "freeze", "imgsz", "batch", "epochs", "seed")
"""What every run has; all else is a training argument of Ultralytics."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TAKEN = frozenset({"detect"})
_LONGEST = 100  # of a matrix's name; Windows allows 255 for the whole path to what lies in it


def _model(value: Any) -> Any:
    """``yolov8n`` and ``yolov8n.pt`` are the same model."""
    if not isinstance(value, str) or not _NAME.fullmatch(value) or is_device_name(value):
        raise ValueError(f"{value!r} is not the name of a model; write e.g. yolov8n")
    return value.removesuffix(".pt")


def _freeze(value: Any) -> Any:
    """A number of layers; null, none or 0: all layers learn."""
    if value is None or value == "none" or (value == 0 and not isinstance(value, bool)):
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a number of layers; write e.g. 10, or none")
    return value


def _whole(low: int, high: int | None = None) -> Any:
    """A whole number within these bounds, both included."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{value!r} is not a whole number")
        if value < low:
            raise ValueError(f"{value} should be greater than or equal to {low}")
        if high is not None and value > high:
            raise ValueError(f"{value} should be less than or equal to {high}")
        return value

    return check


def _argument(value: Any) -> Any:
    """The value of a training argument. YAML 1.1 reads 1e-3 as text, which Ultralytics would meet hours later."""
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+e[-+]?\d+", value, re.IGNORECASE):
        raise ValueError(f"YAML reads {value} as text; write {float(value):g}")
    if isinstance(value, float) and value != value:
        raise ValueError("not a number is no value")
    return value


_CHECKS = {
    "model": _model,
    "freeze": _freeze,
    "imgsz": _whole(32, 8192),
    "batch": _whole(1),
    "epochs": _whole(1),
    "seed": _whole(0, 2**32 - 1),  # what numpy takes
}


def checked(key: str, value: Any) -> Any:
    """One value of an axis or argument, in the one way that it is written in a run.

    Raises:
        ValueError: it cannot be such a value.
    """
    return _CHECKS.get(key, _argument)(value)


def _checked_list(key: str, written: Any) -> list[Any]:
    """A single value may stand without brackets."""
    values = [checked(key, value) for value in (written if isinstance(written, list) else [written])]
    if not values:
        raise ValueError("there should be at least 1 item in this list")
    for value in values:
        if sum(_same(value, other) for other in values) > 1:
            raise ValueError(f"{'none' if value is None else value} is listed twice")
    return values


def _same(a: Any, b: Any) -> bool:
    """Equal, and True is not 1."""
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def _axis(key: str) -> Any:
    return PlainValidator(lambda values: _checked_list(key, values))


class Axes(Config):
    """Every combination of these is one run. A single value may stand without brackets.

    Besides the four of the course, any training argument of Ultralytics can be an axis.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    model: Annotated[list[str], _axis("model")]
    freeze: Annotated[list[int | None], _axis("freeze"), Field(default=[None])]
    imgsz: Annotated[list[int], _axis("imgsz")]
    batch: Annotated[list[int], _axis("batch")]
    epochs: Annotated[list[int] | None, _axis("epochs")] = None
    __pydantic_extra__: dict[str, Annotated[list[Any], _axis("")]] = Field(init=False)

    @property
    def others(self) -> dict[str, list[Any]]:
        """Axes that are training arguments of Ultralytics."""
        return dict(self.__pydantic_extra__ or {})


def _rule(value: Any) -> dict[str, list[Any]]:
    """``{model: [a, b], imgsz: 640}`` -> lists of checked values."""
    if not isinstance(value, dict) or not value:
        raise ValueError("write a rule such as {model: yolov8x, imgsz: 1280}")
    rule = {}
    for key, values in value.items():
        if key in OWNED_ARGS and key not in CELL_KEYS:
            raise ValueError(f"{key} is not set here but by {OWNED_ARGS[key]}")
        try:
            rule[str(key)] = _checked_list(str(key), values)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
    return rule


Rule = Annotated[dict[str, list[Any]], PlainValidator(_rule)]
"""Axis or argument -> its values. A run fits if each of its values that are named is among them."""


class Priority(Config):
    """Runs that fit ``rule`` have this priority; higher ones are trained first."""

    rule: Rule
    priority: Annotated[int, Field(strict=True, ge=-1000, le=1000)]  # as `labtools priority` has them


def _priority(value: Any) -> Any:
    """``{model: yolov8n, priority: 10}`` reads better than a rule inside a rule."""
    if not isinstance(value, dict) or "priority" not in value:
        raise ValueError("write a rule with its number, such as {model: yolov8n, priority: 10}")
    return {"rule": {k: v for k, v in value.items() if k != "priority"}, "priority": value["priority"]}


class MatrixConfig(Config):
    """A matrix of trainings.

    Attributes:
        name: its folder below ``runs/``.
        data: a prepared dataset, relative to the YAML file.
        course: the course's classes, relative to the YAML file; ``none`` for a dataset of other classes. Not given:
            ``course.yaml`` beside the YAML file, where there is one.
        axes: see `Axes`.
        epochs: passes over the training split (or an axis).
        seed: of every run.
        seeds: each run once with each of them.
        include: more combinations: a rule's values, with those of the axes that it does not name.
        exclude: combinations of the axes that are left out.
        priorities: of several rules that a run fits, the first counts.
        weights: model -> checkpoint to start from, relative to the YAML file; ``<model>.pt`` where not given.
        defaults: any other training argument of Ultralytics, for all runs.
    """

    name: str
    data: str | None = None
    course: str | None = None
    axes: Axes
    epochs: Annotated[int, Field(ge=1, strict=True)] | None = None
    seed: Annotated[int, PlainValidator(_CHECKS["seed"])] | None = None
    seeds: Annotated[list[int] | None, _axis("seed")] = None
    include: list[Rule] = Field(default=[])
    exclude: list[Rule] = Field(default=[])
    priorities: list[Annotated[Priority, BeforeValidator(_priority)]] = Field(default=[])
    weights: dict[str, str] = Field(default={})
    defaults: dict[str, Annotated[Any, AfterValidator(_argument)]] = Field(default={})

    @field_validator("name")
    @classmethod
    def _is_folder(cls, name: str) -> str:
        is_plain = _NAME.fullmatch(name) and len(name) <= _LONGEST and not name.endswith(".")
        if not is_plain or name.casefold() in _TAKEN or is_device_name(name):
            raise ValueError(f"{name!r} cannot be a folder of runs/; use at most 100 letters, digits, - and _")
        return name

    @model_validator(mode="after")
    def _nothing_is_said_twice(self) -> MatrixConfig:
        if (self.epochs is None) == (self.axes.epochs is None):
            raise ValueError("give `epochs:` once, for all runs or as one of the axes")
        if self.seed is not None and self.seeds is not None:
            raise ValueError("give `seed:` for one or `seeds:` for several, not both")
        twice = sorted(set(self.axes.others) & set(self.defaults))
        if twice:
            raise ValueError(f"{', '.join(twice)} cannot be one of the axes and a default at once")
        unused = sorted({m.removesuffix(".pt") for m in self.weights} - set(self.models))
        if unused:
            raise ValueError(f"weights are given for {', '.join(unused)}, which axes: model: does not list")
        return self

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that some run may start from, in the order written."""
        named = [*self.axes.model, *(model for rule in self.include for model in rule.get("model", ()))]
        return tuple(dict.fromkeys(named))

    @property
    def arguments(self) -> dict[str, list[tuple[tuple[int | str, ...], Any]]]:
        """Every training argument of Ultralytics in this file -> its values, each with its place in the file."""
        found: dict[str, list[tuple[tuple[int | str, ...], Any]]] = {}
        for name, value in self.defaults.items():
            found.setdefault(name, []).append((("defaults", name), value))
        for name, values in self.axes.others.items():
            found.setdefault(name, []).extend((("axes", name), value) for value in values)
        for index, rule in enumerate(self.include):
            for name in set(rule) - set(CELL_KEYS):
                found.setdefault(name, []).extend((("include", index, name), value) for value in rule[name])
        return found


def suggest(name: str, known: Iterable[str], otherwise: str) -> str:
    """Words that help with a name that nobody knows."""
    close = get_close_matches(name, list(known), n=3)
    return f"Did you mean {' or '.join(close)}?" if close else otherwise


def fits(rule: Mapping[str, list[Any]], cell: Mapping[str, Any]) -> bool:
    """Has a run (its settings by name) one of the rule's values for each name in the rule?"""
    return all(key in cell and any(_same(cell[key], value) for value in values) for key, values in rule.items())
