"""Shapes that are not boxes -> the boxes around them, in the units of the points; and the finding that says so."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence, verbatim

_MOST = 1e7  # no screen is as large, nor any fraction

_KINDS: Mapping[str, tuple[Sentence, Sentence]] = {
    "box": (Sentence("box"), Sentence("boxes")),
    "circle": (Sentence("circle"), Sentence("circles")),
    "cuboid": (Sentence("cuboid"), Sentence("cuboids")),
    "ellipse": (Sentence("ellipse"), Sentence("ellipses")),
    "line": (Sentence("line"), Sentence("lines")),
    "mask": (Sentence("mask"), Sentence("masks")),
    "point": (Sentence("point"), Sentence("points")),
    "points": (Sentence("set of points"), Sentence("sets of points")),
    "polygon": (Sentence("polygon"), Sentence("polygons")),
    "polyline": (Sentence("polyline"), Sentence("polylines")),
    "rotated box": (Sentence("rotated box"), Sentence("rotated boxes")),
    "set of points": (Sentence("set of points"), Sentence("sets of points")),
    "shape": (Sentence("shape"), Sentence("shapes")),
    "skeleton": (Sentence("skeleton"), Sentence("skeletons")),
}

Corners = tuple[float, float, float, float]
"""xyxy: left, top, right, bottom."""


def number(value: Any) -> float | None:
    """What a file gives as a number: 3, "3.5", " 3,5 "; None for anything that is no finite number of a picture's size.

    >>> number("12,5"), number(7), number("1e999"), number(True), number("١")
    (12.5, 7.0, None, None, None)
    """
    kind = type(value)
    if kind is str:
        if len(value) > 40 or "_" in value or not value.isascii():
            return None
        try:
            value = float(value)
        except ValueError:
            return number(value.replace(",", ".")) if value.count(",") == 1 and "." not in value else None
    elif kind is not float and (kind is not int or abs(value) > 1e9):  # a bool is no number
        return None
    return float(value) if -_MOST < value < _MOST else None  # false for NaN, too


def numbers(values: Iterable[Any]) -> list[float] | None:
    """All of them as numbers; None if one is none."""
    found = [number(value) for value in values]
    return [v for v in found if v is not None] if None not in found else None


def around(xs: Sequence[float], ys: Sequence[float]) -> Corners | None:
    """The box around points; None without points."""
    return (min(xs), min(ys), max(xs), max(ys)) if xs and len(xs) == len(ys) else None


def ordered(corners: Corners) -> Corners:
    """The same box with its corners in order."""
    x1, y1, x2, y2 = corners
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def rotated_box(corners: Corners, degrees: float) -> Corners:
    """The box around a box that is turned about its own centre."""
    x1, y1, x2, y2 = corners
    w, h, angle = abs(x2 - x1), abs(y2 - y1), math.radians(degrees)
    half_w = (w * abs(math.cos(angle)) + h * abs(math.sin(angle))) / 2
    half_h = (w * abs(math.sin(angle)) + h * abs(math.cos(angle))) / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return x - half_w, y - half_h, x + half_w, y + half_h


def ellipse_box(centre: tuple[float, float], radii: tuple[float, float], degrees: float = 0.0) -> Corners:
    """The box around an ellipse that is turned about its centre."""
    (x, y), (rx, ry), angle = centre, radii, math.radians(degrees)
    half_w = math.hypot(rx * math.cos(angle), ry * math.sin(angle))
    half_h = math.hypot(rx * math.sin(angle), ry * math.cos(angle))
    return x - half_w, y - half_h, x + half_w, y + half_h


def mask_box(counts: Sequence[int], height_width: tuple[int, int]) -> Corners | None:
    """The box around a mask in COCO's run lengths: column by column, zeros first; pixels, right and bottom exclusive.

    None if the runs do not fit the size, or hold nothing.
    """
    h, w = height_width
    if h <= 0 or w <= 0 or any(c < 0 for c in counts) or sum(counts) != h * w:
        return None
    left, right, top, bottom, at = w, 0, h, 0, 0
    for i, count in enumerate(counts):
        if i % 2 and count:
            last = at + count - 1
            left, right = min(left, at // h), max(right, last // h + 1)
            if at // h == last // h:
                top, bottom = min(top, at % h), max(bottom, last % h + 1)
            else:  # from one column into the next: both ends are touched
                top, bottom = 0, h
        at += count
    return (float(left), float(top), float(right), float(bottom)) if right else None


def unpacked_counts(text: str) -> list[int] | None:
    """COCO's compressed run lengths (rleFrString of maskApi.c): 5 bits a character, from the third on differences."""
    counts: list[int] = []
    position = 0
    while position < len(text):
        value, shift, more = 0, 0, True
        while more:
            if position >= len(text) or shift > 60:
                return None
            bits = ord(text[position]) - 48
            if not 0 <= bits < 64:
                return None
            value |= (bits & 0x1F) << shift
            more = bool(bits & 0x20)
            shift += 5
            position += 1
            if not more and bits & 0x10:
                value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    return counts


def around_finding(path: str, kinds: Mapping[str, int]) -> list[Finding]:
    """One finding for the shapes of a file that became boxes, counted by kind."""
    some = Counter(kinds)
    if not some:
        return []
    listed = tuple(Sentence("{n} {kind}", n=n, kind=kind_name(kind, n)) for kind, n in sorted(some.items()))
    what = Sentence("{shapes}: the {n:box|boxes} around {n:it is|them are} taken", shapes=listed, n=sum(some.values()))
    return [Finding("", path, 0, "label-polygon", Severity.INFO, what, Action.REPAIRED)]


def kind_name(kind: str, n: int = 1) -> Sentence:
    """What so many shapes of a kind are called; a kind that only the file's writer knows, as it is written there."""
    known = _KINDS.get(kind)
    if known is None:
        return verbatim(kind if n == 1 else f"{kind}s")
    return known[n != 1]
