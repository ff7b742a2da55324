"""What lies there twice comes out once, and what only looks alike stays."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from labtools.prepare.layout.copies import find_copies
from labtools.prepare.sources.walk import read_tree

TEAM = {f"{s}/{kind}/frame_{i}.{kind[0]}": os.urandom(300) for s in (1, 2) for kind in ("jpg", "txt") for i in range(3)}
TEAM = {name.replace("jpg/", "images/").replace(".j", ".jpg"): data for name, data in TEAM.items()}
TEAM = {name.replace("txt/", "labels/").replace(".t", ".txt"): data for name, data in TEAM.items()}


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def pack(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        folder = path.with_suffix(".dir")
        write(folder, files)
        shutil.make_archive(str(path).removesuffix(".tar.gz"), "gztar", folder)
        shutil.rmtree(folder)


def look(root: Path) -> tuple[set[str], list[tuple[str, str]]]:
    """The paths that remain, and the findings of both stages."""
    tree, findings = read_tree(root)
    gone, more = find_copies(tree)
    tree.archives.close()
    return set(tree) - gone, sorted((f.code, f.file) for f in [*findings, *more])


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
@pytest.mark.parametrize("inside", ["", "tic/"])
@pytest.mark.parametrize("where", ["velo/tic{}", "velo/tic/rendu{}"])
def test_an_archive_beside_its_folder(suffix: str, inside: str, where: str, tmp_path: Path) -> None:
    write(tmp_path / "velo/tic", TEAM)
    archive = where.format(suffix)
    pack(tmp_path / archive, {inside + name: data for name, data in TEAM.items()})
    remain, findings = look(tmp_path)
    assert remain == {f"velo/tic/{name}" for name in TEAM}
    assert findings in ([("archive-copy", archive)], [("image-copy", archive)])


def test_a_cohort_beside_its_archive(tmp_path: Path) -> None:
    write(tmp_path / "velo/tic", TEAM)
    pack(tmp_path / "all.zip", {f"velo/tic/{name}": data for name, data in TEAM.items()})
    assert look(tmp_path) == ({f"velo/tic/{name}" for name in TEAM}, [("archive-copy", "all.zip")])


def test_two_downloads_of_an_archive(tmp_path: Path) -> None:
    pack(tmp_path / "velo/tic.zip", TEAM)
    pack(tmp_path / "velo/tic (1).zip", TEAM)
    remain, findings = look(tmp_path)
    assert remain == {f"velo/tic (1).zip!/{name}" for name in TEAM} and findings == [("archive-copy", "velo/tic.zip")]


def test_archives_that_share_most_of_their_files(tmp_path: Path) -> None:
    pack(tmp_path / "a.zip", TEAM)
    newer = {**TEAM, "1/labels/frame_0.txt": os.urandom(300), "3/images/frame_0.jpg": b"new"}
    pack(tmp_path / "b.zip", newer)
    remain, findings = look(tmp_path)
    new = {"b.zip!/1/labels/frame_0.txt", "b.zip!/3/images/frame_0.jpg"}
    assert remain == {f"a.zip!/{name}" for name in TEAM} | new
    assert findings == [("image-copy", "b.zip")]


def test_a_file_that_differs_is_no_copy(tmp_path: Path) -> None:
    write(tmp_path / "tic", TEAM)
    changed = {**TEAM, "1/labels/frame_0.txt": os.urandom(300), "1/images/frame_0.jpg": os.urandom(300)}
    pack(tmp_path / "tic.zip", changed)
    remain, _ = look(tmp_path)
    assert remain == {f"tic/{name}" for name in TEAM} | {
        "tic.zip!/1/labels/frame_0.txt", "tic.zip!/1/images/frame_0.jpg",
    }  # fmt: skip


def test_labels_alike_in_two_sequences_are_no_copies(tmp_path: Path) -> None:
    """The labels of sequence 2 are only in the archive, and say the same as those of sequence 1."""
    images = {name: data for name, data in TEAM.items() if "images" in name}
    same = b"0 0.5 0.5 0.1 0.1\n"
    write(tmp_path, {**images, **{f"1/labels/frame_{i}.txt": same for i in range(3)}})
    second = {name[2:]: data for name, data in images.items() if name.startswith("2/")}
    pack(tmp_path / "2.zip", {**second, **{f"labels/frame_{i}.txt": same for i in range(3)}})
    remain, _ = look(tmp_path)
    assert {f"2.zip!/labels/frame_{i}.txt" for i in range(3)} <= remain
    assert not any("2.zip!/images" in path for path in remain)


def test_a_first_frame_alike_in_two_videos_is_no_copy(tmp_path: Path) -> None:
    black = b"\0" * 500
    for number in (1, 2):
        frames = {f"frame_{i}.jpg": os.urandom(400) for i in range(1, 4)}
        pack(tmp_path / f"{number}.zip", {"frame_0.jpg": black, **frames})
    remain, findings = look(tmp_path)
    assert len(remain) == 8 and not findings


def test_a_damaged_copy_costs_nothing(tmp_path: Path) -> None:
    write(tmp_path / "tic", TEAM)
    pack(tmp_path / "tic.zip", TEAM)
    data = bytearray((tmp_path / "tic.zip").read_bytes())
    data[data.index(TEAM["1/images/frame_0.jpg"])] ^= 0xFF
    (tmp_path / "tic.zip").write_bytes(bytes(data))
    remain, _ = look(tmp_path)
    rest = {"tic.zip!/1/images/frame_0.jpg", "tic.zip!/1/labels/frame_0.txt"}  # reported where they are read
    assert remain == {f"tic/{name}" for name in TEAM} | rest
