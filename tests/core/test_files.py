"""Files are the old or the new, and one of many claimants wins."""

from __future__ import annotations

import errno
import os
import pickle
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
