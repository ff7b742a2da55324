"""Label text for whole tables of plain files; boxes that need care are left to `annotations`.

Of 28,610 files nearly all need nothing but another class id: their lines are kept as written, with the id replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from labtools.prepare.formats import Record
from labtools.prepare.formats._yolo_plain import PlainBoxes, PlainTable
from labtools.prepare.labels.decisions import Decision, Refusal
from labtools.prepare.labels.resolver import ClassResolver

# Below this a number differs only by the six decimals of the files that we read and write.
EPSILON = 2e-6

# Two boxes of one class whose corners are no further apart are one box, written with fewer digits once.
ROUNDING = 1.5e-4

_CROWD = 300  # boxes in a picture
_LINE = "%d %.6f %.6f %.6f %.6f\n"


def write_tables(records: Iterable[Record], resolver: ClassResolver) -> dict[str, str]:
    """The label text of each picture whose boxes are plain, all in the picture, of known classes and different."""
    by_table: dict[int, list[tuple[Record, PlainBoxes]]] = {}
    for record in records:
        boxes = record.boxes
        if isinstance(boxes, PlainBoxes):
            key = id(boxes.table)
            if key in by_table:
                by_table[key].append((record, boxes))
            else:
                by_table[key] = [(record, boxes)]
    labels: dict[str, str] = {}
    for members in by_table.values():
        labels.update(_TableWriter(members[0][1].table, members[0][0], resolver).labels(members))
    return labels


class _TableWriter:
    """The rows of one table as label lines.

    Args:
        record: any record of the table: they share folder and names.
    """

    def __init__(self, table: PlainTable, record: Record, resolver: ClassResolver) -> None:
        self._table = table
        self._resolver = resolver
        self._decisions = {class_id: self._decide(class_id, record) for class_id in table.ids}

    def _decide(self, class_id: int, record: Record) -> Decision:
        names = self._table.names
        name = names[class_id] if class_id < len(names) and names[class_id] else None
        return self._resolver.decide(class_id, name, record)

    def labels(self, members: Sequence[tuple[Record, PlainBoxes]]) -> dict[str, str]:
        """The text by picture; pictures with a box that needs care are absent."""
        numbers = self._table.numbers
        classes, refused = self._classes()
        half = numbers[:, 3:] / 2
        low, high = numbers[:, 1:3] - half, numbers[:, 1:3] + half
        beyond = (low < -EPSILON) | (high > 1 + EPSILON) | (high - low <= EPSILON)
        moved = np.asarray(((low < 0) | (high > 1)).any(axis=1))
        low, high = np.maximum(low, 0), np.minimum(high, 1)
        careful = beyond.any(axis=1) | refused | self._twins(classes, low, high)
        per_file_careful, per_file_moved = self._per_file(careful), self._per_file(moved)
        text, width = self._as_written(classes)
        values: list[float] = []
        found: dict[str, str] = {}
        fine: list[tuple[Record, PlainBoxes]] = []
        file_of = dict(zip(self._table.starts.tolist(), range(len(self._table.starts)), strict=True))
        for member in members:
            record, boxes = member
            start, stop = boxes.start, boxes.stop
            if start == stop:
                found[record.image] = ""
                continue
            file = file_of[start]
            if per_file_careful[file]:
                continue
            if width and not per_file_moved[file]:
                found[record.image] = text[start * width : stop * width]
            else:
                values = values or np.column_stack([classes, (low + high) / 2, high - low]).ravel().tolist()
                found[record.image] = _LINE * (stop - start) % tuple(values[start * 5 : stop * 5])
            fine.append(member)
        self._count(fine)
        return found

    def _classes(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The class of each row, and which rows have none."""
        ids = self._table.numbers[:, 0]
        classes = np.zeros(len(ids), np.int64)
        refused = np.zeros(len(ids), np.bool_)
        for class_id, decision in self._decisions.items():
            rows = slice(None) if len(self._decisions) == 1 else ids == class_id
            if isinstance(decision.to, Refusal):
                refused[rows] = True
            else:
                classes[rows] = decision.to
        return classes, refused

    def _twins(
        self, classes: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Rows that are nearly another one of their file, and those of a file with so many that comparing them takes
        long; the careful way then looks into it."""
        sizes = np.diff(self._table.starts)
        files = np.repeat(np.arange(len(sizes)), sizes)
        corners = np.hstack([low, high])
        found = np.repeat(sizes > _CROWD, sizes)
        for lag in range(1, min(len(files), _CROWD)):
            rows = np.flatnonzero(files[lag:] == files[:-lag])
            if not len(rows):
                break
            apart = np.abs(corners[rows] - corners[rows + lag]).max(axis=1)
            found[rows[(apart <= ROUNDING) & (classes[rows] == classes[rows + lag])]] = True
        return found

    def _per_file(self, rows: NDArray[np.bool_]) -> list[bool]:
        """For each file: is it true of one of its rows?"""
        before = np.concatenate([[0], np.cumsum(rows)])[self._table.starts]
        return [n > 0 for n in np.diff(before).tolist()]

    def _as_written(self, classes: NDArray[np.int64]) -> tuple[str, int]:
        """All lines as they were written, with the new ids, and the characters of each; 0 where that cannot be."""
        tails = self._table.tails
        if tails is None or not len(classes):
            return "", 0
        digits = len(str(classes.max()))
        if len(str(classes.min())) != digits:
            return "", 0
        heads = [
            (classes // 10**place % 10 + ord("0")).astype(np.uint8)[:, None] for place in range(digits - 1, -1, -1)
        ]
        lines = np.hstack([*heads, tails])
        return lines.tobytes().decode("ascii"), lines.shape[1]

    def _count(self, fine: Sequence[tuple[Record, PlainBoxes]]) -> None:
        """Tell the resolver for how many boxes it decided."""
        if not fine:
            return
        if len(self._decisions) == 1:
            decision = next(iter(self._decisions.values()))
            first = min((r.file, r.image) for r, _ in fine)
            self._resolver.count(decision, sum(len(b) for _, b in fine), len(fine), first)
            return
        ids = self._table.numbers[:, 0]
        for class_id, decision in self._decisions.items():
            rows = np.concatenate([[0], np.cumsum(ids == class_id)])
            holding = [((r.file, r.image), n) for r, b in fine if (n := int(rows[b.stop] - rows[b.start]))]
            if holding:
                boxes = sum(n for _, n in holding)
                self._resolver.count(decision, boxes, len(holding), min(place for place, _ in holding))
