"""What ``done.json`` tells about the attempts that a run took, and about the software that it was trained with."""

from __future__ import annotations

import platform
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from labtools.artifacts.record_files import read_beat, read_claim, read_record

_PACKAGES = ("labtools", "ultralytics", "torch")


def attempts_of(folder: Path, finished: int, lane: str, here: dict[str, Any]) -> list[dict[str, Any]]:
    """One entry per attempt: ``number``, ``lane``, ``host``, ``cause`` (the last is ``done``), ``epochs``, ``seconds``.

    Args:
        folder: of the run.
        finished: number of the attempt that finishes it, this one.
        lane: its lane.
        here: its ``epochs`` and ``seconds``.
    """
    ends = dict(read_record(folder).ends)
    story = []
    before = 0
    for attempt in range(1, finished):
        claim, beat = read_claim(folder, attempt), read_beat(folder, attempt)
        end = ends.get(attempt)
        kept = end.epoch if end else before
        entry = {
            "number": attempt,
            "lane": claim.lane if claim else "",
            "host": claim.process.host if claim else "",
            "cause": end.cause.value if end else "",
            "epochs": max(0, kept - before),
            "seconds": beat.seconds if beat else 0.0,
        }
        story.append(entry)
        before = kept
    return [*story, {"number": finished, "lane": lane, "host": socket.gethostname(), "cause": "done", **here}]


def versions() -> dict[str, str]:
    """Of Python, labtools, ultralytics and torch, as installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
