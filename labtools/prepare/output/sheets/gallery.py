"""Which pictures a sheet shows: the first problems of each kind, beside what explains them. Planning only."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from labtools.artifacts.wording import catalogue
from labtools.core.files import hash_bytes
from labtools.core.findings import Finding, Severity
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.output.sheets.kinds import Kind, runs
from labtools.prepare.parts import Part


class Panel(NamedTuple):
    """One picture of the dataset with its boxes.

    Attributes:
        image: path in the dataset.
        hash: of its bytes.
        wh: width and height as displayed.
        split: train, val or test.
        label: the text of its label file.
        is_meant: the finding is about it; the others explain.
    """

    image: str
    hash: str
    wh: tuple[int, int]
    split: str
    label: str
    is_meant: bool


@dataclass(frozen=True)
class Drawing:
    """Panels side by side in one file.

    Attributes:
        code: the finding's.
        name: of the file; other panels would give another name.
    """

    code: str
    name: str
    panels: tuple[Panel, ...]


def plan_drawings(stem: str, part: Part, kinds: Sequence[Kind], names: Sequence[str], most: int = 6) -> list[Drawing]:
    """One picture for each kind that is best seen, then second ones of other sequences, up to ``most``.

    Args:
        stem: how the file names begin.
        names: the dataset's classes, which are written at the boxes.
    """
    album = _Album(part)
    seen: set[tuple[str, str] | tuple[int, ...]] = set()
    chosen: list[Drawing] = []
    told = [kind for kind in kinds if kind.severity is not Severity.INFO]  # small ones are a table, without pictures
    candidates = [(kind, album.candidates(kind)) for kind in told if part.image and _show(kind.code)]
    for kind, rows in itertools.chain(candidates, candidates):  # the second time each goes on where it was
        if len(chosen) == most:
            break
        indices = next((one for one in rows if seen.isdisjoint({one, album.scene(kind, one)})), ())
        if indices:
            seen |= {indices, album.scene(kind, indices)}
            panels = tuple(album.panel(i, is_meant=i == indices[len(indices) // 2]) for i in indices)
            if _show(kind.code) == "twin":
                panels = tuple(panel._replace(is_meant=True) for panel in panels)
            chosen.append(Drawing(kind.code, _name(stem, panels, names), panels))
    order = [kind.code for kind in kinds]
    return sorted(chosen, key=lambda drawing: order.index(drawing.code))


def _show(code: str) -> str:
    words = catalogue("en").get(code)
    return words.show if words else ""


def _name(stem: str, panels: Sequence[Panel], names: Sequence[str]) -> str:
    recipe = json.dumps([panels, names])
    return f"{stem}__{hash_bytes(recipe.encode('utf-8', 'surrogatepass'))[:12]}.jpg"


class _Album:
    """The pictures of one team, found by what findings say."""

    def __init__(self, part: Part) -> None:
        self._part = part

    @cached_property
    def _by_source(self) -> dict[str, int]:
        return {source: i for i, source in enumerate(self._part.source)}

    @cached_property
    def _index(self) -> ImageIndex:
        return ImageIndex(self._part.source, self._part.root)

    def candidates(self, kind: Kind) -> Iterator[tuple[int, ...]]:
        """What could be shown for a kind, each as the rows of the part that stand side by side."""
        show = _show(kind.code)
        # Of a thousand findings that point to no picture, the first hundred are enough to see that.
        for run in itertools.islice(runs(kind.findings), 100):
            row = self._row(run[0])
            if row is None:
                continue
            if show == "neighbours":
                yield self._neighbours(row)
            elif show == "twin":
                yield self._twins(row)
            else:
                yield (row,)

    def scene(self, kind: Kind, rows: tuple[int, ...]) -> tuple[str, str]:
        """What a second picture of this kind should not show again: neighbouring frames look alike."""
        row = rows[len(rows) // 2]
        return kind.code, self._part.sequence[row] or self._part.image[row]

    def panel(self, row: int, *, is_meant: bool) -> Panel:
        part = self._part
        wh = part.width[row], part.height[row]
        return Panel(part.image[row], part.hash[row], wh, part.split[row], part.label[row], is_meant)

    def _row(self, finding: Finding) -> int | None:
        """The picture that a finding is about: itself, the one that it names, or the one whose label it names."""
        if finding.image:
            return self._by_source.get(finding.image)
        row = self._by_source.get(finding.file)
        if row is None and not finding.file.lower().endswith((".json", ".csv", ".names", ".yaml")):
            path = self._index.find_beside(finding.file).path
            row = None if path is None else self._by_source[path]
        return row

    def _neighbours(self, row: int) -> tuple[int, ...]:
        """The picture between the one before and the one after it in its sequence, where there are both."""
        part = self._part
        if part.frame[row] is None:
            return (row,)
        rows = [
            i
            for i, (sequence, frame) in enumerate(zip(part.sequence, part.frame, strict=True))
            if sequence == part.sequence[row] and frame is not None
        ]
        rows.sort(key=lambda i: (part.frame[i] or 0, part.image[i]))
        at = rows.index(row)
        return tuple(rows[at - 1 : at + 2]) if 0 < at < len(rows) - 1 else (row,)

    def _twins(self, row: int) -> tuple[int, ...]:
        """The picture and the first of its copies, if that one is the team's too."""
        other = next((i for i, h in enumerate(self._part.hash) if h == self._part.hash[row] and i != row), None)
        return (row,) if other is None else (min(row, other), max(row, other))
