"""Ultralytics, imported on first use with its surprises named and switched off, and its checkpoints opened safely."""

from __future__ import annotations

import io
import os
import pickle
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from labtools.artifacts.weights import cache_folder
from labtools.core.errors import LabError
from labtools.core.files import write_bytes

_LOADING_ERRORS = (TypeError, RuntimeError, EOFError, KeyError, ModuleNotFoundError, ValueError)


def ultralytics() -> ModuleType:
    """Import ultralytics with its surprises switched off, once per process.

    - no online checks, no pip install behind the user's back, settings in a folder of ours;
    - checkpoints through ``torch.load(weights_only=True)`` and its allow-list of layers (a checkpoint is a pickle);
    - TensorBoard events on: its default became off. Set in memory only, as lanes would race on the file.
    """
    os.environ.setdefault("YOLO_OFFLINE", "1")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    os.environ.setdefault("YOLO_CONFIG_DIR", str(cache_folder() / "ultralytics"))
    os.environ.setdefault("ULTRALYTICS_SAFE_LOAD", "1")
    # Left unset, Ultralytics would make it 1; a lane sets its share of the cores before it starts.
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    # Threads that wait sleep instead of spinning: on cores that others use too, a small network ran 50 times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(parents=True, exist_ok=True)
    from PIL import Image

    open_image = Image.open
    import ultralytics
    from ultralytics.utils import SETTINGS

    # It replaces Pillow's open() for the whole process by one that, on an unknown file, wants to install a package.
    Image.open = open_image

    dict.__setitem__(SETTINGS, "tensorboard", True)
    _load_safely()
    _find_or_say_no()
    _put_fonts()
    return ultralytics


def _load_safely() -> None:
    """Ultralytics reads ULTRALYTICS_SAFE_LOAD when it is imported: too early where a notebook did that before us."""
    from ultralytics import utils

    is_safe = os.environ["ULTRALYTICS_SAFE_LOAD"].lower() in ("1", "true", "yes", "on")
    for module in (utils, sys.modules.get("ultralytics.nn.tasks")):
        if module is not None:
            vars(module)["SAFE_LOAD"] = is_safe


def _find_or_say_no() -> None:
    """Checkpoints are found where they are, or at once not at all.

    Ultralytics takes every ``'`` out of a checkpoint's path, so nothing would work below a folder such as ``L'été``.
    A missing one it downloads, which without a network takes up to minutes to fail; on GPUs each training asks for a
    yolo26n.pt to try mixed precision with, and goes on without that check where it hears of no connection.
    """
    from ultralytics.utils import SETTINGS, downloads

    original: Any = downloads.attempt_download_asset
    if getattr(original, "is_ours", False):
        return

    def find_or_download(file: Any, *args: Any, **kwargs: Any) -> str:
        if Path(file).is_file():
            return str(file)
        if (
            os.environ.get("YOLO_OFFLINE", "").lower() in ("1", "true")
            and not (Path(SETTINGS["weights_dir"]) / file).is_file()
        ):
            raise ConnectionError(f"{file} is not here, and nothing is downloaded unasked")
        return str(original(file, *args, **kwargs))

    find_or_download.is_ours = True  # type: ignore[attr-defined]
    module: Any = downloads
    module.attempt_download_asset = find_or_download


def _put_fonts() -> None:
    """Put a font where Ultralytics looks for Arial: it would ask the network for it each time, without one for long.

    The one of matplotlib stands in; unlike what Ultralytics falls back to, it has the letters of all Europe.
    """
    from importlib.util import find_spec

    from ultralytics.utils import USER_CONFIG_DIR

    package = find_spec("matplotlib")
    if package is None or package.origin is None:
        return
    font = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    for name in ("Arial.ttf", "Arial.Unicode.ttf"):
        target = Path(USER_CONFIG_DIR) / name
        if not target.is_file() and font.is_file():
            write_bytes(target, font.read_bytes())


