"""Which boxes are shown: judged by hand, and never ten frames of one video."""

from __future__ import annotations

import pandas as pd
import pytest

from labtools.artifacts.dataset import BOX_COLUMNS
from labtools.artifacts.predictions import TP_COLUMNS
from labtools.report.examples import add_pixels, judge, pick, pick_crops

NAMES = {0: "ballon", 1: "jul"}


@pytest.fixture
def manifest() -> pd.DataFrame:
    images = [f"images/{i}.jpg" for i in range(6)]
    return pd.DataFrame(
        {"image": images, "team": ["a", "a", "a", "a", "b", "b"], "sequence": ["1", "1", "1", "2", "1", "1"],
         "width": 200, "height": 100}
    )  # fmt: skip


def true_boxes(manifest: pd.DataFrame, *entries: tuple[int, int]) -> pd.DataFrame:
    """A box in the middle of image i, of class c, half as wide and high as the image."""
    rows = []
    for image, class_id in entries:
        where = manifest.iloc[image]
        rows.append(
            (
                where["image"],
                "test",
                "x",
                where["team"],
                where["sequence"],
                class_id,
                NAMES[class_id],
                0.5,
                0.5,
                0.5,
                0.5,
            )
        )
    return add_pixels(pd.DataFrame(rows, columns=list(BOX_COLUMNS)), manifest)


def said(*entries: tuple[int, int, float, bool, float]) -> pd.DataFrame:
    """image, class, confidence, true positive?, and how many pixels to the right of the true place."""
    rows = [
        (f"images/{i}.jpg", c, conf, 50 + dx, 25, 150 + dx, 75, *([tp] * len(TP_COLUMNS)))
        for i, c, conf, tp, dx in entries
    ]
    return pd.DataFrame(rows, columns=["image", "class_id", "conf", "x1", "y1", "x2", "y2", *TP_COLUMNS])


def test_pixels_are_those_of_the_image(manifest: pd.DataFrame) -> None:
    box = true_boxes(manifest, (0, 0)).iloc[0]
    assert [box[c] for c in ("x1", "y1", "x2", "y2")] == [50, 25, 150, 75]


def test_hits_false_alarms_and_missed_objects(manifest: pd.DataFrame) -> None:
    truth = true_boxes(manifest, (0, 0), (1, 0), (2, 0))
    predictions = said((0, 0, 0.9, True, 2), (1, 1, 0.8, False, 0), (2, 0, 0.2, True, 0))
    judged = judge(predictions, truth, manifest, NAMES)
    kinds = {k: part["image"].tolist() for k, part in judged.groupby("kind")}
    # image 1: another class was said; image 2: the only prediction is below the confidence that is shown
    assert kinds == {
        "hit": ["images/0.jpg"],
        "false alarm": ["images/1.jpg"],
        "missed": ["images/1.jpg", "images/2.jpg"],
    }


def test_a_box_far_away_does_not_find_the_object(manifest: pd.DataFrame) -> None:
    judged = judge(said((0, 0, 0.9, False, 60)), true_boxes(manifest, (0, 0)), manifest, NAMES)
    assert sorted(judged["kind"]) == ["false alarm", "missed"]


def test_false_alarms_on_background_images_know_their_team(manifest: pd.DataFrame) -> None:
    judged = judge(said((4, 0, 0.9, False, 0)), true_boxes(manifest, (0, 0)), manifest, NAMES)
    assert judged.loc[judged["kind"] == "false alarm", "team"].tolist() == ["b"]


def test_each_sequence_gives_one_before_any_gives_a_second(manifest: pd.DataFrame) -> None:
    truth = true_boxes(manifest, *((i, 0) for i in range(6)))
    predictions = said(*((i, 0, 0.99 - 0.01 * i, True, 0) for i in range(6)))
    chosen = pick(judge(predictions, truth, manifest, NAMES), "hit", 4)
    assert [e.image for e in chosen] == ["images/0.jpg", "images/3.jpg", "images/4.jpg", "images/1.jpg"]
    assert chosen[0].conf == pytest.approx(0.99)


def test_crops_come_from_as_many_teams_as_there_are(manifest: pd.DataFrame) -> None:
    crops = pick_crops(true_boxes(manifest, *((i, 0) for i in range(6))), 3)
    assert {e.image for e in crops} == {"images/0.jpg", "images/3.jpg", "images/4.jpg"}
    assert pick_crops(true_boxes(manifest), 3) == []
