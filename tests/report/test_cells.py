"""How values are written: units, dashes for what is absent, shades only for what was measured."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from labtools.report.cells import DASH, count, decimal, duration, linked, make_table, mark_total, metric, percent, text


@pytest.mark.parametrize(
    ("show", "value", "expected"),
    [
        (count, 17119, "17,119"),
        (count, 0, "0"),
        (percent, 33.44, "33.4 %"),
        (metric, 0.8734, "0.873"),
        (decimal(2), 3.14159, "3.14"),
        (decimal(2, scale=1e-6), 3_160_000, "3.16"),
        (decimal(0, grouped=False), 1280, "1280"),
        (duration, 42.4, "42 s"),
        (duration, 185, "3 min 05 s"),
        (duration, 7800, "2 h 10 min"),
    ],
)
def test_numbers(show: Any, value: float, expected: str) -> None:
    cell = show(value)
    assert cell.text == expected and cell.number


@pytest.mark.parametrize("show", [count, percent, metric, decimal(2), duration])
@pytest.mark.parametrize("absent", [None, float("nan"), pd.NA])
def test_what_is_absent_is_a_dash_never_a_zero(show: Any, absent: Any) -> None:
    cell = show(absent)
    assert cell.text == DASH and cell.shade is None


def test_metrics_are_shaded_by_their_value() -> None:
    assert [metric(v).shade for v in (0.0, 0.5, 1.0)] == [0.0, 0.5, 1.0]


def test_only_names_with_a_page_are_links() -> None:
    show = linked({"ballon": "pages/class-ballon.html"})
    assert show("ballon").href == "pages/class-ballon.html"
    assert show("jul").href == ""


def test_the_best_row_and_the_total_are_marked() -> None:
    frame = pd.DataFrame({"run": ["a", "b"], "n": [1, 2]})
    table = make_table("c", frame, [("run", "run", text), ("n", "n", count)], name="t", best={"run": "b"})
    assert [[cell.tone for cell in row] for row in table.rows] == [["", ""], ["best", "best"]]
    assert [cell.tone for cell in mark_total(table).rows[-1]] == ["total", "total"]
    assert table.frame is frame
