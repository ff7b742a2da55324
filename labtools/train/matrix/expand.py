"""Axes -> ordered run specs with stable ids. Pure: nothing here touches the disk."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path

from labtools.artifacts.runs import RunSpec, course_order
from labtools.train.matrix.config import Axes, MatrixConfig


def expand(config: MatrixConfig, weights: Mapping[str, Path], data: Path, fingerprint: str) -> tuple[RunSpec, ...]:
    """One spec per combination of the axes, cheapest first.

    Cheapest first because the grid then fills from its first row, and a mistake in the data shows after minutes.

    Args:
        config: the checked matrix.
        weights: model -> checkpoint, for each model of the axes.
        data: the dataset's YAML.
        fingerprint: of the dataset.
    """
    axes = config.axes
    specs = (
        RunSpec(
            run_id=run_id(axes, model, freeze, imgsz, batch),
            model=model,
            weights=str(weights[model]),
            freeze=freeze,
            imgsz=imgsz,
            batch=batch,
            epochs=config.epochs,
            seed=config.seed,
            data=str(data),
            fingerprint=fingerprint,
            args=dict(config.args),
        )
        for model, freeze, imgsz, batch in product(axes.model, axes.freeze, axes.imgsz, axes.batch)
    )
    return tuple(sorted(specs, key=course_order))


def run_id(axes: Axes, model: str, freeze: int | None, imgsz: int, batch: int) -> str:
    """The course's name of a run, e.g. ``yolov8s_640_freeze``, ``yolov8m_320_nofreeze``.

    A suffix only where the axes hold several values that these words do not tell: ``freeze5`` and ``freeze10``
    when there are several depths, ``_b32`` when there are several batches.
    """
    depths = [f for f in axes.freeze if f is not None]
    frozen = "nofreeze" if freeze is None else f"freeze{freeze}" if len(depths) > 1 else "freeze"
    suffix = f"_b{batch}" if len(axes.batch) > 1 else ""
    return f"{model}_{imgsz}_{frozen}{suffix}"
