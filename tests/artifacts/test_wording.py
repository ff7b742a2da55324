"""Every code that `labtools prepare` can emit has words in both languages, and there are no words for nothing."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from labtools.artifacts.leakage import VERDICTS
from labtools.artifacts.wording import LANGUAGES, SHOWN, Language, catalogue, words

PREPARE = Path(__file__).resolve().parents[2] / "labtools" / "prepare"

# Strings that look like a code and are none.
NO_CODES = frozenset(
    {"utf-8", "utf-16-le", "utf-16-be", "utf-8-sig", "latin-1", "mac-roman", "by-sequence", "by-time", *VERDICTS}
    | {"dist-packages", "site-packages"}
)


def _is_severity(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Severity"


def _strings(node: ast.AST) -> Iterator[str]:
    """The string constants below a node; what varies in an f-string is a ``*``."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from _strings(child)


def codes_in(source: str) -> set[str]:
    """Codes by their look (kebab case), and the single words that stand beside a severity."""
    tree = ast.parse(source)
    found = {s for s in _strings(tree) if re.fullmatch(r"[a-z][a-z0-9]*(-([a-z0-9]+|\*))+", s)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and any(map(_is_severity, node.args)):
            found |= {
                s for a in node.args if isinstance(a, ast.Constant) for s in _strings(a) if re.fullmatch("[a-z]+", s)
            }
    return found - NO_CODES


def emitted() -> dict[str, str]:
    """Every code in the sources of prepare, ``*`` for what varies, and a file that emits it."""
    sources = [path for path in sorted(PREPARE.rglob("*.py")) if path.parent != PREPARE / "output" / "sheets"]
    return {code: path.name for path in sources for code in codes_in(path.read_text("utf-8"))}


def _matches(code: str, known: str) -> bool:
    return re.fullmatch(code.replace("*", "[a-z0-9-]+"), known) is not None


def test_codes_are_found_however_they_are_written() -> None:
    source = """
        def f(self, name):
            '''a docstring-like-thing is no code'''
            self.say(path, "junk", Severity.INFO, "a by-product of the system")
            code, severity = "image-twice", Severity.ERROR
            Finding("", path, 0, f"split-no-{name}", Severity.WARNING, f"no {name} split", Action.NOTED)
            raise ImageError("image-empty", "the file has no content")
    """
    assert codes_in(textwrap.dedent(source)) == {"junk", "image-twice", "split-no-*", "image-empty"}


def test_each_code_has_words() -> None:
    """What fails here wants an entry in labtools/artifacts/wording/findings/."""
    known = list(catalogue("en"))
    assert {c: file for c, file in emitted().items() if not any(_matches(c, one) for one in known)} == {}


def test_no_words_for_nothing() -> None:
    codes = list(emitted())
    assert [one for one in catalogue("en") if not any(_matches(code, one) for code in codes)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_whole(language: Language) -> None:
    for code, one in catalogue(language).items():
        assert one.show in SHOWN, code
        assert 0 < len(one.title) <= 80 and one.title[0].isupper() and one.title[-1] not in ".!", code
        for text in (one.means, one.remedy):
            assert text[0].isupper() and text[-1] in ".)", (code, text)
            assert "  " not in text and "\n" not in text, (code, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_differ(language: Language) -> None:
    """On a sheet, two headings that are the same would be two kinds that look like one."""
    titles = [one.title for one in catalogue(language).values()]
    assert sorted({title for title in titles if titles.count(title) > 1}) == []


def test_french_is_french() -> None:
    english, french = catalogue("en"), catalogue("fr")
    assert list(english) == list(french)
    for code, one in french.items():
        assert one.title != english[code].title and one.means != english[code].means, code
        for text in (one.title, one.means, one.remedy):
            # Typography: a space before ; : ? !, guillemets instead of straight quotes; "vous" to students.
            assert not re.search(r"[\w ][;?!»](\s|$)|[\w ]:\s|« ", text), (code, text)
            assert '"' not in text and not re.search(r"\b(tu|tes|ton)\b", text, flags=re.IGNORECASE), (code, text)


def test_no_code_stands_twice() -> None:
    """YAML itself would silently take the second."""
    files = (PREPARE.parent / "artifacts" / "wording" / "findings").glob("*.yaml")
    keys = [
        key for file in files for key in re.findall(r"^([a-z0-9-]+):$", file.read_text("utf-8"), flags=re.MULTILINE)
    ]
    assert sorted(keys) == sorted(catalogue("en"))


def test_an_unknown_code_is_its_own_title() -> None:
    assert words("some-later-code", "fr").title == "some later code"
