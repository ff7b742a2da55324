"""Findings that become pictures."""

from __future__ import annotations

import pandas as pd
import pytest

from labtools.artifacts.dataset import FINDING_COLUMNS, MANIFEST_COLUMNS
from labtools.report import evidence


def manifest(*sources: str, **columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame([dict.fromkeys(MANIFEST_COLUMNS, "") for _ in sources])
    found = frame.assign(source=sources, image=[f"images/{i}.jpg" for i in range(len(sources))])
    return found.assign(frame=range(len(sources)), **columns)


def findings(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Severity, code, team, file."""
    table = [(s, code, team, file, 0, "message", "noted") for s, code, team, file in rows]
    return pd.DataFrame(table, columns=list(FINDING_COLUMNS))


def pick(rows: pd.DataFrame, table: pd.DataFrame, most: int) -> list[evidence.Evidence]:
    return evidence.pick_evidence(evidence.visible(rows, table), evidence.FrameOrder(table), most)


@pytest.mark.parametrize(
    ("source", "file", "found"),
    [
        ("velo/a/1/images/f_1.jpg", "velo/a/1/images/f_1.jpg", True),
        ("velo/a/1/images/f_1.jpg", "velo/a/1/labels/f_1.txt", True),
        ("velo/a/1/images/f_1.jpg", "velo/a/1/task.zip!/obj_train_data/f_1.txt", True),
        ("velo/a.zip!/1/Images/f_1.png", "velo/a.zip!/1/label /f_1.txt", True),
        ("velo/a/1/f_1.v2.jpg", "velo/a/1/f_1.txt", False),
        ("velo/a/1/images/f_1.jpg", "velo/a/2/labels/f_1.txt", False),
        ("velo/a/1/images/f_1.jpg", "velo/a/train.txt", False),
    ],
)
def test_a_file_leads_to_its_picture(source: str, file: str, found: bool) -> None:
    (image,) = evidence.locate(findings(("error", "box-outside", "a", file)), manifest(source))
    assert image == ("images/0.jpg" if found else "")


def test_two_pictures_of_one_name_are_nobodys() -> None:
    table = manifest("velo/a/1/images/f.jpg", "velo/a/1/images/f.png")
    assert evidence.locate(findings(("error", "box-outside", "a", "velo/a/1/labels/f.txt")), table).tolist() == [""]


def test_errors_first_then_one_of_each_kind_and_team_and_no_picture_twice() -> None:
    table = manifest(*(f"{team}/images/{i}.jpg" for team in "ab" for i in range(4)))
    rows = findings(
        ("warning", "box-clipped", "a", "a/labels/0.txt"),
        ("error", "box-outside", "a", "a/labels/1.txt"),
        ("error", "box-outside", "a", "a/labels/2.txt"),
        ("error", "box-outside", "b", "b/labels/1.txt"),
        ("error", "box-outside", "b", "b/labels/1.txt"),
        ("info", "box-clipped", "a", "a/labels/3.txt"),  # nothing to worry about
        ("error", "list-absent", "a", "a/train.txt"),  # nothing to see
    )
    chosen = pick(rows, table, 9)
    assert [(e.title, e.team) for e in chosen] == [
        ("A box outside the picture", "a"), ("A box outside the picture", "b"), ("A box outside the picture", "a"),
        ("A box that reaches beyond the picture", "a"),
    ]  # fmt: skip
    assert {e.kind for e in pick(rows, table, 2)} == {"picture"}
    assert [e.title for e in pick(rows, table, 2)] == [chosen[0].title, chosen[3].title]


def test_a_picture_between_its_neighbours_in_the_order_of_frames() -> None:
    table = manifest("a/2.jpg", "a/10.jpg", "a/9.jpg", "b/11.jpg", sequence=["1", "1", "1", "2"])
    table["frame"] = [2, 10, 9, 11]
    assert evidence.FrameOrder(table).neighbours("images/2.jpg") == ("images/0.jpg", "images/2.jpg", "images/1.jpg")
    assert evidence.FrameOrder(table).neighbours("images/3.jpg") == ("images/3.jpg",)
    (one,) = pick(findings(("warning", "image-unlabelled", "a", "a/2.jpg")), table, 9)
    assert (one.kind, one.images, one.focus) == ("neighbours", ("images/0.jpg", "images/2.jpg"), 0)


def test_a_twin_of_another_split_comes_first() -> None:
    table = manifest("0", "1", "2", "3", hash=["h", "h", "h", "x"], split=["test", "test", "train", "val"])
    assert evidence.FrameOrder(table).twins("images/0.jpg") == ("images/2.jpg", "images/1.jpg")
    rows = findings(("error", "image-twice-across-splits", "a", "0"))
    (one,) = pick(rows, table, 9)
    assert one.images == ("images/0.jpg", "images/2.jpg")
