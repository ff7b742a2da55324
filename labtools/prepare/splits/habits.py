"""How a list writes its pictures: lines that begin and end like one that was understood need no closer look.

A course's lists have 28,610 lines of a few kinds; to look closely at each takes ten times as long.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import folder_of, stem_of


class _Habit(NamedTuple):
    """How a list writes the pictures of one folder.

    Attributes:
        folder: theirs in the tree.
        tail: what the list writes behind a picture's stem.
        suffix: what stands there in the tree.
        codes: what is odd about each such line.
    """

    folder: str
    tail: str
    suffix: str
    codes: tuple[str, ...]


class Habits:
    """Those of one list, by what stands before the pictures' names."""

    def __init__(self, index: ImageIndex) -> None:
        self._index = index
        self._of: dict[str, _Habit] = {}
        self._lines: dict[tuple[str, ...], int] = defaultdict(int)  # that were understood, by what was odd about them

    def understand(self, line: str) -> str | None:
        """The picture of a line that is written like one before; None: look closer."""
        cut = max(line.rfind("/"), line.rfind("\\")) + 1  # where the name begins; no call: tens of thousands of lines
        habit = self._of.get(line[:cut])
        if habit is None or not line.endswith(habit.tail):
            return None
        path = f"{habit.folder}/{line[cut : len(line) - len(habit.tail)]}{habit.suffix}"
        if path not in self._index.paths:
            return None
        if habit.codes:
            self._lines[habit.codes] += 1
        return path

    def learn(self, line: str, path: str, codes: tuple[str, ...]) -> None:
        """What stands around the name of a picture, where all names in that folder would be understood alike.

        Args:
            path: the one picture that the line names.
            codes: what was odd about it.
        """
        cut = max(line.rfind("/"), line.rfind("\\")) + 1
        folder, stem = folder_of(path), stem_of(path)
        tail = line[cut + len(stem) :]
        if not line.startswith(stem, cut) or tail[:1].isalnum():
            return
        suffix = self._index.only_suffix(folder)
        if suffix and self._index.only_folder(line[:cut]) == folder:
            self._of[line[:cut]] = _Habit(folder, tail, suffix, tuple(dict.fromkeys(codes)))

    def oddities(self) -> Counter[str]:
        """Code -> in how many of the lines that were understood here."""
        found: Counter[str] = Counter()
        for codes, count in self._lines.items():
            found.update(dict.fromkeys(codes, count))
        return found
