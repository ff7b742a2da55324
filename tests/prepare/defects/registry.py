"""All kinds of defects: every public function of the modules in `kinds`, in the order written."""

from __future__ import annotations

import importlib
import inspect
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from defects.cohort import Cohort, Team

MODULES = (
    "formats", "containers", "trees", "splits", "labels", "classes", "pictures", "beside", "written_lists", "exports",
)  # fmt: skip


class Kind(NamedTuple):
    """One kind of defect.

    Attributes:
        name: its function's.
        module: where it stands.
        story: the first line of its docstring.
        spoil: does it to a careful team and changes the truth with it.
        place: the careful team's folder; ``{}`` is the class.
    """

    name: str
    module: str
    story: str
    spoil: Callable[[Team, random.Random], None]
    place: str

    @property
    def class_name(self) -> str | None:
        """The class that it needs; None: any."""
        return getattr(self.spoil, "needs_class", None)


Spoil = Callable[[Team, random.Random], None]


def needs(class_name: str) -> Callable[[Spoil], Spoil]:
    """The kind is about a team of this class folder."""

    def mark(spoil: Spoil) -> Spoil:
        spoil.needs_class = class_name  # type: ignore[attr-defined]
        return spoil

    return mark


def kinds() -> dict[str, Kind]:
    """By name."""
    found: dict[str, Kind] = {}
    for module in MODULES:
        loaded = importlib.import_module(f"defects.kinds.{module}")
        for name, function in vars(loaded).items():
            if inspect.isfunction(function) and function.__module__ == loaded.__name__ and not name.startswith("_"):
                story = (function.__doc__ or "").strip().partition("\n")[0]
                found[name] = Kind(name, module, story, function, "{}/" + name)
    return found


def build(folder: Path, chosen: list[Kind], seed: int = 0) -> Cohort:
    """A cohort of a careful team and one spoiled team per kind, classes in turn."""
    cohort = Cohort(folder)
    turn = ("velo", "ballon", "coeur")
    cohort.team("velo/les_soigneux")
    for number, kind in enumerate(chosen):
        class_name = kind.class_name or turn[number % 3]
        kind.spoil(cohort.team(f"{class_name}/{kind.name}"), random.Random(f"{seed}:{kind.name}"))
    return cohort
