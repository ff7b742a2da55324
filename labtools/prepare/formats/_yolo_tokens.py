"""The columns of a label line: whatever stands between numbers, and however a number is written."""

from __future__ import annotations

import re
import unicodedata

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?%?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d{1,3})?%?", re.ASCII)
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad\x00\x1a\x7f"
_ALIKE = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u2014": "-", "\ufe63": "-", "\uff0d": "-", "\u066b": ",", "\uff0c": ",",
     "\u3001": ",", "\uff0e": ".", "\uff1b": ";", "\uff5c": "|", "\xa6": "|", "\uff05": "%", "\u066a": "%"}
)  # fmt: skip
_ENCLOSING = str.maketrans(dict.fromkeys("[](){}<>", " "))
_QUOTES = "\"'`\u201c\u201d\u2018\u2019\xab\xbb\u201e"
_QUOTED_COMMA = re.compile(r"([\"'])\s*,\s*\1")


def is_number(token: str) -> bool:
    """A number as Python's `float` would read it, perhaps with ``%``; no NaN, no infinity, no underscores."""
    return _NUMBER.fullmatch(token) is not None


def is_integer(token: str) -> bool:
    """Digits alone: an id, not a measured fraction."""
    return token.isascii() and token.isdecimal()


def is_blank(line: str) -> bool:
    """Nothing, or nothing that can be seen."""
    return not line.strip() or not line.strip(_INVISIBLE + " \t\xa0").strip()


def split_line(line: str) -> tuple[list[str], list[str]]:
    """The tokens of a line with decimal points and ASCII digits, and the codes of what was repaired on the way."""
    repairs: list[str] = []
    text = line if line.isascii() and line.isprintable() else _plain(line, repairs)
    if text != text.strip() or "  " in text:
        repairs.append("label-spaces")
    pieces = _QUOTED_COMMA.sub(" ", text).translate(_ENCLOSING)
    for separator in ";|":
        pieces = pieces.replace(separator, " ")
    if pieces != text:
        repairs.append("label-separators")
    if "%" in pieces:
        pieces = re.sub(r"\s+%", "%", pieces)
    tokens = [bare for token in pieces.split() if (bare := token.strip(_QUOTES))]
    if any("," in token for token in tokens):
        tokens = _without_commas(tokens, repairs)
    return tokens, list(dict.fromkeys(repairs))


def _plain(line: str, repairs: list[str]) -> str:
    """ASCII digits, signs and spaces for those that look like them; without characters that show nothing."""
    found: list[str] = []
    for i, c in enumerate(line):
        if c in _INVISIBLE:
            # Nothing else keeps two numbers apart: it was meant as a space.
            is_gap = 0 < i < len(line) - 1 and line[i - 1].isdecimal() and line[i + 1].isdecimal()
            found.append(" " if is_gap else "")
        elif c.isspace():
            found.append(" ")
        else:
            digit = None if c.isascii() else unicodedata.decimal(c, None)
            found.append(c if digit is None else str(digit))
    text = "".join(found)
    if any((c.isspace() and c != " ") or c in _INVISIBLE for c in line):
        repairs.append("label-spaces")
    alike = text.translate(_ALIKE)
    if alike != text or any(c.isdecimal() and not c.isascii() for c in line):
        repairs.append("label-foreign-digits")
    return alike


def _without_commas(tokens: list[str], repairs: list[str]) -> list[str]:
    """Commas are decimal points (``0 0,5 0,5``), separators (``0,0.5,0.5``) or both (``0, 0,5, 0,5``)."""
    bare = [token.strip(",") for token in tokens]
    bare = [token for token in bare if token]
    inside = [token for token in bare if "," in token]
    if bare != tokens:
        repairs.append("label-separators")
    if inside and len(bare) >= 5 and all(_DECIMAL_COMMA.fullmatch(token) for token in inside):
        repairs.append("label-comma-decimals")
        return [token.replace(",", ".") for token in bare]
    if not inside:
        return bare
    repairs.append("label-separators")
    pieces = [piece for token in bare for piece in token.split(",") if piece]
    pieces = [piece for raw in pieces if (piece := raw.strip(_QUOTES))]
    # `0,0,5,0,5,0,2,0,4` and nothing else between: pairs that begin with 0 or 1 are decimals
    if len(pieces) in {9, 11} and not any("." in p for p in pieces) and set(pieces[1::2]) <= {"0", "1"}:
        repairs.append("label-comma-decimals")
        return [pieces[0], *(f"{a}.{b}" for a, b in zip(pieces[1::2], pieces[2::2], strict=True))]
    return pieces
