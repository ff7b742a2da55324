"""How a lane is started and stays alive: one file per way, named as typed after --launcher.

Whatever the way, a lane is the same thing (see `labtools.train.lanes`): it holds its lock, writes its log and its
process into ``lanes/``, and is listed and stopped from there. So a launcher answers two questions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import labtools.train.launchers as package
from labtools.core.errors import LabError
from labtools.core.registry import members
from labtools.train.lanes.lane import Lane

DEFAULT = "tmux"
FALLBACK = "process"


@dataclass(frozen=True)
class Launch:
    """What was started.

    Attributes:
        launcher: its name.
        started: names of lanes that were started now.
        alive: names of lanes that were at work already.
        watch: the command that shows them at work, ``""`` where there is nothing left to watch.
        note: a sentence about what is not as asked, else ``""``.
        is_over: the lanes have done their work before `Launcher.start` returned; nothing is left to watch.
    """

    launcher: str
    started: tuple[str, ...]
    alive: tuple[str, ...]
    watch: str = ""
    note: str = ""
    is_over: bool = False


class Launcher(Protocol):
    """A module of this package."""

    def missing(self) -> str:
        """What this machine lacks for it, e.g. ``tmux is not installed``; ``""`` if nothing."""
        ...

    def start(self, root: Path, lanes: Sequence[Lane]) -> Launch:
        """Start those lanes of a matrix folder that are not alive. Calling it again is harmless."""
        ...


def launchers() -> dict[str, Launcher]:
    """Every launcher by name."""
    return {name: cast("Launcher", module) for name, module in members(package).items()}


def choose(name: str | None) -> tuple[str, Launcher, str]:
    """The launcher asked for, or the best one here: its name, itself, and a note where it is not the usual one.

    Raises:
        LabError: no launcher has this name, or this machine lacks what it needs.
    """
    known = launchers()
    if name is not None and name not in known:
        raise LabError(f"there is no launcher {name!r}", None, f"Choose one of: {', '.join(known)}.")
    lack = known[name or DEFAULT].missing()
    if not lack:
        return name or DEFAULT, known[name or DEFAULT], ""
    if name is not None:
        raise LabError(lack, None, f"Install it, or use --launcher {FALLBACK}.")
    note = (
        f"{lack}: lanes run as plain background processes. They survive this shell all the same; their logs are files."
    )
    return FALLBACK, known[FALLBACK], note
