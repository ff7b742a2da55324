"""Rich text, in which a Mac's TextEdit saves lists, names and labels unless it is told otherwise: the words in it."""

from __future__ import annotations

import re

BEGINNING = b"{\\rtf"

# A control word with its number and the blank that ends it; a byte; a control sign; a brace; other characters.
_TOKEN = re.compile(r"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|([^\\{}]+)", re.DOTALL)
_BREAKS = {"par": "\n", "line": "\n", "sect": "\n", "page": "\n", "tab": "\t", "row": "\n", "cell": "\t"}
_UNSEEN = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "expandedcolortbl", "generator"}
)


def plain_text(text: str) -> str:
    """The text of a document; fonts, colours and what is marked ``\\*`` are no part of it.

    >>> plain_text("{\\\\rtf1{\\\\fonttbl\\\\f0 Helvetica;}\\\\f0 un \\\\'e9t\\\\u233 ?\\\\\\ndeux\\\\par}")
    'un été\\ndeux\\n'
    """
    parts: list[str] = []
    unseen: list[bool] = [False]
    skip = 0
    for word, number, byte, sign, brace, plain in _TOKEN.findall(text):
        if brace:
            unseen = [*unseen, unseen[-1]] if brace == "{" else unseen[:-1] or [False]
        elif word in _UNSEEN or sign == "*":
            unseen[-1] = True
        elif not unseen[-1]:
            said = _said(word, number, byte, sign) if not plain else plain.replace("\r", "").replace("\n", "")
            parts.append(said[skip:])
            skip = max(0, skip - len(said))
            if word == "u" and number:
                skip = 1  # what programs show that know no Unicode
    return "".join(parts)


def _said(word: str, number: str, byte: str, sign: str) -> str:
    """The characters that a control stands for."""
    if byte:
        return bytes.fromhex(byte).decode("cp1252", "replace")
    if word == "u" and number:
        return chr(int(number) & 0xFFFF)
    if sign:
        return {"\n": "\n", "\r": "\n", "~": "\xa0", "_": "-"}.get(sign, sign if sign in "\\{}" else "")
    return _BREAKS.get(word, "")
