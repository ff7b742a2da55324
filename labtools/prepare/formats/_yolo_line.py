"""One line of a YOLO label file, in all the ways that people and tools write it.

The columns are ``class x y w h``, then perhaps a confidence, a track id or keypoints; or ``class x1 y1 x2 y2 x3 y3``
and so on, a polygon. The class may stand elsewhere; lines of DOTA and KITTI are read too. What four numbers beyond 0..1
mean is not decided here (`PIXELS`): one line does not tell.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from labtools.core.sentences import Sentence, SentenceError
from labtools.prepare.formats import CENTRE, CORNERS, PIXEL_CORNERS, PIXELS, finite
from labtools.prepare.formats._yolo_tokens import is_integer, is_number, split_line

REPAIRS = {
    "label-spaces": Sentence("stray spaces, tabs or invisible characters"),
    "label-blank-line": Sentence("blank lines"),
    "label-comment": Sentence("headings or comments: skipped"),
    "label-comma-decimals": Sentence("decimals written with a comma"),
    "label-separators": Sentence("numbers separated or enclosed by other characters than spaces"),
    "label-foreign-digits": Sentence("digits or signs that are not ASCII"),
    "label-percent": Sentence("percentages instead of fractions"),
    "label-six-columns": Sentence("columns after the box (a confidence or a track id) are not used"),
    "label-keypoints": Sentence("keypoints after the box are not used"),
    "label-trailing-text": Sentence("text after the numbers is not used"),
    "label-id-not-integer": Sentence("the class id is written as a decimal number"),
    "label-class-place": Sentence("the class stands behind the box, or as number and name"),
    "label-polygon": Sentence("a polygon instead of a box: the box around it is taken"),
    "label-joined-lines": Sentence("several boxes in one line: the line breaks got lost"),
    "label-negative-size": Sentence("a negative width or height: taken without its sign"),
}

_HEADINGS = frozenset(
    {
        "class", "classe", "class_id", "classid", "class_name", "label", "id", "name", "category", "object",
        "track_id", "conf", "confidence", "score", "x", "y", "w", "h", "cx", "cy", "xc", "yc", "bw", "bh",
        "x_center", "y_center", "xcenter", "ycenter", "x_centre", "y_centre", "center_x", "center_y", "width",
        "height", "largeur", "hauteur", "xmin", "ymin", "xmax", "ymax", "x1", "y1", "x2", "y2"
    }
)  # fmt: skip
_NO_CLASS = frozenset({"nan", "inf", "infinity", "none", "null", "na", "n/a", "undefined"})


class Line(NamedTuple):
    """What a line says.

    Attributes:
        label: the class as id or name, None where the line has only the four numbers.
        form: see `labtools.prepare.formats.RawBox`.
        numbers: x y w h as written (sizes without sign) of a box, x1 y1 x2 y2 around a polygon.
        repairs: keys of `REPAIRS`.
    """

    label: int | str | None
    form: str
    numbers: tuple[float, float, float, float]
    repairs: tuple[str, ...] = ()

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        """The corners; of `PIXELS` the four numbers as they are."""
        if self.form != CENTRE:
            return self.numbers
        x, y, w, h = self.numbers
        return (x - w / 2, y - h / 2, x + w / 2, y + h / 2)


class LineError(SentenceError, ValueError):
    """A line that means no box; its sentence says why."""


def is_comment(line: str) -> bool:
    """A heading or a remark: no box was ever meant by it."""
    bare = line.strip().lower()
    if bare.startswith(("#", "//")):
        return True
    words = re.split(r"[\s,;|]+", bare.strip("\"'<>[]()"))
    return len(words) > 1 and all(word.strip("\"'<>[]()") in _HEADINGS for word in words)


def parse_lines(line: str, keypoints: tuple[int, int] | None = None) -> list[Line]:
    """The box of a line; several where line breaks got lost and every fifth column, and no other, is an id.

    Raises:
        LineError: see `parse_line`.
    """
    tokens, _ = split_line(line)
    ids = [is_integer(token) for token in tokens]
    if len(tokens) < 10 or len(tokens) % 5 or ids != [True, False, False, False, False] * (len(tokens) // 5):
        return [parse_line(line, keypoints)]
    boxes = [parse_line(" ".join(tokens[i : i + 5])) for i in range(0, len(tokens), 5)]
    return [boxes[0]._replace(repairs=(*boxes[0].repairs, "label-joined-lines")), *boxes[1:]]


def parse_line(line: str, keypoints: tuple[int, int] | None = None) -> Line:
    """Read one line that is neither blank nor a comment.

    Args:
        keypoints: how many keypoints of how many numbers follow each box, if a ``data.yaml`` says so.

    Raises:
        LineError: it cannot be read without guessing.
    """
    tokens, repairs = split_line(line)
    if not tokens:
        raise LineError(Sentence("no numbers"))
    tokens[0] = tokens[0].rstrip(":=") or tokens[0]
    tokens = _class_first(tokens, repairs)
    label, columns = _label(tokens, repairs)
    columns = _numbers(columns, repairs)
    values = [_value(token) for token in columns]
    if any("%" in token for token in columns):
        repairs.append("label-percent")
    if _has_keypoints(values, keypoints):
        repairs.append("label-keypoints")
        del values[4:]
    elif len(values) == 5 or (len(values) == 6 and _ends_with_track(columns)):
        repairs.append("label-six-columns")
        del values[4:]
    if len(values) == 4:
        return _box(label, values, repairs)
    if isinstance(label, str) and _is_kitti(columns):
        return Line(label, PIXEL_CORNERS, (values[3], values[4], values[5], values[6]), tuple(repairs))
    if len(values) >= 6 and len(values) % 2 == 0:
        repairs.append("label-polygon")
        return _polygon(label, values, repairs)
    raise LineError(Sentence("{n} {n:column|columns} instead of 5", n=len(tokens)))


def _class_first(tokens: list[str], repairs: list[str]) -> list[str]:
    """``x y w h class``, ``0 velo x y w h`` and DOTA's ``x1 y1 ... x4 y4 velo 0`` with the class in front, once."""
    numbers = [is_number(token) for token in tokens]
    moved = tokens
    if len(tokens) == 5 and all(numbers[:4]) and not any(map(is_integer, tokens[:4])):
        if is_integer(tokens[4]) or not numbers[4]:
            moved = [tokens[4], *tokens[:4]]
    elif len(tokens) in {9, 10} and all(numbers[:8] + numbers[9:]) and not numbers[8]:
        moved = [tokens[8], *tokens[:8]]
    elif len(tokens) > 5 and is_integer(tokens[0]) and all(numbers[2:]) and _is_word(tokens[1]):
        moved = tokens[1:]
    if moved != tokens:
        repairs.append("label-class-place")
    return moved


