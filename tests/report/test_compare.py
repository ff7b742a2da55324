"""Two datasets side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.report.tables import compare
from labtools.report.tables.dataset import BINS

Point = tuple[float, float]
unit = st.floats(0, 1, allow_nan=False)


def boxes(*rows: tuple[str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["class_name", "x", "y"])
    return frame.assign(w=0.1, h=0.2)


def test_classes_are_matched_by_name_as_people_write_it() -> None:
    ours, theirs = ["Téléphone", "the rock", "coeur"], ["velo", "the_rock", "telephone"]
    assert compare.match_classes(ours, theirs) == [("Téléphone", "telephone"), ("the rock", "the_rock")]


def test_counts_of_both_with_what_only_one_has() -> None:
    mine, theirs = boxes(("a", 0, 0), ("a", 0, 0), ("b", 0, 0)), boxes(("A", 0, 0), ("z", 0, 0))
    table = compare.counts_beside(mine, theirs, ["a", "b", "c"], ["A", "z"]).set_index("class")
    assert table.loc["a"].tolist() == pytest.approx([2, 200 / 3, 1, 50])
    assert table.loc["c", "boxes"] == 0 and np.isnan(table.loc["c", "other_boxes"])
    assert np.isnan(table.loc["z", "boxes"]) and table.loc["z", "other_boxes"] == 1
    assert table["pct"].sum() == pytest.approx(100) and table["other_pct"].sum() == pytest.approx(100)


@given(st.lists(st.tuples(unit, unit), max_size=30), st.lists(st.tuples(unit, unit), max_size=30))
def test_the_mass_of_both_maps_is_their_boxes(
    ours: list[tuple[float, float]], others: list[tuple[float, float]]
) -> None:
    pairs = [("a", boxes(*(("a", *p) for p in ours)), boxes(*(("a", *p) for p in others)))]
    cells = compare.heat_pairs(pairs, ("x", "y"), ("this", "that"))
    for whose, points in (("this", ours), ("that", others)):
        half = cells[cells["whose"] == whose]
        assert half["boxes"].sum() == len(points)
        assert half["share"].sum() == pytest.approx(1 if points else 0)
    assert cells[["column", "row"]].max().max() < BINS or cells.empty


def test_pairs_are_everyone_then_the_matched_classes() -> None:
    mine, theirs = boxes(("a", 0, 0), ("b", 0, 0)), boxes(("A", 0, 0), ("z", 0, 0))
    pairs = compare.class_pairs(mine, theirs, [("a", "A")])
    assert [(label, len(one), len(two)) for label, one, two in pairs] == [("all classes", 2, 2), ("a", 1, 1)]
