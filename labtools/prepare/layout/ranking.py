"""How well the folders of a path that somebody wrote fit the folders of a picture."""

from __future__ import annotations

from collections.abc import Sequence

from labtools.prepare.layout.references import Reference, folder_number, is_same_folder
from labtools.prepare.layout.split_words import SPLIT_WORDS
from labtools.prepare.sources.tree import folder_of, stem_of, suffix_of

_SPLITS = frozenset(SPLIT_WORDS.values())

Rank = tuple[int, int, int]
"""How well a folder fits a reference: the kind of agreement, the folders that agree, those that agree to the letter."""


class Fit:
    """Folders against folders, as keys, for one submission.

    Args:
        team: the key of its own folder, ``""`` if it says nothing.
        words: what may stand beside a sequence's number: words of the team and of its class (``velo_4.zip``).
    """

    def __init__(self, team: str, words: frozenset[str]) -> None:
        self._team = team
        self._words = words

    def is_same(self, first: str, second: str) -> bool:
        """Two keys mean one folder."""
        return is_same_folder(first, second, self._words)

    def rank(self, wanted: Sequence[str], keys: Sequence[str], inner: int) -> Rank | None:
        """How a reference's folders fit a picture's; None if it means another place.

        From best to worst: their ends agree, up to where one of them ends inside the submission; the same when the
        names of splits are left aside on one side (moved into ``train/`` after the list was written); one of them
        has a level that the other has not.
        """
        rank = self.tail(wanted, keys, inner)
        if rank is not None:
            return (2, *rank)
        ours, theirs = keys[len(keys) - inner :], _SPLITS.intersection(wanted)
        if bool(theirs) != bool(_SPLITS.intersection(ours)):
            bare = [key for key in ours if key not in _SPLITS]
            rank = self.tail(
                [key for key in wanted if key not in _SPLITS], [*keys[: len(keys) - inner], *bare], len(bare)
            )
            if rank is not None:
                return (1, *rank)
        return (0, 0, 0) if self._differs_by_a_level(wanted, ours) else None

    def tail(self, wanted: Sequence[str], keys: Sequence[str], inner: int) -> tuple[int, int] | None:
        """The folders that agree from the end, and how many of them to the letter; None if they contradict."""
        same = literal = 0
        for a, b in zip(reversed(wanted), reversed(keys), strict=False):
            if not self.is_same(a, b):
                break
            same += 1
            literal += a == b
        is_exhausted = same == len(wanted) or same >= inner
        return (same, literal) if is_exhausted or (self._team and wanted[-same - 1] == self._team) else None

    def _differs_by_a_level(self, wanted: Sequence[str], ours: Sequence[str]) -> bool:
        """Are our folders all in the wanted ones in order, or the other way round, and what is over no sequence?"""
        if not ours or not wanted:
            return False
        rest = self._rest_after(wanted, ours)
        if rest is not None and all(folder_number(key, self._words) is None for key in rest):
            return True
        if self._team and self._team in wanted:
            wanted = wanted[len(wanted) - list(reversed(wanted)).index(self._team) :]
        return bool(wanted) and self._rest_after(ours, wanted) is not None

    def _rest_after(self, long: Sequence[str], short: Sequence[str]) -> Sequence[str] | None:
        """What follows in ``long`` after all of ``short`` was seen in order; None if it is not seen."""
        left = list(reversed(short))
        for place in range(len(long) - 1, -1, -1):
            if self.is_same(long[place], left[0]):
                if len(left) == len(short):
                    end = place + 1
                left.pop(0)
                if not left:
                    return long[end:]
        return None


def likelier(rivals: list[str], wanted: Reference, near: str) -> list[str]:
    """Of pictures in places that fit equally well those whose names fit best: twins but for case, for the encoding of
    accents, for the suffix; then those nearest to the file that names them; a copy in an archive comes last."""
    rivals = [p for p in rivals if stem_of(p) == wanted.written] or rivals
    if len(rivals) > 1 and wanted.suffix:
        rivals = [p for p in rivals if suffix_of(p) == wanted.suffix] or rivals
    if len(rivals) > 1 and wanted.above:
        ends = [_shared_end(folder_of(p), wanted.above) for p in rivals]
        rivals = [p for p, n in zip(rivals, ends, strict=True) if n == max(ends)]
    if len(rivals) > 1:
        shared = [_shared_start(p, near) for p in rivals]
        rivals = [p for p, n in zip(rivals, shared, strict=True) if n == max(shared)]
    if len(rivals) > 1:
        rivals = [p for p in rivals if "!/" not in p] or rivals
    return rivals


def _shared_start(first: str, second: str) -> int:
    shared = 0
    for a, b in zip(folder_of(first).split("/"), folder_of(second).split("/"), strict=False):
        if a != b:
            break
        shared += 1
    return shared


def _shared_end(first: str, second: str) -> int:
    shared = 0
    for a, b in zip(reversed(first.split("/")), reversed(second.replace("\\", "/").split("/")), strict=False):
        if a.casefold() != b.casefold():
            break
        shared += 1
    return shared
