"""How long nothing has been heard of somebody on another machine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from labtools.artifacts.lanes import lanes_folder

Silence = Callable[[str, object, str, datetime], float | None]
"""(who, its last sign of life, when it gave that by its own clock, now) -> seconds of silence; None: not known.

Who is ``lane gpu0@host``, whose sign is a time, or ``run RUN_ID``, whose sign is (attempt, time).
"""


def by_clocks(who: str, sign: object, time: str, at: datetime) -> float | None:
    """Compares their clock with ours, so it informs and decides nothing; never below 0."""
    try:
        return max(0.0, (at - datetime.fromisoformat(time)).total_seconds())
    except (ValueError, TypeError):
        return None


def _signs(root: Path, who: str, sign: object) -> tuple[Path, ...]:
    """The files by which a lane, or the training of a run, shows that it lives; the latest first."""
    kind, _, name = who.partition(" ")
    if kind == "lane":
        return (lanes_folder(root) / f"{name}.state.json",)
    attempt = sign[0] if isinstance(sign, tuple) else 0
    return (root / name / f"beat.{attempt}.json", root / name / f"claim.{attempt}")


def by_stamps(root: Path) -> Silence:
    """Compares the stamps of the files of that matrix with our clock.

    One clock sets them all, that of the disk; on two servers, one may be wrong by hours.
    """

    def silence(who: str, sign: object, time: str, at: datetime) -> float | None:
        for path in _signs(root, who, sign):
            with contextlib.suppress(OSError):  # it has not beaten yet, or the file is being replaced
                return max(0.0, at.timestamp() - path.stat().st_mtime)
        return by_clocks(who, sign, time, at)

    return silence