def _is_word(token: str) -> bool:
    """A class's name: not a number that somebody spoilt (``O.5``)."""
    return len(token) > 1 and token.replace("_", "").replace("-", "").isalpha()


def _is_kitti(columns: list[str]) -> bool:
    """KITTI's ``name truncated occluded alpha x1 y1 x2 y2`` in pixels and seven numbers in space, perhaps a score."""
    if len(columns) not in {14, 15} or _value(columns[1]) not in {-1, 0, 1, 2, 3} or abs(_value(columns[0])) > 1:
        return False
    x1, y1, x2, y2 = map(_value, columns[3:7])
    return x1 < x2 and y1 < y2 and max(x2, y2) > 2


def _label(tokens: list[str], repairs: list[str]) -> tuple[int | str | None, list[str]]:
    """The class that a line begins with, and its other tokens."""
    if is_number(tokens[0]):
        if len(tokens) == 4 and all(is_number(t) for t in tokens) and not is_integer(tokens[0]):
            return None, tokens
        return _id(tokens[0], repairs), tokens[1:]
    first = next((i for i, token in enumerate(tokens) if is_number(token)), len(tokens))
    rest = tokens[first:]
    # `iphone 13 0.5 0.5 0.1 0.2`: an integer before decimals, one number too many, belongs to the name
    if len(rest) % 2 and len(rest) > 4 and is_integer(rest[0]) and not any(is_integer(t) for t in rest[1:]):
        first += 1
    name = " ".join(tokens[:first])
    if not any(c.isalnum() for c in name) or name.lower().lstrip("+-") in _NO_CLASS:
        raise LineError(Sentence("{text!r} is no class", text=name[:20]))
    return name, tokens[first:]


