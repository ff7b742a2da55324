"""Archives of every kind, whole, damaged and hostile: each member is in the tree to the byte, or in a finding."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import struct
import sys
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labtools.prepare.config import Limits
from labtools.prepare.sources.walk import read_tree

Make = Callable[..., bytes]
FILES = {
    "1/images/frame_000001.jpg": os.urandom(3000),
    "1/labels/frame_000001.txt": b"0 0.5 0.5 0.2 0.3\n" * 40,
    "e": b"",
}


def expected(archive: str) -> dict[str, bytes]:
    return {f"{archive}!/{name}": content for name, content in FILES.items()}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("name", ["a.zip", "A.ZIP", "archive", "wrong.tar.gz", "velo.2024"])
def test_zips_of_every_packing_and_name(method: int, name: str, zip_of: Make, put: Any, see: Any) -> None:
    put(f"in/{name}", zip_of(FILES, method))
    assert see().contents == expected(name)


@pytest.mark.parametrize("packing", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "archive", "wrong.zip"])
@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_tars_of_every_packing_and_name(packing: str, name: str, format: int, tar_of: Make, put: Any, see: Any) -> None:  # noqa: A002
    put(f"in/{name}", tar_of(FILES, packing, format))
    seen = see()
    assert seen.contents == expected(name) and not seen.findings


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_and_foreign_names_in_tars(format: int, tar_of: Make, put: Any, see: Any) -> None:  # noqa: A002
    names = ["d/" * 60 + "x" * 200 + ".txt", "été/ñandú.txt", "😀.txt", "with = sign\n.txt"]
    put("in/a.tar", tar_of({name: name.encode() for name in names}, "", format))
    assert see().contents == {f"a.tar!/{name}": name.encode() for name in names}


def test_one_compressed_file(put: Any, see: Any) -> None:
    put("in/train.txt.gz", gzip.compress(b"./1.jpg\n") + gzip.compress(b"./2.jpg\n"))  # two streams are one file
    put("in/val.txt.bz2", bz2.compress(b"./3.jpg\n"))
    put("in/test.txt.xz", lzma.compress(b"./4.jpg\n"))
    assert see().contents == {
        "test.txt.xz!/test.txt": b"./4.jpg\n",
        "train.txt.gz!/train.txt": b"./1.jpg\n./2.jpg\n",
        "val.txt.bz2!/val.txt": b"./3.jpg\n",
    }


def test_archives_in_archives(zip_of: Make, tar_of: Make, put: Any, see: Any) -> None:
    inner = {"seq.zip": zip_of(FILES), "2/seq.tgz": tar_of(FILES, "gz"), "3/no_suffix": tar_of(FILES)}
    put("in/a/team.tar.gz", tar_of(inner, "gz"))
    put("in/b/team.zip", zip_of(inner))
    put("in/cohort.zip", zip_of({"velo/team.zip": zip_of({"x.zip": zip_of({"y.zip": zip_of({"z.zip": zip_of({})})})})}))
    seen = see()
    wanted = {}
    for outer in ("a/team.tar.gz", "b/team.zip"):
        for name in inner:
            wanted |= expected(f"{outer}!/{name}")
    assert seen.contents == wanted
    assert seen.codes == {("cohort.zip!/velo/team.zip!/x.zip!/y.zip!/z.zip", "archive-nested")}


def test_zips_that_are_more_than_a_zip(zip_of: Make, put: Any, see: Any) -> None:
    """Bytes before the beginning (a program that unpacks itself), a comment that looks like an end, 64-bit sizes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in FILES.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(content)
        archive.comment = b"see PK\x05\x06 in APPNOTE.TXT"
    put("in/a/large.zip", buffer.getvalue())
    put("in/b/program.exe", b"MZ" + os.urandom(3000) + zip_of(FILES))
    put("in/c/before.zip", b"some words" + zip_of(FILES))
    put("in/e/behind.zip", zip_of({"a.txt": b"a"}) + b"PK\x05\x06 and more")
    put("in/d/setup.exe", b"MZ and no archive")
    wanted = {
        **expected("a/large.zip"),
        **expected("b/program.exe"),
        **expected("c/before.zip"),
        "e/behind.zip!/a.txt": b"a",
    }
    seen = see()
    assert seen.contents == {**wanted, "d/setup.exe": b"MZ and no archive"} and not seen.findings


