"""The comparison of looks, block by block: what was compared before is not compared again.

Teams are gathered into blocks. The val and test pictures of one block against the training pictures of another are one
entry, whose name is a hash of the very words that are compared: an entry may be unknown, but not outdated. After a team
has mended labels all entries are known; after pictures, those of the other blocks with each other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from labtools.core.files import hash_bytes
from labtools.prepare.leakage.nearest import Hashes, Ints, NearestInLook, nearest_in_look

Entries = Mapping[str, bytes]
"""By name: an int32 array (3, N), the fields of `NearestInLook` for the N val and test pictures of a block; pictures of
the other block are counted from its first."""

NOTHING: Entries = {}

Fields = np.ndarray[Any, np.dtype[np.int32]]
"""The rows of an entry, see there."""

_MOST_BLOCKS = 32
_NONE = 99  # bits, where nothing could be compared


class _Block(NamedTuple):
    """Some of the pictures of some teams.

    Attributes:
        name: hash of the two words of each.
        start: place of the first among all wanted or reference pictures.
    """

    name: str
    start: int
    phash: Hashes
    tone: Hashes


def nearest_by_blocks(
    phash: Hashes, tone: Hashes, wanted: Ints, reference: Ints, teams: Sequence[int], known: Entries
) -> tuple[NearestInLook, dict[str, bytes]]:
    """`nearest_in_look`, and the entries that it is made of.

    Args:
        phash, tone, wanted, reference: see there; the indices in order.
        teams: index of the first picture of each team, in order.
        known: entries of an earlier run.
    """
    if not len(wanted) or not len(reference):
        return nearest_in_look(phash, tone, wanted, reference), {}
    bounds = _bounds(teams, len(phash))
    rows, columns = _blocks(phash, tone, wanted, bounds), _blocks(phash, tone, reference, bounds)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # NumPy lets other threads run
        entries = list(pool.map(partial(_entries_of, columns, known), rows))
    which, distance, mirrored = np.concatenate([_nearest(columns, row) for row in entries], axis=1)
    index = np.where(which < 0, -1, reference[which])
    found = NearestInLook(index, distance.astype(np.int64), mirrored.astype(np.bool_))
    return found, {name: entry for row in entries for name, entry in row}


def _bounds(teams: Sequence[int], count: int) -> list[int]:
    """Where blocks begin and end: whole teams, and not so many that what is known costs more than to compare.

    Their least size is a power of two, so that a few pictures more or less in one team leave the others' blocks alone.
    """
    least = 1 << max(0, (count // _MOST_BLOCKS).bit_length())
    bounds = [0]
    for team in teams:
        if team - bounds[-1] >= least:
            bounds.append(team)
    return [*bounds, count]


def _blocks(phash: Hashes, tone: Hashes, chosen: Ints, bounds: Sequence[int]) -> list[_Block]:
    """The chosen pictures of each block that has some."""
    blocks = []
    for start, stop in pairwise(np.searchsorted(chosen, bounds).tolist()):
        if stop > start:
            words = phash[chosen[start:stop]], tone[chosen[start:stop]]
            blocks.append(_Block(hash_bytes(b"".join(word.tobytes() for word in words)), start, *words))
    return blocks


def _entries_of(columns: Sequence[_Block], known: Entries, row: _Block) -> list[tuple[str, bytes]]:
    """One block with each of the others: name and entry."""
    names = [f"{row.name}{column.name}" for column in columns]
    pairs = zip(names, columns, strict=True)
    return [(name, known[name] if name in known else _compare(row, column)) for name, column in pairs]


def _compare(row: _Block, column: _Block) -> bytes:
    first, count = len(row.phash), len(row.phash) + len(column.phash)
    phash, tone = np.concatenate([row.phash, column.phash]), np.concatenate([row.tone, column.tone])
    found = nearest_in_look(phash, tone, np.arange(first), np.arange(first, count))
    which = np.where(found.which < 0, -1, found.which - first)
    return np.stack([which, found.distance, found.mirrored]).astype(np.int32).tobytes()


def _nearest(columns: Sequence[_Block], entries: Sequence[tuple[str, bytes]]) -> Fields:
    """(3, N): of a block's pictures the nearest among all reference pictures, which are counted through."""
    fields = np.stack([np.frombuffer(entry, np.int32).reshape(3, -1) for _, entry in entries])
    bits = np.where(fields[:, 1] < 0, _NONE, fields[:, 1])
    block, each = bits.argmin(axis=0), np.arange(fields.shape[2])  # of several, the first
    which, distance, mirrored = fields[block, :, each].T
    starts = np.array([column.start for column in columns], np.int32)
    return np.stack([np.where(which < 0, -1, which + starts[block]), distance, mirrored])
