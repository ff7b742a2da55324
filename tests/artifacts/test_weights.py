"""Checkpoints by name: found where they should be, refused within seconds where they can't be had."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from labtools.artifacts.weights import cache_folder, digest_weights, find_weights
from labtools.core.errors import LabError


def test_weights_are_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    places = [cache_folder() / "weights", tmp_path / "weights", tmp_path / "beside"]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        (place / "yolov8x.pt").write_bytes(b"x")
        assert find_weights("yolov8x", [tmp_path / "beside"]) == place / "yolov8x.pt"
    (cache_folder() / "weights" / "yolov8x.pt").unlink()


def test_a_checkpoint_that_cannot_be_had_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start = time.monotonic()
    with pytest.raises(LabError) as caught:
        find_weights("yolov8n.pt")
    assert time.monotonic() - start < 5
    assert os.path.join("weights", "yolov8n.pt") in caught.value.fix and "https://" in caught.value.fix  # noqa: PTH118
    assert str(tmp_path) in str(caught.value.where)


def test_a_path_is_never_downloaded(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="a path is never downloaded"):
        find_weights(str(tmp_path / "lost.pt"))


def test_a_checkpoint_is_known_by_its_content_which_is_read_once(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.pt", tmp_path / "b.pt"
    path.write_bytes(b"weights")
    copy.write_bytes(b"weights")
    first = digest_weights(path)
    assert digest_weights(copy) == first
    about = path.stat()
    path.write_bytes(b"others!")
    assert digest_weights(path) != first
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert digest_weights(path) == first, "as long as size and time are the same, nobody reads it again"
    for kept in (cache_folder() / "digests").iterdir():
        kept.write_text("torn")
    assert digest_weights(copy) == first
