"""Seeded mutations of bytes that know something of text: numbers, names, lines, brackets, encodings."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Mutation = Callable[[bytes, random.Random], bytes]

_NASTY_TEXTS = (
    # numbers
    "nan", "inf", "-inf", "1e999", "-1", "-0.0", "0", "1", "2", "0,5", "1.0000001", "1e-320", "9" * 20, "0x10", "1_000",
    "1e5", "-1e5", "128", "96", "0.5", "64.0", "1/2", "NaN", "Infinity", "1" * 400, "١٢", "½", "²",
    "null", "true", "None",
    # blanks, some of which end lines for Python but not for editors
    "", " ", "\t", "\n", "\r", "\0", "\x0b", "\x1c", "\u2028", "\u00a0", "\ufeff",
    # signs
    "[]", "{}", '""', "'", '"', "\\", "/", "..", "../../x", "C:\\", "%s", "%20", "😀", "e\u0301", "é", "\u202e",
    "\ud800",
    "<", ">", "&amp;", "<![CDATA[", "]]>", "<!--", "&#0;", "<x>", "</x>", ";", ",", ":", "#", "-", "*", "&a", "!!x",
    # words that mean something
    "velo", "VELO", "train", "images", "frame_000001", "frame_1", "frame_000000.jpg",
)  # fmt: skip
NASTY = tuple(text.encode("utf-8", "surrogatepass") for text in _NASTY_TEXTS)

_TOKEN = re.compile(rb"[A-Za-z_]+|-?\d+(?:\.\d+)?|[^\sA-Za-z_\d]")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")


def _token(data: bytes, rng: random.Random) -> bytes:
    """A word, number or sign becomes something nasty."""
    return _replace(_TOKEN, data, rng, lambda old: rng.choice(NASTY))


def _number(data: bytes, rng: random.Random) -> bytes:
    """A number becomes another one."""

    def other(old: bytes) -> bytes:
        value = float(old)
        changed = rng.choice((-value, value * 100, value / 100, value + 1, value - 1, value * rng.uniform(-2, 2), 0.0))
        return rng.choice((f"{changed:g}", f"{changed:.6f}", f"{changed:.0f}", f"{changed:e}")).encode()

    return _replace(_NUMBER, data, rng, other)


def _replace(pattern: re.Pattern[bytes], data: bytes, rng: random.Random, change: Callable[[bytes], bytes]) -> bytes:
    """One match, found from a random place on: not all of a large file is searched."""
    found = pattern.search(data, rng.randrange(len(data) + 1)) or pattern.search(data)
    if found is None or len(found[0]) > 300:
        return data + rng.choice(NASTY)
    return data[: found.start()] + change(found[0]) + data[found.end() :]


def _flip(data: bytes, rng: random.Random) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes((data[at] ^ (1 << rng.randrange(8)),)) + data[at + 1 :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    """A stretch is gone."""
    a, b = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    return data[:a] + data[min(b, a + rng.choice((1, 4, 40, 400))) :]


def _end(data: bytes, rng: random.Random) -> bytes:
    """The end is gone."""
    return data[: rng.randrange(len(data) + 1)]


def _again(data: bytes, rng: random.Random) -> bytes:
    """A stretch is there twice."""
    a = rng.randrange(len(data) + 1)
    piece = data[a : a + rng.choice((1, 4, 40, 400))]
    at = rng.randrange(len(data) + 1)
    return data[:at] + piece + data[at:]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(NASTY) + data[at:]


def _lines(data: bytes, rng: random.Random) -> bytes:
    """Lines change places."""
    lines = data.split(b"\n")
    if len(lines) > 500:
        return data
    rng.shuffle(lines)
    return b"\n".join(lines)


def _separators(data: bytes, rng: random.Random) -> bytes:
    old, new = rng.sample((b" ", b",", b";", b"\t", b"\n", b".", b":", b"\r\n", b"", b"  "), 2)
    return data.replace(old or b" ", new) if len(data) < 100_000 else data


def _encoding(data: bytes, rng: random.Random) -> bytes:
    """The same text as other bytes."""
    text = data.decode("utf-8", "replace")
    encodings = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32", "cp037")
    return text.encode(rng.choice(encodings), "replace")


def _deep(data: bytes, rng: random.Random) -> bytes:
    """Nested deeper than any stack."""
    depth = rng.choice((20, 2_000))
    head, tail = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>"), (b"- ", b""), (b"(", b")")))
    at = rng.randrange(len(data) + 1)
    return data[:at] + head * depth + tail * depth + data[at:]


def _noise(data: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(rng.choice((0, 1, 7, 64, 300)))


_WEIGHTS: tuple[tuple[Mutation, int], ...] = (
    (_token, 10), (_number, 8), (_flip, 4), (_cut, 4), (_end, 3), (_again, 3), (_insert, 5), (_lines, 1),
    (_separators, 2), (_encoding, 1), (_deep, 1), (_noise, 1),
)  # fmt: skip
_MUTATIONS = tuple(mutation for mutation, weight in _WEIGHTS for _ in range(weight))


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Some bytes after none to six mutations."""
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 6))):
        data = rng.choice(_MUTATIONS)(data, rng)
    return data
