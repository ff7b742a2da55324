"""Parts of a folder are replaced in a moment, and whoever comes after an interruption finishes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from labtools.core.update import aside_of, finish_update, update

OLD = {"a/1.txt": "a", "a/2.txt": "a", "b/deep/1.txt": "b", "c.txt": "c", "keep/1.txt": "kept"}
MOVES, REMOVALS = ("a", "c.txt", "new/d"), ("b/deep",)
FRESH = {"a/1.txt": "A", "c.txt": "C", "new/d/1.txt": "D"}
NEW = {**FRESH, "keep/1.txt": "kept"}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def content(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder, and beside it what some of its parts are to become."""
    target = write(tmp_path / "dataset", OLD)
    write(aside_of(target), FRESH)
    return target


def test_what_is_named_changes_and_nothing_else(target: Path) -> None:
    assert not finish_update(target), "there is no journal yet"
    assert content(target) == OLD
    update(target, MOVES, REMOVALS)
    assert content(target) == NEW
    assert not (target / "b").exists(), "a folder that lost its last part"
    assert [path.name for path in target.parent.iterdir()] == ["dataset"]
    assert not finish_update(target)


def test_what_was_named_and_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    target = write(tmp_path / "dataset", {"a.txt": "a", "b/1.txt": "b"})
    aside_of(target).mkdir()
    update(target, ["c.txt"], ["gone.txt", "b/2.txt"])
    assert content(target) == {"a.txt": "a", "b/1.txt": "b"}


@pytest.mark.parametrize("renames", range(6))
def test_interrupted_anywhere_it_is_finished_by_whoever_comes_next(
    target: Path, renames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, rename = [renames], Path.rename

    def until_it_dies(path: Path, to: Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(path, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", until_it_dies)
        with pytest.raises(KeyboardInterrupt):
            update(target, MOVES, REMOVALS)
    assert finish_update(target)
    assert content(target) == NEW
    assert [path.name for path in target.parent.iterdir()] == ["dataset"]
