"""Boxes per split and class of a part: what is counted at once is what one counts line by line."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from labtools.prepare.parts import Part, with_tables

ids = st.lists(st.sampled_from([0, 1, 2, 12, 21, 122]), max_size=5)


@given(st.lists(st.tuples(st.sampled_from(["train", "val"]), ids), max_size=8))
def test_counts_are_those_of_the_lines(pictures: list[tuple[str, list[int]]]) -> None:
    boxes: Counter[tuple[str, int]] = Counter()
    shown: Counter[tuple[str, int]] = Counter()
    for split, found in pictures:
        boxes.update((split, one) for one in found)
        shown.update((split, one) for one in set(found))
    names = tuple(f"images/t/{i}.jpg" for i in range(len(pictures)))
    same, none = ("",) * len(names), (0,) * len(names)
    labels = tuple("".join(f"{one} 0.120000 0.5 0.2 0.2\n" for one in found) for _, found in pictures)
    part = Part(
        "", "", "t", names, names, same, none, tuple(split for split, _ in pictures), same, none, none, same, none,
        none, labels,
    )  # fmt: skip
    assert with_tables(part).counts == tuple((*key, shown[key], count) for key, count in sorted(boxes.items()))
