"""What do the four numbers of a YOLO line mean, where they are not centre and size in 0..1?

Scripts write pixels, and corners instead of centre and size; one line does not tell. All boxes of a folder together do,
if one reading puts every box inside its picture and the others put many outside. Where that leaves two readings, the
boxes are left out and the teacher is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT, NO_ANSWERS, Answers
from labtools.prepare.formats import CENTRE, CORNERS, PIXEL_CORNERS, PIXELS, RawBox, Record
from labtools.prepare.formats._yolo_plain import PlainBoxes, PlainTable
from labtools.prepare.pictures.reader import Picture
from labtools.prepare.sources.tree import folder_of

Numbers = NDArray[np.float64]

_TOLERANCE = 0.02  # of the picture's side: annotators draw a little beyond the border
_BEYOND = 0.1  # and some draw further
_NEARLY_ALL, _MANY = 0.98, 0.8  # shares of boxes inside: this reading is possible, this one is not
_ENOUGH = 8  # boxes that can overrule the usual reading of numbers in 0..1


def _centre(n: Numbers) -> Numbers:
    half = n[:, 2:] / 2
    return np.hstack([n[:, :2] - half, n[:, :2] + half])


def _corners(n: Numbers) -> Numbers:
    return n


def _corner_and_size(n: Numbers) -> Numbers:
    return np.hstack([n[:, :2], n[:, :2] + n[:, 2:]])


Reading = Callable[[Numbers], Numbers]
_USUAL, _BY_CORNERS = Sentence("centre and size"), Sentence("corners")
_BY_CORNER = Sentence("top left corner and size")
READINGS: Mapping[Sentence, Reading] = {_USUAL: _centre, _BY_CORNERS: _corners, _BY_CORNER: _corner_and_size}
_PERCENT = Sentence("centre and size in percent")


def settle_units(
    records: Sequence[Record], pictures: Mapping[str, Picture], root: str, answers: Answers = NO_ANSWERS
) -> tuple[Sequence[Record], list[Finding]]:
    """Records whose boxes are all corners in 0..1 or in the record's pixels; and what was decided, once per folder.

    Args:
        pictures: every record's picture.
        root: of the submission, for the keys of questions.
    """
    settling = _Settling(pictures, root, answers)
    in_pixels: dict[str, list[int]] = defaultdict(list)
    in_fractions: dict[str, _Fractions] = defaultdict(_Fractions)
    tables: dict[int, _Fractions] = {}
    for number, record in enumerate(records):
        boxes = record.boxes
        if isinstance(boxes, PlainBoxes):
            known = tables.get(id(boxes.table))
            if known is None:
                known = tables[id(boxes.table)] = in_fractions[folder_of(record.file)]
                known.tables.append(boxes.table)
            known.members.append(number)
        elif any(box.form != CORNERS for box in boxes):
            folder = folder_of(record.file)
            if any(box.form in {PIXELS, PIXEL_CORNERS} for box in boxes):
                in_pixels[folder].append(number)
            written = [_as_written(box) for box in boxes if box.form == CENTRE]
            if written:
                in_fractions[folder].members.append(number)
                in_fractions[folder].written += written
    changed = list(records)
    settling.pixels(changed, in_pixels)
    settling.fractions(changed, in_fractions)
    return changed, settling.findings


@dataclass
class _Fractions:
    """What one folder holds in 0..1: the records, their tables, and x y w h of the boxes in no table."""

    members: list[int] = field(default_factory=list)
    tables: list[PlainTable] = field(default_factory=list)
    written: list[tuple[float, float, float, float]] = field(default_factory=list)

    def numbers(self) -> Numbers:
        """x y w h of all boxes that are read as centre and size: (N, 4)."""
        written = np.array(self.written, np.float64).reshape(-1, 4)
        return np.concatenate([written, *(table.numbers[:, 1:] for table in self.tables)])


@dataclass
class _Settling:
    pictures: Mapping[str, Picture]
    root: str
    answers: Answers

    def __post_init__(self) -> None:
        self.findings: list[Finding] = []

    # ----------------------------------------------------------------------------------------------- pixels

    def pixels(self, records: list[Record], folders: Mapping[str, Sequence[int]]) -> None:
        """Numbers beyond 0..1, folder by folder; those that a folder leaves open are looked at together."""
        chosen = {f: self._pixel_reading([records[i] for i in numbers], f) for f, numbers in folders.items()}
        open_ones = [folder for folder, reading in chosen.items() if reading is None]
        if len(folders) > 1 and open_ones:
            together = self._pixel_reading([records[i] for f in open_ones for i in folders[f]], None)
            settled = {reading for reading in chosen.values() if reading}
            if together is None and len(settled) == 1:  # the other folders of the same hand
                only = settled.pop()
                together = (
                    only if self._is_possible([records[i] for f in open_ones for i in folders[f]], only) else None
                )
            chosen |= dict.fromkeys(open_ones, together)
        for folder, numbers in folders.items():
            reading = chosen[folder]
            count = sum(box.form in {PIXELS, PIXEL_CORNERS} for i in numbers for box in records[i].boxes)
            self._say_pixels(folder, records[numbers[0]].file, reading, count, len(numbers))
            for i in numbers:
                records[i] = self._in_fractions(records[i], reading)

    def _pixel_numbers(self, records: Iterable[Record]) -> tuple[Numbers, Numbers]:
        rows = [(b.xyxy, self.pictures[r.image].wh) for r in records for b in r.boxes if b.form == PIXELS]
        numbers = np.array([xyxy for xyxy, _ in rows], np.float64).reshape(-1, 4)
        return numbers, np.array([(*wh, *wh) for _, wh in rows], np.float64).reshape(-1, 4)

    def _pixel_reading(self, records: Sequence[Record], folder: str | None) -> Sentence | None:
        """The one reading that fits, ``LEAVE_OUT``, or None."""
        answer = None if folder is None else self.answers.get(self._key(folder))
        for known in (LEAVE_OUT, _PERCENT, *READINGS):
            if known == answer:
                return known
        numbers, wh = self._pixel_numbers(records)
        if not len(numbers):
            return _BY_CORNERS  # polygons alone: nothing to decide
        shares = {name: _share_inside(read(numbers) / wh) for name, read in READINGS.items()}
        shares[_PERCENT] = _share_inside(_centre(numbers / 100)) if numbers.max() <= 100 else 0.0
        usual = {name: shares[name] for name in (_USUAL, _BY_CORNERS, _PERCENT)}
        fitting = [name for name, share in usual.items() if share >= _NEARLY_ALL]
        others = [name for name, share in usual.items() if share > _MANY and name not in fitting]
        if len(fitting) == 1 and not others and (fitting[0] != _PERCENT or len(numbers) >= _ENOUGH):
            return fitting[0]
        if not fitting and not others and shares[_BY_CORNER] >= _NEARLY_ALL:
            return _BY_CORNER
        return None

    def _is_possible(self, records: Sequence[Record], reading: Sentence) -> bool:
        numbers, wh = self._pixel_numbers(records)
        scale = np.float64(100.0) if reading == _PERCENT else wh
        return reading == LEAVE_OUT or _share_inside(READINGS.get(reading, _centre)(numbers) / scale) >= _NEARLY_ALL

    def _in_fractions(self, record: Record, reading: Sentence | None) -> Record:
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
            scale = (100.0, 100.0) if reading == _PERCENT else (float(w), float(h))
            read = _corners if box.form == PIXEL_CORNERS else READINGS.get(reading or _USUAL, _centre)
            x1, y1, x2, y2 = read(np.array([box.xyxy]))[0].tolist()
            corners = (x1 / scale[0], y1 / scale[1], x2 / scale[0], y2 / scale[1])
            boxes.append(box._replace(xyxy=corners, form=CORNERS))
        wanted = 0 if reading == LEAVE_OUT else lost
        return replace(record, boxes=tuple(boxes), bad_lines=record.bad_lines + wanted)

    def _say_pixels(self, folder: str, file: str, reading: Sentence | None, boxes: int, files: int) -> None:
        many = _many(boxes, files)
        if reading is None:
            what = Sentence(
                "{many} {n:is|are} not in 0..1, and more than one reading puts {n:it into its picture|them into their "
                "pictures}, or none does",
                many=many,
                n=boxes,
            )
            self._ask(folder, file, what, (*READINGS, _PERCENT, LEAVE_OUT))
        elif reading == LEAVE_OUT:
            what = Sentence("{many} {n:is|are} not in 0..1: left out, as answered", many=many, n=boxes)
            self._say(file, "label-pixels", Severity.INFO, what, Action.LEFT_OUT)
        else:
            if reading != _PERCENT:
                reading = Sentence("{reading} in pixels", reading=reading)
            what = Sentence(
                "{many} {n:is|are} not in 0..1: read as {reading}, divided by the picture's size",
                many=many,
                n=boxes,
                reading=reading,
            )
            self._say(file, "label-pixels", Severity.WARNING, what, Action.REPAIRED)

    # -------------------------------------------------------------------------------------------- fractions

    def fractions(self, records: list[Record], folders: Mapping[str, _Fractions]) -> None:
        """Numbers in 0..1 that make no sense as centre and size."""
        for folder, fractions in folders.items():
            values, numbers = fractions.numbers(), fractions.members
            if not len(values) or _share_inside(_centre(values)) > _MANY:
                continue
            short = np.concatenate([n for f in folders.values() if len(n := f.numbers()) < _ENOUGH] or [values])
            reading = self._fraction_reading(values, short, folder)
            if reading == _USUAL:
                continue
            file = records[numbers[0]].file
            lost = Sentence(
                "{many} {n:does not lie in its picture|do not lie in their pictures} as centre and size",
                many=_many(len(values), len(numbers)),
                n=len(values),
            )
            if reading is None:
                what = Sentence("{what}, and two other readings fit", what=lost)
                self._ask(folder, file, what, (*READINGS, LEAVE_OUT))
            else:
                what, action = Sentence("{what}: read as {reading}", what=lost, reading=reading), Action.REPAIRED
                if reading == LEAVE_OUT:
                    what, action = Sentence("{what}: left out, as answered", what=lost), Action.LEFT_OUT
                self._say(file, "label-corners", Severity.WARNING, what, action)
            tables: dict[int, PlainTable] = {}
            for i in numbers:
                records[i] = _reread(records[i], reading, tables)

    def _fraction_reading(self, values: Numbers, short: Numbers, folder: str) -> Sentence | None:
        """The one reading that fits, ``LEAVE_OUT``, or None; ``short``: the boxes of all folders with few of them."""
        answer = self.answers.get(self._key(folder))
        for known in (LEAVE_OUT, *READINGS):
            if known == answer:
                return known
        is_short = len(values) < _ENOUGH
        values = short if is_short else values
        fitting = [name for name, read in READINGS.items() if _share_inside(read(values)) >= _NEARLY_ALL]
        if len(values) < _ENOUGH or not fitting or _share_inside(_centre(values)) > _MANY:
            return _USUAL
        # Drawn beyond the border? Moved by half its size any such box lies inside.
        is_drawn_so = is_short or _share_inside(_centre(values), _BEYOND) >= _NEARLY_ALL
        if fitting == [_BY_CORNER] and is_drawn_so:
            return _USUAL
        return fitting[0] if len(fitting) == 1 else None

    def _key(self, folder: str) -> str:
        return f"label-units:{self.root}:{folder}"

    def _ask(self, folder: str, file: str, what: Sentence, options: tuple[Sentence, ...]) -> None:
        text = Sentence("What are the four numbers in {place}?", place=folder or Sentence("these labels"))
        question = Question(self._key(folder), text, options)
        finding = Finding("", file, 0, "label-units-unknown", Severity.ERROR, what, Action.ASKED, question)
        self.findings.append(finding)

    def _say(self, file: str, code: str, severity: Severity, what: Sentence, action: Action) -> None:
        self.findings.append(Finding("", file, 0, code, severity, what, action))


def _many(boxes: int, files: int) -> Sentence:
    return Sentence("{boxes} {boxes:box|boxes} in {files} {files:file|files} of this folder", boxes=boxes, files=files)


def _share_inside(xyxyn: Numbers, tolerance: float = _TOLERANCE) -> float:
    """Of boxes with an area that lie in 0..1, but for a little."""
    if not len(xyxyn):
        return 1.0
    low, high = xyxyn[:, :2], xyxyn[:, 2:]
    inside = (low < high).all(axis=1) & (low.min(axis=1) >= -tolerance) & (high.max(axis=1) <= 1 + tolerance)
    return float(inside.mean())


def _as_written(box: RawBox) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box.xyxy
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def _reread(record: Record, reading: Sentence | None, tables: dict[int, PlainTable]) -> Record:
    """With the numbers in 0..1 read in another way; without those boxes where that is open or unwanted."""
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
            x1, y1, x2, y2 = read(np.array([_as_written(box)]))[0].tolist()
            box = box._replace(xyxy=(x1, y1, x2, y2), form=CORNERS)
        moved.append(box)
    return replace(record, boxes=tuple(moved))
