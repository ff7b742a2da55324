"""Which picture a path means: found in every writing, never another one, and never a guess between two."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.layout.references import folder_number, is_same_folder, loose_key, respelled
from labtools.prepare.layout.split_words import split_of_folder, split_of_list_name, splits_in

ROOT = "velo/tic"
COURSE = [f"{ROOT}/{s}/images/frame_{i:06d}.jpg" for s in (1, 4, 14) for i in (0, 2, 22)]


def find(
    reference: str, images: list[str] | None = None, near: str = f"{ROOT}/train.txt", root: str = ROOT
) -> str | None:
    return ImageIndex(COURSE if images is None else images, root).find(reference, near).path


MEANS = [  # reference, pictures, the one that is meant
    ("4/frame_000002", COURSE, f"{ROOT}/4/images/frame_000002.jpg"),
    ("C:frame_000002.jpg", [f"{ROOT}/images/frame_000002.jpg"], f"{ROOT}/images/frame_000002.jpg"),
    ("seq_04/frame_000002.jpg", COURSE, f"{ROOT}/4/images/frame_000002.jpg"),
    ("Vidéo n°4/img/frame_2.PNG", COURSE, f"{ROOT}/4/images/frame_000002.jpg"),
    ("tic_4/frame_000002.jpg", COURSE, f"{ROOT}/4/images/frame_000002.jpg"),
    ("4/frame-02", COURSE, f"{ROOT}/4/images/frame_000002.jpg"),
    ("a%20b/frame%5F000002.jpg", [f"{ROOT}/a b/frame_000002.jpg"], f"{ROOT}/a b/frame_000002.jpg"),
    ("Ã©tÃ©_1.jpg", [f"{ROOT}/été_1.jpg"], f"{ROOT}/été_1.jpg"),
    ("e\u0301te\u0301_1.jpg", [f"{ROOT}/été_1.jpg"], f"{ROOT}/été_1.jpg"),
    ("boat43.png", [f"{ROOT}/boat43_png.rf.553cd52b2.jpg"], f"{ROOT}/boat43_png.rf.553cd52b2.jpg"),
    ("4/f.jpg", [f"{ROOT}/4/cam1/f.jpg", f"{ROOT}/5/cam1/f.jpg"], f"{ROOT}/4/cam1/f.jpg"),
    ("velo/tic/4/extrait/f.jpg", [f"{ROOT}/4/f.jpg", f"{ROOT}/5/f.jpg"], f"{ROOT}/4/f.jpg"),
    ("train/4/f.jpg", [f"{ROOT}/4/f.jpg", f"{ROOT}/5/f.jpg"], f"{ROOT}/4/f.jpg"),
    ("4/f.jpg", [f"{ROOT}/train/4/f.jpg", f"{ROOT}/val/5/f.jpg"], f"{ROOT}/train/4/f.jpg"),
    ("valid/images/f.jpg", [f"{ROOT}/images/val/f.jpg", f"{ROOT}/images/train/f.jpg"], f"{ROOT}/images/val/f.jpg"),
    ("a.PNG", [f"{ROOT}/a.jpg", f"{ROOT}/a.png"], f"{ROOT}/a.png"),
    ("CASE.jpg", [f"{ROOT}/CASE.jpg", f"{ROOT}/case.jpg"], f"{ROOT}/CASE.jpg"),
    ("images/a.jpg", [f"{ROOT}/images/a.jpg", f"{ROOT}/frames/a.jpg"], f"{ROOT}/images/a.jpg"),
    ("a.b.c", [f"{ROOT}/a.b.c.jpg"], f"{ROOT}/a.b.c.jpg"),
    ("a.jpg", [f"{ROOT}/x.zip!/a.jpg", f"{ROOT}/sub/a.jpg"], f"{ROOT}/sub/a.jpg"),
]  # fmt: skip


@pytest.mark.parametrize(("reference", "images", "meant"), MEANS)
def test_it_means_this_picture(reference: str, images: list[str], meant: str) -> None:
    assert find(reference, images) == meant


MEANS_NOT = [  # another sequence, another frame, another copy: no guess
    ("6/frame_000002.jpg", COURSE),
    ("./velo/tic/4/images/frame_000003.jpg", COURSE),
    ("frame_000003.jpg", COURSE),
    ("4/frame_20.jpg", COURSE),
    ("iteration4/frame_000002.jpg", [f"{ROOT}/4/frame_000002.jpg", f"{ROOT}/1/frame_000002.jpg"]),
    ("boat43_png.rf.aaaaaaaaa.jpg", [f"{ROOT}/boat43_png.rf.553cd52b2.jpg"]),
    ("val/f.jpg", [f"{ROOT}/train/f.jpg"]),
    ("5/f.jpg", [f"{ROOT}/4/cam1/f.jpg"]),
    ("4/2/f.jpg", [f"{ROOT}/4/f.jpg"]),
    ("", COURSE),
    ("/", COURSE),
    ("..", COURSE),
]  # fmt: skip


@pytest.mark.parametrize(("reference", "images"), MEANS_NOT)
def test_it_means_none_of_these(reference: str, images: list[str]) -> None:
    match = ImageIndex(images, ROOT).find(reference, f"{ROOT}/train.txt")
    assert match.path is None


BETWEEN = [
    ("frame_000002.jpg", COURSE),
    ("a", [f"{ROOT}/a.jpg", f"{ROOT}/a.png"]),
    ("frame_2", [f"{ROOT}/frame_02.jpg", f"{ROOT}/frame_002.jpg"]),
    ("train/frame_000002.jpg", COURSE),
    ("boat43.png", [f"{ROOT}/boat43_png.rf.553cd52b2.jpg", f"{ROOT}/boat43_png.rf.aaaaaaaaa.jpg"]),
    ("cam1/f.jpg", [f"{ROOT}/4/cam1/f.jpg", f"{ROOT}/5/cam1/f.jpg"]),
]


@pytest.mark.parametrize(("reference", "images"), BETWEEN)
def test_between_several_it_does_not_choose(reference: str, images: list[str]) -> None:
    match = ImageIndex(images, ROOT).find(reference, f"{ROOT}/train.txt")
    assert match.path is None and len(match.rivals) > 1


def test_the_nearer_one_is_meant() -> None:
    """A name without folder, in a list that lies with one sequence; and a path from that list's own folder."""
    assert find("frame_000002.jpg", near=f"{ROOT}/4/train.txt") == f"{ROOT}/4/images/frame_000002.jpg"
    twins = ["a/images/f.jpg", "images/f.jpg"]
    assert find("images/f.jpg", twins, "a/train.txt", "") == "a/images/f.jpg"
    assert find("images/f.jpg", twins, "train.txt", "") == "images/f.jpg"


