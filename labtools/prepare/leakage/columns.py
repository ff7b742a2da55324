"""All pictures of a dataset in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Columns:
    """One value per picture in each, ordered by ``image``.

    Attributes:
        image, source, split, class_folder, team, sequence, frame, hash: as in the manifest.
        phash, tone: what it looks like, two 64-bit words, see `labtools.prepare.pictures.hashing`; 0 where unknown.
    """

    image: Sequence[str]
    source: Sequence[str]
    split: Sequence[str]
    class_folder: Sequence[str]
    team: Sequence[str]
    sequence: Sequence[str]
    frame: Sequence[int | None]
    hash: Sequence[str]
    phash: Sequence[int]
    tone: Sequence[int]

    def __len__(self) -> int:
        return len(self.image)
