"""One picture of the dataset, with everything that is known about it."""

from __future__ import annotations

from typing import NamedTuple

from labtools.prepare.labels.annotations import Box, boxes_of
from labtools.prepare.pictures.reader import Picture


class Item(NamedTuple):
    """One picture of the dataset. (A tuple: a cohort has 28,610 of them.)

    Attributes:
        image: its path in the dataset, ``images/...``.
        picture: where it comes from.
        state: ``boxes``, ``empty`` or ``unlabelled`` (which gets no label file).
        label: the text of its label file.
    """

    image: str
    picture: Picture
    class_folder: str
    team: str
    sequence: str
    frame: int | None
    split: str
    state: str
    label: str

    @property
    def boxes(self) -> tuple[Box, ...]:
        """What the label says."""
        return boxes_of(self.label)

    def row(self) -> dict[str, object]:
        """Its line of the manifest."""
        w, h = self.picture.wh
        return {
            "image": self.image, "source": self.picture.path, "class_folder": self.class_folder, "team": self.team,
            "sequence": self.sequence, "frame": self.frame, "split": self.split, "state": self.state,
            "boxes": self.label.count("\n"), "width": w, "height": h, "hash": self.picture.hash,
        }  # fmt: skip
