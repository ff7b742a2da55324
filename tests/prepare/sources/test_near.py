"""Files that are opened from within their folder are the files that their paths mean."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labtools.prepare.sources import near as module
from labtools.prepare.sources.near import Near
from labtools.prepare.sources.tree import read_disk


def write_files(folder: Path) -> list[str]:
    """Three folders with files of the same names."""
    paths = []
    for inner in ("a", "a/b", "c"):
        for name in ("1.txt", "é 2.txt"):
            path = folder / inner / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{inner} {name}", encoding="utf-8")
            paths.append(str(path))
    return paths


@pytest.mark.parametrize("can", [True, False])
def test_each_is_read_whatever_was_read_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can: bool) -> None:
    monkeypatch.setattr(module, "_CAN_BE_NEAR", can and module._CAN_BE_NEAR)
    paths = write_files(tmp_path)
    with Near() as near:
        found = [read_disk(path, near).decode() for path in [*paths, *reversed(paths), *paths[::2]]]
    expected = [Path(path).read_text(encoding="utf-8") for path in [*paths, *reversed(paths), *paths[::2]]]
    assert found == expected


@pytest.mark.parametrize("inner", ["", "no folder"])
def test_what_is_not_there_is_told_with_its_path(tmp_path: Path, inner: str) -> None:
    with Near() as near, pytest.raises(FileNotFoundError) as caught:
        read_disk(str(tmp_path / inner / "1.txt"), near)
    assert caught.value.filename == str(tmp_path / inner / "1.txt")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Linux counts the open files of a process here")
def test_it_leaves_no_folder_open(tmp_path: Path) -> None:
    paths = write_files(tmp_path)
    before = os.listdir("/proc/self/fd")
    with Near() as near:
        for path in paths:
            near.at(path)
        assert len(os.listdir("/proc/self/fd")) == len(before) + 1
    assert os.listdir("/proc/self/fd") == before
