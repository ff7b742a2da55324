"""Sentences that can be said in another language: an English text that remembers what it was made from.

As with gettext the English template is the key of its translations, which lie in `labtools.artifacts.wording`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from string import Formatter
from typing import Any, TypeAlias

from labtools.core.visible import visible

Value: TypeAlias = "str | int | float | tuple[Value, ...]"
"""What stands in a sentence. Several values in a tuple are written side by side, with commas; a `Sentence` among them
is translated with the sentence that it stands in."""

Write = Callable[[Value, str], str]
"""A value and its format -> the text, in one language."""


class Sentence(str):
    """An English text, made of a template and values; texts among these are shown as `visible` has them.

    Fields are those of `str.format`, by name; and a field with a bar chooses what is said of one, and of many:

    >>> Sentence("{n} {n:box lies|boxes lie} outside {name!r}", n=1, name="a.jpg")
    "1 box lies outside 'a.jpg'"
    >>> Sentence("{n} {n:box lies|boxes lie} outside {name!r}", n=2, name="a.jpg").values["n"]
    2
    """

    template: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, /, **values: Value) -> Sentence:
        """Raises: KeyError, if the template has a field without a value."""
        self = super().__new__(cls, filled(template, values, _english))
        self.template = template
        self.values = values
        return self

    def __reduce__(self) -> tuple[Callable[..., Sentence], tuple[Any, ...]]:
        return _again, (self.template, self.values)


class SentenceError(Exception):
    """An error that says in a sentence what is wrong with somebody's data."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def verbatim(text: str) -> Sentence:
    """What somebody else says, in a language that we don't know: a library, the system, a file."""
    return Sentence("{text}", text=text)


def both(names: Sequence[Value]) -> Value:
    """One value, or several: ``a and b``."""
    return reduce(lambda before, name: Sentence("{before} and {name}", before=before, name=name), names)


def either(names: Sequence[Value]) -> Value:
    """One value, or several: ``a or b``."""
    return reduce(lambda before, name: Sentence("{before} or {name}", before=before, name=name), names)


def reason(error: BaseException) -> Sentence:
    """What an error says."""
    return error.sentence if isinstance(error, SentenceError) else verbatim(str(error))


def filled(template: str, values: Mapping[str, Value], write: Write) -> str:
    """A template with its fields written in one language; ``{name!r}`` is quoted as Python does.

    Raises:
        KeyError: a field has no value.
    """
    found = []
    for text, name, spec, is_quoted in _pieces(template):
        found.append(text)
        if name:
            value = values[name]
            found.append(write(repr(str(value)) if is_quoted else value, spec))
    return "".join(found)


def fields_of(template: str) -> set[str]:
    """The names of its fields."""
    return {name for _, name, _, _ in _pieces(template) if name}


def to_plain(value: Value) -> Any:
    """A sentence, or a value of one, as JSON can hold it."""
    if isinstance(value, Sentence):
        return {"template": value.template, "values": {name: to_plain(one) for name, one in value.values.items()}}
    return [to_plain(one) for one in value] if isinstance(value, tuple) else value


def from_plain(plain: Any) -> Any:
    """What `to_plain` made.

    Raises:
        KeyError, TypeError: it is something else.
    """
    if isinstance(plain, dict):
        return Sentence(plain["template"], **{name: from_plain(one) for name, one in plain["values"].items()})
    return tuple(from_plain(one) for one in plain) if isinstance(plain, list) else plain


def _again(template: str, values: Mapping[str, Value]) -> Sentence:
    return Sentence(template, **values)


@cache
def _pieces(template: str) -> tuple[tuple[str, str, str, bool], ...]:
    """Text, the field behind it (``""`` at the end), its format, and whether it is quoted."""
    parsed = Formatter().parse(template)
    return tuple((text, name or "", spec or "", conversion == "r") for text, name, spec, conversion in parsed)


def as_text(value: str) -> str:
    """A text among the values of a sentence, in any language: a name or a message of somebody else's."""
    return value if isinstance(value, Sentence) else visible(value)


def _english(value: Value, spec: str) -> str:
    if isinstance(value, tuple):
        return ", ".join(_english(one, spec) for one in value)
    if "|" in spec:
        return spec.split("|")[value != 1]
    return as_text(value) if isinstance(value, str) else format(value, spec)
