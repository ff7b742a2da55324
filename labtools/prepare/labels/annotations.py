"""Records of all formats -> the boxes of each picture, in the course's classes and in 0..1 as displayed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.formats import RawBox, Record
from labtools.prepare.labels.classes import ClassResolver, Refusal
from labtools.prepare.pictures.headers import Header
from labtools.prepare.pictures.reader import Picture

Box = tuple[int, float, float, float, float]
"""class id and xywhn: one line of a YOLO label file."""

# Below this a number differs only by the six decimals of the files that we read and write.
_EPSILON = 2e-6


@dataclass(frozen=True)
class Annotation:
    """What is known about one picture: its boxes, and whether that is an annotation at all.

    ``state`` is ``boxes``, ``empty`` (annotated as background) or ``unlabelled`` (nothing usable was found).
    """

    state: str
    boxes: tuple[Box, ...] = ()


@dataclass
class Annotator:
    """The annotations of one submission's pictures; `findings` fills up with what was changed or left out."""

    resolver: ClassResolver
    pictures: Mapping[str, Picture]
    findings: list[Finding] = field(default_factory=list)

    def annotate(self, images: Iterable[str], records: Iterable[Record]) -> dict[str, Annotation]:
        """One `Annotation` per picture."""
        by_image: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_image[record.image].append(record)
        return {path: self.one(path, by_image.get(path, [])) for path in images}

    def one(self, path: str, records: Sequence[Record]) -> Annotation:
        if not records:
            self.say(path, 0, "image-unlabelled", Severity.WARNING, "no annotation was found", Action.NOTED)
            return Annotation("unlabelled")
        record = self.choose(records)
        boxes = self.boxes(record, self.pictures[path])
        if boxes:
            return Annotation("boxes", boxes)
        if record.boxes or record.bad_lines:
            what = f"every box of {record.file} was left out: the picture counts as unlabelled"
            self.say(path, 0, "image-lost-boxes", Severity.ERROR, what, Action.NOTED)
            return Annotation("unlabelled")
        return Annotation("empty")

    def choose(self, records: Sequence[Record]) -> Record:
        """Two files about one picture: the one outside an archive, then the one with more boxes, then the first."""
        if len(records) == 1:
            return records[0]
        ordered = sorted(records, key=lambda r: ("!/" in r.file, -len(r.boxes), r.file))
        for other in ordered[1:]:
            boxes = [[(b.class_id, b.class_name, b.xyxy) for b in r.boxes] for r in (ordered[0], other)]
            same = "the same boxes" if boxes[0] == boxes[1] else "other boxes"
            severity = Severity.INFO if boxes[0] == boxes[1] else Severity.WARNING
            what = f"annotates {other.image} a second time, with {same}: {ordered[0].file} is used"
            self.say(other.file, 0, "annotation-twice", severity, what, Action.LEFT_OUT)
        return ordered[0]

    def boxes(self, record: Record, picture: Picture) -> tuple[Box, ...]:
        """The usable boxes of one record, in the order written."""
        if record.size_wh is not None:
            record = self.in_units(record, record.size_wh, picture.header)
        found: dict[tuple[int, ...], Box] = {}
        for raw in record.boxes:
            class_id = self.resolver.resolve(raw, record)
            if isinstance(class_id, Refusal):
                self.say(record.file, raw.line, class_id.code, Severity.ERROR, class_id.message, Action.ASKED)
                continue
            corners = self.clipped(raw, record)
            if corners is None:
                continue
            x1, y1, x2, y2 = corners
            box = (class_id, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
            key = (class_id, round(x1 * 1e6), round(y1 * 1e6), round(x2 * 1e6), round(y2 * 1e6))
            if key in found:
                self.say(record.file, raw.line, "box-twice", Severity.INFO, "the same box again", Action.LEFT_OUT)
                continue
            found[key] = box
        return tuple(found.values())

    def clipped(self, raw: RawBox, record: Record) -> tuple[float, float, float, float] | None:
        """Corners cut to the picture; None if nothing of the box is left."""
        x1, y1, x2, y2 = raw.xyxy
        if 0 <= x1 < x2 - _EPSILON and 0 <= y1 < y2 - _EPSILON and x2 <= 1 and y2 <= 1:
            return raw.xyxy
        cut = max(0.0, x1), max(0.0, y1), min(1.0, x2), min(1.0, y2)
        beyond = max(-x1, -y1, x2 - 1, y2 - 1)
        if cut[2] - cut[0] < _EPSILON / 4 or cut[3] - cut[1] < _EPSILON / 4:
            outside = x1 >= 1 or y1 >= 1 or x2 <= 0 or y2 <= 0
            code, what = ("box-outside", "the box lies outside the picture") if outside else ("box-no-area", "no area")
            self.say(record.file, raw.line, code, Severity.WARNING, what, Action.LEFT_OUT)
            return None
        if beyond > _EPSILON:
            what = f"the box reaches {beyond:.2%} of the picture beyond its border"
            severity = Severity.WARNING if beyond > 0.05 else Severity.INFO
            self.say(record.file, raw.line, "box-clipped", severity, what, Action.CLIPPED)
        return cut

    def in_units(self, record: Record, size: tuple[float, float], header: Header) -> Record:
        """Pixels to 0..1 as displayed, minding that the file may know the picture at another size."""
        scale, turn, trouble = _scale(size, header)
        if trouble:
            severity = Severity.INFO if max(size) <= 0 else Severity.WARNING
            self.say(record.file, 0, "size-differs", severity, trouble, Action.REPAIRED)
        boxes = []
        for box in record.boxes:
            x1, y1, x2, y2 = (v / scale[i % 2] for i, v in enumerate(box.xyxy))
            corners = turned((x1, y1, x2, y2), header.orientation) if turn else (x1, y1, x2, y2)
            boxes.append(RawBox(box.class_id, box.class_name, corners, box.line))
        return Record(record.file, record.image, tuple(boxes), None, record.names, record.bad_lines)

    def say(self, file: str, line: int, code: str, severity: Severity, message: str, action: Action) -> None:
        self.findings.append(Finding("", file, line, code, severity, message, action))


def _scale(written: tuple[float, float], header: Header) -> tuple[tuple[float, float], bool, str]:
    """What pixels are divided by, whether boxes must be turned with the picture, and what was odd (``""``: nothing)."""
    w, h = float(header.wh[0]), float(header.wh[1])
    stored = float(header.stored_wh[0]), float(header.stored_wh[1])
    if min(written) <= 0:
        return (w, h), False, f"the annotation gives no size of the picture: {w:.0f}x{h:.0f} is taken"
    if written == (w, h):
        return (w, h), False, ""
    what = f"annotated at {written[0]:.0f}x{written[1]:.0f}, the picture is {w:.0f}x{h:.0f}"
    if header.orientation >= 5 and written == stored:
        return written, True, f"{what} as displayed (EXIF orientation {header.orientation}): boxes turned"
    if abs(written[0] * h - written[1] * w) <= 0.02 * written[0] * h:
        return written, False, f"{what}: boxes scaled with it"
    return (w, h), False, f"{what}, of another shape: boxes taken as pixels of the picture"


def turned(xyxyn: tuple[float, float, float, float], orientation: int) -> tuple[float, float, float, float]:
    """A box of the stored picture as it lies in the displayed one, for the EXIF orientations that swap axes (5..8)."""
    x1, y1, x2, y2 = xyxyn
    across = (1 - y2, 1 - y1) if orientation in {6, 7} else (y1, y2)
    down = (1 - x2, 1 - x1) if orientation in {7, 8} else (x1, x2)
    return across[0], down[0], across[1], down[1]
