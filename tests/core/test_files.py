"""Files are the old or the new, and one of many claimants wins."""

from __future__ import annotations

import errno
import os
import pickle
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labtools.core import files
from labtools.core.errors import LabError


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, {"old": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"new": float("nan")})
    assert files.read_json(path) == {"old": 1}
    assert _names(tmp_path) == ["a.json"]


def test_an_interrupted_rename_leaves_no_debris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_bytes(tmp_path / "a", b"new")
    assert _names(tmp_path) == []


def test_what_a_killed_writer_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    ours, others = [".beat.3.json.x1.tmp", ".a[1].json.y2.tmp"], [".order.1.json.z3.tmp", "beat.3.json", ".beat.3.json"]
    for name in (*ours, *others):
        (tmp_path / name).touch()
    files.sweep_halves(tmp_path, "beat.", "a[1]")
    assert _names(tmp_path) == sorted(others)
    files.sweep_halves(tmp_path / "absent", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_a_written_file_can_be_read_by_the_group_as_usual(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a", "x")
    (tmp_path / "plain").write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_a_claim_can_be_read_by_the_group_as_usual(tmp_path: Path) -> None:
    """Two accounts may share a folder of runs: a lane that cannot read a claim would take it for a torn one."""
    files.link_exclusive(tmp_path / "claim.1", b"x")
    (tmp_path / "plain").write_text("x")
    assert (tmp_path / "claim.1").stat().st_mode == (tmp_path / "plain").stat().st_mode


class Steps:
    """What reaches the disk, in order: ``flush`` of a file's content, its ``name``, ``folder``: the names in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        flush, replace, link = os.fsync, Path.replace, os.link

        def fsync(handle: int) -> None:
            self.seen.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "flush")
            flush(handle)

        def renamed(path: Path, target: Path) -> Path:
            self.seen.append("name")
            return replace(path, target)

        def linked(source: Path, path: Path) -> None:
            self.seen.append("name")
            link(source, path)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(Path, "replace", renamed)
        monkeypatch.setattr(os, "link", linked)

    def of(self, act: Callable[[], object]) -> list[str]:
        self.seen.clear()
        act()
        return list(self.seen)


@pytest.mark.skipif(os.name == "nt", reason="Windows flushes no folder")
def test_content_is_on_the_disk_before_its_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut leaves an empty file of the right name; and a claim that is won is remembered by the folder."""
    steps = Steps(monkeypatch)
    for write in (files.write_text, files.write_json):
        assert steps.of(lambda write=write: write(tmp_path / "a", "x")) == ["flush", "name"]
        assert steps.of(lambda write=write: write(tmp_path / "a", "x", durable=False)) == ["name"]
    assert steps.of(lambda: files.link_exclusive(tmp_path / "end.1", b"x")) == ["flush", "name", "folder"]
    assert steps.of(lambda: files.link_exclusive(tmp_path / "end.1", b"x")) == ["flush", "name"], "nothing was won"
    assert steps.of(lambda: files.link_exclusive(tmp_path / "claim.1", b"x", durable=False)) == ["name"]


def test_json_is_the_same_bytes_everywhere(tmp_path: Path) -> None:
    files.write_json(tmp_path / "new folder" / "a.json", {"b": "é", "a": [1]})
    assert (tmp_path / "new folder" / "a.json").read_bytes() == '{\n  "a": [\n    1\n  ],\n  "b": "é"\n}\n'.encode()


def test_a_claim_whose_answer_was_lost_on_the_way_is_won(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS sends LINK again when no answer came, and is told that the name exists: it does, by our own doing."""
    link = os.link

    def sent_twice(source: Path, path: Path) -> None:
        link(source, path)
        link(source, path)

    monkeypatch.setattr(os, "link", sent_twice)
    assert files.link_exclusive(tmp_path / "claim.1", b"first")
    assert not files.link_exclusive(tmp_path / "claim.1", b"second")
    assert (tmp_path / "claim.1").read_bytes() == b"first"


def test_one_of_many_claimants_wins(tmp_path: Path) -> None:
    path = tmp_path / "claim.1"
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: files.link_exclusive(path, f"{n}".encode()), range(64)))
    assert won.count(True) == 1
    assert path.read_bytes() == str(won.index(True)).encode()
    assert _names(tmp_path) == ["claim.1"]


def test_exclusive_creation_works_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refused)
    assert files.link_exclusive(tmp_path / "claim.1", b"first")
    assert not files.link_exclusive(tmp_path / "claim.1", b"second")
    assert (tmp_path / "claim.1").read_bytes() == b"first"
    assert files.link_again(tmp_path / "claim.1", tmp_path / "second")
    assert not files.link_again(tmp_path / "claim.1", tmp_path / "second")
    assert (tmp_path / "second").read_bytes() == b"first"


def test_a_full_disk_is_not_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="no space left"):
        files.link_exclusive(tmp_path / "claim.1", b"first")
    assert _names(tmp_path) == [], "half a claim would be a claim"
    (tmp_path / "end.1").write_bytes(b"done")
    with pytest.raises(OSError, match="no space left"):
        files.link_again(tmp_path / "end.1", tmp_path / "done")
    assert _names(tmp_path) == ["end.1"]


def test_a_full_disk_without_hard_links_keeps_no_half(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refused)
    with pytest.raises(OSError, match="No space left"):
        files.link_exclusive(small_disk / "claim.1", bytes(1_500_000))  # the copy aside fits, the second does not
    assert _names(small_disk) == []


def test_a_claim_in_a_folder_that_was_moved_away_wins_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.link_exclusive(tmp_path / "gone" / "claim.1", b"")
    assert _names(tmp_path) == []


def test_a_file_hashes_like_its_bytes(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "a").write_bytes(data)
    assert files.hash_file(tmp_path / "a", chunk=999) == files.hash_bytes(data)


def test_a_lab_error_crosses_a_process_boundary_whole() -> None:
    error = pickle.loads(pickle.dumps(LabError("what", "where", "fix")))  # noqa: S301 - our own bytes
    assert (error.what, error.where, error.fix) == ("what", "where", "fix")
    assert str(error) == "what\nwhere: where\nfix: fix"


def test_who_has_a_file_open_is_waited_for_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows replaces no file that somebody reads at this moment."""
    tries: list[Path] = []

    def open_elsewhere(self: Path, target: Path, *, really: Callable[[Path, Path], Path] = Path.replace) -> Path:
        tries.append(target)
        if len(tries) < 3:
            raise PermissionError(errno.EACCES, "is open", str(target))
        return really(self, target)

    monkeypatch.setattr(Path, "replace", open_elsewhere)
    path = tmp_path / "beat.1.json"
    with pytest.raises(PermissionError):
        files.write_text(path, "elsewhere, a refusal is one")
    assert len(tries) == 1 and not list(tmp_path.iterdir())
    monkeypatch.setattr(files, "_PATIENCE_S", 5.0)
    files.write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "new" and len(tries) == 3
