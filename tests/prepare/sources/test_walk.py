"""A folder on disk -> the tree: every file is in it or in a finding, under a name that can be written."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from labtools.prepare.sources.names import readable
from labtools.prepare.sources.tree import read_disk
from labtools.prepare.sources.walk import read_tree

POSIX = pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names that only Linux allows")
Put = Callable[[str, str | bytes], Path]


def test_files_with_their_stamps(put: Put, tmp_path: Path, see: Any) -> None:
    put("in/b/1/images/frame_1.jpg", b"12345")
    path = put("in/a.txt", b"x")
    seen = see()
    assert list(seen.contents) == ["a.txt", "b/1/images/frame_1.jpg"]
    status = path.stat()
    file = seen.tree.files["a.txt"]
    assert file.stamp == (1, status.st_mtime_ns, status.st_ino) and file.member is None
    assert file.disk == str(path) and seen.tree.files["b/1/images/frame_1.jpg"].size == 5


def test_members_bear_their_archives_stamp(put: Put, zip_of: Any, tmp_path: Path, see: Any) -> None:
    path = put("in/a.zip", zip_of({"b.zip": zip_of({"c.txt": b"1"}), "d.txt": b"2"}))
    seen = see()
    status = path.stat()
    assert {f.stamp for f in seen.tree.files.values()} == {(status.st_size, status.st_mtime_ns, status.st_ino)}


JUNK = [
    ".DS_Store", "Thumbs.db", "desktop.ini", "._frame_1.jpg", "~$rapport.docx", ".~lock.liste.csv#", "train.txt~",
    "#train.txt#", ".train.txt.swp", ".git/config", "__MACOSX/1/._a.jpg", ".ipynb_checkpoints/a.txt",
]  # fmt: skip
NOT_JUNK = ["frame~1.jpg", "#temp", "a", "bf", "_a.jpg", "$1.txt", "git/config", ".hidden.jpg"]


def test_by_products(put: Put, see: Any) -> None:
    for name in JUNK + NOT_JUNK:
        put(f"in/{name}", b"x")
    seen = see()
    assert sorted(seen.contents) == sorted(NOT_JUNK)
    assert seen.codes == {(name.split("/")[0], "junk") for name in JUNK}


def test_many_by_products_in_a_folder_are_one_finding(put: Put, see: Any) -> None:
    for number in range(30):
        put(f"in/1/._{number}.jpg", b"x")
    seen = see()
    assert not seen.contents and len(seen.findings) == 1 and "29 more" in seen.findings[0].message


@POSIX
def test_what_is_no_file(put: Put, tmp_path: Path, see: Any) -> None:
    put("outside.jpg", b"secret")
    ours = put("in/1/a.jpg", b"x")
    os.mkfifo(tmp_path / "in/pipe.jpg")
    links = {"out.jpg": tmp_path / "outside.jpg", "folder": tmp_path / "in/1", "loop": tmp_path / "in",
             "none.txt": tmp_path / "in/nothing", "etc": "/etc/hostname", "ours.jpg": ours}  # fmt: skip
    for name, target in links.items():
        (tmp_path / "in" / name).symlink_to(target)
    (tmp_path / "in" / "itself").symlink_to("itself")
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")
        Path(f"{short}/s").rename(tmp_path / "in/socket.txt")
        seen = see()
    assert seen.contents == {"1/a.jpg": b"x", "ours.jpg": b"x"}
    refused = {(name, "link-refused") for name in links if name != "ours.jpg"}
    others = {("pipe.jpg", "not-a-file"), ("socket.txt", "not-a-file"), ("itself", "file-unreadable")}
    assert seen.codes == refused | others


@POSIX
def test_what_was_a_file_when_it_was_listed(put: Put, tmp_path: Path) -> None:
    """Whoever may write into the submissions can put a link to the teacher's files there, a pipe, a device."""
    put("secret.txt", b"x" * 100_000)
    for name in ("link.txt", "pipe.txt", "device.txt"):
        put(f"in/{name}", b"0 .5 .5 .1 .1")
    tree, _ = read_tree(tmp_path / "in")
    for name in tree:
        (tmp_path / "in" / name).unlink()
    (tmp_path / "in/link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "in/device.txt").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "in/pipe.txt")
    assert tree.read("pipe.txt") == b""  # and nobody waits for a writer
    for name in ("link.txt", "device.txt"):
        with pytest.raises(OSError, match="symbolic links"):
            tree.read(name)
    with pytest.raises(OSError, match="no file any more"):
        read_disk("/dev/zero")


@POSIX
def test_a_sparse_file_of_a_terabyte(put: Put, tmp_path: Path) -> None:
    names = ["a.jpg", "a.txt", "a.json", "a.xml", "a.csv", "data.yaml", "none"]
    for name in names:
        os.truncate(put(f"in/{name}", b""), 1 << 40)
    tree, findings = read_tree(tmp_path / "in")
    assert sorted(tree) == sorted(names) and not findings
    for name in names:
        with pytest.raises(OSError, match="larger than 512 MB"):
            tree.read(name)


@POSIX
def test_folders_without_end(put: Put, see: Any) -> None:
    put("in/ok/a.jpg", b"x")
    put("in/" + "d/" * 300 + "b.jpg", b"x")
    seen = see()
    assert seen.contents == {"ok/a.jpg": b"x"}
    assert [f.code for f in seen.findings] == ["folder-too-deep"]


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="nothing is closed to root")
def test_what_may_not_be_read(put: Put, tmp_path: Path, see: Any) -> None:
    put("in/closed/a.jpg", b"x")
    put("in/b", b"x").chmod(0)
    (tmp_path / "in/closed").chmod(0)
    try:
        seen = see()
    finally:
        (tmp_path / "in/closed").chmod(0o700)
    assert not seen.contents and seen.codes == {("closed", "folder-unreadable"), ("b", "file-unreadable")}