def wide_zip(members: dict[str, bytes], *, has_directory: bool = True, before: bytes = b"") -> bytes:
    """A zip that tells every size and place in 64 bits, as of more than 4 GB (APPNOTE.TXT, 4.3.14 and 4.5.3)."""
    unknown, body, entries = 0xFFFFFFFF, b"", b""
    for name, content in members.items():
        sizes = struct.pack("<2Q", len(content), len(content))
        about = struct.pack("<5H", 45, 0, 0, 0, 0) + struct.pack("<3L", zlib.crc32(content), unknown, unknown)
        other = struct.pack("<2H3s", 0x5455, 3, b"UT!")  # a field of another kind in front
        near, far = (struct.pack("<2H", 1, n) for n in (16, 24))
        local, central = other + near + sizes, other + far + sizes + struct.pack("<Q", len(body))
        entries += b"PK\x01\x02" + struct.pack("<H", 45) + about + struct.pack("<2H", len(name), len(central))
        entries += struct.pack("<3H2L", 0, 0, 0, 0, unknown) + name.encode() + central
        body += b"PK\x03\x04" + about + struct.pack("<2H", len(name), len(local)) + name.encode() + local + content
    if not has_directory:
        return before + body
    end = len(body) + len(entries)
    record = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, *[len(members)] * 2, len(entries), len(body))
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, end, 1)
    return (
        before
        + body
        + entries
        + record
        + locator
        + b"PK\x05\x06"
        + struct.pack("<4H2LH", *[0xFFFF] * 4, unknown, unknown, 0)
    )


@pytest.mark.parametrize("before", [b"", b"#!/bin/sh: a program that unpacks itself"])
@pytest.mark.parametrize("has_directory", [True, False])
def test_sizes_and_places_of_64_bits(has_directory: bool, before: bytes, put: Any, see: Any) -> None:
    put("in/a.zip", wide_zip(FILES, has_directory=has_directory, before=before))
    seen = see()
    assert seen.contents == (expected("a.zip") if has_directory or not before else {})
    assert bool(seen.findings) is not has_directory


def test_an_archive_given_as_the_submissions(zip_of: Make, tmp_path: Path, put: Any, see: Any) -> None:
    put("cohort.zip", zip_of({"velo/t/1/images/a.jpg": b"x"}))
    assert see(root="cohort.zip").contents == {"cohort.zip!/velo/t/1/images/a.jpg": b"x"}


def test_private_copies_go_with_the_tree(tar_of: Make, tmp_path: Path, put: Any) -> None:
    put("in/a.tar.gz", tar_of(FILES, "gz"))
    tree, _ = read_tree(tmp_path / "in")
    copy = Path(tree.files["a.tar.gz!/e"].disk)
    assert copy.is_file() and tmp_path not in copy.parents
    assert copy.parent.stat().st_mode & 0o077 == 0 or sys.platform == "win32"
    pickle.loads(pickle.dumps(tree.archives)).close()  # noqa: S301  another process' view owns nothing
    assert copy.is_file()
    tree.archives.close()
    assert not copy.parent.exists()


def test_members_are_read_from_threads_and_forked_processes(
    zip_of: Make, tar_of: Make, tmp_path: Path, put: Any
) -> None:
    members = {f"{i}.bin": bytes([i]) * (5000 + i) for i in range(60)}
    put("in/a.zip", zip_of(members))
    put("in/b/b.tar.gz", tar_of(members, "gz"))
    tree, _ = read_tree(tmp_path / "in")
    wanted = {f"{a}!/{n}": c for a in ("a.zip", "b/b.tar.gz") for n, c in members.items()}
    wrong: list[str] = []

    def read() -> None:
        wrong.extend(path for _ in range(5) for path in tree if tree.read(path) != wanted[path])

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    if sys.platform == "linux":
        with get_context("fork").Pool(2) as pool:
            assert pool.map(_read, [tree.files[path] for path in tree]) == [wanted[path] for path in tree]
        other = get_context("fork").Process(target=tree.archives.close)
        other.start()
        other.join()
    for thread in threads:
        thread.join()
    assert not wrong
    assert Path(tree.files["b/b.tar.gz!/0.bin"].disk).is_file()  # the processes' end has not removed it
    tree.archives.close()


