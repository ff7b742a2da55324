"""One folder takes the place of another."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labtools.core.files import write_json
from labtools.prepare.output import swap


def folder(path: Path, text: str, *, is_ours: bool = True) -> Path:
    path.mkdir(parents=True)
    (path / "a.txt").write_text(text)
    if is_ours:
        write_json(path / "dataset.json", {"layout": 1, "labtools": "1.0"})
    return path


@pytest.mark.parametrize("exchange", [True, False])
def test_the_new_one_is_there_and_nothing_of_the_old(
    exchange: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchange:
        monkeypatch.setattr(swap, "_exchange", lambda first, second: False)
    target = tmp_path / "été"
    for text in ("first", "second"):
        swap.swap(folder(tmp_path / ".aside", text), target)
        assert (target / "a.txt").read_text() == text
        assert [path.name for path in tmp_path.iterdir()] == ["été"]


@pytest.mark.skipif(sys.platform != "linux", reason="no exchange in one step")
def test_two_folders_change_places_in_one_step_or_not_at_all(tmp_path: Path) -> None:
    first, second = folder(tmp_path / "é 1", "1"), folder(tmp_path / "2", "2")
    assert swap._exchange(first, second)
    assert ((first / "a.txt").read_text(), (second / "a.txt").read_text()) == ("2", "1")
    assert not swap._exchange(first, tmp_path / "gone")
    assert (first / "a.txt").read_text() == "2"


def test_an_old_one_comes_back_only_where_none_is(tmp_path: Path) -> None:
    folder(tmp_path / ".out.old", "old")
    swap.recover(tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "old"
    folder(tmp_path / ".out.old", "older")
    swap.recover(tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("content", [{"layout": 1}, {"labtools": "1"}, ["layout", "labtools"], None])
def test_what_is_not_ours_is_known_by_its_record(tmp_path: Path, content: object) -> None:
    assert swap.is_ours(folder(tmp_path / "a", ""))
    other = folder(tmp_path / "b", "", is_ours=False)
    if content is not None:
        write_json(other / "dataset.json", content)
    assert not swap.is_ours(other)


def test_an_empty_folder_may_be_written_into(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    swap.check_target(tmp_path / "out", tmp_path / "in")
    swap.check_target(tmp_path / "inside", tmp_path / "in")
