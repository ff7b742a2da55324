"""Nearest neighbours, as plain functions of arrays.

Everything is compared with everything: 11,000 x 17,000 hashes take half a second on one core, 40,000 x 60,000 six
seconds, both in a few megabytes; an index would be more code than time saved.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from labtools.artifacts.leakage import NEAR_BITS
from labtools.prepare.pictures.hashing import MIRROR

Ints = np.ndarray[Any, np.dtype[np.int64]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

_UNRELATED = 32
"""Bits by which unrelated pictures differ: every second one."""

# Mean differences of brightness, 0..255, over 4x4 parts. Measured on 234 pictures: 2 % crops differ by at most 5, 6 %
# crops by 15; pictures made 15 % brighter by 38, of which 14 are left without the mean. Unrelated pairs of which most
# bits agree differ by 43 to 81.
_MOST_TONE = 40.0
_MOST_CONTRAST = 14.0

_AT_ONCE = 1 << 18  # distances held at the same time: 2 MB stay in the cache


class NearestInTime(NamedTuple):
    """One value per wanted picture.

    Attributes:
        which: the nearest reference in its group, -1 where the group has none.
        gap: difference of their frame numbers, -1 without one.
        steps: how many pictures of the group they are apart, -1 without one.
    """

    which: Ints
    gap: Ints
    steps: Ints


class NearestInLook(NamedTuple):
    """One value per wanted picture.

    Attributes:
        which: the nearest reference, -1 where there is none or no hash.
        distance: bits, 0 to 64; -1 without one.
        mirrored: the wanted picture is nearest to the mirrored reference.
    """

    which: Ints
    distance: Ints
    mirrored: Mask


def nearest_in_time(group: Ints, frame: Ints, wanted: Ints, reference: Ints) -> NearestInTime:
    """For each wanted picture the reference of the same group with the nearest frame number; of two, the earlier.

    Args:
        group: (N,) number of the sequence of each picture, from 0 on; -1 for one that is in no sequence.
        frame: (N,) frame number, 0 to 10^9; -1 where there is none.
        wanted, reference: indices into these.
    """
    key = group * (1 << 31) + frame
    timed = (group >= 0) & (frame >= 0)
    order = np.lexsort((np.arange(len(key)), key))
    rank = np.empty(len(key), np.int64)
    rank[order] = np.arange(len(key))
    pool = reference[timed[reference]]
    pool = pool[np.argsort(rank[pool])]
    index = np.full(len(wanted), -1, np.int64)
    gap = np.full(len(wanted), -1, np.int64)
    if len(pool):
        place = np.searchsorted(key[pool], key[wanted])
        for offset in (-1, 0):
            other = pool[np.clip(place + offset, 0, len(pool) - 1)]
            distance = np.abs(frame[other] - frame[wanted])
            better = timed[wanted] & (group[other] == group[wanted]) & ((index < 0) | (distance < gap))
            index[better], gap[better] = other[better], distance[better]
    steps = np.where(index >= 0, np.abs(rank[index] - rank[wanted]), -1)
    return NearestInTime(index, gap, steps)


def nearest_in_look(phash: Hashes, tone: Hashes, wanted: Ints, reference: Ints) -> NearestInLook:
    """For each wanted picture the reference whose hash, or mirrored hash, differs in the fewest bits; of several, the
    first. Where few bits differ but the brightness does, the two are unrelated.

    Args:
        phash, tone: (N,) see `labtools.prepare.pictures.hashing.Seen`.
        wanted, reference: indices into them.
    """
    pool = reference[phash[reference] != 0]
    index = np.full(len(wanted), -1, np.int64)
    distance = np.full(len(wanted), -1, np.int64)
    mirrored = np.zeros(len(wanted), np.bool_)
    with_hash = np.flatnonzero(phash[wanted] != 0)
    if not len(pool) or not len(with_hash):
        return NearestInLook(index, distance, mirrored)
    references, grids = phash[pool], _grids(tone)
    pool_grids = grids[pool]
    rows = min(max(1, _AT_ONCE // len(pool)), len(with_hash))
    # Room for the distances once: what is got anew for each part comes page by page, which takes longer than to count.
    room, *counts = (np.empty((rows, len(pool)), kind) for kind in (np.uint64, np.uint8, np.uint8))
    for start in range(0, len(with_hash), rows):
        part = with_hash[start : start + rows]
        mine = slice(len(part))
        differing = np.bitwise_xor(phash[wanted[part]][:, None], references, out=room[mine])
        straight = np.bitwise_count(differing, out=counts[0][mine])
        differing ^= np.uint64(MIRROR)
        turned = np.bitwise_count(differing, out=counts[1][mine])
        nearest, bits = _settled(straight, turned, grids[wanted[part]], pool_grids)
        each = np.arange(len(part))
        index[part] = pool[nearest]
        distance[part] = bits
        mirrored[part] = turned[each, nearest] < straight[each, nearest]
    return NearestInLook(index, distance, mirrored)


def _settled(straight: Bytes, turned: Bytes, wanted: Bytes, reference: Bytes) -> tuple[Ints, Bytes]:
    """(rows,) the nearest reference of each row, and the bits by which they differ.

    Args:
        straight, turned: (rows, references) bits by which the hashes differ, and the mirrored ones.
        wanted, reference: (rows, 4, 4) and (references, 4, 4), see `_grids`.
    """
    best = np.minimum(straight, turned)
    each, nearest = np.arange(len(best)), best.argmin(axis=1)

    def alike(row: Ints, column: Ints) -> Mask:
        return _alike(wanted[row], reference[column], turned[row, column] < straight[row, column])

    near = np.flatnonzero(best[each, nearest] <= NEAR_BITS)
    odd = near[~alike(near, nearest[near])]
    if len(odd):  # seldom: the nearest is of another scene, so that the next ones have to be looked at
        # (`nonzero` of two dimensions is ten times as slow, and longer than all else here)
        place, column = np.divmod(np.flatnonzero(best[odd].ravel() <= NEAR_BITS), best.shape[1])
        unrelated = ~alike(odd[place], column)
        best[odd[place[unrelated]], column[unrelated]] = _UNRELATED
        nearest[odd] = best[odd].argmin(axis=1)
    return nearest, best[each, nearest]


def _grids(tone: Hashes) -> Bytes:
    """(N, 4, 4) uint8: brightness in 0..240."""
    packed = tone.astype(">u8").view(np.uint8).reshape(-1, 8)
    return np.stack([packed & 0xF0, packed << 4], axis=-1).reshape(-1, 4, 4)


def _alike(first: Bytes, second: Bytes, is_turned: Mask) -> Mask:
    """(M,) are two grids of brightness of the same scene, be one of them a little brighter?"""
    seen = np.where(is_turned[:, None, None], second[:, :, ::-1], second)
    difference = (first.astype(np.float32) - seen).reshape(-1, 16)
    contrast = np.abs(difference - difference.mean(axis=1, keepdims=True)).mean(axis=1)
    tone = np.abs(difference).mean(axis=1)
    return np.asarray((tone <= _MOST_TONE) & (contrast <= _MOST_CONTRAST))


def distances_in_order(group: Ints, frame: Ints, phash: Hashes) -> tuple[Ints, Ints]:
    """Bits between each picture and the next one of its group in time: the groups, in order, and the distances."""
    usable = np.flatnonzero((group >= 0) & (frame >= 0) & (phash != 0))
    order = usable[np.lexsort((frame[usable], group[usable]))]
    first, second = order[:-1], order[1:]
    same = group[first] == group[second]
    bits = np.bitwise_count(phash[first[same]] ^ phash[second[same]]).astype(np.int64)
    return group[first[same]], bits
