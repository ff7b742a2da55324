"""Leakage told in rows: the bins of frame gaps, the bits, the nearest pairs."""

from __future__ import annotations

import pandas as pd
import pytest

from labtools.artifacts.leakage import LEAKAGE_COLUMNS
from labtools.report.tables import leakage as rows


def leakage(*gaps: int | None, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame([dict.fromkeys(LEAKAGE_COLUMNS, "") for _ in gaps])
    near = ["" if gap is None else "images/train.jpg" for gap in gaps]
    frame = frame.assign(
        image=[f"images/{i}.jpg" for i in range(len(gaps))], frame_gap=pd.array(list(gaps), dtype="Int64"),
        nearest_frame_image=near, hash_distance=pd.array([20] * len(gaps), dtype="Int64"),
        nearest_hash_image="images/train.jpg", exact=False, mirrored=False, split="test",
    )  # fmt: skip
    return frame.assign(**columns)


def test_every_gap_is_in_the_bin_that_names_it() -> None:
    found = rows.gap_bin(leakage(0, 1, 2, 5, 6, 30, 31, 4000, None))
    expected = ["1", "1", "2 to 5", "2 to 5", "6 to 30", "6 to 30", "above 30", "above 30", "none in its sequence"]
    assert found.tolist() == expected


def test_a_sequence_without_numbers_is_shared_all_the_same() -> None:
    table = leakage(None).assign(nearest_frame_image="images/train.jpg")
    assert rows.gap_bin(table).tolist() == ["above 30"]


def test_shares_of_every_line_are_whole_and_everyone_comes_first() -> None:
    table = rows.gap_shares(leakage(1, 1, 7, None, class_folder=["b", "b", "a", "a"]), "class_folder")
    assert list(dict.fromkeys(table["label"])) == ["all", "a", "b"]
    assert table.groupby("label")["share"].sum().tolist() == pytest.approx([1, 1, 1])
    assert table.groupby("label")["images"].sum().to_dict() == {"all": 4, "a": 2, "b": 2}
    assert table[(table["label"] == "b") & (table["gap"] == "1")]["share"].tolist() == [1]


def test_a_dataset_without_class_folders_is_one_line() -> None:
    assert set(rows.gap_shares(leakage(1, None), "class_folder")["label"]) == {"all"}


def test_bits_are_counted_per_split_and_the_far_ones_together() -> None:
    table = leakage(1, 1, 1, 1, hash_distance=pd.array([0, 33, 64, None], dtype="Int64"))
    counted = rows.look_histogram(table)
    assert counted.loc[counted["images"] > 0, ["bits", "images"]].to_numpy().tolist() == [[0, 1], [rows.MOST_BITS, 2]]
    assert counted["share"].sum() == pytest.approx(1)


def test_nearest_in_time_takes_every_team_before_a_second_of_any() -> None:
    table = leakage(1, 1, 3, None, team=["a", "a", "b", "c"])
    assert rows.nearest_in_time(table, 2)["image"].tolist() == ["images/0.jpg", "images/2.jpg"]
    assert len(rows.nearest_in_time(table, 9)) == 3


def test_alike_are_pictures_of_other_sequences_only() -> None:
    table = leakage(1, 1, 1, 1, sequence=["1", "2", "3", "4"], hash_distance=[4, 0, 10, 11], exact=[0, 1, 0, 0])
    table = table.assign(exact=table["exact"].astype(bool), team=["a", "b", "c", "d"])
    manifest = pd.DataFrame({"image": ["images/train.jpg"], "class_folder": "", "team": "a", "sequence": "1"})
    near = rows.nearest_by_look(table, manifest, 9)
    assert near["image"].tolist() == ["images/1.jpg", "images/2.jpg"], "exact first; not its own sequence; not 11 bits"
