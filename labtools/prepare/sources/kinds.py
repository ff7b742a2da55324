"""Is this file an archive, and of which kind? By its first bytes; the name only says where it is worth looking."""

from __future__ import annotations

import tarfile
from functools import lru_cache

from labtools.core.sentences import Sentence
from labtools.prepare.sources.names import ARCHIVE_SUFFIXES
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, suffix_of

HEAD = 512
"""Bytes that `kind_of` wants to see."""

STREAMS = ("gz", "bz2", "xz")
"""One compressed file, which may be a tar."""

_MAGIC = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"PK\x07\x08PK", "zip"), (b"PK00PK\x03\x04", "zip"),
    (b"\x1f\x8b\x08", "gz"), (b"\xfd7zXZ\0", "xz"),
    (b"Rar!\x1a\x07", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"), (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\x1f\x9d", "compress"), (b"\x04\x22\x4d\x18", "LZ4"), (b"MSCF", "CAB"), (b"LZIP", "lzip"),
)  # fmt: skip
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")

_ARCHIVE_ENDS = (*ARCHIVE_SUFFIXES, ".rar", ".7z", ".zipx", ".001", ".z01", ".lz", ".lz4", ".cab")
# Text and pictures, which no archive is called; and documents that are zips, but no archives of data.
_NO_ARCHIVES = IMAGE_SUFFIXES | frozenset(
    {".txt", ".xml", ".json", ".csv", ".tsv", ".yaml", ".yml", ".names", ".data", ".md", ".cfg", ".py", ".ipynb"}
    | {".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".odg", ".epub", ".jar", ".apk", ".whl", ".kmz", ".cache"}
    | {".pt", ".pth", ".npz", ".npy", ".pkl", ".onnx", ".h5", ".keras", ".mp4", ".mov", ".avi", ".mkv", ".pdf"}
)


@lru_cache(maxsize=1 << 14)
def may_be_archive(name: str) -> bool:
    """Is it worth looking into a file of this name?"""
    return suffix_of(name) not in _NO_ARCHIVES


@lru_cache(maxsize=1 << 10)
def is_archive_name(name: str) -> bool:
    """Does the name promise an archive?"""
    return name.lower().endswith(_ARCHIVE_ENDS)


def may_extract_itself(name: str) -> bool:
    """Could this be a zip with something before its beginning, such as a program that unpacks it?"""
    return suffix_of(name) in {".zip", ".exe"}


def kind_of(head: bytes) -> str:
    """``zip``, ``tar``, one of `STREAMS`, the title of a kind that is not read, or ``""``: no archive."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"BZh") and head[4:10] in _BZIP2_BLOCKS:
        return "bz2"
    if head[257:262] == b"ustar" or _is_old_tar(head):
        return "tar"
    return ""


def _is_old_tar(head: bytes) -> bool:
    """Before 1988 tars bore no mark: a header of which the checksum is right."""
    if len(head) < HEAD or not head.strip(b"\0"):
        return False
    try:
        tarfile.TarInfo.frombuf(head[:HEAD], "latin-1", "strict")
    except (tarfile.HeaderError, ValueError, OverflowError):
        return False
    return True


def advice(kind: str, head: bytes) -> Sentence:
    """What to do about an archive that is not read."""
    if kind:
        return Sentence("{kind} archives are not read: unpack it, or hand it in as .zip", kind=kind)
    if not head:
        return Sentence("it is empty (0 bytes): hand it in again")
    if not head.strip(b"\0"):
        return Sentence("it holds only zeros, as after a copy that failed: hand it in again")
    if head.lstrip()[:1] == b"<":
        return Sentence("it is a web page, as after a download that failed: hand it in again")
    return Sentence("it is no archive of a known kind: hand it in again")
