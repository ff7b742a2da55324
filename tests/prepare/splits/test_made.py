"""A split that is made for a team without one: whole sequences, else blocks; copies never divided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.artifacts.dataset import SPLITS
from labtools.prepare.config import SplitPolicy
from labtools.prepare.splits.made import cuts, deal, make_split, sequences_by_name
from labtools.prepare.splits.plan import Splits

Submit = Callable[..., Splits]
ROOT = "velo/tic_et_tac"


def names(pattern: str, sequences: int = 5, frames: int = 6) -> list[str]:
    return sorted(f"{ROOT}/images/{pattern.format(s=s, i=i, c='abcde'[s - 1])}.jpg"
                  for s in range(1, sequences + 1) for i in range(frames))  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    [
        "seq{s}_frame_{i:06d}", "vid{s}_{i:04d}", "video {s} ({i})", "{s}_{i:05d}", "{s}-frame_{i:06d}",
        "Sequence_{s:02d}_{i}", "frame_{i:06d}_seq{s}", "velo_video_{c}_{i:03d}", "clip{c}-{i}",
        "IMG_2023110{s}_{i:04d}",
        "seq{s}_frame_{i:06d}_jpg.rf.0123456789abcdef{i}{s}", "tic_et_tac_{s}_{i:06d}",
    ],
)  # fmt: skip
def test_sequences_that_only_names_tell(pattern: str, submit: Submit) -> None:
    images = names(pattern)
    result = submit({}, images)
    by_name = sequences_by_name(images)
    assert sorted(Counter(by_name.values()).values()) == [6] * 5
    sides = {sequence: {result.of[p] for p in images if by_name[p] == sequence} for sequence in by_name.values()}
    assert all(len(side) == 1 for side in sides.values())
    assert Counter(result.of.values()) == {"train": 18, "val": 6, "test": 6}
    (finding,) = result.findings
    assert finding.code == "split-made" and "whole sequences" in finding.message
    (val,), (test,) = ([name for name, side in sides.items() if side == {split}] for split in ("val", "test"))
    assert f"; val: {val}; test: {test} (18/6/6 pictures)" in finding.message


@pytest.mark.parametrize("pattern", ["frame_{s}{i:05d}", "cat{c}_{i}", "velo-{i}{s}", "IMG_{i}{s}"])
def test_names_that_tell_no_sequences(pattern: str) -> None:
    assert sequences_by_name(names(pattern)) == {}


@pytest.mark.parametrize("sequences", [1, 2])
def test_few_sequences_become_blocks(sequences: int, submit: Submit) -> None:
    images = [f"{ROOT}/{s}/images/frame_{i}.jpg" for s in range(1, sequences + 1) for i in range(20)]
    result = submit({}, images)
    ordered = [result.of[p] for p in images]
    n = len(images)
    assert ordered == ["train"] * (n * 6 // 10) + ["val"] * (n // 5) + ["test"] * (n // 5)
    (finding,) = result.findings
    assert "neighbouring frames are on both sides" in finding.message


def test_a_gap_at_the_cuts_if_the_course_asks_for_it(submit: Submit) -> None:
    images = [f"{ROOT}/images/frame_{i:03d}.jpg" for i in range(100)]
    result = submit({}, images, policy=SplitPolicy(gap=5))
    assert Counter(result.of.values()) == {"train": 60, "val": 15, "test": 15}
    left = {f.file for f in result.findings if f.code == "image-in-gap"}
    assert left == {images[i] for i in [*range(60, 65), *range(80, 85)]} == set(images) - set(result.of)


@pytest.mark.parametrize(("count", "left"), [(50, 10), (49, 0)])
def test_a_gap_that_would_take_too_much_is_none(count: int, left: int) -> None:
    images = [f"images/frame_{i:03d}.jpg" for i in range(count)]
    split, findings = make_split(images, dict.fromkeys(images, ""), SplitPolicy(gap=5), "t")
    assert len(images) - len(split) == left == sum(f.code == "image-in-gap" for f in findings)


@pytest.mark.parametrize("units", [3, 7, 8, 30])
def test_a_split_without_a_share_gets_nothing(units: int) -> None:
    split = deal({f"{i}": 10 for i in range(units)}, {"train": 0.5, "val": 0.5, "test": 0.0}, "0")
    assert abs(2 * Counter(split.values())["train"] - units) <= 1 and "test" not in split.values()


def test_subjects_are_on_every_side(submit: Submit) -> None:
    """air1, air2... and bird1... are no videos: each is cut by itself, so that the test sees both."""
    images = [f"{ROOT}/img/{subject}{i}.jpg" for subject in ("air", "bird", "car") for i in range(10)]
    result = submit({}, images)
    for subject in ("air", "bird", "car"):
        assert Counter(s for p, s in result.of.items() if subject in p) == {"train": 6, "val": 2, "test": 2}


def test_copies_of_one_source_stay_together(submit: Submit) -> None:
    images = [
        f"{ROOT}/images/{source}_jpg.rf.{source}{copy:031x}.jpg" for source in "abcdefghijklmno" for copy in range(3)
    ]
    of = submit({}, images).of
    for source in "abcdefghijklmno":
        assert len({of[p] for p in images if f"/{source}_jpg" in p}) == 1
    assert set(of.values()) == set(SPLITS)


def test_equal_bytes_stay_together() -> None:
    images = [f"{s}/{i}.jpg" for s in range(6) for i in range(4)]
    sequences = {p: p[0] for p in images}
    twins = {"0/1.jpg": "x", "3/2.jpg": "x", "4/0.jpg": "y", "3/3.jpg": "y"}
    split, (finding,) = make_split(images, sequences, SplitPolicy(), "t", twins)
    assert len({split[p] for p in twins}) == 1 and set(split.values()) == set(SPLITS)
    assert "0+3+4" in finding.message
    few, _ = make_split(images[:8], sequences, SplitPolicy(), "t", {"0/0.jpg": "x", "1/3.jpg": "x"})
    assert few["0/0.jpg"] == few["1/3.jpg"]


def test_nothing_comes_of_nothing(submit: Submit) -> None:
    result = submit({"train.txt": "a.jpg\n"}, [f"{ROOT}/images/b.txt"])
    assert not result.of


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 200), st.sampled_from([(0.6, 0.2, 0.2), (0.65, 0.25, 0.1), (0.5, 0.5, 0.0), (0.98, 0.01, 0.01)]))
def test_cuts_are_near_the_shares_and_leave_none_empty(count: int, parts: tuple[float, float, float]) -> None:
    shares = dict(zip(SPLITS, parts, strict=True))
    train, val = cuts(count, shares)
    got = {"train": train, "val": val - train, "test": count - val}
    assert min(got.values()) >= 0
    for split in SPLITS:
        assert abs(got[split] - count * shares[split]) <= 2
        assert got[split] > 0 or shares[split] == 0 or count < 3
        assert got[split] == 0 or shares[split] > 0


def test_units_that_have_their_split_are_counted() -> None:
    sizes = dict.fromkeys("abcde", 10)
    shares = {"train": 0.6, "val": 0.2, "test": 0.2}
    split = deal(sizes, shares, "0", {"c": "test", "d": "val"})
    assert split == {"a": "train", "b": "train", "c": "test", "d": "val", "e": "train"}
