"""Numbers in 0..1 that make no sense as centre and size: corners, or the top left corner and the size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from labtools.core.findings import Action, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT
from labtools.prepare.formats import CENTRE, CORNERS, RawBox, Record
from labtools.prepare.formats._yolo_plain import PlainBoxes, PlainTable
from labtools.prepare.labels.units.readings import (
    BEYOND,
    BY_CORNER,
    ENOUGH,
    MANY,
    NEARLY_ALL,
    READINGS,
    USUAL,
    Numbers,
    from_centre,
    share_inside,
)
from labtools.prepare.labels.units.said import Said, many


@dataclass
class Fractions:
    """What one folder holds in 0..1.

    Attributes:
        members: the places of its records.
        tables: of those of them whose boxes are in tables.
        written: x y w h of the boxes in no table.
    """

    members: list[int] = field(default_factory=list)
    tables: list[PlainTable] = field(default_factory=list)
    written: list[tuple[float, float, float, float]] = field(default_factory=list)

    def numbers(self) -> Numbers:
        """x y w h of all boxes that are read as centre and size: (N, 4)."""
        written = np.array(self.written, np.float64).reshape(-1, 4)
        return np.concatenate([written, *(table.numbers[:, 1:] for table in self.tables)])


def settle_fractions(records: list[Record], folders: Mapping[str, Fractions], said: Said) -> None:
    """Put records in place whose boxes are read as their folder means them."""
    for folder, fractions in folders.items():
        values, members = fractions.numbers(), fractions.members
        if not len(values) or share_inside(from_centre(values)) > MANY:
            continue
        short = np.concatenate([n for f in folders.values() if len(n := f.numbers()) < ENOUGH] or [values])
        reading = said.answer(folder, READINGS) or _fitting(values, short)
        if reading == USUAL:
            continue
        _say(said, folder, records[members[0]].file, reading, many(len(values), len(members)), len(values))
        tables: dict[int, PlainTable] = {}
        for i in members:
            records[i] = _reread(records[i], reading, tables)


def _fitting(values: Numbers, short: Numbers) -> Sentence | None:
    """The one reading that fits; ``short``: the boxes of all folders with few of them."""
    is_short = len(values) < ENOUGH
    values = short if is_short else values
    fitting = [name for name, read in READINGS.items() if share_inside(read(values)) >= NEARLY_ALL]
    if len(values) < ENOUGH or not fitting or share_inside(from_centre(values)) > MANY:
        return USUAL
    # Drawn beyond the border? Moved by half its size any such box lies inside.
    is_drawn_so = is_short or share_inside(from_centre(values), BEYOND) >= NEARLY_ALL
    if fitting == [BY_CORNER] and is_drawn_so:
        return USUAL
    return fitting[0] if len(fitting) == 1 else None


def _say(said: Said, folder: str, file: str, reading: Sentence | None, told: Sentence, boxes: int) -> None:
    lost = Sentence(
        "{many} {n:does not lie in its picture|do not lie in their pictures} as centre and size", many=told, n=boxes
    )
    if reading is None:
        said.ask(folder, file, Sentence("{what}, and two other readings fit", what=lost), tuple(READINGS))
    elif reading == LEAVE_OUT:
        what = Sentence("{what}: left out, as answered", what=lost)
        said.say(file, "label-corners", Severity.WARNING, what, Action.LEFT_OUT)
    else:
        what = Sentence("{what}: read as {reading}", what=lost, reading=reading)
        said.say(file, "label-corners", Severity.WARNING, what, Action.REPAIRED)


def _reread(record: Record, reading: Sentence | None, tables: dict[int, PlainTable]) -> Record:
    """With the numbers in 0..1 read in another way; without those boxes where that is open or unwanted.

    Args:
        tables: by identity of those that were read, what they became; more are added.
    """
    boxes = record.boxes
    if reading is None or reading == LEAVE_OUT:
        kept = tuple(box for box in boxes if box.form != CENTRE)
        lost = 0 if reading == LEAVE_OUT else len(boxes) - len(kept)
        return replace(record, boxes=kept, bad_lines=record.bad_lines + lost)
    read = READINGS[reading]
    if isinstance(boxes, PlainBoxes):
        table = boxes.table
        if id(table) not in tables:
            low, high = np.hsplit(read(table.numbers[:, 1:]), 2)
            numbers = np.hstack([table.numbers[:, :1], (low + high) / 2, high - low])
            tables[id(table)] = PlainTable(numbers, table.starts, table.names, None)
        return replace(record, boxes=PlainBoxes(tables[id(table)], boxes.start, boxes.stop))
    moved = []
    for box in boxes:
        if box.form == CENTRE:
            x1, y1, x2, y2 = read(np.array([as_written(box)]))[0].tolist()
            box = box._replace(xyxy=(x1, y1, x2, y2), form=CORNERS)
        moved.append(box)
    return replace(record, boxes=tuple(moved))


def as_written(box: RawBox) -> tuple[float, float, float, float]:
    """The x y w h that became a box's corners."""
    x1, y1, x2, y2 = box.xyxy
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
