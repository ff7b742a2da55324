"""The second process that lists the submissions ahead: what it tells is what one sees oneself."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from labtools.cli._ahead import sent_ahead
from labtools.prepare.pipeline import prepare
from labtools.prepare.sources.folders import Folder, list_all
from labtools.prepare.sources.scout import Ahead, Known, Scout, _in_turns, scout_for
from labtools.prepare.sources.walk import read_tree

THREADS = "OPENBLAS_NUM_THREADS"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody is sent")


def write_tree(root: Path) -> Path:
    for name in ("a/1/images/x.jpg", "a/1/labels/x.txt", "a/Ünïcode/y.txt", "b/\udce9.txt", "b/c.zip", "top.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode("utf-8", "surrogateescape"))
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    try:
        return write_tree(tmp_path / "in")
    except OSError:
        pytest.skip("this disk has no names beside UTF-8")


@on_linux
def test_what_it_tells_is_what_one_sees_oneself(tree: Path) -> None:
    expected = list_all(str(tree))
    with Scout(str(tree)) as scout:
        assert scout._pid
        assert scout.seen == (6, expected.digest)
        assert scout.folders == expected.folders
        assert read_tree(tree, None, scout.folders) == read_tree(tree)
        assert "_own" not in vars(scout)  # nobody looked here


@pytest.mark.parametrize("how", ["threads", "killed"])
def test_without_it_one_looks_oneself(tree: Path, how: str) -> None:
    waits = threading.Event()
    if how == "threads":
        threading.Thread(target=waits.wait).start()
    with Scout(str(tree)) as scout:
        if scout._pid and how == "killed":
            os.kill(scout._pid, 9)
            os.waitid(os.P_PID, scout._pid, os.WEXITED | os.WNOWAIT)
            scout._news.read()
        assert bool(scout._pid) == (how == "killed" and sys.platform == "linux")
        scout.go_on(sizes)
        assert scout.seen == (6, list_all(str(tree)).digest)
        assert scout.folders == list_all(str(tree)).folders
        assert scout.known == {}
    waits.set()


def sizes() -> Ahead:
    def sizes_of(paths: Sequence[str]) -> dict[str, Known]:
        return {path: (Path(path).stat().st_size,) for path in paths if path.endswith(".txt")}

    return sizes_of


def told_sizes(to: Path) -> Ahead:
    """`sizes`, with a byte in that file for each file that was looked at."""
    sizes_of = sizes()

    def look(paths: Sequence[str]) -> dict[str, Known]:
        found = sizes_of(paths)
        with to.open("ab") as file:
            file.write(b"." * len(paths))
        return found

    return look


@on_linux
def test_it_goes_on_until_it_is_called_back(tree: Path, tmp_path: Path) -> None:
    with Scout(str(tree)) as scout:
        scout.go_on(partial(told_sizes, tmp_path / "told"))
        assert scout.seen[0] == 6
        end = time.monotonic() + 60
        while not (tmp_path / "told").exists() or len((tmp_path / "told").read_bytes()) < 6:
            assert time.monotonic() < end, "it has not looked at all files"
            time.sleep(0.02)
        expected = {str(path): (path.stat().st_size,) for path in tree.rglob("*.txt")}
        assert scout.known == expected
        assert scout.folders == list_all(str(tree)).folders


@on_linux
def test_it_is_called_back_without_an_order(tree: Path) -> None:
    with Scout(str(tree)) as scout:
        assert scout.known == {}
        assert scout.seen[0] == 6


@on_linux
def test_it_is_sent_before_the_line_is_understood(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    for typed in (["prepare", "a/"], ["prepare", str(tree)]):
        with sent_ahead(typed) as scout, scout_for(Path(typed[1]), scout) as used:
            assert used is scout
            assert used.folders == list_all(str(Path(typed[1]))).folders
        with sent_ahead(typed) as scout, scout_for(tree / "b", scout) as used:
            assert used.folders == list_all(str(tree / "b")).folders
    for typed in ([], ["prepare"], ["prepare", "--check", "a"], ["prepare", "top.txt"], ["status", "a"]):
        with sent_ahead(typed) as scout:
            assert scout is None


def test_no_folder_has_to_wait_for_another_one() -> None:
    names = [f"{n}.jpg" for n in range(40)]
    folders = {"/b": Folder(names, [], [], []), "/a": Folder(["x.jpg"], [], [], []), "/c": Folder([], [], [], [])}
    turns = list(_in_turns(folders))
    assert [disks[0] for disks in turns] == ["/a/x.jpg", "/b/0.jpg", "/b/32.jpg"]
    assert [disk for disks in turns[1:] for disk in disks] == [f"/b/{name}" for name in names]


def test_matrices_get_one_thread_where_nobody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for typed, said, threads in (("prepare", {}, "1"), ("prepare", {THREADS: "3"}, "3"), ("status", {}, None)):
        monkeypatch.setattr(os, "environ", said)
        with sent_ahead([typed]):
            assert said.get(THREADS) == threads


@on_linux
def test_it_is_gone_afterwards(tree: Path) -> None:
    with Scout(str(tree)) as scout:
        pid = scout._pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_link_is_looked_at_by_whoever_walks(tree: Path) -> None:
    (tree / "a" / "link.txt").symlink_to(tree / "top.txt")
    found = list_all(str(tree))
    assert found.digest == ""
    assert set(found.folders) == {str(tree), str(tree / "b")}
    assert read_tree(tree, None, found.folders) == read_tree(tree)
    assert "a/link.txt" in read_tree(tree)[0]


@pytest.mark.parametrize("change", ["content", "mode", "name", "new", "gone", "folder"])
def test_any_change_changes_the_digest(tree: Path, change: str) -> None:
    before, file = list_all(str(tree)).digest, tree / "a" / "1" / "labels" / "x.txt"
    if change == "content":
        file.write_bytes(b"0 0.5")
    elif change == "mode":
        file.chmod(0o444)
    elif change == "name":
        file.rename(file.with_name("y.txt"))
    elif change == "new":
        (tree / "b" / "new.txt").touch()
    elif change == "gone":
        file.unlink()
    else:
        (tree / "b" / "folder").mkdir()
    assert list_all(str(tree)).digest != before


def test_what_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    """An archive on a disk that fails once looks the same to whoever only lists it."""
    from labtools.prepare.handed_in import gather, listed_signature, read_request

    archive = tmp_path / "in" / "velo.zip"
    archive.parent.mkdir()
    archive.write_bytes(b"PK\3\4 and no more")
    request = read_request(archive.parent, None, None)
    with Scout(str(archive.parent)) as scout:
        assert listed_signature("", scout)
        assert not gather(request, scout).is_as_listed


def test_the_second_run_knows_it_from_the_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: Callable[..., bytes]
) -> None:
    monkeypatch.setenv("LABTOOLS_CACHE", str(tmp_path / "cache"))
    team = tmp_path / "in" / "velo" / "team"
    (team / "images").mkdir(parents=True)
    (team / "images" / "frame_1.jpg").write_bytes(picture(1))
    (team / "images" / "frame_1.txt").write_text("0 0.5 0.5 0.2 0.2\n", encoding="utf-8")
    first = prepare(tmp_path / "in", tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("labtools.prepare.pipeline.gather", None)  # nobody walks
        assert prepare(tmp_path / "in", tmp_path / "out").fingerprint == first.fingerprint
    (team / "images" / "frame_1.txt").write_text("0 0.5 0.5 0.2 0.3\n", encoding="utf-8")
    assert prepare(tmp_path / "in", tmp_path / "out").fingerprint != first.fingerprint
