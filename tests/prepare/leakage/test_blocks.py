"""What was compared before is not compared again, and what comes out is what comparing everything gives."""

from __future__ import annotations

import numpy as np
import pytest

from labtools.prepare.leakage import blocks
from labtools.prepare.leakage.blocks import nearest_by_blocks
from labtools.prepare.leakage.nearest import NearestInLook, nearest_in_look

Cohort = tuple[blocks.Hashes, blocks.Hashes, blocks.Ints, blocks.Ints, list[int]]


def cohort(seed: int, count: int = 300, teams: int = 9) -> Cohort:
    """Scenes that several pictures show, a few bits apart; some pictures without a hash."""
    rng = np.random.default_rng(seed)
    scenes = rng.integers(1, 2**64, 40, dtype=np.uint64)
    phash = scenes[rng.integers(0, 40, count)] ^ (np.uint64(1) << rng.integers(0, 64, count).astype(np.uint64))
    phash[rng.random(count) < 0.1] = 0
    tone = rng.integers(0, 2**64, 5, dtype=np.uint64)[rng.integers(0, 5, count)]
    is_train = rng.random(count) < rng.choice([0.0, 0.1, 0.6, 1.0])
    starts = [0, *sorted(rng.integers(0, count, teams - 1).tolist())]
    return phash, tone, np.flatnonzero(~is_train), np.flatnonzero(is_train), starts


def assert_same(found: NearestInLook, wanted: NearestInLook) -> None:
    for mine, theirs in zip(found, wanted, strict=True):
        assert mine.dtype == theirs.dtype
        assert mine.tolist() == theirs.tolist()


@pytest.mark.parametrize("seed", range(20))
def test_blocks_find_what_comparing_everything_finds(seed: int) -> None:
    *columns, teams = cohort(seed)
    found, compared = nearest_by_blocks(*columns, teams, {})
    assert_same(found, nearest_in_look(*columns))
    again, same = nearest_by_blocks(*columns, teams, compared)
    assert_same(again, found)
    assert same == compared


def test_only_pairs_with_a_changed_team_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    count, teams = 2000, 5
    rng = np.random.default_rng(0)
    phash, tone = rng.integers(1, 2**64, (2, count), dtype=np.uint64)
    starts = [number * count // teams for number in range(teams)]
    wanted, reference = np.arange(0, count, 2), np.arange(1, count, 2)
    _, compared = nearest_by_blocks(phash, tone, wanted, reference, starts, {})
    calls = []
    real = blocks._compare
    monkeypatch.setattr(blocks, "_compare", lambda *pair: calls.append(pair) or real(*pair))
    nearest_by_blocks(phash, tone, wanted, reference, starts, compared)
    assert not calls
    phash[starts[2] + 1] ^= np.uint64(0xFF)  # a training picture: all against this team, this team's own are known
    found, _ = nearest_by_blocks(phash, tone, wanted, reference, starts, compared)
    assert len(calls) == teams
    assert_same(found, nearest_in_look(phash, tone, wanted, reference))
    phash[starts[2]] ^= np.uint64(0xFF)  # a picture to be found: this team against all
    found, _ = nearest_by_blocks(phash, tone, wanted, reference, starts, compared)
    assert_same(found, nearest_in_look(phash, tone, wanted, reference))
    assert len(calls) == teams + (2 * teams - 1)


def test_blocks_stay_few_and_where_they_are() -> None:
    many = list(range(0, 100_000, 100))
    assert len(blocks._bounds(many, 100_000)) <= 33
    assert blocks._bounds(many, 100_003)[:-1] == blocks._bounds(many, 100_000)[:-1]
