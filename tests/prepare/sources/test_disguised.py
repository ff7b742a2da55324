"""Pictures are found by their content where their names say nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.prepare.sources.disguised import named_as_picture
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, suffix_of
from labtools.prepare.sources.walk import read_tree


@pytest.mark.parametrize("name", ["frame_000001", "frame_000001.jpeg_", "frame_000001.JPG.download",
                                  "frame_000001.jpg (1)", "frame_000001.pic", "frame_000001.jpg_large"])  # fmt: skip
@pytest.mark.parametrize("is_zipped", [False, True])
def test_a_picture_under_any_name(tmp_path: Path, name: str, is_zipped: bool, picture: Callable[..., bytes]) -> None:
    data = picture(1, (64, 48))
    if is_zipped:
        with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"1/{name}", data)
    else:
        (tmp_path / "1").mkdir()
        (tmp_path / "1" / name).write_bytes(data)
    tree, findings = read_tree(tmp_path)
    (path,) = tree.images
    assert path.lower().rpartition("/")[2] in {"frame_000001.jpg", "frame_000001.jpeg"}
    assert tree.read(path) == data
    assert [f.code for f in findings] == ["image-name"]
    assert findings[0].file.endswith(name)


def test_texts_and_notes_are_left_alone(tmp_path: Path) -> None:
    for name, data in (
        ("notes", b"BM is not a bitmap"),
        ("P1 plan", b"P1 is our plan"),
        ("empty", b""),
        ("a.b", b"\xff"),
    ):
        (tmp_path / name).write_bytes(data)
    tree, findings = read_tree(tmp_path)
    assert tree.images == []
    assert sorted(tree) == ["P1 plan", "a.b", "empty", "notes"]
    assert findings == []


def test_two_that_become_one_name_are_both_there(tmp_path: Path, picture: Callable[..., bytes]) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(1, (64, 48)))
    (tmp_path / "a").write_bytes(picture(2, (64, 48)))
    tree, findings = read_tree(tmp_path)
    assert len(tree.images) == 2
    assert {f.code for f in findings} == {"image-name", "name-twice"}


@given(st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=30))
def test_any_name_becomes_a_pictures(name: str) -> None:
    assert suffix_of(f"x{named_as_picture(name, '.png')}") in IMAGE_SUFFIXES
