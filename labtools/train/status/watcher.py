"""Looking at a matrix again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from labtools.train.status.grid import Grid, read_grid
from labtools.train.status.silence import by_stamps


class Watcher:
    """Looks at a matrix again and again.

    The clock of the disk may disagree with ours, so the first look is a guess. Whose sign of life is then seen to
    change lives; how long it has not changed since is told by our own clock alone.

    Args:
        root: folder of the matrix.
        clock: seconds that only grow.

    Attributes:
        last: what the last look saw.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._seen: dict[str, tuple[object, float, bool]] = {}
        self.last = Grid(root.name, root, ())

    def look(self) -> Grid:
        """The matrix now; where its folder cannot be read for a while, what the last look saw, and that it is so.

        A file server that starts anew shows an empty folder first, and then none.
        """
        try:
            grid = read_grid(self._root, self._silence)
            why = "it is gone" if self.last.runs and not grid.runs else ""
        except OSError as error:
            grid, why = self.last, error.strerror or str(error)
        if why:
            grid = self.last.with_trouble(f"the folder cannot be read now ({why}); below is what it last held")
        else:
            self.last = grid
        return grid

    def _silence(self, who: str, sign: object, time: str, at: datetime) -> float | None:
        now = self._clock()
        if who not in self._seen:
            self._seen[who] = (sign, now, False)
        elif self._seen[who][0] != sign:
            self._seen[who] = (sign, now, True)
        _, since, is_known = self._seen[who]
        watched = now - since
        return watched if is_known else max(watched, by_stamps(self._root)(who, sign, time, at) or 0.0)
