"""Sentences in two languages, kept in YAML beside the code that says them.

::

    pictures:                       # a sentence that counts: what stands for one, and for many
      en: ["{n} picture", "{n} pictures"]
      fr: ["{n} image", "{n} images"]
    greeting:
      en: "Hello {team},"
      fr: "Bonjour {team},"
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from labtools.artifacts.wording import LANGUAGES, Language, typeset

Value = str | int | float


class Phrases:
    """The sentences of one file in one language: ``say("pictures", n=3)``."""

    def __init__(self, path: Path, language: Language) -> None:
        self.language = language
        self._phrases = {key: entry[language] for key, entry in read_phrases(path).items()}

    def __call__(self, key: str, **values: Value) -> str:
        """One sentence; numbers among the values are written as the language does.

        Raises:
            KeyError: there is no such sentence, or it needs another value.
        """
        phrase = self._phrases[key]
        if isinstance(phrase, list):
            phrase = phrase[0 if is_one(values["n"], self.language) else 1]
        phrase = typeset(str(phrase), self.language)
        return phrase.format_map({k: written(v, self.language) for k, v in values.items()})


@cache
def read_phrases(path: Path) -> dict[str, dict[str, str | list[str]]]:
    """A file of phrases, read once.

    Raises:
        ValueError: a phrase lacks a language.
    """
    # Our own file; libyaml, where PyYAML has it, is ten times as fast.
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    for key, entry in content.items():
        if set(entry) != set(LANGUAGES):
            raise ValueError(f"{path.name}: {key!r} is not in {' and '.join(LANGUAGES)}")
    return dict(content)


def is_one(n: Value, language: Language) -> bool:
    """Does the singular stand with this number? In French with 0 and 1.5 too."""
    return abs(float(n)) < 2 if language == "fr" else float(n) == 1


def written(value: Value, language: Language) -> str:
    """A number with the language's separators, at most two decimals; a text as it is.

    >>> written(28610, "en"), written(2.5, "fr"), written(28610, "fr").replace("\\u202f", "_")
    ('28,610', '2,5', '28_610')
    """
    if isinstance(value, str):
        return value
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")
    # A narrow no-break space between thousands, as the French Imprimerie nationale asks for.
    return text.translate({ord(","): "\u202f", ord("."): ","}) if language == "fr" else text


def percent(share: float, language: Language, digits: int = 0) -> str:
    """A share (0..1) as a percentage; ``-`` for NaN.

    >>> percent(0.125, "en", 1), percent(0.6, "fr").replace("\\u00a0", "_"), percent(float("nan"), "en")
    ('12.5%', '60_%', '-')
    """
    if share != share:
        return "-"
    text = f"{share:.{digits}%}"
    return text.replace(".", ",").replace("%", "\u00a0%") if language == "fr" else text
