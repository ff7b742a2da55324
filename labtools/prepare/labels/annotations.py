"""Records of all formats -> the boxes of each picture, in the dataset's classes and in 0..1 as displayed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from labtools.artifacts.dataset import format_label
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import RawBox, Record
from labtools.prepare.labels.decisions import Refusal
from labtools.prepare.labels.plain import EPSILON, ROUNDING, write_tables
from labtools.prepare.labels.resolver import ClassResolver
from labtools.prepare.labels.told import Told
from labtools.prepare.pictures.headers import Header
from labtools.prepare.pictures.reader import Picture

Box = tuple[int, float, float, float, float]
"""class id and xywhn: one line of a YOLO label file."""

BOXES, EMPTY, UNLABELLED = "boxes", "empty", "unlabelled"

_CELL = 1e-3


class Annotation(NamedTuple):
    """What is known about one picture: its boxes, and whether that is an annotation at all.

    Attributes:
        state: ``boxes``, ``empty`` (annotated as background) or ``unlabelled`` (nothing usable was found).
        label: the text of its label file in the dataset; ``""`` without boxes.
    """

    state: str
    label: str = ""

    @property
    def boxes(self) -> tuple[Box, ...]:
        """What `label` says."""
        return boxes_of(self.label)


def boxes_of(label: str) -> tuple[Box, ...]:
    """The boxes of a label file that labtools wrote."""
    rows = (line.split() for line in label.splitlines())
    return tuple((int(c), float(x), float(y), float(w), float(h)) for c, x, y, w, h in rows)


@dataclass
class Annotator:
    """The annotations of one submission's pictures; `findings` fills up with what was changed or left out."""

    resolver: ClassResolver
    pictures: Mapping[str, Picture]
    lost: set[str] = field(default_factory=set)
    """Pictures that somebody annotated, but not one box could be used."""
    _told: Told = field(default_factory=Told)

    @property
    def findings(self) -> list[Finding]:
        return self._told.findings()

    def annotate(self, images: Iterable[str], records: Iterable[Record]) -> dict[str, Annotation]:
        """One `Annotation` per picture; one that no record is about counts as unlabelled."""
        by_image: dict[str, Record] = {}
        rivals: dict[str, list[Record]] = {}
        for record in records:
            first = by_image.setdefault(record.image, record)
            if first is not record:
                rivals.setdefault(record.image, [first]).append(record)
        by_image |= {path: self.choose(several) for path, several in rivals.items()}
        labels = write_tables(by_image.values(), self.resolver)
        found: dict[str, Annotation] = {}
        for path in images:
            label = labels.get(path)
            if label is not None:
                found[path] = Annotation(BOXES if label else EMPTY, label)
            elif path in by_image:
                found[path] = self.one(path, by_image[path])
            else:
                found[path] = Annotation(UNLABELLED)
        return found

    def one(self, path: str, record: Record) -> Annotation:
        """What one record says about its picture, box by box."""
        boxes, is_background = self.boxes(record, self.pictures[path])
        if boxes:
            return Annotation(BOXES, format_label(boxes))
        if is_background and not record.bad_lines:
            return Annotation(EMPTY)
        self.lost.add(path)
        what = Sentence("every box of {file} was left out: the picture counts as unlabelled", file=record.file)
        self.say(path, 0, "image-lost-boxes", Severity.ERROR, what, Action.NOTED, path)
        return Annotation(UNLABELLED)

    def choose(self, records: Sequence[Record]) -> Record:
        """Two files about one picture: the one outside an archive, then the one with more boxes, then the first."""
        if len(records) == 1:
            return records[0]
        ordered = sorted(records, key=lambda r: ("!/" in r.file, -len(r.boxes), r.file))
        for other in ordered[1:]:
            boxes = [[(b.class_id, b.class_name, b.xyxy) for b in r.boxes] for r in (ordered[0], other)]
            is_same = boxes[0] == boxes[1]
            severity = Severity.INFO if is_same else Severity.WARNING
            what = Sentence(
                "annotates {image} a second time, with {boxes}: {used} is used",
                image=other.image,
                boxes=Sentence("the same boxes") if is_same else Sentence("other boxes"),
                used=ordered[0].file,
            )
            self.say(other.file, 0, "annotation-twice", severity, what, Action.LEFT_OUT, other.image)
        return ordered[0]

    def boxes(self, record: Record, picture: Picture) -> tuple[tuple[Box, ...], bool]:
        """The usable boxes of one record, in the order written; and whether, without any, it says background."""
        is_background = True
        if record.size_wh is not None:
            fitting = self.in_units(record, record.size_wh, picture.header)
            is_background = fitting is not None or not record.boxes
            record = fitting or Record(record.file, record.image, (), None, record.names, record.bad_lines)
        found = _Different()
        for raw in record.boxes:
            class_id = self.resolver.resolve(raw, record)
            if isinstance(class_id, Refusal):
                self.refuse(raw, record, class_id)
                is_background = is_background and class_id.is_wanted
                continue
            corners = self.clipped(raw, record)
            if corners is None:
                is_background = False
                continue
            again = found.add(class_id, corners)
            if again is not None:
                self.say(record.file, raw.line, "box-twice", Severity.INFO, again, Action.LEFT_OUT, record.image)
        return found.boxes(), is_background

    def refuse(self, raw: RawBox, record: Record, refusal: Refusal) -> None:
        """A box without a class: asked for, or left out because the answer says so."""
        severity, action = (Severity.INFO, Action.LEFT_OUT) if refusal.is_wanted else (Severity.ERROR, Action.ASKED)
        self.say(record.file, raw.line, refusal.code, severity, refusal.message, action, record.image, refusal.question)

    def clipped(self, raw: RawBox, record: Record) -> tuple[float, float, float, float] | None:
        """Corners cut to the picture; None if nothing of the box is left."""
        x1, y1, x2, y2 = raw.xyxy
        if 0 <= x1 < x2 - EPSILON and 0 <= y1 < y2 - EPSILON and x2 <= 1 and y2 <= 1:
            return raw.xyxy
        cut = max(0.0, x1), max(0.0, y1), min(1.0, x2), min(1.0, y2)
        beyond = max(-x1, -y1, x2 - 1, y2 - 1)
        if cut[2] - cut[0] < EPSILON / 4 or cut[3] - cut[1] < EPSILON / 4:
            outside = x1 >= 1 or y1 >= 1 or x2 <= 0 or y2 <= 0
            code, what = "box-no-area", Sentence("no area")
            if outside:
                code, what = "box-outside", Sentence("the box lies outside the picture")
            self.say(record.file, raw.line, code, Severity.WARNING, what, Action.LEFT_OUT, record.image)
            return None
        if beyond > EPSILON:
            what = Sentence("the box reaches {share:.2%} of the picture beyond its border", share=beyond)
            severity = Severity.WARNING if beyond > 0.05 else Severity.INFO
            self.say(record.file, raw.line, "box-clipped", severity, what, Action.CLIPPED, record.image)
        return cut

    def in_units(self, record: Record, size: tuple[float, float], header: Header) -> Record | None:
        """Pixels to 0..1 as displayed, minding that the file may know the picture at another size; None: it cannot."""
        scale = _scale(size, header, record.boxes)
        if scale.trouble is not None:
            severity = Severity.INFO if max(size) <= 0 else Severity.WARNING
            severity, action = (severity, Action.REPAIRED) if scale.is_usable else (Severity.ERROR, Action.LEFT_OUT)
            self.say(record.file, 0, scale.code, severity, scale.trouble, action, record.image)
        if not scale.is_usable:
            return None
        boxes = []
        for box in record.boxes:
            x1, y1, x2, y2 = (v / scale.wh[i % 2] for i, v in enumerate(box.xyxy))
            corners = turned((x1, y1, x2, y2), header.orientation) if scale.turn else (x1, y1, x2, y2)
            boxes.append(RawBox(box.class_id, box.class_name, corners, box.line))
        return Record(record.file, record.image, tuple(boxes), None, record.names, record.bad_lines)

    def say(
        self,
        file: str,
        line: int,
        code: str,
        severity: Severity,
        message: Sentence,
        action: Action,
        image: str,
        question: Question | None = None,
    ) -> None:
        self._told.add(Finding("", file, line, code, severity, message, action, question, image))


