"""Cells of CSV files: no spreadsheet computes them, and our own readers get what was meant."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.core.spreadsheets import inert, inert_table, meant, meant_table

COMPUTED = ("=1+1", "=cmd|'/c calc'!A1", "@SUM(1)", "+1+1", "-2+3", "+HYPERLINK(1)", "\t=1", "\r=1")


@pytest.mark.parametrize("text", COMPUTED)
def test_a_formula_becomes_a_text(text: str) -> None:
    assert inert(text) == f"'{text}" and meant(inert(text)) == text


@pytest.mark.parametrize("value", ["a=1", "+2", "-10", "-12.5%", "-frame_3", "'s", "", 3, -2.5, None])
def test_all_else_stays(value: object) -> None:
    assert inert(value) is value and meant(value) is value


@given(st.text("'=@+-\t\r1a("))
def test_there_and_back(text: str) -> None:
    assert meant(inert(text)) == text
    assert inert(text)[:1] not in set("=@\t\r")


def test_tables() -> None:
    table = pd.DataFrame({"class_name": ["=1+1", "ballon"], "ap": [0.5, float("nan")], "=x": ["a", None]})
    written = inert_table(table)
    assert list(written["class_name"]) == ["'=1+1", "ballon"] and list(written.columns) == ["class_name", "ap", "'=x"]
    assert meant_table(written)["class_name"].tolist() == ["=1+1", "ballon"]
    assert written["ap"].equals(table["ap"])
