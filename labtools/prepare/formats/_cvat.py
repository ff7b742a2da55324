"""What CVAT's two XML formats have in common: shapes, and the header about tasks and labels.

Format: https://docs.cvat.ai/docs/manual/advanced/xml_format/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar

from labtools.core.findings import Finding
from labtools.prepare.formats._shapes import (
    Corners,
    around,
    around_finding,
    ellipse_box,
    number,
    numbers,
    ordered,
    rotated_box,
)
from labtools.prepare.formats._xml import XmlError, read_xml, unreadable, walk_xml
from labtools.prepare.sources.tree import Tree

SHAPES = frozenset({"box", "polygon", "polyline", "points", "mask", "ellipse", "cuboid", "skeleton"})
_CUBOID = tuple(f"{axis}{corner}{side}" for side in (1, 2) for corner in ("tl", "bl", "tr", "br") for axis in "xy")


class Walked(Protocol):
    """One file on its way: it hears of every element, and keeps what it understood."""

    @property
    def findings(self) -> list[Finding]: ...

    @property
    def kinds(self) -> Mapping[str, int]: ...

    def open(self, tag: str, attributes: dict[str, str], line: int) -> None: ...

    def close(self, tag: str, text: str) -> None: ...


One = TypeVar("One", bound=Walked)


def walk_files(tree: Tree, files: Iterable[str], begin: Callable[[str], One], findings: list[Finding]) -> Iterator[One]:
    """Each file that can be read, walked through; one that ends early, up to there. ``findings`` fills up."""
    for path in files:
        data = read_xml(tree, path, findings)
        if data is None:
            continue
        file = begin(path)
        try:
            walk_xml(data, file.open, file.close)
        except XmlError as error:
            findings.append(unreadable(path, error.sentence))
        yield file
        findings += [*file.findings, *around_finding(path, file.kinds)]


class Shape(NamedTuple):
    """A shape as CVAT keeps it.

    Attributes:
        kind: one of `SHAPES`.
        values: of a box and a mask xyxy; of an ellipse centre and radii; of the others x, y, x, y ...
        rotation: degrees, clockwise, about the centre.
    """

    kind: str
    values: tuple[float, ...]
    rotation: float = 0.0

    @property
    def corners(self) -> Corners | None:
        """The box around it, in pixels."""
        v = self.values
        if self.kind in {"box", "mask"}:
            box = ordered((v[0], v[1], v[2], v[3]))
            return rotated_box(box, self.rotation) if self.rotation else box
        if self.kind == "ellipse":
            return ellipse_box((v[0], v[1]), (v[2], v[3]), self.rotation)
        return around(v[0::2], v[1::2])

    @property
    def title(self) -> str:
        """What it is if it is more than a plain box, else ``""``."""
        if self.kind == "box":
            return "rotated box" if self.rotation % 360 else ""
        return "set of points" if self.kind == "points" else self.kind


def read_shape(tag: str, attributes: Mapping[str, str]) -> Shape | None:
    """The shape of one element; None if its numbers cannot be read. A skeleton has none of its own: see `skeleton`."""
    if tag in {"polygon", "polyline", "points"}:
        values = numbers(v for point in attributes.get("points", "").split(";") for v in point.split(","))
        return Shape(tag, tuple(values)) if values and len(values) % 2 == 0 else None
    values = numbers(attributes.get(key) for key in _KEYS[tag]) if tag in _KEYS else None
    rotation = number(attributes.get("rotation", "0"))
    if values is None or rotation is None:
        return None
    if tag == "mask":
        left, top, width, height = values
        values = [left, top, left + width, top + height]
    return Shape(tag, tuple(values), rotation)


_KEYS: Mapping[str, Sequence[str]] = {
    "box": ("xtl", "ytl", "xbr", "ybr"),
    "ellipse": ("cx", "cy", "rx", "ry"),
    "mask": ("left", "top", "width", "height"),
    "cuboid": _CUBOID,
}


def skeleton(points: Sequence[Shape]) -> Shape | None:
    """All its points that are to be seen as one shape."""
    values = tuple(v for point in points for v in point.values)
    return Shape("skeleton", values) if values else None


@dataclass
class Task:
    """What the header says about one task or job; 0 and ``""`` where it is silent."""

    id: str = ""
    name: str = ""
    source: str = ""
    size: int = 0
    start: int = 0
    stop: int = -1
    step: int = 1
    width: float = 0.0
    height: float = 0.0

    @property
    def frames(self) -> range:
        """The frames that it holds, as numbered in the video; empty if unknown."""
        return range(self.start, self.stop + 1, self.step)


@dataclass
class Header:
    """Fills up while ``<meta>`` is walked through; `open` and `close` take its elements."""

    tasks: list[Task] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    source: str = ""
    _stack: list[str] = field(default_factory=list)
    _label: dict[str, str] = field(default_factory=dict)

    def open(self, tag: str) -> None:
        self._stack.append(tag)
        if tag in {"task", "job"}:
            self.tasks.append(Task())
        elif tag == "label":
            self._label = {}

    def close(self, tag: str, text: str) -> None:
        self._stack.pop()
        above = self._stack[-1] if self._stack else ""
        if tag == "label" and self._label.get("name") and not self._label.get("parent"):
            self.names.append(self._label["name"])  # one with a parent is a point of a skeleton
        elif above == "label":
            self._label[tag] = text
        elif above in {"task", "job", "original_size"} and self.tasks:
            self._of_task(tag, text)
        elif tag == "source":
            self.source = text

    def _of_task(self, tag: str, text: str) -> None:
        task = self.tasks[-1]
        if tag in {"id", "name", "source"}:
            setattr(task, tag, text)
        elif tag in {"width", "height"}:
            setattr(task, tag, max(0.0, number(text) or 0.0))
        elif tag in {"size", "start_frame", "stop_frame"}:
            setattr(task, tag.removesuffix("_frame"), int(number(text) or 0))
        elif tag == "frame_filter" and "=" in text:
            task.step = max(1, int(number(text.partition("=")[2]) or 1))
