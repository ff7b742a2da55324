"""Pictures that the scout has read: the same is known of them as if they were read now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.prepare.pictures import ahead, reader
from labtools.prepare.pictures.hashing import shrink
from labtools.prepare.pictures.reader import PictureReader
from labtools.prepare.pipeline import check, prepare
from labtools.prepare.sources import tree as trees
from labtools.prepare.sources.near import Near
from labtools.prepare.sources.scout import Ahead, Scout
from labtools.prepare.sources.walk import read_tree
from labtools.prepare.sources.workers import Inline

Maker = Callable[..., bytes]


@pytest.fixture
def handed_in(tmp_path: Path, picture: Maker) -> Path:
    folder = tmp_path / "in" / "velo" / "team"
    folder.mkdir(parents=True)
    sound = picture(1)
    for name, data in {
        "sound_1.jpg": sound,
        "sound_2.png": picture(2, format="PNG"),
        "named_3.jpg": picture(3, format="PNG"),
        "without_end_4.jpg": sound[:-2],
        "truncated_5.jpg": sound[: len(sound) // 2],
        "empty_6.jpg": b"",
        "small_7.jpg": picture(7, (8, 8)),
        "notes.txt": b"none of these is labelled",
    }.items():
        (folder / name).write_bytes(data)
    return tmp_path / "in"


@pytest.mark.parametrize("looks", [False, True])
def test_sound_pictures_are_as_if_read_now(handed_in: Path, looks: bool) -> None:
    tree, _ = read_tree(handed_in)
    look = shrink if looks else None
    examined = (ahead.looker if looks else ahead.examiner)()([file.disk for file in tree.files.values()])
    found = ahead.taken_over(examined, tree, looks=looks)
    assert {path.rpartition("/")[2] for path in found} == {"sound_1.jpg", "sound_2.png"}
    pictures, findings = PictureReader(tree, tree.images, Inline(), look).result()
    assert found == {path: pictures[path] for path in found}
    assert PictureReader(tree, tree.images, Inline(), look, found).result() == (pictures, findings)
    assert all(picture.phash > 0 for picture in found.values()) == looks


def test_only_looks_that_are_wanted_are_taken(handed_in: Path) -> None:
    tree, _ = read_tree(handed_in)
    disks = [file.disk for file in tree.files.values()]
    assert not ahead.taken_over(ahead.examiner()(disks), tree, looks=True)
    assert not any(one.phash for one in ahead.taken_over(ahead.looker()(disks), tree, looks=False).values())


def test_nothing_else_comes_out(handed_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = check(handed_in)
    known = ahead.examiner()([str(path) for path in handed_in.rglob("*")])
    scout = Scout(str(handed_in))
    scout.__dict__["known"] = known
    read: list[str] = []

    def reading(path: str, near: Near | None = None) -> bytes:
        read.append(path)
        return trees.read_disk(path, near)

    monkeypatch.setattr(reader, "read_disk", reading)
    assert check(handed_in, scout=scout).findings == plain.findings
    assert known
    assert not any("sound" in path for path in read)


@pytest.mark.parametrize("sent", [ahead.examiner, ahead.looker])
def test_pictures_whose_looks_are_wanted_have_them(tmp_path: Path, handed_in: Path, sent: Callable[[], Ahead]) -> None:
    scout = Scout(str(handed_in))
    scout.go_on(sent)
    prepare(handed_in, tmp_path / "out", scout=scout, leakage=True)
    looks = [line.rpartition(",")[2] for line in (tmp_path / "out" / "manifest.csv").read_text("utf-8").splitlines()]
    assert looks[0] == "look"
    assert all(looks)


@pytest.mark.parametrize("size", [0, 1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 300_000])
def test_files_of_any_size_are_read_whole(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "file").write_bytes(data[:size])
    assert trees.read_disk(str(tmp_path / "file")) == data[:size]
