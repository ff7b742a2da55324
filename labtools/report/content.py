"""What a page is made of: sections of blocks, plain values that know nothing of HTML.

A block that ends in a file (`Plot`, `Table`, `Picture`) carries a ``name``: the file's stem, unique in the report.
Everything that people typed (class names, teams, file names) stays plain text here; the templates escape it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd

from labtools.core.draw import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Stage = Literal["dataset", "training", "inference"]
View = Literal["quantitative", "qualitative"]
Scope = Literal["overview", "macro", "class", "team"]

DATASET: Stage = "dataset"
TRAINING: Stage = "training"
INFERENCE: Stage = "inference"
NUMBERS: View = "quantitative"
LOOKS: View = "qualitative"
STAGES: tuple[Stage, ...] = ("dataset", "training", "inference")
VIEWS: tuple[View, ...] = ("quantitative", "qualitative")


@dataclass(frozen=True)
class Prose:
    """One paragraph."""

    kind: ClassVar[str] = "prose"
    text: str


@dataclass(frozen=True)
class Note:
    """A sentence that the reader must not miss."""

    kind: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True)
class Missing:
    """Stands where an input is absent: what is not there, and what to type to get it."""

    kind: ClassVar[str] = "missing"
    what: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """A few large numbers: (value, label)."""

    kind: ClassVar[str] = "facts"
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what stands there.
        number: align right, as figures.
        shade: 0..1, how deep the background is; None for none.
        tone: ``done``, ``running``, ``todo``, ``failed``, ``best``, ``error``, ``warning``, ``info``, ``total`` or "".
        href: page to go to, relative to the report's folder.
        hint: what is shown when the pointer rests on it.
    """

    text: str
    number: bool = False
    shade: float | None = None
    tone: str = ""
    href: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Table:
    """A table, and where ``frame`` is given the CSV with the same rows at full precision."""

    kind: ClassVar[str] = "table"
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    name: str = ""
    frame: pd.DataFrame | None = None
    compact: bool = False  # small cells, for matrices


@dataclass(frozen=True)
class Plot:
    """A figure: ``draw`` gets the ``rows`` that also become the CSV beside it, so the two cannot disagree."""

    kind: ClassVar[str] = "plot"
    name: str
    alt: str
    caption: str
    rows: pd.DataFrame
    draw: Callable[[pd.DataFrame], Figure]


@dataclass(frozen=True)
class Picture:
    """A photograph with its caption; ``draw`` returns BGR pixels, or None where the image cannot be read."""

    name: str
    alt: str
    caption: str
    draw: Callable[[], Image | None]


@dataclass(frozen=True)
class Gallery:
    """Photographs side by side, about ``width`` CSS pixels each."""

    kind: ClassVar[str] = "gallery"
    caption: str
    pictures: tuple[Picture, ...]
    width: int = 160


@dataclass(frozen=True)
class Fold:
    """Blocks that open on a click, without a script."""

    kind: ClassVar[str] = "fold"
    summary: str
    blocks: tuple[Block, ...]


Block = Prose | Note | Missing | Facts | Table | Plot | Gallery | Fold


@dataclass(frozen=True)
class Section:
    """One heading of a page, with its place in the course's grading grid."""

    anchor: str
    title: str
    stage: Stage
    view: View
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """One HTML file.

    Attributes:
        path: relative to the report's folder, e.g. ``pages/class-ballon.html``.
        title: heading of the page.
        label: its name in the navigation.
        scope: overview, macro (everyone), or micro: one class or one team.
        lead: the sentence under the heading.
        opening: blocks before the first section.
        sections: in the order shown.
        closing: blocks after the last section.
    """

    path: str
    title: str
    label: str
    scope: Scope
    lead: str
    sections: tuple[Section, ...]
    opening: tuple[Block, ...] = ()
    closing: tuple[Block, ...] = ()


def walk(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Every block, those inside folds included."""
    for block in blocks:
        yield block
        if isinstance(block, Fold):
            yield from walk(block.blocks)


def page_blocks(page: Page) -> Iterator[Block]:
    """Every block of a page in the order shown."""
    yield from walk(page.opening)
    for section in page.sections:
        yield from walk(section.blocks)
    yield from walk(page.closing)
