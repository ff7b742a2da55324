"""A team in numbers, and the numbers of the others to put beside them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from labtools.artifacts.dataset import SPLITS
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
    classes: dict[int, int] = defaultdict(int)
    for split, class_id, _, number in part.counts:
        boxes[split] += number
        classes[class_id] += number
    return TeamCounts(states, boxes, dict(sorted(classes.items())), part.box_area)


def medians(teams: Iterable[TeamCounts]) -> Medians:
    """The median team of a group, measure by measure; teams without any picture do not count."""
    rows = [team.measures for team in teams if team.pictures()]
    columns = zip(*rows, strict=True) if rows else ([math.nan] for _ in MEASURES)
    known = ([v for v in column if not math.isnan(v)] for column in columns)
    return Medians(len(rows), tuple(median(values) if values else math.nan for values in known))
