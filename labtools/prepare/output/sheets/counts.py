"""A team in numbers, and the numbers of the others to put beside them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from labtools.artifacts.dataset import SPLITS
from labtools.core.median import median as median_of
from labtools.prepare.parts import Part

STATES = ("boxes", "empty", "unlabelled")


@dataclass(frozen=True)
class TeamCounts:
    """One team's pictures and boxes.

    Attributes:
        states: (split, state) -> pictures; absent is 0.
        boxes: split -> boxes.
        classes: class id -> boxes.
        box_area: median of width x height of its boxes in 0..1; NaN without boxes.
    """

    states: Mapping[tuple[str, str], int]
    boxes: Mapping[str, int]
    classes: Mapping[int, int]
    box_area: float

    def pictures(self, split: str = "", state: str = "") -> int:
        """Pictures of a split (all: ``""``) in a state (any: ``""``)."""
        return sum(n for (s, t), n in self.states.items() if split in {"", s} and state in {"", t})

    @property
    def measures(self) -> tuple[float, ...]:
        """What teams are compared by, see `Medians`; NaN where there is nothing to divide by."""
        total = self.pictures()
        if not total:
            return (0.0, *[math.nan] * (len(MEASURES) - 1))
        shares = (self.pictures(split) / total for split in SPLITS)
        boxes = sum(self.boxes.values()) / total
        return float(total), boxes, self.pictures(state="unlabelled") / total, self.box_area, *shares


MEASURES = ("pictures", "boxes-per-picture", "state-unlabelled", "box-area", *SPLITS)


@dataclass(frozen=True)
class Medians:
    """A group of teams: how many, and the median of each of `MEASURES` over them (NaN: no team has it)."""

    teams: int
    measures: tuple[float, ...]


def count(part: Part) -> TeamCounts:
    """Count one team."""
    states = Counter(zip(part.split, part.state, strict=True))
    boxes = dict.fromkeys(SPLITS, 0)
    for split, text in zip(part.split, part.label, strict=True):
        boxes[split] += text.count("\n")
    ids, areas = read_labels("".join(part.label))
    classes, numbers = np.unique(ids, return_counts=True)
    return TeamCounts(states, boxes, dict(zip(classes.tolist(), numbers.tolist(), strict=True)), median_of(areas))


def read_labels(text: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Class ids and areas (width x height in 0..1) of label lines as `format_label` writes them, each ``(N,)``.

    The numbers stand at fixed places before each line's end, ``7 0.500000 0.500000 0.250000 0.125000``, so a cohort's
    96,000 lines are read digit by digit at once, in a tenth of the time that NumPy takes to parse numbers.
    """
    data = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    places = ends[:, None] + np.array([[-16], [-7]])[:, None]
    if not ((data[places] == ord(".")) & (data[places - 2] == ord(" "))).all():
        lines = np.fromstring(text, dtype=np.float64, sep=" ").reshape(-1, 5)
        return lines[:, 0].astype(np.int64), lines[:, 3] * lines[:, 4]
    digits = data[places + np.array([-1, 1, 2, 3, 4, 5, 6])].astype(np.float64) - ord("0")
    width, height = digits @ np.array([1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
    starts = np.concatenate([[0], ends[:-1] + 1])
    ids = np.zeros(len(ends), dtype=np.int64)
    for column in range(int((ends - starts).max(initial=36)) - 36):
        is_digit = starts + column < ends - 36
        ids = np.where(is_digit, ids * 10 + data[np.minimum(starts + column, ends)] - ord("0"), ids)
    return ids, width * height


def medians(teams: Iterable[TeamCounts]) -> Medians:
    """The median team of a group, measure by measure; teams without any picture do not count."""
    rows = [team.measures for team in teams if team.pictures()]
    columns = zip(*rows, strict=True) if rows else ([math.nan] for _ in MEASURES)
    known = ([v for v in column if not math.isnan(v)] for column in columns)
    return Medians(len(rows), tuple(median(values) if values else math.nan for values in known))
