"""Names that people type in many ways."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.core import names


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(names).failed == 0
    assert doctest.testmod(names).attempted > 0


@pytest.mark.parametrize("written", ["The Rock", "the-rock", " THE  ROCK ", "the_rock", "Thé Röck"])
def test_one_name_in_many_writings(written: str) -> None:
    assert names.slug(written) == "the_rock"


@given(st.text(max_size=200))
def test_a_folder_name_is_one_safe_folder(text: str) -> None:
    name = names.folder_name(text)
    assert name and not set(name) & set('/\\:*?"<>|\n\0. ')
    assert name not in {"images", "labels", "con", "nul"}
    assert names.folder_name(name.rstrip("_")) == name or name.rstrip("_") not in {"images", "labels"}


def test_scripts_without_ascii_stay_apart() -> None:
    assert names.slug("عربي") != names.slug("Русский") != ""
