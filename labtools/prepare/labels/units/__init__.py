"""What do the four numbers of a YOLO line mean, where they are not centre and size in 0..1?

Scripts write pixels, and corners instead of centre and size; one line does not tell. All boxes of a folder together do,
if one reading puts every box inside its picture and the others put many outside. Where that leaves two readings, the
boxes are left out and the teacher is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from labtools.core.findings import Finding
from labtools.prepare.answers import NO_ANSWERS, Answers
from labtools.prepare.formats import CENTRE, CORNERS, PIXEL_CORNERS, PIXELS, Record
from labtools.prepare.formats._yolo_plain import PlainBoxes
from labtools.prepare.labels.units.fractions import Fractions, as_written, settle_fractions
from labtools.prepare.labels.units.pixels import Pixels
from labtools.prepare.labels.units.said import Said
from labtools.prepare.pictures.reader import Picture
from labtools.prepare.sources.tree import folder_of


def settle_units(
    records: Sequence[Record], pictures: Mapping[str, Picture], root: str, answers: Answers = NO_ANSWERS
) -> tuple[Sequence[Record], list[Finding]]:
    """Records whose boxes are all corners in 0..1 or in the record's pixels; and what was decided, once per folder.

    Args:
        pictures: every record's picture.
        root: of the submission, for the keys of questions.
    """
    in_pixels: dict[str, list[int]] = defaultdict(list)
    in_fractions: dict[str, Fractions] = defaultdict(Fractions)
    tables: dict[int, Fractions] = {}
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
            written = [as_written(box) for box in boxes if box.form == CENTRE]
            if written:
                in_fractions[folder].members.append(number)
                in_fractions[folder].written += written
    changed, said = list(records), Said(root, answers)
    Pixels(pictures, said).settle(changed, in_pixels)
    settle_fractions(changed, in_fractions, said)
    return changed, said.findings
