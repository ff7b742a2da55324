"""Numbers beyond 0..1: pixels by their centre or by corners, or percent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from labtools.core.findings import Action, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT
from labtools.prepare.formats import CORNERS, PIXEL_CORNERS, PIXELS, RawBox, Record
from labtools.prepare.labels.units.readings import (
    BY_CORNER,
    BY_CORNERS,
    ENOUGH,
    MANY,
    NEARLY_ALL,
    PERCENT,
    READINGS,
    USUAL,
    Numbers,
    from_centre,
    from_corners,
    share_inside,
)
from labtools.prepare.labels.units.said import Said, many
from labtools.prepare.pictures.reader import Picture

_ASKED = (*READINGS, PERCENT)


@dataclass(frozen=True)
class Pixels:
    """Settles them folder by folder.

    Args:
        pictures: every record's picture.
    """

    pictures: Mapping[str, Picture]
    said: Said

    def settle(self, records: list[Record], folders: Mapping[str, Sequence[int]]) -> None:
        """Put records of corners in 0..1 in place; what a folder leaves open is looked at together.

        Args:
            folders: by folder, the places in ``records`` that have such numbers.
        """
        chosen = {
            folder: self.said.answer(folder, (PERCENT, *READINGS)) or self._fitting([records[i] for i in numbers])
            for folder, numbers in folders.items()
        }
        open_ones = [folder for folder, reading in chosen.items() if reading is None]
        if len(folders) > 1 and open_ones:
            rest = [records[i] for folder in open_ones for i in folders[folder]]
            together = self._fitting(rest)
            settled = {reading for reading in chosen.values() if reading}
            if together is None and len(settled) == 1:  # the other folders of the same hand
                only = settled.pop()
                together = only if self._is_possible(rest, only) else None
            chosen |= dict.fromkeys(open_ones, together)
        for folder, numbers in folders.items():
            reading = chosen[folder]
            count = sum(box.form in {PIXELS, PIXEL_CORNERS} for i in numbers for box in records[i].boxes)
            self._say(folder, records[numbers[0]].file, reading, count, len(numbers))
            for i in numbers:
                records[i] = self._in_fractions(records[i], reading)

    def _numbers(self, records: Iterable[Record]) -> tuple[Numbers, Numbers]:
        """The numbers that are unread, and beside each row its picture's (w, h, w, h): (N, 4) both."""
        rows = [(b.xyxy, self.pictures[r.image].wh) for r in records for b in r.boxes if b.form == PIXELS]
        numbers = np.array([xyxy for xyxy, _ in rows], np.float64).reshape(-1, 4)
        return numbers, np.array([(*wh, *wh) for _, wh in rows], np.float64).reshape(-1, 4)

    def _fitting(self, records: Sequence[Record]) -> Sentence | None:
        """The one reading that fits."""
        numbers, wh = self._numbers(records)
        if not len(numbers):
            return BY_CORNERS  # polygons alone: nothing to decide
        shares = {name: share_inside(read(numbers) / wh) for name, read in READINGS.items()}
        shares[PERCENT] = share_inside(from_centre(numbers / 100)) if numbers.max() <= 100 else 0.0
        usual = {name: shares[name] for name in (USUAL, BY_CORNERS, PERCENT)}
        fitting = [name for name, share in usual.items() if share >= NEARLY_ALL]
        others = [name for name, share in usual.items() if share > MANY and name not in fitting]
        if len(fitting) == 1 and not others and (fitting[0] != PERCENT or len(numbers) >= ENOUGH):
            return fitting[0]
        if not fitting and not others and shares[BY_CORNER] >= NEARLY_ALL:
            return BY_CORNER
        return None

    def _is_possible(self, records: Sequence[Record], reading: Sentence) -> bool:
        numbers, wh = self._numbers(records)
        scale = np.float64(100.0) if reading == PERCENT else wh
        return reading == LEAVE_OUT or share_inside(READINGS.get(reading, from_centre)(numbers) / scale) >= NEARLY_ALL

    def _in_fractions(self, record: Record, reading: Sentence | None) -> Record:
        """With corners in 0..1; without the boxes that are open or unwanted. Only open ones count as unreadable."""
        boxes: list[RawBox] = []
        lost = 0
        w, h = self.pictures[record.image].wh
        for box in record.boxes:
            if box.form not in {PIXELS, PIXEL_CORNERS}:
                boxes.append(box)
                continue
            if box.form == PIXELS and reading in {None, LEAVE_OUT}:
                lost += 1
                continue
            scale = (100.0, 100.0) if reading == PERCENT else (float(w), float(h))
            read = from_corners if box.form == PIXEL_CORNERS else READINGS.get(reading or USUAL, from_centre)
            x1, y1, x2, y2 = read(np.array([box.xyxy]))[0].tolist()
            corners = (x1 / scale[0], y1 / scale[1], x2 / scale[0], y2 / scale[1])
            boxes.append(box._replace(xyxy=corners, form=CORNERS))
        wanted = 0 if reading == LEAVE_OUT else lost
        return replace(record, boxes=tuple(boxes), bad_lines=record.bad_lines + wanted)

    def _say(self, folder: str, file: str, reading: Sentence | None, boxes: int, files: int) -> None:
        told = many(boxes, files)
        if reading is None:
            what = Sentence(
                "{many} {n:is|are} not in 0..1, and more than one reading puts {n:it into its picture|them into their "
                "pictures}, or none does",
                many=told,
                n=boxes,
            )
            self.said.ask(folder, file, what, _ASKED)
        elif reading == LEAVE_OUT:
            what = Sentence("{many} {n:is|are} not in 0..1: left out, as answered", many=told, n=boxes)
            self.said.say(file, "label-pixels", Severity.INFO, what, Action.LEFT_OUT)
        else:
            if reading != PERCENT:
                reading = Sentence("{reading} in pixels", reading=reading)
            what = Sentence(
                "{many} {n:is|are} not in 0..1: read as {reading}, divided by the picture's size",
                many=told,
                n=boxes,
                reading=reading,
            )
            self.said.say(file, "label-pixels", Severity.WARNING, what, Action.REPAIRED)
