"""The checked model of ``configs/matrix.yaml``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from labtools.core.config import Config, load_config

OWNED_ARGS = {
    "data": "`data:`, or --data",
    "epochs": "`epochs:`",
    "seed": "`seed:`",
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
    "cfg": "`args:`, one by one",
    "mode": "always train",
    "task": "always detect",
}
"""Arguments of Ultralytics that labtools sets itself -> what decides them instead."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TAKEN = frozenset({"detect"})


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _model(value: Any) -> Any:
    """``yolov8n`` and ``yolov8n.pt`` are the same model."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of a model; write e.g. yolov8n")
    return value.removesuffix(".pt")


def _freeze(value: Any) -> Any:
    """A number of layers; null, none or 0: all layers learn."""
    if value is None or value == "none" or (value == 0 and not isinstance(value, bool)):
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a number of layers; write e.g. 10, or none")
    return value


Model = Annotated[str, BeforeValidator(_model)]
Freeze = Annotated[int | None, BeforeValidator(_freeze)]
ImageSize = Annotated[int, Field(ge=32, le=8192, strict=True)]
Batch = Annotated[int, Field(ge=1, strict=True)]


class Axes(Config):
    """Every combination of these is one run. A single value may stand without brackets."""

    model: Annotated[list[Model], BeforeValidator(_as_list), Field(min_length=1)]
    freeze: Annotated[list[Freeze], BeforeValidator(_as_list), Field(default=[None], min_length=1)]
    imgsz: Annotated[list[ImageSize], BeforeValidator(_as_list), Field(min_length=1)]
    batch: Annotated[list[Batch], BeforeValidator(_as_list), Field(min_length=1)]

    @field_validator("model", "freeze", "imgsz", "batch")
    @classmethod
    def _no_doubles(cls, values: list[Any]) -> list[Any]:
        for value in values:
            if values.count(value) > 1:
                raise ValueError(f"{'none' if value is None else value} is listed twice")
        return values


class MatrixConfig(Config):
    """A matrix of trainings.

    Attributes:
        name: its folder below ``runs/``.
        data: a prepared dataset, relative to the YAML file.
        axes: see `Axes`.
        epochs: passes over the training split.
        seed: of every run.
        weights: model -> checkpoint to start from, relative to the YAML file; ``<model>.pt`` where not given.
        args: any other training argument of Ultralytics.
    """

    name: str
    data: str | None = None
    axes: Axes
    epochs: Annotated[int, Field(ge=1, strict=True)]
    seed: Annotated[int, Field(ge=0, strict=True)] = 0
    weights: dict[str, str] = Field(default={})
    args: dict[str, Any] = Field(default={})

    @field_validator("name")
    @classmethod
    def _is_folder(cls, name: str) -> str:
        if not _NAME.fullmatch(name) or name in _TAKEN:
            raise ValueError(f"{name!r} cannot be a folder of runs/; use letters, digits, - and _")
        return name

    @field_validator("args")
    @classmethod
    def _are_free(cls, args: dict[str, Any]) -> dict[str, Any]:
        for key, value in args.items():
            if key in OWNED_ARGS:
                raise ValueError(f"{key} is not set here but by {OWNED_ARGS[key]}")
            if isinstance(value, str) and re.fullmatch(r"[-+]?\d+e[-+]?\d+", value, re.IGNORECASE):
                raise ValueError(f"YAML reads {key}: {value} as text; write {float(value):g}")
        return args

    @model_validator(mode="after")
    def _weights_are_used(self) -> MatrixConfig:
        unused = sorted({m.removesuffix(".pt") for m in self.weights} - set(self.axes.model))
        if unused:
            raise ValueError(f"weights are given for {', '.join(unused)}, which axes: model: does not list")
        return self


def read_matrix(path: Path) -> MatrixConfig:
    """Read and check a matrix file.

    Raises:
        LabError: as `labtools.core.config.load_config`.
    """
    return load_config(path, MatrixConfig)
