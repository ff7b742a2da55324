"""What one text of a list means: ranges, patterns, folders, sequences, and texts that could be two things."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.splits.meanings import Meanings

ROOT = "velo/t"
FRAMES = {s: [f"{ROOT}/{s}/images/frame_{i:06d}.jpg" for i in range(12)] for s in (1, 2, 3)}
ALL = [path for paths in FRAMES.values() for path in paths]


def meanings(paths: list[str], groups: Mapping[str, tuple[str, ...]] | None = None, **options: bool) -> Meanings:
    return Meanings(ImageIndex(paths, ROOT), f"{ROOT}/train.txt", groups or {}, **options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/images/frame_000001 - frame_000003", FRAMES[1][1:4]),
        ("1/images/frame_000009-000011", FRAMES[1][9:12]),
        ("1/images/frame_000001.jpg à 3", FRAMES[1][1:4]),
        ("2/images/frame_000005 - frame_000005", FRAMES[2][5:6]),
        ("1/images/frame_000003 - 1", []),  # backwards
        ("1/images/frame_000001 - 99", []),  # there is no such picture
        ("1/images/frame_000001 - autre", []),
        ("2 - 3", FRAMES[2] + FRAMES[3]),
        ("sequence 1 to 2", FRAMES[1] + FRAMES[2]),
        ("3 - 1", []),
        ("2 - 9", []),  # there is no sequence 9
        ("3", FRAMES[3]),
        ("seq 2", FRAMES[2]),
        ("1\\images", FRAMES[1]),
        ("images/1", FRAMES[1]),
        ("1/images/*", FRAMES[1]),
        ("./1/images/*.jpg", FRAMES[1]),
        ("*_000003", [paths[3] for paths in FRAMES.values()]),
        ("3/images/**/*_00001*.png", FRAMES[3][10:12]),
        ("1/*/*/frame", []),  # a pattern of folders below folders
        ("*", []),
        ("velo", []),  # a title, not a list of everything
        ("t", []),
        ("frame_000003.jpg", []),  # of which sequence?
        ("", []),
        ("1" * 3000, []),
    ],
)
def test_a_text_and_its_pictures(text: str, expected: list[str]) -> None:
    assert sorted(meanings(ALL).of(text).pictures) == expected


def test_ranges_are_of_one_folder_and_one_numbering() -> None:
    paths = [*FRAMES[1], f"{ROOT}/1/images/photo_000002.jpg", f"{ROOT}/2/images/last.jpg"]
    known = meanings(paths)
    assert known.of("1/images/frame_000001 - frame_000003").pictures == tuple(FRAMES[1][1:4]), "no photo_000002"
    assert known.of("1/images/frame_000001 - photo_000002").pictures == ()
    assert known.of("1/images/frame_000001 - last").pictures == ()


def test_a_number_that_is_a_picture_and_a_sequence_is_not_guessed() -> None:
    picture = f"{ROOT}/1/images/2.jpg"
    known = meanings([*ALL, picture])
    assert set(known.of("2").rivals) == {picture, *FRAMES[2]} and not known.of("2").pictures
    assert known.of("2.jpg").pictures == (picture,)
    alone = meanings([f"{ROOT}/2/images/2.jpg"])
    assert alone.of("2").pictures == (f"{ROOT}/2/images/2.jpg",), "the only picture of its sequence: the same"


def test_the_name_of_a_team_is_all_of_it_in_a_list_that_lies_above() -> None:
    assert meanings(ALL, is_shared=True).of("t").pictures == tuple(ALL)


def test_sequences_that_only_file_names_tell() -> None:
    paths = [f"{ROOT}/images/{name}_{i}.jpg" for name in ("rue", "parc") for i in range(3)]
    groups = {"rue": tuple(paths[:3]), "parc": tuple(paths[3:])}
    assert meanings(paths, groups).of("Parc").pictures == groups["parc"]
    twins = {"seq_1": groups["rue"], "video_1": groups["parc"]}
    assert meanings([f"{ROOT}/images/{n}.jpg" for n in "abc"], twins).of("1").pictures == (), "which one?"


def test_bare_names_are_of_the_folder_that_a_header_names() -> None:
    known = meanings(ALL)
    assert len(known.of("frame_000003").rivals) == 3
    known.enter("2")
    assert known.of("frame_000003").pictures == (FRAMES[2][3],)
    known.enter("3/images")
    assert known.of("frame_000003").pictures == (FRAMES[3][3],)
    named = Meanings(ImageIndex(ALL, ROOT), f"{ROOT}/train.txt", {}, within="1/images")
    named.enter("3/images")
    assert named.of("frame_000003").pictures == (FRAMES[1][3],), "the teacher knows better"
