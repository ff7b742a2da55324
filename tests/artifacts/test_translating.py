"""French sentences: made from the same values, with French numbers, plurals and typography."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labtools.artifacts.wording import translating
from labtools.artifacts.wording.translating import french, translated
from labtools.core.sentences import Sentence, verbatim


def in_french(sentence: str) -> str:
    """With plain spaces, as they are typed."""
    return translated(sentence, "fr").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "0 boîte entre deux images clés est interpolée, comme CVAT la montre"),
        (1, "1 boîte entre deux images clés est interpolée, comme CVAT la montre"),
        (2, "2 boîtes entre des images clés sont interpolées, comme CVAT les montre"),
    ],
)
def test_one_and_many(n: int, expected: str) -> None:
    """French says none in the singular."""
    template = "{n} {n:box|boxes} between keyframes {n:is|are} interpolated, as CVAT shows {n:it|them}"
    assert in_french(Sentence(template, n=n)) == expected


def test_numbers_are_french() -> None:
    share = Sentence("the box reaches {share:.2%} of the picture beyond its border", share=0.0525)
    assert share.endswith("5.25% of the picture beyond its border")
    assert translated(share, "fr") == "la boîte dépasse le bord de 5,25\u00a0% de l'image"


def test_sentences_inside_are_french_too() -> None:
    near = Sentence("{before} and {name}", before="velo", name="vélo")
    what = Sentence("{name!r} is no class of the course, but near {near}", name="vlo", near=near)
    whole = Sentence("{what}: asked; meanwhile only boxes that name their class are used", what=what)
    assert in_french(whole) == (
        "« vlo » n'est pas une classe du cours, mais ressemble à velo et vélo : la question est posée ; en attendant, "
        "seules les boîtes qui nomment leur classe sont utilisées"
    )
    shapes = (
        Sentence("{n} {kind}", n=2, kind=Sentence("polygons")),
        Sentence("{n} {kind}", n=1, kind=Sentence("mask")),
    )
    taken = Sentence("{shapes}: the {n:box|boxes} around {n:it is|them are} taken", shapes=shapes, n=3)
    assert in_french(taken) == "2 polygones, 1 masque : on prend les boîtes qui les entourent"


def test_what_others_say_is_quoted_and_what_nobody_translated_is_english() -> None:
    assert in_french(Sentence("this cannot be read: {why}", why=verbatim("No such device"))) == (
        "lecture impossible : « No such device »"
    )
    assert in_french(Sentence("of a later version: {n}", n=2)) == "of a later version: 2"
    assert in_french("a plain text") == "a plain text"


def test_english_stays() -> None:
    sentence = Sentence("this cannot be read: {why}", why=verbatim("No such device"))
    assert translated(sentence, "en") is sentence


def test_typography_and_address() -> None:
    """A space before ; : ? ! and inside guillemets, three dots no wider than typed; "vous" to students."""
    for english, text in french().items():
        said = re.sub(r"\{[^}]*\}", lambda field: field[0].replace(":", "") if "|" in field[0] else "X", text)
        assert not re.search(r"[\w ][;?!»](\s|$)|[\w ]:\s|« ", said), (english, text)
        assert '"' not in text and not re.search(r"\b(tu|tes|ton)\b", text, flags=re.IGNORECASE), (english, text)
        assert text == text.strip() and "  " not in text, (english, text)
        assert english[0].isupper() or not text[0].isupper() or text.startswith("EXIF"), (english, text)


def test_a_template_translated_twice_is_a_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "french").mkdir()
    for name in ("a", "b"):
        (tmp_path / "french" / f"{name}.yaml").write_text('"one": "un"\n', encoding="utf-8")
    monkeypatch.setattr(translating, "__file__", str(tmp_path / "translating.py"))
    with pytest.raises(ValueError, match=r"b\.yaml has again .*'one'"):
        french.__wrapped__()
