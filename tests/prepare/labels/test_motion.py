"""How boxes move: whatever their order in each picture, and beside what anybody would count by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from labtools.prepare.labels.motion import Interruption, Tracks

Rows = Sequence[tuple[float, ...]]


def tracks(pictures: Sequence[Rows], numbers: Sequence[int] | None = None) -> Tracks:
    boxes = np.array([row for rows in pictures for row in rows], np.float64).reshape(-1, 5)
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in pictures])])
    order = range(len(pictures))
    return Tracks(boxes, starts, order, numbers or [*order], 1)


def film(count: int = 300) -> list[list[tuple[float, ...]]]:
    """Four objects that move slowly; the second is away in pictures 100 to 102, the fourth never moves."""
    found = []
    for n in range(count):
        x = 0.2 + 0.0004 * n
        rows = [(0, x, 0.2, 0.1, 0.1), (0, x, 0.5, 0.1, 0.1), (1, x, 0.5, 0.1, 0.1), (2, 0.8, 0.8, 0.1, 0.1)]
        found.append([row for i, row in enumerate(rows) if i != 1 or not 100 <= n <= 102])
    return found


def test_the_order_of_the_boxes_in_a_picture_does_not_matter() -> None:
    """Tools write tracks in one order, people who annotate picture by picture do not."""
    rng = np.random.default_rng(1)
    pictures = film()
    mixed = [[rows[i] for i in rng.permutation(len(rows))] for rows in pictures]
    for found in (tracks(pictures), tracks(mixed)):
        assert found.is_smooth
        assert found.interruptions() == [Interruption(100, 103, False)]
        assert found.frozen() == [(0, 300)]
        assert found.share_standing == pytest.approx(299 / 1197)


def test_pictures_that_are_only_numbered_like_a_film() -> None:
    rng = np.random.default_rng(2)
    pictures = [[(0, *rng.uniform(0.1, 0.9, 2), 0.05, 0.05) for _ in range(3)] for _ in range(300)]
    assert not tracks(pictures).is_smooth
    assert tracks(pictures).frozen() == [] and tracks(pictures).share_standing == 0.0


def test_a_box_that_is_elsewhere_for_one_picture_jumps() -> None:
    here, there = (0, 0.2, 0.2, 0.1, 0.1), (0, 0.8, 0.8, 0.1, 0.1)
    assert tracks([[here], [there], [here]]).interruptions() == [
        Interruption(1, 2, True)
    ]  # fmt: skip
    assert tracks([[here], [(1, *there[1:])], [here]]).interruptions() == [Interruption(1, 2, False)], "another class"
    assert tracks([[here], [], [here]]).interruptions() == [], "a picture without boxes is told elsewhere"
    assert tracks([[here], [there], [here]], [0, 5, 6]).interruptions() == [], "not the next picture"


def test_without_boxes_there_is_no_motion() -> None:
    none = tracks([[], [], []])
    assert (none.is_smooth, none.share_standing, none.interruptions(), none.frozen()) == (False, 0.0, [], [])