@pytest.mark.parametrize(
    ("annotation", "image"),
    [
        ("4/labels/frame_000002.txt", "4/images/frame_000002.jpg"),
        ("4/frame_000002.xml", "4/images/frame_000002.jpg"),
        ("4.zip!/obj_train_data/frame_000002.txt", "4/images/frame_000002.jpg"),
        ("labels/seq4.zip!/frame_000002.txt", "4/images/frame_000002.jpg"),
        ("task_4_yolo.zip!/obj_train_data/FRAME_000002.txt", "4/images/frame_000002.jpg"),
        ("labels/frame_000002.txt", None),
        ("6/labels/frame_000002.txt", None),
        ("4/labels/frame_2.txt", None),
    ],
)
def test_annotations_beside_pictures(annotation: str, image: str | None) -> None:
    found = ImageIndex(COURSE, ROOT).find_beside(f"{ROOT}/{annotation}").path
    assert found == (f"{ROOT}/{image}" if image else None)


@pytest.mark.parametrize(
    ("folder", "count"),
    [
        ("4", 3), ("./velo/tic/4", 3), ("4/images/", 3), ("C:\\Zoé\\velo\\tic\\4\\images", 3), ("séquence 4", 3),
        ("velo/tic", 9), ("../tic", 9), ("images", 0), ("6", 0), ("", 0), ("..", 0), ("labels", 0),
    ],
)  # fmt: skip
def test_folders(folder: str, count: int) -> None:
    found = ImageIndex(COURSE, ROOT).find_folder(folder, f"{ROOT}/train.txt")
    assert len(found) == count and list(found) == sorted(found)


