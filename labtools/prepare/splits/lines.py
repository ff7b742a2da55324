"""One line of a list as somebody wrote it -> the references to pictures or folders that it holds.

A line is first taken as it stands. Only where that means nothing here is it taken apart: a number or a bullet in
front, columns behind, several names in one line. What a reading is worth, the pictures decide: ``means`` says whether
a text names something, so that ``IMG 1, rouge.jpg`` stays one name where there is such a picture.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import NamedTuple

from labtools.core.names import slug
from labtools.core.sentences import Sentence
from labtools.prepare.layout.split_words import splits_in
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, suffix_of

Means = Callable[[str], bool]

REPAIRS = {
    "list-blank-line": Sentence("blank lines"),
    "list-spaces": Sentence("stray spaces, tabs or invisible characters around paths"),
    "list-quotes": Sentence("paths in quotes"),
    "list-comment": Sentence("comment and header lines"),
    "list-windows-path": Sentence("Windows paths with a drive or backslashes"),
    "list-absolute-path": Sentence("absolute paths of somebody's computer"),
    "list-label-path": Sentence("paths of label files instead of pictures"),
    "list-extra-column": Sentence("more than a path in a line: what follows it is not used"),
    "list-numbered": Sentence("lines with a number or a bullet in front of the path"),
    "list-one-line": Sentence("several paths in one line"),
    "list-name-differs": Sentence(
        "names that differ in leading zeros or separators from the only picture that can be meant"
    ),
    "list-whole-folder": Sentence("folders, patterns and ranges that stand for all their pictures"),
}

# Zero-width and directional marks: Windows copies the latter with a path, chats insert the former.
INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF, 0xAD])
_QUOTES = "\"'`´‘’‚‛“”„«»‹›"
_EDGES = " \t\xa0\u202f,;|[](){}<>"
_SUFFIXES = "|".join(sorted((s[1:] for s in IMAGE_SUFFIXES | {".txt", ".xml", ".json"}), key=len, reverse=True))
_SUFFIX = re.compile(rf"\.(?:{_SUFFIXES})(?=$|[\s,;:|)\]}}{_QUOTES}])", re.IGNORECASE)
_SEPARATED = re.compile(r"[,;|\s]")
_COLUMN = re.compile(r"([^\W\d_]+)\s*[,;|\t ]\s*(?=\S)")
# A run of blanks is looked at from its beginning only: from each of its blanks, a long one would take minutes.
RANGE = re.compile(
    r"(?<!\s)\s+(?:-+>?|–|—|→|to|à|a|au|jusqu'à)\s+|(?<!\s)\s*(?:\.{2,3}|…|->|→)\s*(?![/\\])|(?<=\d)\s*[-–]\s*(?=\d)"
)
"""What stands between the first and the last of a range."""

_NUMBER = re.compile(r"[(\[#n°]*\d+\s*(?:[.)\]:;,|\t–-]|\s)\s*(?=\S)", re.IGNORECASE)
_BULLET = re.compile(r"(?:[-*•‣◦+>–—]|\\item)\s+(?=\S)")
_SEPARATORS = (re.compile(r"[,;\t|]"), re.compile(r"\s+(?:et|and|und|&)\s+|\s+"))
_COMMENT = ("#", "//", "%", ";", "<!--", "rem ", "REM ")
_LONGEST = 1000  # characters of a name with its columns; what is longer is no list
_COUNT = re.compile(r"\d{1,4}(?:[-–]\d{1,4})?", re.ASCII)
_VIDEO_WORDS = frozenset(
    {"seq", "sequence", "sequences", "video", "videos", "vid", "clip", "clips", "film", "films", "n", "no", "nos"}
    | {"et", "and", "und", "numero", "numeros", "la", "les", "the"}
)
_TITLES = frozenset({"filename", "file", "files", "image", "images", "path", "paths", "name", "names", "nom", "noms"})


class Reading(NamedTuple):
    """What a line holds: references, what was odd, and the split that a column of it names."""

    references: tuple[str, ...]
    codes: tuple[str, ...] = ()
    split: str = ""


def read_line(line: str, means: Means, *, is_alone: bool = False) -> Reading:
    """The references of one line; one that means nothing is given as it is written, to be reported.

    Args:
        means: does this text name a picture or a folder here?
        is_alone: the list has no other line, so that numbers side by side are names, not columns.
    """
    text = line.translate(INVISIBLE).strip()
    if not text:
        return Reading((), ("list-blank-line",))
    codes = ["list-spaces"] if text != line else []
    if text.startswith(_COMMENT) and not means(text):
        return Reading((), ("list-comment",))
    if (column := _COLUMN.match(text)) and (split := section(column[1])):
        behind = read_line(text[column.end() :], means, is_alone=is_alone)
        if behind.references and means(behind.references[0]):
            return behind._replace(split=split, codes=(*codes, *behind.codes))
    whole = unquoted(text)
    # Only its end is compared with our pictures: of many names in one line the last would be found.
    found = None if _may_be_range(text) else _many(text, means, is_alone=is_alone)
    if found is None:
        if means(whole):
            return Reading((whole,), (*codes, *_quote_codes(whole, text), *_path_codes(whole)))
        if whole != text and means(text):
            return Reading((text,), (*codes, *_path_codes(text)))
    codes += _quote_codes(whole, text)
    bare = _without_number(whole, means) if found is None else whole
    if bare != whole:
        return Reading((bare,), (*codes, "list-numbered", *_path_codes(bare)))
    found = found or _by_suffix(text, means) or _by_separators(text, means, is_alone=is_alone)
    if found is not None:
        first = _path_codes(found.references[0]) if found.references else ()
        return found._replace(codes=(*codes, *found.codes, *first))
    if _is_prose(whole):
        return Reading((), ("list-comment",))
    return Reading((whole,), (*codes, *_path_codes(whole)))


def _many(text: str, means: Means, *, is_alone: bool) -> Reading | None:
    """Several names side by side; None where there is one, or columns beside it."""
    ends = [match.end() for match in _SUFFIX.finditer(text)]
    if len(ends) > 1:
        return _by_suffix(text, means)
    if ends:  # a name with columns behind it, as a rule
        found = _by_suffix(text, means) if text[ends[0] :].strip(_EDGES + _QUOTES) else None
        return found if found is not None and means(found.references[0]) else None
    if not _SEPARATED.search(text):
        return None
    found = _sequences(text, means) or _by_separators(text, means, is_alone=is_alone)
    return found if found is not None and len(found.references) > 1 else None


def _may_be_range(text: str) -> bool:
    return RANGE.search(text) is not None and len(_SUFFIX.findall(text)) <= 2 and not re.search("[,;|]", text)


def _sequences(text: str, means: Means) -> Reading | None:
    """``séquences 1, 2 et 4-5``: nothing but words for video, numbers and ranges of numbers."""
    tokens = [token for token in re.split(r"[\s,;|&+.:]+", text) if token]
    numbers = [token for token in tokens if _COUNT.fullmatch(token)]
    if not numbers or any(token not in numbers and slug(token) not in _VIDEO_WORDS for token in tokens):
        return None
    if len(tokens) == len(numbers) == 1 or not all(means(number) for number in numbers):
        return None
    return Reading(tuple(numbers), ("list-one-line",) if len(numbers) > 1 else ())


def unquoted(text: str) -> str:
    """Without quotes and brackets around: ``«a.jpg»,`` -> ``a.jpg``."""
    bare = text.strip(_QUOTES + " \t\xa0")
    if bare and (bare[0] in _EDGES or bare[-1] in _EDGES):
        inner = bare.strip(_EDGES + _QUOTES)
        # The bracket of IMG (1) belongs to the name; those around a list do not.
        bare = inner if all(inner.count(a) == inner.count(b) for a, b in ("()", "[]")) else bare.strip(" \t\xa0,;|")
        bare = bare.strip(_QUOTES)
    return bare or text


def _quote_codes(whole: str, text: str) -> tuple[str, ...]:
    return ("list-quotes",) if whole != text else ()


def _path_codes(reference: str) -> tuple[str, ...]:
    found = []
    if "\\" in reference or (len(reference) > 1 and reference[1] == ":"):
        found.append("list-windows-path")
    elif reference.startswith(("/", "~", "file:")):
        found.append("list-absolute-path")
    if suffix_of(reference) in {".txt", ".xml"}:
        found.append("list-label-path")
    return tuple(found)


def _without_number(text: str, means: Means) -> str:
    for pattern in (_BULLET, _NUMBER):
        match = pattern.match(text)
        if match and means(rest := unquoted(text[match.end() :])):
            return rest
    return text


def _by_suffix(text: str, means: Means) -> Reading | None:
    """Names that end in a picture's suffix (or a label's), with columns between and behind."""
    ends = [match.end() for match in _SUFFIX.finditer(text)]
    if not ends:
        return None
    chunks = [text[start:end] for start, end in itertools.pairwise([0, *ends])]
    codes: list[str] = []
    references: list[str] = []
    split = ""
    for number, chunk in enumerate(chunks):
        reference, before = _named_by(chunk, means, is_first=number == 0)
        references.append(reference)
        split = split or section(before)
        if before and number == 0:
            codes.append("list-extra-column" if section(before) else "list-numbered")
    rest = text[sum(map(len, chunks)) :].strip(_EDGES + _QUOTES)
    split = split or section(rest)
    if rest and not section(rest):
        codes.append("list-extra-column")
    if len(references) > 1:
        codes.append("list-one-line")
    return Reading(tuple(references), tuple(codes), split)


def _named_by(chunk: str, means: Means, *, is_first: bool) -> tuple[str, str]:
    """The name at the end of a chunk, and what stands before it: the longest that names something."""
    tail = max(0, len(chunk) - _LONGEST)
    starts = [0, *(tail + m.end() for m in re.finditer(r"[,;|\t]\s*|\s+", chunk[tail:]))]
    for start in starts[:12]:
        candidate = unquoted(chunk[start:])
        if candidate and means(candidate):
            return candidate, chunk[:start].strip(_EDGES + _QUOTES)
    if is_first:
        return unquoted(chunk), ""
    return unquoted(chunk[starts[-1] :]), ""


def _by_separators(text: str, means: Means, *, is_alone: bool) -> Reading | None:
    """Names without suffix, side by side or with columns."""
    for separators in _SEPARATORS:
        pieces = [unquoted(piece) for piece in separators.split(text) if piece.strip(_EDGES + _QUOTES)]
        if len(pieces) < 2:
            continue
        splits = [section(piece) for piece in pieces]
        first = next(p for p, s in zip([*pieces, ""], [*splits, ""], strict=True) if not s)
        if not means(first):
            continue  # a sentence, in which some word may mean something
        named = [p for p in pieces if p == first or (not section(p) and _is_alike(p, first, is_alone=is_alone))]
        codes: tuple[str, ...] = ("list-one-line",) if len(named) > 1 else ()
        if len(named) < len(pieces) - sum(map(bool, splits)):
            names = set(named)
            columns = [p for p, s in zip(pieces, splits, strict=True) if p not in names and not s]
            if first.isdecimal() and not all(p.lstrip("-").isdecimal() for p in columns):
                continue  # "3 est floue" is no list of sequence 3
            codes += ("list-extra-column",)
        return Reading(tuple(named), codes, next((s for s in splits if s), ""))
    return None


def _is_alike(piece: str, first: str, *, is_alone: bool) -> bool:
    """Is this another name like the first, rather than a column beside it?"""
    if piece.lstrip("-").isdecimal() and first.isdecimal():
        return is_alone or (len(piece) == len(first) and piece not in {"0", "1"})
    return _shape(piece) == _shape(first)


def _shape(name: str) -> str:
    return re.sub(r"\d+", "0", name.casefold())


def section(text: str) -> str:
    """The split that a header names: ``# Train``, ``[val]``, ``== test set ==``; ``""`` for anything else.

    >>> section("[Train]"), section("# jeu de validation :"), section("train/1"), section("train_0001")
    ('train', 'val', '', '')
    """
    if "/" in text or "\\" in text or len(text) > 60 or re.search(r"\d", text):
        return ""
    found, others = splits_in(text)
    return next(iter(found)) if len(found) == 1 and not others else ""


def headed(text: str) -> tuple[str, str]:
    """``val: 3, 4`` -> the split and what follows; ``("", text)`` where no header stands in front."""
    head, mark, rest = re.sub(r"[:=]", "\0", text, count=1).partition("\0")
    split = section(head) if mark else ""
    return (split, rest.strip()) if split else ("", text)


def _is_prose(text: str) -> bool:
    """A title or a sentence, rather than a name: nothing in it looks like a path."""
    if "/" in text or "\\" in text:
        return False
    words = text.split()
    if not any(c.isalnum() for c in text):
        return True
    return text.casefold().strip(_EDGES) in _TITLES or bool(section(text)) or (len(words) > 2 and words[0].isalpha())
