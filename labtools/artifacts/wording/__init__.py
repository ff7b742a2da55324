"""Findings in words that people read: for each code a title, what it means and what to do, in English and French.

The words lie beside this file in ``findings/*.yaml``, one entry per code; a test holds them against the codes that
`labtools prepare` can emit. Whoever shows ``findings.csv`` (the sheets of the teams, the screen, the report) says the
same thing in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

import yaml

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")

SHOWN = ("", "picture", "neighbours", "twin")
"""How a kind of finding is best seen: not at all, by its picture with the boxes, by the picture between its neighbours
in the sequence, by the two pictures that are the same."""


@dataclass(frozen=True)
class Words:
    """One kind of finding, told to the team that it concerns.

    Attributes:
        title: a heading of a few words, no full stop.
        means: what it means, and what became of the data; whole sentences.
        remedy: what to do about it; whole sentences.
        show: see `SHOWN`.
    """

    title: str
    means: str
    remedy: str
    show: str = ""


def words(code: str, language: Language) -> Words:
    """The words for a code; one that has none (a dataset of a later version) is its own title."""
    found = catalogue(language).get(code)
    return found if found is not None else Words(code.replace("-", " "), "", "")


@cache
def catalogue(language: Language) -> Mapping[str, Words]:
    """All codes with their words, read once (8 ms) and never changed."""
    found: dict[str, Words] = {}
    for path in sorted((Path(__file__).parent / "findings").glob("*.yaml")):
        for code, entry in _read(path).items():
            if code in found:
                raise ValueError(f"{code} has words twice, the second time in {path.name}")
            title, means, remedy = (typeset(entry[language][key], language) for key in ("title", "means", "do"))
            found[code] = Words(title, means, remedy, entry.get("show", ""))
    return MappingProxyType(found)


def typeset(text: str, language: Language) -> str:
    """French puts a space before ``; : ! ?`` and inside guillemets, at which no line may break.

    >>> typeset("Oui : « tout »", "fr").replace("\\u00a0", "_")
    'Oui_: «_tout_»'
    """
    if language != "fr":
        return text
    return re.sub(r" (?=[;:!?»])|(?<=«) ", "\u00a0", text)


@cache  # for both languages
def _read(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """One of our own files. (libyaml, where PyYAML has it: ten times as fast.)"""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast("Mapping[str, Mapping[str, Any]]", yaml.load(path.read_text(encoding="utf-8"), Loader=loader))  # noqa: S506