def _read(file: Any) -> bytes:
    return bytes(file.read())


# --- names ----------------------------------------------------------------------------------------------------------


def test_names_of_old_windows_zips(zip_of: Make, put: Any, see: Any) -> None:
    """Windows Explorer writes the DOS code page, other tools UTF-8 or Windows' own, none of them saying so."""
    names = {"téléphone".encode("cp437"): "téléphone", "cœur".encode("cp1252"): "cœur", "été".encode(): "été"}
    for number, raw in enumerate(names):
        data = zip_of({"x" * len(raw): b"1"}).replace(b"x" * len(raw), raw)
        put(f"in/{number}.zip", data)
    assert list(see().contents) == [f"{i}.zip!/{name}" for i, name in enumerate(names.values())]


def test_a_name_that_is_written_twice_in_a_zip(put: Any, see: Any) -> None:
    """Info-ZIP puts the UTF-8 of a name into a field, with the checksum of the name that it belongs to."""

    def zipped(raw: bytes, of: bytes, flags: int) -> bytes:
        name = "été.txt".encode()
        field = struct.pack("<2HBL", 0x7075, 5 + len(name), 1, zlib.crc32(of)) + name
        about = struct.pack("<5H3L2H", 20, flags, 0, 0, 0, zlib.crc32(of), len(of), len(of), len(raw), len(field))
        local = b"PK\x03\x04" + about + raw + field + of
        entry = b"PK\x01\x02" + struct.pack("<H", 20) + about + struct.pack("<3H2L", 0, 0, 0, 0, 0) + raw + field
        return local + entry + b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, len(entry), len(local), 0)

    written = "\u0161t\u0161.txt".encode("cp1250")
    put("in/1.zip", zipped(written, written, 0))
    put("in/2.zip", zipped("ñ.txt".encode(), b"renamed since", 0))
    put("in/3.zip", zipped("ñ.txt".encode(), "ñ.txt".encode(), 0x800))
    put("in/4.zip", zipped(b"plain.txt", b"plain.txt", 0))
    assert list(see().contents) == [
        f"{i}.zip!/{name}" for i, name in enumerate(("été.txt", "ñ.txt", "ñ.txt", "plain.txt"), 1)
    ]


def test_refused_names_and_kinds_of_members(zip_of: Make, put: Any, see: Any) -> None:
    bad = {"../../a.txt": "leads out", "/etc/b.txt": "absolute", "C:\\c.txt": "absolute", "ok/../../d.txt": "leads out"}
    bad |= {".": "no name"}
    kept = {"12:30.txt": b"kept", "..x/y..txt": b"kept", "./z/.//a.txt": b"kept"}
    put("in/a.zip", zip_of({**dict.fromkeys(bad, b"x"), **kept}))
    buffer = io.BytesIO()
    kinds = {tarfile.SYMTYPE: "symbolic link", tarfile.LNKTYPE: "not in the archive", tarfile.CHRTYPE: "device",
             tarfile.FIFOTYPE: "pipe", tarfile.GNUTYPE_SPARSE: "sparse"}  # fmt: skip
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in bad:
            archive.addfile(tarfile.TarInfo(name.replace("\\", "/")))
        for kind in kinds:
            info = tarfile.TarInfo(f"kind_{kind.decode()}.jpg")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    put("in/b.tar", buffer.getvalue())
    seen = see()
    assert seen.contents == dict.fromkeys(("a.zip!/12:30.txt", "a.zip!/..x/y..txt", "a.zip!/z/a.txt"), b"kept")
    messages = seen.message("archive-member-refused")
    assert len(seen.findings) == len(messages.splitlines()) == 2 * len(bad) + len(kinds)
    assert all(reason in messages for reason in [*bad.values(), *kinds.values()])


