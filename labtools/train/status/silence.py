"""How long nothing has been heard of somebody on another machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Silence = Callable[[str, object, str, datetime], float | None]
"""(who, its last sign of life, when it gave that by its own clock, now) -> seconds of silence; None: not known."""


def by_clocks(who: str, sign: object, time: str, at: datetime) -> float | None:
    """Compares their clock with ours, so it informs and decides nothing; never below 0."""
    try:
        return max(0.0, (at - datetime.fromisoformat(time)).total_seconds())
    except (ValueError, TypeError):
        return None
