"""What one team's split must know of the others: whose picture a line of a list names."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

from labtools.core.names import slug
from labtools.prepare.splits.lists import SplitList


@dataclass(frozen=True)
class Others:
    """The rest of the cohort, as far as one team's split must know it.

    Attributes:
        own: (class folder, team) of this submission, as keys; ``None`` for a single dataset.
        foreign: the same of all others: a line with such a pair is not ours.
        shared_lists: lists above all submissions, as in a cohort that was merged by hand.
    """

    own: tuple[str, str] | None = None
    foreign: frozenset[tuple[str, str]] = frozenset()
    shared_lists: tuple[SplitList, ...] = ()

    def are_meant(self, reference: str) -> bool:
        """Does a line name another team's picture?"""
        if not self.foreign:
            return False
        pairs = _pairs(reference.replace("\\", "/").rpartition("/")[0])
        return any(pair in self.foreign for pair in pairs) and self.own not in pairs

    def is_ours(self, reference: str, team: str, *, is_beside: bool) -> bool:
        """Does a line of a shared list name this team: with its class, or alone where that can be no other?

        Args:
            team: this one, as a key.
            is_beside: the list lies in this team's class folder.
        """
        path = reference.strip().replace("\\", "/")
        if self.own in _pairs(path):
            return True
        if team not in _keys(path):
            return False
        return is_beside or not any(other == team for _, other in self.foreign)


@lru_cache(maxsize=1 << 14)
def _keys(path: str) -> tuple[str, ...]:
    return tuple(slug(part) for part in path.split("/"))


@lru_cache(maxsize=1 << 14)
def _pairs(path: str) -> tuple[tuple[str, str], ...]:
    """Each folder of a path with the one below it, as keys."""
    return tuple(itertools.pairwise(_keys(path)))