def use_our_threads() -> None:
    """Ultralytics resets torch to (cores - 1) threads when it selects the CPU; give back what the caller chose."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def require_device(device: str) -> None:
    """Refuse what this machine cannot compute on, before anything is computed.

    Args:
        device: as Ultralytics names it: ``cpu``, ``0``, ``mps``.

    Raises:
        LabError: there is no such device, or torch cannot use it.
    """
    if device == "cpu":
        return
    ultralytics()
    from ultralytics.utils.torch_utils import select_device

    try:
        select_device(device, verbose=False)
    except (ValueError, RuntimeError):
        fix = "Use --device cpu, or the number of a GPU of `nvidia-smi -L`, with a torch that is built for CUDA."
        raise LabError(f"torch cannot compute on device {device!r} of this machine", None, fix) from None


def draw_no_network() -> None:
    """Leave TensorBoard's drawing of the network out of a run's events: tracing it took 2 of the 9 s of a training of
    two short epochs, on a GPU before all else, and it is the same for every run of a network."""
    from ultralytics.utils.callbacks import tensorboard

    module: Any = tensorboard
    module._log_tensorboard_graph = lambda trainer: None


def load_model(weights: Path) -> Any:
    """An Ultralytics ``YOLO`` on a checkpoint, with what can go wrong said in a sentence.

    Raises:
        LabError: the file is absent, is not a checkpoint, or holds more than layers that Ultralytics knows.
    """
    if not weights.is_file():
        raise LabError("this checkpoint does not exist", weights, "Give the path of a .pt file, or a run id.")
    if weights.suffix == ".pt" and not zipfile.is_zipfile(weights):
        # Checked here: a restricted load reports any garbage as a forbidden type.
        raise LabError("this file is not a YOLO checkpoint (no archive)", weights, "Copy or train it again.")
    model_class = ultralytics().YOLO
    try:
        return model_class(str(weights), task="detect")
    except (
        TypeError,
        RuntimeError,
        EOFError,
        KeyError,
        ModuleNotFoundError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        if _is_refusal(error):
            raise LabError(
                "this checkpoint holds more than the layers that Ultralytics knows, and was not opened",
                weights,
                "Only if you trust its author: set ULTRALYTICS_SAFE_LOAD=0 and try again (it can then run any code).",
            ) from error
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise LabError(f"this file is not a YOLO checkpoint ({first})", weights, "Copy or train it again.") from None


def _is_refusal(error: BaseException) -> bool:
    """Was a checkpoint refused for what it holds? Ultralytics says so as a TypeError, torch as an UnpicklingError."""
    return isinstance(error, pickle.UnpicklingError) or "outside the supported" in str(error)


def trained_imgsz(model: Any) -> int:
    size = model.overrides.get("imgsz", 640)
    return int(max(size) if isinstance(size, (list, tuple)) else size)


def keep_label_caches() -> None:
    """Keep the caches of read labels in our own folder, one per list of images and state of its files.

    Ultralytics keeps them beside the labels under the name of the first image's folder: two splits that share it
    replace each other's each time, and lanes that start together delete it under each other. Its hash covers paths,
    sizes and times of change, so it makes a name as well.
    """
    from ultralytics.data import dataset as module

    dataset: Any = module
    original = dataset.YOLODataset._load_or_scan_cache
    if getattr(original, "is_ours", False):
        return
    folder = cache_folder() / "labels"

    def load_or_scan(self: Any, cache_path: Path, cache_hash: str) -> Any:
        return original(self, folder / f"{cache_hash}.cache", cache_hash)

    def save(prefix: str, path: Path, content: dict[str, Any], version: str) -> None:
        buffer = io.BytesIO()
        content["version"] = version  # in place: the caller reads it there
        as_array: Any = content
        np.save(buffer, as_array, allow_pickle=True)
        write_bytes(path, buffer.getvalue())

    load_or_scan.is_ours = True  # type: ignore[attr-defined]
    dataset.YOLODataset._load_or_scan_cache = load_or_scan
    dataset.save_dataset_cache_file = save
