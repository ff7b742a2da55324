"""Label files without any oddity, a folder at a time: one conversion of all their numbers.

A cohort has 28,610 label files, and nearly all are plain: lines of an id and four decimals, single spaces between.
Together they become one table; a file's boxes are a view into it, and no box is an object before somebody asks.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from labtools.prepare.formats import CENTRE, RawBox

_CHARACTERS = b"0123456789. \n"
_SPACE, _NEWLINE, _DOT = b" \n."
# One way only to read each number: with two, a file of whole numbers and an odd last line takes for ever.
_PLAIN_FILE = re.compile(rb"(?:\d{1,9}(?: (?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})){4}\n)*")
_MOST_DIGITS = 40
_MOST_ID_DIGITS = 18  # more than 64 bits hold, and an id of 20 digits comes out as another one
_MILLIONTHS = np.array([1e5, 1e4, 1e3, 1e2, 1e1, 1.0])
_FIXED = 36
"""Characters of `` 0.500000 0.500000 0.200000 0.400000``: as labtools writes the numbers."""


class PlainTable:
    """The boxes of many plain files with the same class names, file after file.

    Attributes:
        numbers: (N, 5): class id, centre x, y, width, height, the last four in 0..2.
        starts: (files + 1,): the first box of each file.
        names: see `Record.names`.
        tails: (N, 37): the end of each line as it was written, from the first blank to the newline; None unless all are
            written with six decimals.
    """

    def __init__(
        self,
        numbers: NDArray[np.float64],
        starts: NDArray[np.int64],
        names: tuple[str, ...],
        tails: NDArray[np.uint8] | None,
    ) -> None:
        self.numbers = numbers
        self.starts = starts
        self.names = names
        self.tails = tails

    @cached_property
    def ids(self) -> dict[int, int]:
        """Boxes per class id."""
        found, counts = np.unique(self.numbers[:, 0], return_counts=True)
        return dict(zip(found.astype(int).tolist(), counts.tolist(), strict=True))

    def mixes(self, class_id: int) -> bool:
        """Does a file use this id and others too?"""
        has = np.concatenate([[0], np.cumsum(self.numbers[:, 0] == class_id)])
        per_file = np.diff(has[self.starts])
        return bool(((per_file > 0) & (per_file < np.diff(self.starts))).any())

    def boxes(self) -> list[PlainBoxes]:
        """Those of each file."""
        ends = self.starts.tolist()
        return [PlainBoxes(self, a, b) for a, b in itertools.pairwise(ends)]

    def box(self, row: int, line: int) -> RawBox:
        label, x, y, w, h = self.numbers[row].tolist()
        class_id = int(label)
        name = self.names[class_id] if class_id < len(self.names) and self.names[class_id] else None
        return RawBox(class_id, name, (x - w / 2, y - h / 2, x + w / 2, y + h / 2), line, CENTRE)


class PlainBoxes(Sequence[RawBox]):
    """Rows ``start`` to ``stop`` of a table, which look like a tuple of `RawBox`."""

    __slots__ = ("start", "stop", "table")

    def __init__(self, table: PlainTable, start: int, stop: int) -> None:
        self.table = table
        self.start = start
        self.stop = stop

    def __len__(self) -> int:
        return self.stop - self.start

    @overload
    def __getitem__(self, index: int) -> RawBox: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RawBox, ...]: ...
    def __getitem__(self, index: int | slice) -> RawBox | tuple[RawBox, ...]:
        return tuple(self)[index]

    def __iter__(self) -> Iterator[RawBox]:
        return (self.table.box(row, line) for line, row in enumerate(range(self.start, self.stop), 1))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def is_plain(data: bytes) -> bool:
    """Would this file alone make a table? For finding the one that spoils a folder's."""
    return _PLAIN_FILE.fullmatch(data if data.endswith(b"\n") or not data else data + b"\n") is not None


def read_plain(files: Sequence[bytes], names: tuple[str, ...]) -> PlainTable | None:
    """The table of many files; None if a single character of them is out of place, or a number beyond 0..2."""
    ended = [data if data[-1:] == b"\n" or not data else data + b"\n" for data in files]
    text = b"".join(ended)
    if text.translate(None, _CHARACTERS):
        return None
    characters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(characters <= _SPACE)  # the ends of the columns
    if not _has_five_columns(characters, ends):
        return None
    lines = ends[4::5]
    tails = _tails(characters, ends)
    if tails is None:
        numbers = np.fromstring(text, np.float64, sep=" ").reshape(-1, 5)
    elif np.diff(lines, prepend=-1).max(initial=0) > _FIXED + 1 + _MOST_ID_DIGITS:
        return None
    else:
        numbers = fixed_numbers(characters, lines, tails)
    if numbers.size and (numbers[:, 1:].max() > 2 or numbers[:, 0].max() >= 1e9):
        return None
    file_ends = np.cumsum([0, *map(len, ended)])
    return PlainTable(numbers, np.searchsorted(lines, file_ends), names, tails)


def label_numbers(text: str) -> NDArray[np.float64]:
    """(N, 5): what label files say that labtools wrote, one after the other."""
    characters = np.frombuffer(text.encode("ascii"), np.uint8)
    tails = _tails(characters, np.flatnonzero(characters <= _SPACE))
    if tails is None:
        return np.fromstring(text, np.float64, sep=" ").reshape(-1, 5)
    return fixed_numbers(characters, np.flatnonzero(characters == _NEWLINE), tails)


def fixed_numbers(
    characters: NDArray[np.uint8], lines: NDArray[np.int64], tails: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """(N, 5): lines whose numbers have six decimals, digit by digit; an order faster than reading them one by one.

    Args:
        lines: where they end, each with its newline.
        tails: see `PlainTable`.
    """
    numbers = np.empty((len(lines), 5))
    digits = tails[:, :_FIXED].reshape(-1, 4, _FIXED // 4) - ord("0")
    # Units, then millionths; a quotient of two whole numbers is rounded as `float("0.123456")` is.
    numbers[:, 1:] = (digits[:, :, 1] * 1e6 + digits[:, :, 3:] @ _MILLIONTHS) / 1e6
    starts = np.concatenate([[0], lines[:-1] + 1])
    ends = lines - _FIXED
    ids = np.zeros(len(lines), np.int64)
    for place in range(int((ends - starts).max(initial=0))):
        has = starts + place < ends
        ids[has] = ids[has] * 10 + (characters[starts[has] + place] - ord("0"))
    numbers[:, 0] = ids
    return numbers


def _has_five_columns(characters: NDArray[np.uint8], ends: NDArray[np.int64]) -> bool:
    """Every line is an id without a point and four numbers with one point at most, each with a digit."""
    if ends.size % 5:
        return False
    marks = characters[ends].reshape(-1, 5)
    if not ((marks[:, :4] == _SPACE).all() and (marks[:, 4] == _NEWLINE).all()):
        return False
    points = np.diff(np.cumsum(characters == _DOT, dtype=np.int32)[ends], prepend=0)
    digits = np.diff(ends, prepend=-1) - 1 - points
    if not ends.size:
        return True
    return bool(digits.min() >= 1 and digits.max() <= _MOST_DIGITS and points.max() <= 1 and not points[::5].any())


def _tails(characters: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.uint8] | None:
    widths = np.diff(ends, prepend=-1).reshape(-1, 5)[:, 1:]
    if not widths.size or (widths != _FIXED // 4).any():
        return None
    tails = characters[ends[4::5, None] + np.arange(-_FIXED, 1)]
    return tails if (tails[:, 2::9] == _DOT).all() else None
