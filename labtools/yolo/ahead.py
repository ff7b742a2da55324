"""``python -m labtools.yolo.ahead``: what is looked at before any lane starts, in a process of its own.

So whoever plans a matrix neither waits for torch to be imported when the answers are known, nor keeps its memory for
days, nor dies of a checkpoint that crashes whoever opens it. One JSON job comes in on stdin, JSON lines go out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from labtools.core.errors import LabError
from labtools.yolo.arguments import argument_trouble, training_arguments
from labtools.yolo.label_caches import build_label_caches
from labtools.yolo.networks import measure_network

Answer = dict[str, Any]


def main(say: Callable[[Answer], None], job: dict[str, Any]) -> None:
    """Do what the job names.

    ``{"arguments": [[name, value], ...], "weights": [path, ...], "data": [path, ...]}``, each of them optional, is
    answered, in the order asked, by ``{"argument": null or [what, fix], "usual": default}``, by ``{"network": ...}``
    or ``{"trouble": [what, where, fix]}`` for each checkpoint, by ``{"complaints": [...]}``; and by ``{"tick": [step,
    done, total]}`` in between.
    """
    known = training_arguments()
    for name, value in job.get("arguments", ()):
        say({"argument": argument_trouble(name, value), **({"usual": known[name]} if name in known else {})})
    for answer in _weights([Path(path) for path in job.get("weights", ())], say):
        say(answer)
    for data in job.get("data", ()):
        complaints = build_label_caches(Path(data), tick=lambda *how_far: say({"tick": how_far}))
        say({"complaints": complaints})


def _weights(paths: list[Path], say: Callable[[Answer], None]) -> Iterator[Answer]:
    for index, path in enumerate(paths, start=1):
        try:
            yield {"network": asdict(measure_network(path))}
        except LabError as error:
            yield {"trouble": [error.what, error.where, error.fix]}
        say({"tick": ["weights", index, len(paths)]})


def _own_stdout() -> IO[str]:
    """The real stdout for us alone: what anybody else prints goes to stderr."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return ours


if __name__ == "__main__":
    _out = _own_stdout()

    def _say(answer: Answer) -> None:
        _out.write(json.dumps(answer) + "\n")
        _out.flush()

    main(_say, json.load(sys.stdin))
