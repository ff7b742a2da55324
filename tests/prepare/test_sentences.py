"""Whatever is said about somebody's data is made from a template, and each template has a French one.

What fails here wants a line in ``labtools/artifacts/wording/french/``.
"""

from __future__ import annotations

import ast
import textwrap
import typing
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from labtools.artifacts.wording.translating import french
from labtools.core.findings import Finding, Question
from labtools.core.sentences import Sentence, fields_of

PACKAGE = Path(__file__).resolve().parents[2] / "labtools"
SOURCES = [*sorted((PACKAGE / "prepare").rglob("*.py")), PACKAGE / "core" / "sentences.py"]
REBUILT = 2
"""`core.sentences` makes sentences again from what it was given, in two places."""


def sentences_in(source: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Sentence":
            yield node


def template_of(call: ast.Call) -> str | None:
    """The literal; None for anything that is made at run time."""
    first = call.args[0] if len(call.args) == 1 else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def words_in(value: ast.expr) -> Iterator[str]:
    """Words of ours that a value would bring into a sentence untranslated; a lone token is a name of something."""
    if isinstance(value, ast.Constant | ast.JoinedStr):
        parts = [value] if isinstance(value, ast.Constant) else value.values
        texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        yield from (text for text in texts if " " in text and any(map(str.isalpha, text)))
    elif isinstance(value, ast.IfExp | ast.BoolOp | ast.BinOp | ast.Tuple):
        for child in ast.iter_child_nodes(value):
            if isinstance(child, ast.expr):
                yield from words_in(child)


@pytest.fixture(scope="module")
def templates() -> dict[str, str]:
    """Every template, and a file that uses it."""
    found: dict[str, str] = {}
    made: list[str] = []
    for path in SOURCES:
        for call in sentences_in(path.read_text("utf-8")):
            template = template_of(call)
            if template is None:
                made.append(path.name)
            else:
                found[template] = path.name
    assert made == ["sentences.py"] * REBUILT, "a template must be a literal: nobody could translate another"
    return found


def test_messages_and_questions_are_sentences() -> None:
    """mypy holds every finding of the package against these types, so no message can be made another way."""
    assert typing.get_type_hints(Finding)["message"] is Sentence
    assert typing.get_type_hints(Question)["text"] is Sentence


def test_each_template_has_a_french_one(templates: dict[str, str]) -> None:
    known = french()
    assert {template: file for template, file in templates.items() if template not in known} == {}


def test_no_french_for_nothing(templates: dict[str, str]) -> None:
    assert sorted(french().keys() - templates.keys()) == []


def test_both_say_the_same_values(templates: dict[str, str]) -> None:
    known = french()
    assert {one: fields_of(known[one]) for one in templates if fields_of(one) != fields_of(known[one])} == {}


def test_of_one_and_of_many(templates: dict[str, str]) -> None:
    """Two wordings in each plural, in both languages, and no field inside one."""
    for template in (*templates, *french().values()):
        for _, name, spec, _ in Formatter().parse(template):
            assert not name or name.isidentifier(), template
            assert not spec or (spec.count("|") == 1 and "{" not in spec) or spec[0] == ".", template


def test_values_are_given_and_are_no_words(templates: dict[str, str]) -> None:
    for path in SOURCES:
        for call in sentences_in(path.read_text("utf-8")):
            template, given = template_of(call), {word.arg for word in call.keywords}
            if template is not None:
                assert given == fields_of(template), (path.name, template)
                assert not [text for word in call.keywords for text in words_in(word.value)], (path.name, template)


def test_what_the_walk_sees() -> None:
    source = """
        say(Sentence("{n} {kind}", n=1, kind="a big box" if n else Sentence("box")))
        say(Sentence(f"{n} boxes"))
        say(Sentence("a" "b", path=f"{root}/x", where=f"in {root} there", options=("leave out", name)))
    """
    calls = list(sentences_in(textwrap.dedent(source)))
    assert {template_of(call) for call in calls} == {"{n} {kind}", None, "ab", "box"}
    words = {str(word.arg): list(words_in(word.value)) for call in calls for word in call.keywords}
    assert words == {"n": [], "kind": ["a big box"], "path": [], "where": ["in ", " there"], "options": ["leave out"]}