def test_what_a_zip_holds_beside_files(zip_of: Make, put: Any, see: Any) -> None:
    """Links of Unix lead out as well in a zip as in a tar; what is locked or packed in odd ways says what to do."""
    words = {
        0o120777: "symbolic link", 0o010644: "a device, a pipe", 0o020644: "a device, a pipe", 0o100644: "", 0o644: ""
    }  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for mode in words:
            info = zipfile.ZipInfo(f"{mode:o}.jpg")
            info.external_attr = mode << 16
            archive.writestr(info, b"/etc/passwd")
    put("in/modes.zip", buffer.getvalue())
    for method, how in ((9, "Deflate64"), (42, "method 42")):
        data = zip_of({f"{method}.jpg": b"x" * method}, zipfile.ZIP_STORED)
        for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            at = data.find(mark) + place
            data = data[:at] + struct.pack("<H", method) + data[at + 2 :]
        put(f"in/{method}.zip", data)
        words[method] = how
    seen = see()
    assert sorted(seen.contents) == ["modes.zip!/100644.jpg", "modes.zip!/644.jpg"]
    refused = {f.file: f.message for f in seen.findings if f.code == "archive-member-refused"}
    assert len(refused) == 5 and all(any(word in text for text in refused.values()) for word in words.values())
    assert "symbolic link" in refused["modes.zip!/120777.jpg"]


def test_a_hard_link_in_a_tar_is_the_file(put: Any, see: Any) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("./a.jpg")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"12345"))
        info = tarfile.TarInfo("./b.jpg")
        info.type, info.linkname = tarfile.LNKTYPE, "./a.jpg"
        archive.addfile(info)
    put("in/a.tar", buffer.getvalue())
    assert see().contents == {"a.tar!/a.jpg": b"12345", "a.tar!/b.jpg": b"12345"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_in_folders_without_end(zip_of: Make, tar_of: Make, put: Any, see: Any) -> None:
    put("in/a.zip", zip_of({"ok/a.jpg": b"x", "d/" * 30_000 + "b.jpg": b"x"}))
    put("in/b.tar", tar_of({"ok/b.jpg": b"y", "d/" * 200 + "b.jpg": b"x"}))
    seen = see()
    assert sorted(seen.contents) == ["a.zip!/ok/a.jpg", "b.tar!/ok/b.jpg"]
    assert seen.codes == {("a.zip!/b.jpg", "archive-member-refused"), ("b.tar!/b.jpg", "archive-member-refused")}


def test_two_members_of_one_name(zip_of: Make, put: Any, see: Any) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for content in (b"old", b"new!"):
            info = tarfile.TarInfo("a.txt")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    put("in/a.tar", buffer.getvalue())
    double = io.BytesIO()
    with zipfile.ZipFile(double, "w") as other:
        other.writestr("a.txt", b"old")
        other.writestr("a.txt", b"new!")
    put("in/b.zip", double.getvalue())
    seen = see()
    assert seen.contents == {"a.tar!/a.txt": b"new!", "b.zip!/a.txt": b"old"}
    assert sorted((f.file, f.code, f.message) for f in seen.findings) == [
        (path, "archive-member-twice", f"the archive holds a second member of this name: the {which} one is used")
        for path, which in (("a.tar!/a.txt", "later"), ("b.zip!/a.txt", "first"))
    ]


def test_by_products_in_archives_are_counted_not_listed(zip_of: Make, put: Any, see: Any) -> None:
    members = {f"__MACOSX/1/._{i}.jpg": b"x" for i in range(600)} | {"1/.DS_Store": b"x", "1/a.txt": b"1"}
    put("in/a.zip", zip_of(members))
    seen = see()
    assert list(seen.contents) == ["a.zip!/1/a.txt"]
    assert {f.code for f in seen.findings} == {"junk"} and len(seen.findings) == 2
    assert "600" in seen.message("junk")


def test_a_locked_archive_is_one_fact(zip_of: Make, put: Any, see: Any) -> None:
    data = bytearray(zip_of({f"{i}.jpg": b"x" for i in range(100)}))
    position = 0
    while (position := data.find(b"PK\x01\x02", position)) >= 0:
        data[position + 8] |= 1
        position += 4
    put("in/a.zip", bytes(data))
    seen = see()
    assert not seen.contents and len(seen.findings) == 1
    assert "encrypted" in seen.findings[0].message and "99 more" in seen.findings[0].message


# --- what is no archive that can be read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("a.rar", b"Rar!\x1a\x07\x01\x00rest", "archive-unsupported", "RAR"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\x00\x04rest", "archive-unsupported", "7-Zip"),
        ("velo", b"Rar!\x1a\x07\x00rest", "archive-unsupported", "RAR"),
        ("a.zip", b"", "archive-unreadable", "0 bytes"),
        ("a.zip", b"\0" * 900, "archive-unreadable", "zeros"),
        ("a.zip", b"\n<!DOCTYPE html><title>Google Drive</title>", "archive-unreadable", "web page"),
        ("a.tar", b"some words", "archive-unreadable", "no archive"),
        ("a.zip.001", b"more of it", "archive-unreadable", "no archive"),
        ("a.tar.gz", b"\x1f\x8b", "archive-unreadable", "no archive"),
        ("a.zip", b"PK\x03\x04 and nothing", "archive-damaged", "cut off"),
        ("a.tgz", b"\x1f\x8b\x08" + b"\0" * 30, "archive-damaged", "damaged"),
    ],
)
def test_what_to_do_about_other_files(name: str, content: bytes, code: str, words: str, put: Any, see: Any) -> None:
    put(f"in/{name}", content)
    seen = see()
    assert not seen.contents
    assert {c for _, c in seen.codes} == {code} and words in seen.message(code)


