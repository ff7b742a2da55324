"""What every metric promises, and cases that can be checked by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from labtools.artifacts.results import BACKGROUND, OVERALL, SPLIT_TABLES
from labtools.evaluate.metrics import columns, compute_tables, metrics
from labtools.evaluate.truth import Truth

MakeTruth = Callable[..., Truth]
MakePredictions = Callable[..., pd.DataFrame]

IMAGES = {"images/a.jpg": "red", "images/b.jpg": "blue", "images/c.jpg": "blue"}
BOXES = [
    ("images/a.jpg", 0, 10, 10, 30, 30),
    ("images/a.jpg", 2, 50, 50, 90, 90),
    ("images/b.jpg", 0, 0, 0, 40, 40),
]
PREDICTIONS = [
    ("images/a.jpg", 0, 0.9, 10, 10, 30, 30, 10),
    ("images/a.jpg", 0, 0.8, 50, 50, 90, 90, 0),
    ("images/b.jpg", 0, 0.7, 60, 60, 90, 90, 0),
    ("images/b.jpg", 0, 0.2, 0, 0, 40, 40, 10),
]
NAMES = ["cat", "dog", "owl"]  # there is no dog


@pytest.fixture
def truth(make_truth: MakeTruth) -> Truth:
    return make_truth(NAMES, IMAGES, BOXES)


@pytest.mark.parametrize("name", list(metrics()))
@pytest.mark.parametrize("boxes", [BOXES, []], ids=["boxes", "no-boxes"])
@pytest.mark.parametrize("seen", [PREDICTIONS, []], ids=["predictions", "no-predictions"])
def test_contract(
    name: str, boxes: list[object], seen: list[object], make_truth: MakeTruth, make_predictions: MakePredictions
) -> None:
    truth, predictions = make_truth(NAMES, IMAGES, boxes), make_predictions(seen)
    before = predictions.copy(), truth.boxes.copy(), truth.images.copy()
    tables = metrics()[name].compute(truth, predictions)
    assert tables, "a metric writes at least one table"
    assert tables.keys() == metrics()[name].TABLES.keys()
    for table, rows in tables.items():
        assert set(rows.columns) <= set(columns()[table]), table
        assert not {"run_id", "split"} & set(rows.columns)
        figures = rows.select_dtypes("float")
        assert ((figures >= 0) & (figures <= 1) | figures.isna()).all(axis=None), "values are in 0..1"
    again = metrics()[name].compute(truth, predictions)
    for table, rows in tables.items():
        pd.testing.assert_frame_equal(rows, again[table])
    for old, new in zip(before, (predictions, truth.boxes, truth.images), strict=True):
        pd.testing.assert_frame_equal(old, new)  # inputs are not written to


def test_every_table_is_made_by_one_metric(truth: Truth, make_predictions: MakePredictions) -> None:
    assert compute_tables(truth, make_predictions(PREDICTIONS)).keys() == columns().keys()
    assert columns().items() >= SPLIT_TABLES.items(), "what the report reads"
    assert all({"run_id", "split"} <= set(wanted) for wanted in columns().values())


def test_a_class_without_boxes_is_listed_but_in_no_mean(truth: Truth, make_predictions: MakePredictions) -> None:
    tables = compute_tables(truth, make_predictions(PREDICTIONS))
    per_class = tables["per_class"].set_index("class_name")
    assert per_class.loc["dog", ["images", "instances"]].tolist() == [0, 0]
    assert per_class.loc["dog", ["precision", "recall", "f1", "map50", "map75", "map50_95"]].isna().all()
    assert per_class.loc["cat", ["images", "instances"]].tolist() == [2, 2]
    assert per_class.loc["owl", "map50"] == 0  # has a box, was never seen: that counts
    overall = tables["results"].iloc[0]
    assert overall["map50"] == pytest.approx((per_class.loc["cat", "map50"] + 0) / 2)
    assert (overall["images"], overall["instances"]) == (3, 3)


def test_average_precision_by_hand(truth: Truth, make_predictions: MakePredictions) -> None:
    """Two cats; hit, miss, miss, hit: precision 1 up to recall .5, then 2/4, then nothing.

    The trapezoids between the 101 recalls cut the two corners: at recall .5 half a step of the fall from 1 to .5,
    at recall 1 half a step of the fall from .5 to 0.
    """
    per_class = compute_tables(truth, make_predictions(PREDICTIONS))["per_class"].set_index("class_name")
    by_hand = 0.5 * 1 + 0.5 * 0.5 - 0.5 * 0.01 * 0.5
    assert per_class.loc["cat", "map50"] == pytest.approx(by_hand, abs=0.003)
    assert per_class.loc["cat", "map50_95"] == pytest.approx(per_class.loc["cat", "map50"])


def test_a_team_is_the_images_of_that_team(truth: Truth, make_predictions: MakePredictions) -> None:
    per_team = compute_tables(truth, make_predictions(PREDICTIONS))["per_team"].set_index("team")
    assert per_team.index.tolist() == ["blue", "red"]
    assert per_team["class_folder"].tolist() == ["folder_blue", "folder_red"]
    assert per_team[["images", "instances"]].to_numpy().tolist() == [[2, 1], [1, 2]]
    # red: the cat is found first (AP .995 by trapezoids), the owl never; blue: the cat is the second guess.
    assert per_team.loc["red", "map50"] == pytest.approx(0.995 / 2)
    assert per_team.loc["blue", "map50"] == pytest.approx(0.4975)


def test_a_team_with_background_only(make_truth: MakeTruth, make_predictions: MakePredictions) -> None:
    truth = make_truth(NAMES, IMAGES, BOXES[:2])
    row = compute_tables(truth, make_predictions(PREDICTIONS))["per_team"].set_index("team").loc["blue"]
    assert (row["images"], row["instances"]) == (2, 0)
    assert np.isnan(row["map50"])


def test_curves_by_hand(truth: Truth, make_predictions: MakePredictions) -> None:
    curves = compute_tables(truth, make_predictions(PREDICTIONS))["curves"]
    assert set(curves["class_name"]) == {OVERALL, "cat", "owl"}
    cat = curves[(curves["class_name"] == "cat") & (curves["kind"] == "conf")].set_index("x")
    assert len(cat) == 101
    assert (cat.index[0], cat.index[-1]) == (0.0, 1.0)
    low = cat.iloc[0]
    assert (low["precision"], low["recall"]) == (0.5, 1.0)  # all four predictions, both cats
    high = cat.iloc[85]  # above .8 only the first is left
    assert high["precision"] > 0.5
    assert high["recall"] == pytest.approx(0.5)
    recall = curves[(curves["class_name"] == "cat") & (curves["kind"] == "recall")]
    assert recall["recall"].isna().all()
    assert recall["precision"].is_monotonic_decreasing
    mean = curves[(curves["class_name"] == OVERALL) & (curves["kind"] == "conf")]
    assert mean["recall"].to_numpy()[0] == pytest.approx(0.5)  # cat 1, owl 0


def test_confusion_by_hand(truth: Truth, make_predictions: MakePredictions) -> None:
    confusion = compute_tables(truth, make_predictions(PREDICTIONS))["confusion"]
    cells = confusion.set_index(["true", "predicted"])["count"]
    assert len(cells) == 16
    assert cells[cells > 0].to_dict() == {
        ("cat", "cat"): 1,  # in image a
        ("owl", "cat"): 1,  # the owl of image a was taken for a cat
        ("cat", BACKGROUND): 1,  # seen in image b only at .2, below the threshold
        (BACKGROUND, "cat"): 1,  # imagined in image b
    }
