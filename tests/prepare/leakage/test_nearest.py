"""Nearest neighbours beside brute force."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.prepare.leakage.nearest import nearest_in_look, nearest_in_time
from labtools.prepare.pictures.hashing import MIRROR

PICTURES = st.lists(
    st.tuples(st.integers(-1, 2), st.integers(-1, 12), st.booleans()),
    min_size=1,
    max_size=25,
)


@given(PICTURES)
@settings(max_examples=150, deadline=None)
def test_nearest_in_time_is_brute_force(pictures: list[tuple[int, int, bool]]) -> None:
    group, frame, is_train = (np.array(column) for column in zip(*pictures, strict=True))
    wanted, reference = np.flatnonzero(~is_train), np.flatnonzero(is_train)
    found = nearest_in_time(group.astype(np.int64), frame.astype(np.int64), wanted, reference)
    for i, which, gap in zip(wanted, found.which, found.gap, strict=True):
        gaps = {
            int(j): abs(int(frame[i] - frame[j]))
            for j in reference
            if group[i] == group[j] >= 0 and frame[i] >= 0 and frame[j] >= 0
        }
        assert gap == min(gaps.values(), default=-1)
        assert (which == -1) if not gaps else gaps[int(which)] == gap


def test_steps_count_pictures_not_frames() -> None:
    """Every tenth frame of a video: the neighbour is one picture, and ten frames, away."""
    group, frame = np.zeros(4, np.int64), np.array([0, 10, 20, 30])
    found = nearest_in_time(group, frame, np.array([1, 3]), np.array([0]))
    assert found.gap.tolist() == [10, 30]
    assert found.steps.tolist() == [1, 3]


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=12), st.integers(1, 11))
@settings(max_examples=100, deadline=None)
def test_nearest_in_look_is_brute_force(hashes: list[int], cut: int) -> None:
    cut = min(cut, len(hashes) - 1)
    wanted, reference = np.arange(cut), np.arange(cut, len(hashes))
    found = nearest_in_look(np.array(hashes, np.uint64), np.zeros(len(hashes), np.uint64), wanted, reference)
    for i in wanted:
        pairs = [
            (min((hashes[i] ^ hashes[j]).bit_count(), (hashes[i] ^ hashes[j] ^ MIRROR).bit_count()), int(j))
            for j in reference
            if hashes[i] and hashes[j]
        ]
        bits, which = min(pairs, default=(-1, -1))
        assert (found.distance[i], found.which[i]) == (bits, which)


def test_a_whole_year_in_a_second() -> None:
    rng = np.random.default_rng(0)
    phash = rng.integers(1, 2**63, 11_491 + 17_119, dtype=np.uint64)
    started = time.process_time()
    found = nearest_in_look(phash, phash, np.arange(11_491), np.arange(11_491, len(phash)))
    assert time.process_time() - started < 15  # 0.5 s on a quiet core
    assert found.distance.min() > 3, "unrelated pictures are not near"


def test_the_same_signs_at_another_brightness_are_another_scene() -> None:
    """Nearest is then whoever is nearest of the others."""
    phash = np.array([0b1111 | 1 << 63, 0b1110 | 1 << 63, 0b1111 | 1 << 63 | 0xFFF000], np.uint64)
    dark, bright, brighter = 0x1111_2222_1111_2222, 0x9999_AAAA_9999_AAAA, 0x2222_3333_2222_3333
    wanted, reference = np.array([0]), np.array([1, 2])
    for tone, which, bits in ((bright, 2, 12), (brighter, 1, 1), (dark, 1, 1)):
        found = nearest_in_look(phash, np.array([dark, tone, dark], np.uint64), wanted, reference)
        assert (found.which.tolist(), found.distance.tolist()) == ([which], [bits])


def test_a_mirrored_picture_has_a_mirrored_tone() -> None:
    phash = np.array([1 << 63 | 0b1011, (1 << 63 | 0b1011) ^ MIRROR], np.uint64)
    left, right = 0x00FF_00FF_00FF_00FF, 0xFF00_FF00_FF00_FF00
    for tones, bits in (((left, right), 0), ((left, left), 32)):
        found = nearest_in_look(phash, np.array(tones, np.uint64), np.array([0]), np.array([1]))
        assert found.distance.tolist() == [bits]


@pytest.mark.parametrize("missing", [0, 1])
def test_without_hashes_nothing_is_near(missing: int) -> None:
    phash = np.array([5, 0] if missing else [0, 5], np.uint64)
    found = nearest_in_look(phash, phash, np.array([0]), np.array([1]))
    assert found.which.tolist() == [-1]
    assert found.distance.tolist() == [-1]