def test_the_smallest_zip_is_whole_and_one_that_claims_more_is_damaged(zip_of: Make, put: Any, see: Any) -> None:
    many = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, 0, 0, 0)
    put("in/empty.zip", zip_of({}))
    put("in/many.zip", many)
    put("in/setup.exe", b"MZ" + many)
    seen = see()
    assert seen.contents == {"setup.exe": b"MZ" + many}
    assert seen.codes == {("many.zip", "archive-damaged")}


def test_documents_are_no_archives(zip_of: Make, put: Any, see: Any) -> None:
    for name in ("report.docx", "best.pt", "a.npz"):
        put(f"in/{name}", zip_of(FILES))
    assert sorted(see().contents) == ["a.npz", "best.pt", "report.docx"]


# --- bombs ----------------------------------------------------------------------------------------------------------

SMALL = Limits(members=50, member_mb=4, total_mb=16, depth=2)


def test_bombs_by_claim(zip_of: Make, tar_of: Make, put: Any, see: Any) -> None:
    put("in/many.zip", zip_of({f"{i}.txt": b"" for i in range(51)}))
    put("in/many.tar", tar_of({f"{i}.txt": b"" for i in range(51)}))
    put("in/large.zip", zip_of({f"{i}.bin": os.urandom(1 << 20) * 3 for i in range(6)}))
    put("in/ratio.zip", zip_of({"zeros.bmp": b"\0" * (2 << 20), "a.txt": b"1"}))
    put("in/member.zip", zip_of({"film": os.urandom(5 << 20)}))
    seen = see(SMALL)
    assert seen.contents == {"ratio.zip!/a.txt": b"1"}
    assert seen.codes == {
        ("large.zip", "archive-refused"), ("many.tar", "archive-refused"), ("many.zip", "archive-refused"),
        ("member.zip!/film", "archive-member-refused"), ("ratio.zip!/zeros.bmp", "archive-member-refused"),
    }  # fmt: skip
    assert "zip bomb" in seen.message("archive-member-refused")


