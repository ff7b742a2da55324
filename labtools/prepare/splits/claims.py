"""Lists -> the pictures that each claims for a split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labtools.core.findings import Finding
from labtools.prepare.splits.list_reading import Known, ListReading
from labtools.prepare.splits.lists import SplitList


@dataclass(frozen=True)
class Claim:
    """The pictures that one list puts into one split, each with the line that says so."""

    source: SplitList
    split: str
    pictures: Mapping[str, int]


@dataclass
class Claims:
    """The lists of a submission being read, one after the other; all but ``known`` fills up.

    Attributes:
        known: what they are read beside.
        shared_lines: (list, line) of the lists above all teams that name this one.
    """

    known: Known
    claims: list[Claim] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    shared_lines: set[tuple[str, int]] = field(default_factory=set)

    def read(self, one: SplitList, *, is_shared: bool = False) -> bool:
        """Read a list; False if it turned out to be none (only where its name left that open).

        Args:
            is_shared: it lies above all teams: only lines that name this one are its business.
        """
        reading = ListReading(self.known, one, is_shared=is_shared)
        reading.read()
        self.shared_lines |= {(one.path, line) for line in reading.shared_lines}
        if not one.is_plain and (2 * reading.named < reading.told or not reading.named):
            return False
        if is_shared and not reading.named:
            return True
        self.findings += [*one.findings, *reading.findings()]
        self.claims += [Claim(one, split, pictures) for split, pictures in reading.found.items() if pictures]
        return True
