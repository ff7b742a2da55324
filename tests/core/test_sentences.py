"""Sentences are texts for whoever wants a text, and keep what a translation needs wherever they go."""

from __future__ import annotations

import csv
import io
import json
import pickle
from typing import Literal

import pytest

from labtools.artifacts.wording.translating import translated
from labtools.core.findings import Action, Finding, Question, Severity, finding_from_json, finding_to_json
from labtools.core.sentences import (
    Sentence,
    SentenceError,
    both,
    either,
    fields_of,
    from_plain,
    reason,
    to_plain,
    verbatim,
)


def outside(n: int) -> Sentence:
    return Sentence("{n} {n:box lies|boxes lie} outside {name!r}", n=n, name="l'été.jpg")


def test_it_is_its_english_text() -> None:
    assert outside(1) == '1 box lies outside "l\'été.jpg"' and outside(0).startswith("0 boxes lie")
    assert f"so: {outside(2)}" == 'so: 2 boxes lie outside "l\'été.jpg"'
    assert type(str(outside(2))) is str
    assert {outside(2): 1}[str(outside(2))] == 1
    assert sorted([outside(2), "3", outside(1)]) == [outside(1), outside(2), "3"]


def test_formats_and_values_side_by_side() -> None:
    assert Sentence("{share:.1%} of {size:.0f} MB", share=0.125, size=7.6) == "12.5% of 8 MB"
    assert Sentence("not {names}", names=("a", Sentence("{n} b", n=2), "c")) == "not a, 2 b, c"
    assert both(["a"]) == "a" and both(["a", "b", "c"]) == "a and b and c" and either(["a", "b"]) == "a or b"


def test_a_field_without_a_value_is_a_bug() -> None:
    with pytest.raises(KeyError, match="name"):
        Sentence("{name} is missing", n=1)


def test_values_are_no_templates() -> None:
    """A file may be called ``{n}.jpg``."""
    assert Sentence("see {path}", path="{n:x|y}.jpg", n=1) == "see {n:x|y}.jpg"
    assert verbatim("50% {of} it") == "50% {of} it"
    assert fields_of("{a} {b:.1f} {b:one|more} {c!r}") == {"a", "b", "c"}


@pytest.mark.parametrize("sentence", [outside(1), Sentence("{a}: {b}", a=outside(2), b=("x", outside(3)))])
def test_it_stays_itself_on_its_way(sentence: Sentence) -> None:
    """To another process, and into the cache and back."""
    plain = to_plain(sentence)
    piped = pickle.loads(pickle.dumps(sentence))  # noqa: S301  our own bytes
    for again in (piped, from_plain(plain), from_plain(json.loads(json.dumps(plain)))):
        assert type(again) is Sentence and again == sentence
        assert (again.template, to_plain(again)) == (sentence.template, to_plain(sentence))


def test_a_finding_keeps_its_sentences() -> None:
    question = Question("split:a", outside(2), ("train", Sentence("leave out")))
    one = Finding("bleus", "a.txt", 3, "box-outside", Severity.WARNING, outside(2), Action.LEFT_OUT, question)
    again = finding_from_json(json.loads(json.dumps(finding_to_json(one))))
    assert again == one and again.question == question
    assert again.message.template == one.message.template and again.question.text.values["n"] == 2
    assert again.question.options[1].template == "leave out"


def test_tables_hold_the_english_text() -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([outside(2)])
    assert buffer.getvalue() == '"2 boxes lie outside ""l\'été.jpg"""\r\n'
    assert json.dumps([Sentence("as it is")]) == '["as it is"]'


def test_errors_say_their_sentence() -> None:
    error = SentenceError(outside(1))
    assert reason(error) is error.sentence and str(error) == outside(1)
    assert reason(OSError("no space")) == "no space"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_strangers_wrote_is_shown_and_not_obeyed(language: Literal["en", "fr"]) -> None:
    name = "a\x1b]52;c;eA==\x07\nb\udcff"
    quoted = Sentence("annotates {name!r}, but there is no such picture", name=name)
    inner = both([verbatim(name), name])
    for sentence in (quoted, verbatim(name), Sentence("{listed}", listed=(name, inner))):
        shown = translated(sentence, language).replace("\u00a0", " ").replace("\u202f", " ")
        assert shown.isprintable() and shown.encode("utf-8"), shown
        assert "52;c;eA==" in shown