def test_as_many_members_as_are_allowed_and_one_more(zip_of: Make, put: Any, see: Any) -> None:
    def zipped(kind: str, count: int) -> bytes:
        return zip_of({f"{i}.txt": f"{kind}{count}".encode() for i in range(count)}, zipfile.ZIP_STORED)

    for count in (50, 51):
        put(f"in/whole{count}.zip", zipped("whole", count))
        data = zipped("cut", count)
        put(f"in/cut{count}.zip", data[: data.find(b"PK\x01\x02")])
        lying = bytearray(zipped("lying", count))  # its directory claims to hold one member
        lying[-12:-10] = struct.pack("<H", 1)
        put(f"in/lying{count}.zip", bytes(lying))
    seen = see(SMALL)
    assert {path.partition("!")[0] for path in seen.contents} == {"whole50.zip", "cut50.zip", "lying50.zip"}
    assert len(seen.contents) == 150
    assert {file for file, code in seen.codes if code == "archive-refused"} == {
        "whole51.zip", "cut51.zip", "lying51.zip"
    }  # fmt: skip


def test_bombs_that_show_while_unpacking(zip_of: Make, tar_of: Make, tmp_path: Path, put: Any, see: Any) -> None:
    zeros = tar_of({"zeros.txt": b"\0" * (20 << 20)})
    put("in/a.tar.gz", gzip.compress(zeros))
    put("in/b.txt.xz", lzma.compress(zeros))
    put("in/c.zip", zip_of({"inner.tar": zeros}))
    put("in/d.gz", gzip.compress(gzip.compress(gzip.compress(b"deep"))))
    seen = see(SMALL)
    assert not seen.contents
    assert seen.codes == {
        ("a.tar.gz", "archive-refused"), ("b.txt.xz", "archive-refused"), ("c.zip", "archive-refused"),
        ("d.gz!/d!/d", "archive-nested"),
    }  # fmt: skip


def test_a_bomb_by_ratio_that_shows_while_unpacking(tar_of: Make, put: Any, see: Any) -> None:
    put("in/bomb.tar.gz", gzip.compress(tar_of({"zeros.txt": b"\0" * (18 << 20)})))
    put("in/labels.tar.xz", tar_of({f"{i:06d}.txt": b"0 0.5 0.5 0.2 0.3\n" for i in range(2000)}, "xz"))
    seen = see()
    assert len(seen.contents) == 2000 and seen.codes == {("bomb.tar.gz", "archive-refused")}
    assert "bomb" in seen.message("archive-refused")


