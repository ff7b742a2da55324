"""One line of a YOLO label file, in all the ways that people and tools write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labtools.prepare.formats import finite

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)

REPAIRS = {
    "label-spaces": "stray spaces or tabs",
    "label-blank-line": "blank lines",
    "label-comma-decimals": "decimals written with a comma",
    "label-separators": "numbers separated by commas or semicolons",
    "label-six-columns": "six columns: the last one (a confidence or a track id) is not used",
    "label-id-not-integer": "the class id is written as a decimal number",
    "label-polygon": "a polygon instead of a box: the box around it is taken",
    "label-negative-size": "a negative width or height: taken without its sign",
}


@dataclass(frozen=True)
class Line:
    """What a line says: the class as id or name, and the box's corners in 0..1 (or beyond: not yet clipped)."""

    label: int | str
    xyxy: tuple[float, float, float, float]
    repairs: tuple[str, ...] = ()


class LineError(ValueError):
    """A line that means no box; its text says why."""


def parse_line(line: str) -> Line:
    """Read one line that is not blank.

    Raises:
        LineError: it cannot be read without guessing.
    """
    tokens, repairs = _tokens(line)
    label = _label(tokens[0], repairs)
    values = [_value(token) for token in tokens[1:]]
    if len(values) == 5:
        repairs.append("label-six-columns")
        values.pop()
    if len(values) == 4:
        return _box(label, values, repairs)
    if len(values) >= 6 and len(values) % 2 == 0:
        repairs.append("label-polygon")
        xs, ys = values[0::2], values[1::2]
        return Line(label, (min(xs), min(ys), max(xs), max(ys)), tuple(repairs))
    raise LineError(f"{len(tokens)} columns instead of 5")


def _tokens(line: str) -> tuple[list[str], list[str]]:
    repairs: list[str] = []
    if line != line.strip() or "\t" in line or "  " in line or "\xa0" in line:
        repairs.append("label-spaces")
    if ";" in line:
        repairs.append("label-separators")
        line = line.replace(";", " ")
    tokens = line.split()
    if any("," in t for t in tokens):
        if len(tokens) >= 5 and not any(t.startswith(",") or t.endswith(",") or t.count(",") > 1 for t in tokens):
            repairs.append("label-comma-decimals")
            tokens = [t.replace(",", ".") for t in tokens]
        else:
            repairs.append("label-separators")
            tokens = line.replace(",", " ").split()
    if not tokens:
        raise LineError("no numbers")
    return tokens, repairs


def _label(token: str, repairs: list[str]) -> int | str:
    if token.isascii() and token.isdecimal() and len(token) < 10:
        return int(token)
    if _NUMBER.fullmatch(token):
        value = float(token)
        if not finite(value) or value < 0 or value != int(value):
            raise LineError(f"{token!r} is no class id")
        repairs.append("label-id-not-integer")
        return int(value)
    return token


def _value(token: str) -> float:
    if not _NUMBER.fullmatch(token):
        raise LineError(f"{token[:20]!r} is no number")
    value = float(token)
    if not finite(value):
        raise LineError(f"{token[:20]!r} is no coordinate")
    return value


def _box(label: int | str, values: list[float], repairs: list[str]) -> Line:
    x, y, w, h = values
    if max(abs(v) for v in values) > 2:
        raise LineError("the numbers are not in 0..1 (pixels?)")
    if w < 0 or h < 0:
        repairs.append("label-negative-size")
        w, h = abs(w), abs(h)
    return Line(label, (x - w / 2, y - h / 2, x + w / 2, y + h / 2), tuple(repairs))
