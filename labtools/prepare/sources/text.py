"""Bytes that people call text, read as they meant it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from labtools.core.sentences import Sentence
from labtools.prepare.sources.rtf import BEGINNING, plain_text

_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "text-bom"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "text-utf16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "text-utf16"),
)


@dataclass(frozen=True)
class Text:
    """A decoded file: its lines without their ends, and the codes of what was repaired on the way."""

    lines: tuple[str, ...]
    repairs: tuple[str, ...]

    @property
    def whole(self) -> str:
        return "\n".join(self.lines)


REPAIR_MESSAGES = {
    "text-bom": Sentence("the file begins with a byte-order mark"),
    "text-utf16": Sentence("the file is UTF-16, not UTF-8"),
    "text-not-utf8": Sentence("the file is not UTF-8; read as Windows-1252"),
    "text-crlf": Sentence("the lines end as on Windows (CR LF)"),
    "text-nul": Sentence("the file holds NUL characters"),
    "text-rtf": Sentence("the file is rich text (RTF), not plain text"),
}


def decode(data: bytes) -> Text:
    """Any bytes to lines; never fails. Line ends of Unix, Windows and old Macs all count."""
    repairs: list[str] = []
    encoding = "utf-8"
    for mark, name, code in _BOMS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            repairs.append(code)
            break
    else:
        encoding = _utf16_without_mark(data) or encoding
        if encoding != "utf-8":
            repairs.append("text-utf16")
    try:
        text = data.decode(encoding, "strict" if encoding == "utf-8" else "replace")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
        repairs.append("text-not-utf8")
    if data.startswith(BEGINNING):
        repairs.append("text-rtf")
        text = plain_text(text)
    if "\r" in text:
        repairs.append("text-crlf")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        repairs.append("text-nul")
        text = text.replace("\0", "")
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    return Text(tuple(lines), tuple(repairs))


_HALF = re.compile(r"(\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F]..")


def without_halves(text: str) -> str:
    r"""JSON in which no escape is half a character: no text file could hold what it stands for.

    >>> print(without_halves(r'"\ud83d\ude00 \ud83d! \\udead"'))
    "\ud83d\ude00 \ufffd! \\udead"
    """
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _HALF.sub(lambda match: match[1] or r"\ufffd", text)


def _utf16_without_mark(data: bytes) -> str:
    """The encoding, where every other byte of mostly Latin text is NUL; ``""`` otherwise."""
    if b"\0" not in data or len(data) < 4:
        return ""
    head = data[: 1 << 12]
    nuls = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if nuls[1] >= 0.7 * half and nuls[0] <= 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if nuls[0] >= 0.7 * half and nuls[1] <= 0.1 * half else ""
