"""Three teams that split in the three ways of the course, a flat set of photos, and copies across teams."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd
import pytest

from labtools.artifacts.leakage import (
    LEAKAGE_COLUMNS,
    SUMMARY_COLUMNS,
    VERDICTS,
    leakage_csv,
    leakage_path,
    read_leakage,
    read_leakage_summary,
    summary_csv,
    summary_path,
)
from labtools.prepare.leakage import Columns, Leakage, analyse, compare, compared
from labtools.prepare.pictures.hashing import MIRROR

Row = tuple[str, str, str, str, str, int | None, str, int]
FRAMES = 60
NOISE = random.Random(4)


def team(name: str, split_of: Callable[[int, int], str], step: int = 1) -> list[Row]:
    """Three sequences of 60 pictures; each sequence has a look of its own, of which a few bits flicker."""
    rows: list[Row] = []
    for sequence in range(1, 4):
        look = NOISE.getrandbits(63) | 1 << 63
        for number in range(FRAMES):
            image = f"images/velo/{name}/{sequence}/frame_{number * step:06d}.jpg"
            phash = look ^ (1 << NOISE.randrange(62))
            split = split_of(sequence, number)
            rows.append((image, split, "velo", name, str(sequence), number * step, f"{name}{image}", phash))
    return rows


def whole(sequence: int, number: int) -> str:
    return {1: "train", 2: "val", 3: "test"}[sequence]


def blocks(sequence: int, number: int) -> str:
    return "train" if number < 40 else "val" if number < 50 else "test"


def at_random(sequence: int, number: int) -> str:
    return NOISE.choices(["train", "val", "test"], [6, 2, 2])[0]


def columns_of(rows: list[Row]) -> Columns:
    image, split, folder, name, sequence, frame, digest, phash = zip(*sorted(rows), strict=True)
    tone = [0] * len(rows)
    return Columns(image, [f"in/{i}" for i in image], split, folder, name, sequence, frame, digest, phash, tone)


def analysed(rows: list[Row]) -> Leakage:
    return analyse(columns_of(rows))


@pytest.fixture(scope="module")
def leakage() -> Leakage:
    teams = {"whole": whole, "blocks": blocks, "random": at_random}
    rows = [row for name, split in teams.items() for row in team(name, split)]
    return analysed(rows + team("slow", at_random, step=10))


def line(leakage: Leakage, **wanted: str) -> dict[str, object]:
    return next(row for row in leakage.summary if all(row[key] == value for key, value in wanted.items()))


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("whole", "sequence-wise"), ("blocks", "time blocks"), ("random", "leaky"), ("slow", "leaky")],
)
def test_the_verdict_is_the_way_of_splitting(leakage: Leakage, name: str, verdict: str) -> None:
    assert line(leakage, team=name, split="val+test")["verdict"] == verdict
    assert verdict in VERDICTS


def test_shares_of_blocks_are_counted_by_hand(leakage: Leakage) -> None:
    """Frames 40..49 are val: 40 is one frame from train, 40..44 are within five, all are within thirty."""
    found = line(leakage, team="blocks", split="val")
    assert found["images"] == 30
    assert (found["within_1"], found["within_5"], found["within_30"]) == (0.1, 0.5, 1.0)
    assert found["neighbour"] == pytest.approx(0.1)
    assert found["median_gap"] == 5.5
    assert line(leakage, team="whole", split="val")["shared_sequence"] == 0


def test_rows_name_the_nearest_frame(leakage: Leakage) -> None:
    row = next(r for r in leakage.rows if r["image"] == "images/velo/blocks/2/frame_000049.jpg")
    assert row["nearest_frame_image"] == "images/velo/blocks/2/frame_000039.jpg"
    assert (row["frame_gap"], row["picture_gap"]) == (10, 10)
    assert row["seconds"] == pytest.approx(1 / 3)
    assert row["hash_distance"] <= 2, "its own video looks most alike"


def test_the_levels_add_up(leakage: Leakage) -> None:
    teams = [r["images"] for r in leakage.summary if r["level"] == "team" and r["split"] == "test"]
    assert sum(teams) == line(leakage, level="all", split="test")["images"]
    assert sum(teams) == line(leakage, level="class", class_folder="velo", split="test")["images"]


def test_one_finding_per_kind_and_team(leakage: Leakage) -> None:
    found = [(f.team, f.code) for f in leakage.findings]
    assert found == [("blocks", "leak-at-seams"), ("random", "leak-by-time"), ("slow", "leak-by-time")]
    message = next(f.message for f in leakage.findings if f.team == "blocks")
    assert "100% come from videos that are also trained on" in message


def test_copies_and_mirrored_pictures_of_another_team() -> None:
    rows = team("first", lambda sequence, number: "train") + team("second", whole)
    copied, original = rows[FRAMES * 5 + 7], rows[3]
    rows[FRAMES * 5 + 7] = (*copied[:6], original[6], original[7])
    mirrored = rows[FRAMES * 4 + 2]
    rows[FRAMES * 4 + 2] = (*mirrored[:7], rows[100][7] ^ MIRROR)
    found = analysed(rows)
    by_image = {row["image"]: row for row in found.rows}
    assert by_image[copied[0]]["exact"]
    assert by_image[copied[0]]["nearest_hash_image"] == original[0]
    assert by_image[copied[0]]["hash_distance"] == 0
    assert by_image[mirrored[0]]["mirrored"]
    assert by_image[mirrored[0]]["nearest_hash_team"] == "first"
    assert line(found, team="second", split="test")["exact"] == 1
    (finding,) = found.findings
    assert (finding.code, finding.file) == ("leak-look-alikes", f"in/{mirrored[0]}")
    assert "1 of its 120 val and test pictures" in finding.message
    assert finding.message.endswith("when mirrored")


def test_numbered_photos_are_no_video() -> None:
    """raccoon-12.jpg and raccoon-13.jpg lie beside each other and have nothing in common."""
    rows: list[Row] = [
        (f"images/r/raccoon-{n:03d}.jpg", at_random(0, n), "", "r", "", n, str(n), NOISE.getrandbits(63) | 1 << 63)
        for n in range(80)
    ]
    found = analysed(rows)
    assert {row["frame_gap"] for row in found.rows} == {None}
    assert line(found, team="r", split="val+test")["verdict"] == "separate pictures"
    assert not found.findings


def test_a_flat_folder_of_frames_is_a_video() -> None:
    rows = [(f"images/r/{r[0][-10:]}", r[1], "", "r", "", r[5], r[6], r[7]) for r in team("r", at_random)[:FRAMES]]
    assert line(analysed(rows), team="r", split="val+test")["verdict"] == "leaky"


def test_nothing_to_compare() -> None:
    assert {row["verdict"] for row in analysed(team("a", lambda s, n: "train")).summary} == {"nothing to compare"}
    assert {row["verdict"] for row in analysed(team("a", lambda s, n: "val")).summary} == {"nothing to compare"}
    empty = analyse(Columns(*[()] * 10))
    assert empty.rows == ()
    assert math.isnan(empty.summary[0]["near_look"])


def test_tables_come_back_as_they_were_written(leakage: Leakage, tmp_path: Path) -> None:
    leakage_path(tmp_path).write_text(leakage_csv(leakage.rows), encoding="utf-8")
    summary_path(tmp_path).write_text(summary_csv(leakage.summary), encoding="utf-8")
    rows, summary = read_leakage(tmp_path), read_leakage_summary(tmp_path)
    assert list(rows.columns) == list(LEAKAGE_COLUMNS)
    assert list(summary.columns) == list(SUMMARY_COLUMNS)
    assert rows["image"].tolist() == [row["image"] for row in leakage.rows]
    gaps = [None if pd.isna(gap) else int(gap) for gap in rows["frame_gap"]]
    assert gaps == [row["frame_gap"] for row in leakage.rows]
    assert summary["verdict"].tolist() == [row["verdict"] for row in leakage.summary]
    assert summary["within_5"].tolist() == pytest.approx(
        [row["within_5"] for row in leakage.summary], abs=1e-4, nan_ok=True
    )
    assert read_leakage(tmp_path / "elsewhere").empty


@pytest.mark.parametrize("column", [field.name for field in fields(Columns)])
def test_what_is_remembered_is_what_a_fresh_look_finds(column: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = columns_of(team("random", at_random) + team("blocks", blocks))
    first = compare(rows)
    monkeypatch.setattr(compared, "analyse", lambda *_: pytest.fail("nothing has changed"))
    assert compare(rows, first) == first
    monkeypatch.undo()
    values = list(getattr(rows, column))
    values[7] = {"split": "test", "frame": 7007, "phash": 1 << 63 | 1, "tone": 1 << 60}.get(column, "other")
    other = replace(rows, **{column: values})
    assert compare(other, first) == compare(other) != first
