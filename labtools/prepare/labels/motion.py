"""How the boxes of one video move from picture to picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labtools.core.boxes import xywhn_to_xyxyn
from labtools.core.median import median

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAME_PLACE = 0.5  # IoU of one object in neighbouring pictures of a film
_ELSEWHERE = 0.02
_LONGEST_GAP = 30  # pictures after which a box in the same place may be another object's
_SAMPLE = 200
_FROZEN = 10  # pictures in which nobody holds a camera still to a millionth; fewer if that is the whole video


class Interruption(NamedTuple):
    """Pictures ``first`` to ``last`` (excluded) lack a box; ``jumps``: one without neighbours is there instead."""

    first: int
    last: int
    jumps: bool


class Tracks:
    """The boxes of the pictures of one video.

    Args:
        boxes: (N, 5) class, x, y, w, h of all pictures.
        starts: (pictures + 1,): where each picture's begin.
        order: the pictures of the video, in order.
        numbers: their frame numbers, and ``step``, the usual distance.
    """

    def __init__(self, boxes: Floats, starts: Ints, order: Sequence[int], numbers: Sequence[int], step: int) -> None:
        pictures = np.asarray(order, np.int64)
        self._counts = starts[pictures + 1] - starts[pictures]
        rows = _ranges(starts[pictures], self._counts)
        self._rows = boxes[rows]
        self._corners = xywhn_to_xyxyn(self._rows[:, 1:])
        size = self._corners[:, 2:] - self._corners[:, :2]
        self._areas = size[:, 0] * size[:, 1]
        self._starts = np.concatenate([[0], np.cumsum(self._counts)])
        self._owner = np.repeat(np.arange(len(pictures)), self._counts)
        self._follows = np.diff(np.asarray(numbers)) == step
        self._forward = self._best_in_next()

    @property
    def is_smooth(self) -> bool:
        """Do boxes mostly stay near where they were? Then these pictures are a film, not only numbered like one."""
        known = self._forward[~np.isnan(self._forward)]
        return len(known) > 0 and median(known) >= _SAME_PLACE

    @property
    def share_standing(self) -> float:
        """Boxes that are the very same in the next picture."""
        return float((self._forward == 1.0).mean()) if len(self._forward) else 0.0

    def interruptions(self) -> list[Interruption]:
        """Boxes that are gone in the next picture and back a little later, each range once."""
        found = (self._interruption(int(row)) for row in np.flatnonzero(self._forward < _ELSEWHERE))
        return sorted({one for one in found if one is not None})

    def _interruption(self, row: int) -> Interruption | None:
        n = int(self._owner[row])
        last = min(n + _LONGEST_GAP + 1, len(self._counts))
        later = np.arange(self._starts[min(n + 2, last)], self._starts[last])
        back = later[self._iou(np.full(len(later), row), later) >= _SAME_PLACE]
        if not len(back):
            return None
        again = int(self._owner[back[0]])
        return Interruption(n + 1, again, again == n + 2 and self._is_elsewhere(n + 1, int(self._rows[row, 0])))

    def _is_elsewhere(self, n: int, class_id: int) -> bool:
        """Has picture ``n`` a box of this class that touches none of its neighbours'?"""
        here = np.arange(self._starts[n], self._starts[n + 1])
        here = here[self._rows[here, 0] == class_id]
        around = np.concatenate([np.arange(self._starts[k], self._starts[k + 1]) for k in (n - 1, n + 1)])
        return any(float(self._iou(np.full(len(around), row), around).max(initial=0)) < _ELSEWHERE for row in here)

    def frozen(self) -> list[tuple[int, int]]:
        """Ranges of pictures with one box that is the same to the last digit, in order."""
        runs: dict[tuple[float, ...], tuple[int, int]] = {}
        found: set[tuple[int, int]] = set()
        enough = min(_FROZEN, len(self._counts))
        standing = np.flatnonzero(self._forward == 1.0)
        for n, values in zip(self._owner[standing].tolist(), self._rows[standing].tolist(), strict=True):
            key = tuple(values)
            first, last = runs.get(key, (n, n))
            if last < n - 1:
                first = n
            runs[key] = (first, n)
            if n + 2 - first >= enough:
                found.discard((first, n + 1))
                found.add((first, n + 2))
        return sorted(found)

    def _best_in_next(self) -> Floats:
        """For every box the IoU with its best partner in the next picture; NaN where no next picture has boxes.

        Tools write tracks in the same order in every picture: the box of the same rank is tried first.
        """
        best = np.full(len(self._rows), np.nan)
        has_next = np.concatenate([self._follows & (self._counts[1:] > 0), [False]])
        rows = np.flatnonzero(has_next[self._owner])
        if not len(rows):
            return best
        rank = rows - self._starts[self._owner[rows]]
        after = self._owner[rows] + 1
        has_rank = rank < self._counts[after]
        best[rows] = 0.0
        best[rows[has_rank]] = self._iou(rows[has_rank], (self._starts[after] + rank)[has_rank])
        others = rows[best[rows] < _SAME_PLACE]
        if len(others) > _SAMPLE and len(others) > 0.5 * len(rows):
            # Another order, or no film at all? A sample tells; then the boxes stay far from each other.
            some = others[:: len(others) // _SAMPLE]
            if median(self._best_of(some)) < _SAME_PLACE:
                return best
        best[others] = self._best_of(others)
        return best

    def _best_of(self, rows: Ints) -> Floats:
        """The IoU of boxes with the best of all in the next picture, which has some."""
        after = self._owner[rows] + 1
        counts = self._counts[after]
        iou = self._iou(np.repeat(rows, counts), _ranges(self._starts[after], counts))
        return np.asarray(np.maximum.reduceat(iou, np.cumsum(counts) - counts)) if len(rows) else np.zeros(0)

    def _iou(self, left: Ints, right: Ints) -> Floats:
        """Of pairs of rows; 0 for two classes."""
        a, b = self._corners[left], self._corners[right]
        size = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None)
        overlap = size[:, 0] * size[:, 1]
        union = self._areas[left] + self._areas[right] - overlap
        same = self._rows[left, 0] == self._rows[right, 0]
        return np.asarray(np.divide(overlap, union, out=np.zeros_like(overlap), where=same & (union > 0)))


def _ranges(starts: Ints, counts: Ints) -> Ints:
    """``starts[i], starts[i] + 1, ...``, ``counts[i]`` of each, one after the other."""
    before = np.cumsum(counts) - counts
    return np.asarray(np.arange(counts.sum()) + np.repeat(starts - before, counts))