def test_a_bomb_of_shared_bytes(put: Any, see: Any) -> None:
    """Fifield's: every entry of the directory means the same kernel."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = kernel.compress(b"\0" * 100_000) + kernel.flush()
    crc = zlib.crc32(b"\0" * 100_000)
    head = struct.pack("<5H3L2H", 20, 0, 8, 0, 0, crc, len(packed), 100_000, 1, 0)
    local = b"PK\x03\x04" + head + b"a" + packed
    entries = b"".join(
        b"PK\x01\x02" + struct.pack("<H", 20) + head + struct.pack("<3H2L", 0, 0, 0, 0, 0) + name
        for name in (b"a", b"b", b"c")
    )
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 3, 3, len(entries), len(local), 0)
    put("in/a.zip", local + entries + end)
    seen = see()
    assert not seen.contents
    assert seen.message("archive-member-refused").count("zip bomb") == 3


def test_headers_that_lie_about_sizes(zip_of: Make, put: Any, see: Any) -> None:
    whole = zip_of({"a.txt": b"0 0.5 0.5 0.2 0.3\n" * 30, "b.txt": b"kept"})
    size = struct.pack("<L", 540)
    for number, claim in enumerate((10, 541, 10_000)):
        put(f"in/{number}.zip", whole.replace(size, struct.pack("<L", claim)))
    contents = see().contents
    assert "more bytes than" in str(contents["0.zip!/a.txt"])
    assert all(contents[f"{i}.zip!/b.txt"] == b"kept" for i in range(3))
    # a claim that is too high costs nothing: the checksum tells that all is there
    assert contents["1.zip!/a.txt"] == contents["2.zip!/a.txt"] == b"0 0.5 0.5 0.2 0.3\n" * 30


def test_long_names_that_claim_gigabytes(put: Any, see: Any) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 34
    other = tarfile.TarInfo("negative.txt")
    block = bytearray(other.tobuf())
    block[124:136] = b"\xff" * 11 + b"\x00"  # a negative size, in base 256
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    put("in/a.tar", info.tobuf(tarfile.GNU_FORMAT) + b"x" * 4096)
    put("in/b.tar", bytes(block) + b"\0" * 1024)
    assert not see().contents


def test_a_name_of_megabytes(tar_of: Make, put: Any, see: Any) -> None:
    put("in/a.tar", tar_of({"x" * (2 << 20): b"1", "b.txt": b"2"}, "", tarfile.GNU_FORMAT))
    assert see().contents == {"a.tar!/" + "x" * 100: b"1", "a.tar!/b.txt": b"2"}


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("keep", [0.3, 0.62, 0.95])
def test_a_zip_that_was_cut_off(method: int, streamed: bool, keep: float, put: Any, see: Any) -> None:
    members = {f"1/{i}.jpg": os.urandom(2000) + b"\0" * 500 for i in range(10)}
    buffer = io.BytesIO()
    target: Any = _Pipe(buffer) if streamed else buffer  # a pipe: sizes come behind the bytes, as from macOS
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    data = buffer.getvalue()
    cut = int(len(data) * keep)
    put("in/a.zip", data[:cut])
    seen = see()
    ends = [i.header_offset for i in zipfile.ZipFile(buffer).infolist()[1:]] + [zipfile.ZipFile(buffer).start_dir]
    whole = sum(end <= cut for end in ends)
    assert seen.contents == {f"a.zip!/{n}": c for n, c in [*members.items()][:whole]}
    assert ("a.zip", "archive-damaged") in seen.codes
    assert whole == 10 or (f"a.zip!/1/{whole}.jpg", "archive-member-refused") in seen.codes


def test_what_is_locked_in_a_zip_that_was_cut_off_is_not_read(zip_of: Make, put: Any, see: Any) -> None:
    data = bytearray(zip_of({"a.txt": b"secret", "b.txt": b"open"}, zipfile.ZIP_STORED))
    data[6] |= 1
    put("in/a.zip", bytes(data[: data.find(b"PK\x01\x02")]))
    seen = see()
    assert seen.contents == {"a.zip!/b.txt": b"open"}
    assert "encrypted" in seen.message("archive-member-refused")


def test_folders_of_a_zip_that_was_cut_off_are_no_files(put: Any, see: Any) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.mkdir("1")
        archive.writestr("1/a.txt", b"a")
        archive.writestr("1/empty.txt", b"")
    data = buffer.getvalue()
    put("in/a.zip", data[: data.find(b"PK\x01\x02")])
    assert see().contents == {"a.zip!/1/a.txt": b"a", "a.zip!/1/empty.txt": b""}


class _Pipe(io.RawIOBase):
    """A file that cannot seek."""

    def __init__(self, target: io.BytesIO) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._target.write(data)


def test_a_tar_that_was_cut_off_or_has_a_bad_block(tar_of: Make, put: Any, see: Any) -> None:
    members = {f"{i}.txt": bytes([65 + i]) * 700 for i in range(6)}
    data = tar_of(members, "", tarfile.USTAR_FORMAT)
    put("in/cut.tar", data[: 1536 * 3 + 600])
    spoiled = bytearray(data)
    spoiled[1536 * 2 + 10] ^= 0xFF  # the third header
    put("in/spoiled.tar", bytes(spoiled))
    put("in/b/cut.tar.gz", gzip.compress(data, 0)[: 1536 * 3 + 600])
    put("in/two.tar", data[: 1536 * 6] + b"\0" * 1024 + tar_of({"last.txt": b"x"}))
    seen = see()
    names = list(seen.contents)
    assert [n for n in names if n.startswith("cut.tar!")] == [f"cut.tar!/{i}.txt" for i in range(3)]
    assert [n for n in names if n.startswith("spoiled")] == [f"spoiled.tar!/{i}.txt" for i in (0, 1, 3, 4, 5)]
    assert [n for n in names if n.startswith("b/")] == [f"b/cut.tar.gz!/{i}.txt" for i in range(3)]
    assert "two.tar!/last.txt" in names and len([n for n in names if n.startswith("two")]) == 7
    for archive in ("cut.tar", "spoiled.tar", "b/cut.tar.gz"):
        assert (archive, "archive-damaged") in seen.codes
    assert ("cut.tar!/3.txt", "archive-member-refused") in seen.codes
    assert all(content == members[p[-5:]] for p, content in seen.contents.items() if "last" not in p)


def test_a_directory_that_is_damaged(zip_of: Make, put: Any, see: Any) -> None:
    data = bytearray(zip_of(FILES))
    data[data.rfind(b"PK\x01\x02")] ^= 0xFF
    put("in/a.zip", bytes(data))
    seen = see()
    assert seen.contents == expected("a.zip") and seen.codes == {("a.zip", "archive-damaged")}


def test_a_name_that_is_not_the_utf8_it_claims_to_be(zip_of: Make, put: Any, see: Any) -> None:
    data = bytearray(zip_of({"é.txt": b"1", "b.txt": b"2"}))
    put("in/a.zip", bytes(data).replace("é".encode(), b"\xe9\xe8"))
    assert see().contents == {"a.zip!/éè.txt": b"1", "a.zip!/b.txt": b"2"}


# --- anything -------------------------------------------------------------------------------------------------------

NAMES = st.text(st.sampled_from("ab/._é\n") | st.characters(codec="utf-8", exclude_characters="\0\\"), max_size=12)
CONTENTS = st.dictionaries(NAMES, st.binary(max_size=60), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=CONTENTS, packing=st.sampled_from(["zip", "", "gz"]))
def test_every_member_is_in_the_tree_or_in_a_finding(
    members: dict[str, bytes], packing: str, zip_of: Make, tar_of: Make, tmp_path: Path, see: Any
) -> None:
    members = {n: c for n, c in members.items() if n.strip("/") and not n.endswith("/")} | {"b.jpg": b"1"}
    data = zip_of(members) if packing == "zip" else tar_of(members, packing)
    (tmp_path / "in").mkdir(exist_ok=True)
    (tmp_path / "in" / "a").write_bytes(data)
    seen = see()
    lost = len(members) - sum(isinstance(c, bytes) for c in seen.contents.values())
    told = [f for f in seen.findings if f.code == "junk" or f.code.startswith("archive-")]
    assert lost <= len(told) or any("files in" in f.message for f in told)
    assert all(content in members.values() for content in seen.contents.values())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["zip", "", "gz", "bz2", "xz"]),
    spots=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=4),
    cut=st.floats(0.1, 1),
)
def test_any_damage_is_a_finding_and_nothing_is_invented(
    kind: str, spots: list[tuple[float, int]], cut: float, zip_of: Make, tar_of: Make, tmp_path: Path, see: Any
) -> None:
    members = {f"f{i}.txt": bytes([48 + i]) * 900 for i in range(4)}
    data = bytearray(zip_of(members, zipfile.ZIP_STORED) if kind == "zip" else tar_of(members, kind))
    for place, change in spots:
        data[min(int(place * len(data)), len(data) - 1)] ^= change
    (tmp_path / "in").mkdir(exist_ok=True)
    (tmp_path / "in" / "a.zip").write_bytes(bytes(data[: int(len(data) * cut)]))
    seen = see()
    whole = [c for c in seen.contents.values() if c in members.values()]
    assert len(whole) == 4 or seen.findings or any(c not in members.values() for c in seen.contents.values())
    if kind == "zip":  # which has checksums
        assert all(isinstance(c, str) or c in {*members.values(), b""} for c in seen.contents.values())