@POSIX
def test_twins_are_two_files_and_are_told(put: Put, see: Any) -> None:
    for name in ("Velo/t/a.jpg", "velo/t/a.jpg", "1/été.jpg", "1/e\u0301te\u0301.jpg", "1/A.txt", "1/a.txt"):
        put(f"in/{name}", name)
    seen = see()
    assert len(seen.contents) == 6
    assert seen.codes == {("velo", "name-twin"), ("1/été.jpg", "name-twin"), ("1/a.txt", "name-twin")}


@POSIX
def test_names_that_are_not_utf8(tmp_path: Path, see: Any) -> None:
    folder = os.fsencode(tmp_path / "in")
    (tmp_path / "in").mkdir()
    for raw in (b"t\xe9l\xe9.jpg", b"t\x82l\x82phone.jpg", b"\xff.jpg", "\xff.jpg".encode(), b"a\x1b[2Jb.txt"):
        Path(os.fsdecode(folder + b"/" + raw)).write_bytes(raw)
    seen = see()
    assert set(seen.contents) == {"télé.jpg", "téléphone.jpg", "ÿ.jpg", "ÿ (2).jpg", "a\u241b[2Jb.txt"}
    assert len(set(seen.contents.values())) == 5
    assert seen.codes == {("ÿ (2).jpg", "name-twice")}


@POSIX
def test_folders_that_became_names(put: Put, see: Any) -> None:
    """A zip of Windows, unpacked by a tool that knows no backslashes."""
    put("in/velo\\1\\images\\a.jpg", b"1")
    put("in/velo/1/images/a.jpg", b"2")
    put("in/..\\..\\up.jpg", b"3")
    seen = see()
    assert seen.contents == {"velo/1/images/a.jpg": b"2", "velo/1/images/a (2).jpg": b"1", "up.jpg": b"3"} or (
        seen.contents == {"velo/1/images/a.jpg": b"1", "velo/1/images/a (2).jpg": b"2", "up.jpg": b"3"}
    )
    assert {code for _, code in seen.codes} == {"name-backslash", "name-twice"}


@POSIX
def test_device_names_are_kept_and_told(put: Put, zip_of: Any, see: Any) -> None:
    put("in/CON/aux.jpg", b"1")
    put("in/a.zip", zip_of({"nul.txt": b"2", "con/contour.txt": b"3"}))
    seen = see()
    assert len(seen.contents) == 3
    assert seen.codes == {("CON", "name-device"), ("CON/aux.jpg", "name-device"), ("a.zip!/nul.txt", "name-device")}


def test_long_names(put: Put, see: Any) -> None:
    name = "x" * 251 + ".jpg"
    put(f"in/{name}", b"1")
    assert see().contents == {name: b"1"}


