"""Names in the dataset: safe on every disk, each its own, and the sequence that a picture is from."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.core.names import folder_name, is_device_name
from labtools.prepare.layout.naming import frame_of, place_pictures, safe_stem, sequences_of

WINDOWS_REFUSES = set('<>:"/\\|?*') | {chr(i) for i in range(32)}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("frame_000001.jpg", "frame_000001"), ("été.PNG", "été"), ("e\u0301te\u0301.png", "été"),
        ("a\nb'\"c.jpg", "a_b__c"),
        ("x" * 251 + ".jpg", "x" * 100), ("ع" * 120 + ".jpg", "ع" * 50), ("字" * 80 + ".jpg", "字" * 33),
        ("😀 (1).jpg", "_ (1)"), ("CON.jpg", "CON_"), ("aux.v1.jpg", "aux_.v1"), ("lpt9 .jpg", "lpt9_"),
        ("images.jpg", "images_"), ("labels.png", "labels_"), (" . .jpg", "unnamed"), ("a:b|c?.jpg", "a_b_c_"),
        ("name. .jpg", "name"), (".jpg", "jpg"),
    ],
)  # fmt: skip
def test_safe_names(name: str, safe: str) -> None:
    assert safe_stem(f"velo/tic/1/{name}") == safe


@given(st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=300))
def test_any_name_is_made_safe(name: str) -> None:
    for safe in (safe_stem(name), folder_name(name)):
        assert safe and not set(safe) & WINDOWS_REFUSES and safe == safe.strip(" .")
        assert len(f"{safe}_1000.jpeg".encode()) <= 255
        assert not is_device_name(safe)


NAMES = ["a.jpg", "A.jpg", "a.png", "é.jpg", "e\u0301.jpg", "É.jpg", "a?.jpg", "a*.jpg", "a_2.jpg", "ﬁ.jpg", "fi.jpg"]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["x", "y", "X", ""]), st.sampled_from(NAMES)), unique=True))
def test_no_two_pictures_meet(pictures: list[tuple[str, str]]) -> None:
    wanted = {f"{folder or 'z'}/{name}": ((folder, "team", ""), ".jpg") for folder, name in pictures}
    placed = place_pictures(wanted)
    assert placed.keys() == wanted.keys()
    folded = {unicodedata.normalize("NFKC", path).casefold() for path in placed.values()}
    assert len(folded) == len(placed)
    assert place_pictures(dict(reversed(wanted.items()))) == placed
    # the label of one picture is never the label of another
    assert len({path.rpartition(".")[0].casefold() for path in placed.values()}) == len(placed)


def test_where_pictures_go() -> None:
    wanted = {
        "velo/t/1/images/frame_1.jpeg": (("velo", "t", "1"), ".jpg"),
        "velo/t/1/images/frame_1.png": (("velo", "t", "1"), ".png"),
        "velo/t/2/frame_1.png": (("velo", "t", "2"), ".png"), "alone.bmp": (("", "t", ""), ".bmp"),
    }  # fmt: skip
    assert place_pictures(wanted) == {
        "velo/t/1/images/frame_1.jpeg": "images/velo/t/1/frame_1.jpg",
        "velo/t/1/images/frame_1.png": "images/velo/t/1/frame_1_2.png",
        "velo/t/2/frame_1.png": "images/velo/t/2/frame_1.png", "alone.bmp": "images/t/alone.bmp",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "sequences"),
    [
        (["v/t/1/images/a", "v/t/2/images/a"], ["1", "2"]),
        (["v/t/images/1/a", "v/t/images/2/a"], ["1", "2"]),
        (["v/t/images/a", "v/t/images/b"], ["", ""]),
        (["v/t/rendu/final/1/a", "v/t/rendu/final/2/a"], ["1", "2"]),
        (["v/t/train/jardin/a", "v/t/val/jardin/a", "v/t/val/nuit/a"], ["jardin", "jardin", "nuit"]),
        (["v/t/1.zip!/obj_train_data/a", "v/t/2.tar.gz!/images/a"], ["1", "2"]),
        (["v/t/Vidéo 1/a", "v/t/Été à Lyon/a"], ["video_1", "ete_a_lyon"]),
        (["v/t/1/images/a"], ["1"]),
    ],
)
def test_sequences(paths: list[str], sequences: list[str]) -> None:
    images = [f"{path}.jpg" for path in paths]
    assert sequences_of(images, "v/t") == dict(zip(images, sequences, strict=True))


@pytest.mark.parametrize(
    ("name", "frame"),
    [("frame_000012.jpg", 12), ("boat43_png.rf.553c.jpg", 43), ("a (7).jpg", 7), ("a.jpg", None), ("9" * 12, None)],
)
def test_frames(name: str, frame: int | None) -> None:
    assert frame_of(f"x/{name}") == frame
