"""A training process to which something happens: ``python troubled.py 'JSON' FOLDER NUMBER DEVICE LANE``.

What follows the JSON is what a lane passes to ``python -m labtools.train.attempt``, and that is what runs. Nothing of
the product knows of this: the trouble comes through torch's own hooks and Ultralytics' own callbacks.

The JSON is a list of what happens: ``[{"what": "kill", "epoch": 3, "at": "batch"}]``; see ``WHAT`` and ``MOMENTS``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labtools.artifacts.record import Cause
from labtools.train.attempt.__main__ import main
from labtools.train.runqueue import claims
from labtools.yolo.engine import ultralytics


def too_large(trainer: Any, trouble: dict[str, Any]) -> None:
    """No more than ``train`` images fit in training, and ``val`` in validation, as on a GPU that is too small."""
    import torch

    def look(module: Any, inputs: tuple[Any, ...]) -> None:
        images = inputs[0]["img"] if isinstance(inputs[0], dict) else inputs[0]
        most = trouble["train"] if module.training else trouble["val"]
        if hasattr(module, "yaml") and len(images) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    torch.nn.modules.module.register_module_forward_pre_hook(look)


def diverge(trainer: Any, trouble: dict[str, Any]) -> None:
    """The weights become NaN."""
    import torch

    with torch.no_grad():
        for parameter in trainer.model.parameters():
            parameter.mul_(float("nan"))


def kill(trainer: Any, trouble: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def lose(trainer: Any, trouble: dict[str, Any]) -> None:
    """A file or folder is not there any more."""
    shutil.move(trouble["path"], trouble["path"] + ".away")


def fill(trainer: Any, trouble: dict[str, Any]) -> None:
    """Nothing is left on the disk of the run."""
    with (Path(trouble["path"]) / "ballast").open("wb") as file:
        while True:
            try:
                os.write(file.fileno(), bytes(4096))
            except OSError:
                break


def close(trainer: Any, trouble: dict[str, Any]) -> None:
    """Somebody else closes the attempt: it is thought dead."""
    claims.write_end(Path(trainer.save_dir), 1, Cause.LANE, "thought dead")


def fail(trainer: Any, trouble: dict[str, Any]) -> None:
    raise RuntimeError(trouble["message"])


WHAT: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "too_large": too_large,
    "diverge": diverge,
    "kill": kill,
    "lose": lose,
    "fill": fill,
    "fail": fail,
    "close": close,
}

MOMENTS = {
    "setup": "on_pretrain_routine_end",
    "start": "on_train_start",
    "batch": "on_train_batch_end",
    "trained": "on_train_epoch_end",
    "saved": "on_model_save",
    "end": "on_train_end",
}


def prepare(troubles: list[dict[str, Any]]) -> None:
    """Let each trouble happen at its moment, and write down each epoch that is trained (``epochs.txt``)."""
    ultralytics()
    from ultralytics.utils import callbacks

    def at(trouble: dict[str, Any]) -> Callable[[Any], None]:
        def happen(trainer: Any) -> None:
            epoch = getattr(trainer, "epoch", 0) + 1
            if trouble.get("epoch") in (None, epoch) and not trouble.get("is_over"):
                trouble["is_over"] = True
                WHAT[trouble["what"]](trainer, trouble)

        return happen

    def witness(trainer: Any) -> None:
        facts = {
            "epoch": trainer.epoch + 1,
            "batch": trainer.batch_size,
            "accumulate": trainer.accumulate,
            "decay": max(group["weight_decay"] for group in trainer.optimizer.param_groups),
            "optimizer": type(trainer.optimizer).__name__,
            "lr": max(group["initial_lr"] for group in trainer.optimizer.param_groups),
            "val_batch": trainer.test_loader.batch_size,
        }
        with (Path(trainer.save_dir) / "epochs.txt").open("a") as file:
            file.write(json.dumps(facts) + "\n")

    for trouble in troubles:
        callbacks.default_callbacks[MOMENTS[trouble["at"]]].append(at(trouble))
    callbacks.default_callbacks["on_train_epoch_end"].append(witness)


if __name__ == "__main__":
    prepare(json.loads(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