class _Different:
    """The boxes of one picture, each once: another one that differs by no more than rounding is the same."""

    def __init__(self) -> None:
        self._found: list[tuple[int, tuple[float, float, float, float]]] = []
        self._cells: dict[tuple[int, int, int], list[tuple[float, float, float, float]]] = defaultdict(list)

    def add(self, class_id: int, corners: tuple[float, float, float, float]) -> Sentence | None:
        """Take it; or say how it is there already."""
        column, row = (int(v / _CELL) for v in corners[:2])
        near = (
            other
            for x in (column - 1, column, column + 1)
            for y in (row - 1, row, row + 1)
            for other in self._cells.get((class_id, x, y), ())
        )
        for other in near:
            apart = max(abs(a - b) for a, b in zip(corners, other, strict=True))
            if apart <= ROUNDING:
                rounded = Sentence("the same box again, rounded otherwise")
                return rounded if apart > EPSILON else Sentence("the same box again")
        self._found.append((class_id, corners))
        self._cells[class_id, column, row].append(corners)
        return None

    def boxes(self) -> tuple[Box, ...]:
        """In the order in which they came."""
        return tuple((c, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1) for c, (x1, y1, x2, y2) in self._found)


class _Scale(NamedTuple):
    """How the pixels of an annotation become fractions of the picture as displayed.

    Attributes:
        wh: what they are divided by.
        turn: the boxes turn with the picture.
        trouble: what was odd, None for nothing.
    """

    wh: tuple[float, float]
    turn: bool = False
    trouble: Sentence | None = None
    is_usable: bool = True

    @property
    def code(self) -> str:
        return "size-differs" if self.is_usable else "size-contradicts"


