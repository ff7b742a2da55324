"""Texts of strangers: nothing in them steers, and nothing else is changed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.core.visible import unsteered, visible

HARMLESS = [
    "Téléphone",
    "écritures arabes\u00a0!",
    "тест",
    "كرة",
    "👨\u200d👩\u200d👧 📱",
    "می\u200cخواهم",
    "a[b]{0}%s=|`",
    "−5 °C",
]

OVERRIDES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_mean_stays(text: str) -> None:
    assert visible(text) == unsteered(text) == text


@given(st.text(st.characters()))
def test_nothing_steers_and_all_can_be_stored(text: str) -> None:
    for shown in (visible(text), unsteered(text)):
        assert shown.encode("utf-8").decode("utf-8") == shown
        assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Zl", "Zp"}
        assert not {unicodedata.bidirectional(c) for c in shown} & OVERRIDES
    assert len(visible(text)) == len(text)


def test_a_name_as_it_was_meant() -> None:
    assert unsteered("ballon\u200b\ufeff") == "ballon"
    assert unsteered("two\nlines") == visible("two\nlines") == "two lines"
    assert unsteered("\x1b[31mred") == "[31mred"
    assert visible("\x1b[31m\x7f\u202egpj.exe\udcff") == "␛[31m␡\ufffdgpj.exe\ufffd"
