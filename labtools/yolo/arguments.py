"""The training arguments that Ultralytics knows, and what it thinks of their values."""

from __future__ import annotations

import importlib.util
import logging
from difflib import get_close_matches
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from labtools.core.config import read_yaml
from labtools.core.errors import LabError
from labtools.yolo.engine import ultralytics


def training_arguments() -> dict[str, Any]:
    """All training arguments and their defaults, read from Ultralytics' file without importing it (seconds)."""
    package = importlib.util.find_spec("ultralytics")
    if package is None or package.origin is None:
        raise LabError("ultralytics is not installed", None, "Install labtools with its dependencies: pip install .")
    return dict(read_yaml(Path(package.origin).parent / "cfg" / "default.yaml"))


def argument_trouble(name: str, value: Any) -> tuple[str, str] | None:
    """What is wrong with an argument and what to do, as two sentences; None: nothing.

    Ultralytics' own checks of name, type and range; and whether there is such an optimizer and number of loader
    workers, which it finds out only when it trains.
    """
    known = training_arguments()
    if name not in known:
        close = get_close_matches(name, known, n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else "See docs.ultralytics.com/usage/cfg."
        return f"Ultralytics has no training argument {name!r}", hint
    ultralytics()
    from ultralytics.cfg import check_cfg

    if trouble := _unwanted(name, value, known[name]):
        return trouble
    try:
        check_cfg({name: value})
        if name == "workers" and value < 0:
            raise ValueError(f"'workers={value}' is an invalid value. 'workers' must be >= 0.")
        if name == "optimizer":
            _build_optimizer(str(value))
    except (TypeError, ValueError) as error:
        return f"Ultralytics would refuse this: {error}", "Change the value; see docs.ultralytics.com/usage/cfg."
    except NotImplementedError:
        return f"Ultralytics has no optimizer {value!r}", "Write SGD, AdamW, Adam or another that it names in its docs."
    return None


_IDLE = frozenset(
    {"source", "vid_stride", "stream_buffer", "embed", "retina_masks", "tracker"}
    | {"show", "save_frames", "save_crop", "show_labels", "show_conf", "show_boxes", "line_width"}
    | {"format", "optimize", "dynamic", "simplify", "opset", "workspace"}
)
"""Arguments of predict, track and export: runs that differ in one of them would differ in name only."""


def _unwanted(name: str, value: Any, usual: Any) -> tuple[str, str] | None:
    """What Ultralytics takes without a word, and nobody can have meant; likewise."""
    if name in _IDLE:
        return f"{name} has no effect on a training", "Remove this line."
    is_number = isinstance(usual, (int, float)) and not isinstance(usual, bool)
    if is_number and isinstance(value, bool):  # multi_scale: true was half and double once, and is 1.0 now
        return f"{name} is a number, not {str(value).lower()}", f"Write a number; {usual} is Ultralytics' own."
    if name == "pretrained" and isinstance(value, str):
        return "pretrained is true or false here", "Name a checkpoint to start from in `weights:`."
    if name == "cache" and value not in (True, False, "ram"):
        why = ": several lanes would write beside the same images" if value == "disk" else ""
        return f"cache cannot be {value!r} here{why}", "Write `cache: ram`, or leave it out."
    return None


def _build_optimizer(name: str) -> None:
    import torch
    from ultralytics.engine.trainer import BaseTrainer
    from ultralytics.utils import LOGGER

    if name.lower() == "auto":
        return
    level = LOGGER.level
    LOGGER.setLevel(logging.ERROR)
    try:
        trainer: Any = SimpleNamespace(args=SimpleNamespace())
        BaseTrainer.build_optimizer(trainer, torch.nn.Sequential(torch.nn.Linear(1, 1)), name)
    finally:
        LOGGER.setLevel(level)
