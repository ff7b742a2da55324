"""What bytes are, by their first few: pictures under any name, and what is no picture though its name says so."""

from __future__ import annotations

import re

from labtools.core.sentences import Sentence

_PICTURES = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG2000"),
)
_BRANDS = {
    b"avif": "AVIF", b"avis": "AVIF",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIF"),
}  # fmt: skip
_OTHERS = (
    (0, b"%PDF", Sentence("a PDF document")),
    (0, b"PK\x03\x04", Sentence("a zip archive")),
    (0, b"Rar!", Sentence("a RAR archive")),
    (0, b"7z\xbc\xaf\x27\x1c", Sentence("a 7z archive")),
    (0, b"\x1f\x8b", Sentence("a gzip archive")),
    (0, b"\x1aE\xdf\xa3", Sentence("a video (Matroska or WebM)")),
    (0, b"\0\0\x01\xba", Sentence("a video (MPEG)")),
    (0, b"FLV\x01", Sentence("a video (Flash)")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Sentence("a video (Windows Media)")),
    (0, b"8BPS", Sentence("a Photoshop document")),
    (0, b"version https://git-lfs", Sentence("a Git LFS pointer: the picture itself was never downloaded")),
    (0, b"\0\x05\x16\x07", Sentence("a by-product of macOS")),
)
VIDEO_SUFFIXES = frozenset(
    {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".mts", ".m2ts", ".flv"}
)
HEAD = 512
"""As many first bytes are enough for these functions."""


def picture_format(head: bytes) -> str:
    """Pillow's name of a picture format, ``""`` where the first bytes are of none."""
    for start, magic, name in _PICTURES:
        if head.startswith(magic, start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _brand(head)
    # "BM" alone begins many a text: the reserved bytes and the size of the second header tell.
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and head[14:18] in {b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"}:
        return "BMP"
    return "PPM" if re.match(rb"P[1-6][\s#]+[\d#]", head) else ""


def _brand(head: bytes) -> str:
    """HEIF or AVIF, by the brands of an ISO media file: the major one, then the compatible ones."""
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, min(len(head), int.from_bytes(head[:4], "big")), 4))]
    if brands[0] in {b"mif1", b"msf1"} and b"avif" in brands:
        return "AVIF"
    return _BRANDS.get(brands[0]) or next((_BRANDS[b] for b in brands[1:] if b in _BRANDS), "")


def other_kind(head: bytes) -> Sentence | None:
    """What bytes that are no picture are, as words for a sentence; None where nothing is known."""
    for start, magic, kind in _OTHERS:
        if head.startswith(magic, start):
            return kind
    if head[4:8] == b"ftyp" and not _brand(head):
        return Sentence("a video (MP4 or QuickTime)")
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Sentence("a video (AVI)")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<script")):
        return Sentence("a web page: the download was refused, and its error page saved under the picture's name")
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text):
        return Sentence("a drawing (SVG), not pixels")
    if text.startswith((b"<?xml", b"{")):
        return Sentence("XML or JSON text")
    return Sentence("nothing but zeros: the copy was interrupted") if head and not head.strip(b"\0") else None