def _scale(written: tuple[float, float], header: Header, boxes: Sequence[RawBox]) -> _Scale:
    """The picture may have been shrunk or turned after it was annotated; its own size then differs from the written."""
    w, h = float(header.wh[0]), float(header.wh[1])
    stored = float(header.stored_wh[0]), float(header.stored_wh[1])
    if min(written) <= 0:
        unknown = Sentence("the annotation gives no size of the picture: {w:.0f}x{h:.0f} is taken", w=w, h=h)
        return _Scale((w, h), False, unknown)
    if written == (w, h):
        return _Scale((w, h))
    what = Sentence(
        "annotated at {w:.0f}x{h:.0f}, the picture is {own_w:.0f}x{own_h:.0f}",
        w=written[0],
        h=written[1],
        own_w=w,
        own_h=h,
    )
    if header.orientation >= 5 and written == stored:
        n = header.orientation
        as_displayed = Sentence("{what} as displayed (EXIF orientation {n}): boxes turned", what=what, n=n)
        return _Scale(written, True, as_displayed)
    if abs(written[0] * h - written[1] * w) <= 0.02 * written[0] * h:
        return _Scale(written, False, Sentence("{what}: boxes scaled with it", what=what))
    margin = 0.02
    fits = all(
        -margin * w <= b.xyxy[0] and -margin * h <= b.xyxy[1] and b.xyxy[2] <= w * (1 + margin)
        and b.xyxy[3] <= h * (1 + margin) for b in boxes
    )  # fmt: skip
    if fits:
        taken = Sentence("{what}, of another shape: boxes taken as pixels of the picture", what=what)
        return _Scale((w, h), False, taken)
    lost = Sentence("{what}, of another shape, and the boxes do not fit into it: left out", what=what)
    return _Scale((w, h), False, lost, False)


def turned(xyxyn: tuple[float, float, float, float], orientation: int) -> tuple[float, float, float, float]:
    """A box of the stored picture as it lies in the displayed one, for the EXIF orientations that swap axes (5..8)."""
    x1, y1, x2, y2 = xyxyn
    across = (1 - y2, 1 - y1) if orientation in {6, 7} else (y1, y2)
    down = (1 - x2, 1 - x1) if orientation in {7, 8} else (x1, x2)
    return across[0], down[0], across[1], down[1]