@settings(max_examples=200, deadline=None)
@given(
    places=st.sets(st.tuples(st.integers(1, 12), st.integers(0, 30)), min_size=1, max_size=12),
    wanted=st.tuples(st.integers(1, 12), st.integers(0, 30)),
    before=st.sampled_from(
        ["", "./velo/tic/", "C:\\7\\tic\\", "/home/3/data/", "velo/tic/seq_0", "\\\\srv\\x\\Vidéo "]
    ),
    width=st.sampled_from([6, 1, 3]),
    suffix=st.sampled_from([".jpg", ".PNG", "", ".txt"]),
)
def test_a_path_with_its_sequence_means_that_picture_or_none(
    places: set[tuple[int, int]], wanted: tuple[int, int], before: str, width: int, suffix: str
) -> None:
    images = sorted(f"{ROOT}/{s}/images/frame_{i:06d}.jpg" for s, i in places)
    reference = f"{before}{wanted[0]}/images/frame_{wanted[1]:0{width}d}{suffix}"
    expected = f"{ROOT}/{wanted[0]}/images/frame_{wanted[1]:06d}.jpg" if wanted in places else None
    assert find(reference.replace("/", "\\") if "\\" in before else reference, images) == expected


@settings(max_examples=200, deadline=None)
@given(reference=st.text(max_size=60), near=st.sampled_from(["", "train.txt", f"{ROOT}/4/labels/x.txt"]))
def test_any_text_means_a_picture_or_nothing(reference: str, near: str) -> None:
    index = ImageIndex(COURSE, ROOT)
    assert index.find(reference, near).path in {None, *COURSE}
    assert set(index.find_folder(reference, near)) <= set(COURSE)
    assert index.find_beside(reference).path in {None, *COURSE}


def test_numbers_of_sequences() -> None:
    same = [("4", "seq_04"), ("video4", "4"), ("clip_4", "sequence_4"), ("task_4_yolo", "4")]
    other = [("4", "14"), ("frame4a", "4"), ("iteration4", "4"), ("seq_4_1", "4"), ("a", "b"), ("lyon4", "seq4")]
    assert all(is_same_folder(a, b) and is_same_folder(b, a) for a, b in same)
    assert not any(is_same_folder(a, b) or is_same_folder(b, a) for a, b in other)
    assert is_same_folder("lyon4", "seq4", frozenset({"lyon"}))
    assert folder_number("9" * 40) is None


def test_spellings() -> None:
    assert loose_key("Frame 0001") == loose_key("frame-1") != loose_key("frame_10")
    assert "été.jpg" in respelled("été.jpg".encode().decode("cp1252"))
    assert "a b.jpg" in respelled("a%20b.jpg") and respelled("plain.jpg") == []


def test_words_for_splits() -> None:
    lists = {"liste_train.txt": "train", "Valid (1).TXT": "val", "entraînement.csv": "train", "test": "test",
             "jeu d'apprentissage.txt": "train", "trainval.txt": "", "train_velo.txt": "", "train_000123.txt": "",
             "contest.txt": "", "device.txt": "", "latest.txt": "", "val2017.json": "val"}  # fmt: skip
    assert {name: split_of_list_name(name) for name in lists} == lists
    folders = {"TEST": "test", "valid": "val", "Apprentissage": "train", "images_train": "train", "test1": "",
               "test.zip!": "test", "train (1)": "train", "velo_train": "", "devant": ""}  # fmt: skip
    assert {name: split_of_folder(name) for name in folders} == folders
    assert splits_in("train_val_test")[0] == {"train", "val", "test"}
    for first, second in itertools.permutations(("train", "val"), 2):
        assert splits_in(f"{first}{second}")[0] == {"train", "val"}