def _id(token: str, repairs: list[str]) -> int:
    if token.isdecimal() and len(token) < 10:
        return int(token)
    value = float(token) if "%" not in token else -1.0
    if not finite(value) or value < 0 or value != int(value):
        raise LineError(Sentence("{text!r} is no class id", text=token[:20]))
    repairs.append("label-id-not-integer")
    return int(value)


def _numbers(tokens: list[str], repairs: list[str]) -> list[str]:
    """The columns after the class, without the text that may follow them."""
    end = next((i for i, token in enumerate(tokens) if not is_number(token)), len(tokens))
    if end == len(tokens):
        return tokens
    is_remark = tokens[end].startswith(("#", "//"))
    # With another decimal behind it the odd token is a spoilt number, not a remark.
    if end < 4 or not (is_remark or (end < 6 and all(not is_number(t) or is_integer(t) for t in tokens[end:]))):
        raise LineError(Sentence("{text!r} is no number", text=tokens[end][:20]))
    repairs.append("label-trailing-text")
    return tokens[:end]


def _value(token: str) -> float:
    value = float(token[:-1]) / 100 if token.endswith("%") else float(token)
    if not finite(value):
        raise LineError(Sentence("{text!r} is no coordinate", text=token[:20]))
    return value


def _has_keypoints(values: list[float], shape: tuple[int, int] | None) -> bool:
    """A box and keypoints ``x y visibility``, as in pose labels; two keypoints or more may also look like a polygon."""
    extra = len(values) - 4
    if shape is not None and extra > 0 and extra == shape[0] * shape[1]:
        return True
    if extra < 3 or extra % 3 or any(v not in {0.0, 1.0, 2.0} for v in values[6::3]):
        return False
    if len(values) % 2:
        return True
    x, y, w, h = values[:4]
    seen = [(kx, ky) for kx, ky, v in zip(values[4::3], values[5::3], values[6::3], strict=True) if v]
    if not seen:
        return not any(values[4:])  # a polygon with corner after corner at 0, 0 is none
    return all(abs(kx - x) <= 0.55 * w and abs(ky - y) <= 0.55 * h for kx, ky in seen)


def _ends_with_track(columns: list[str]) -> bool:
    """``x y w h confidence track``: an integer after five decimals; a third corner would be a decimal too."""
    return is_integer(columns[5]) and not any(is_integer(t) for t in columns[:5])


def _box(label: int | str | None, values: list[float], repairs: list[str]) -> Line:
    x, y, w, h = values
    if w < 0 or h < 0:
        repairs.append("label-negative-size")
        w, h = abs(w), abs(h)
    if max(abs(x), abs(y), w, h) <= 2:
        return Line(label, CENTRE, (x, y, w, h), tuple(repairs))
    if min(x, y) < 0 or min(w, h) <= 2 or "label-negative-size" in repairs:
        raise LineError(Sentence("the numbers are neither in 0..1 nor pixels"))
    return Line(label, PIXELS, (x, y, w, h), tuple(repairs))


def _polygon(label: int | str | None, values: list[float], repairs: list[str]) -> Line:
    xs, ys = values[0::2], values[1::2]
    around = (min(xs), min(ys), max(xs), max(ys))
    if max(abs(v) for v in around) <= 2:
        return Line(label, CORNERS, around, tuple(repairs))
    if min(around[2] - around[0], around[3] - around[1]) <= 2:
        raise LineError(Sentence("the polygon's numbers are neither in 0..1 nor pixels"))
    return Line(label, PIXEL_CORNERS, around, tuple(repairs))
