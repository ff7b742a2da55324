"""A folder of modules as a table: adding a file is adding a member."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def members(package: ModuleType) -> dict[str, ModuleType]:
    """The public modules of a package in name order, keyed by file name: the name that users type.

    Modules whose name starts with an underscore are helpers and left out. Each package's ``__init__`` holds
    the Protocol that its members answer; a contract test runs over every member.
    """
    return {name: member(package, name) for name in member_names(package)}


def member_names(package: ModuleType) -> list[str]:
    """The keys of `members`; imports none of them."""
    return sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))


def member(package: ModuleType, name: str) -> ModuleType:
    """One of `members`, imported alone."""
    return importlib.import_module(f"{package.__name__}.{name}")
