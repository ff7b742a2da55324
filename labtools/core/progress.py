"""How a room tells how far it is, without knowing who listens.

Rooms take a ``tick: Tick`` argument and call it; the CLI passes one that draws a bar, a test passes `silent`.
"""

from __future__ import annotations

from typing import Protocol


class Tick(Protocol):
    """Called as ``tick(step, done, total)``: the step's name, and how much of it is done (total 0: unknown)."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


def silent(step: str, done: int, total: int) -> None:
    """Nobody listens."""