LETTERS = st.sampled_from("aAbé._ ~#$\\\n0\x1b") | st.characters(codec="utf-8", exclude_characters="/\0")
PART = st.text(LETTERS, min_size=1, max_size=6)
FILES = st.lists(st.tuples(st.lists(PART, min_size=1, max_size=3), st.binary(max_size=20)), max_size=8)


@POSIX
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
@example(files=[(["\\"], b"PK\x07\x08PK")])
@example(files=[(["a", "\\b\\\\c.zip"], b"PK\x07\x08PK")])
def test_every_file_is_in_the_tree_or_in_a_finding(files: list[tuple[list[str], bytes]], tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as root:
        written: dict[Path, bytes] = {}
        for parts, content in files:
            path = Path(root, *(part if part not in {".", ".."} else "x" for part in parts))
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError:  # a file of this name is a folder already, or the other way round
                continue
            written[path] = content
        tree, findings = read_tree(Path(root))
        by_disk = {Path(file.disk): tree.read(path) for path, file in tree.files.items()}
        told = {finding.file for finding in findings}
        for path, content in written.items():
            parts = readable(os.fsencode(path.relative_to(root))).split("/")
            above = {_plain("/".join(parts[: i + 1])) for i in range(len(parts))}
            assert by_disk.get(path, content) == content
            assert path in by_disk or above & set(map(_plain, told))
        for path in tree:
            path.encode("utf-8")


def _plain(path: str) -> str:
    """As the tree names it: a name may have backslashes, or be one."""
    return "/".join(part for part in path.replace("\\", "/").split("/") if part not in {"", ".", ".."}) or "_"


PART = "tic-20240214T101010Z-{}"


@pytest.mark.parametrize("is_unpacked", [False, True])
def test_parts_of_a_download_are_one(is_unpacked: bool, put: Put, zip_of: Any, see: Any) -> None:
    for part, name in (("001", "tic/1/images/a.jpg"), ("002", "tic/1/labels/a.txt"), ("003", "tic/train.txt")):
        if is_unpacked:
            put(f"in/velo/{PART.format(part)}/{name}", b"x")
        else:
            put(f"in/velo/{PART.format(part)}.zip", zip_of({name: b"x"}))
    seen = see()
    top = "velo/tic-20240214T101010Z" + ("" if is_unpacked else ".zip!")
    assert list(seen.contents) == [f"{top}/tic/1/images/a.jpg", f"{top}/tic/1/labels/a.txt", f"{top}/tic/train.txt"]
    assert [(f.code, f.file) for f in seen.findings] == [("archive-parts", f"velo/{PART.format('001')}{top[25:-1]}")]


def test_a_missing_part_of_a_download_is_said(put: Put, zip_of: Any, see: Any) -> None:
    for part in ("002", "004"):
        put(f"in/{PART.format(part)}.zip", zip_of({f"{part}.txt": b"x"}))
    put("in/coeur-20240214T101010Z-001.zip", zip_of({"a.txt": b"x"}))  # the only one of another
    seen = see()
    (said,) = [f for f in seen.findings if f.code == "archive-part-missing"]
    assert "001, 003" in said.message and said.file == "tic-20240214T101010Z-002.zip" and len(seen.contents) == 3


@pytest.mark.parametrize(
    "copy", ["tic - Copie", "tic - Copie (2)", "tic copie 2", "tic (1)", "tic_copy", "Copie de tic"]
)
def test_a_folder_beside_its_copy(copy: str, put: Put, see: Any) -> None:
    for folder in ("tic", copy, "tac (1)"):
        put(f"in/velo/{folder}/1/images/a.jpg", b"picture")
        put(f"in/velo/{folder}/train.txt", b"list")
    seen = see()
    assert set(seen.contents) == {f"velo/{f}/{n}" for f in ("tic", "tac (1)") for n in ("1/images/a.jpg", "train.txt")}
    assert [(f.code, f.file) for f in seen.findings] == [("folder-copy", f"velo/{copy}")]


def test_a_copy_that_was_mended_stays(put: Put, see: Any) -> None:
    put("in/velo/labels/a.txt", b"0 .5 .5 .1 .1")
    put("in/velo/labels - Copie/a.txt", b"0 .5 .5 .2 .2")
    assert len(see().contents) == 2 and not see().findings
