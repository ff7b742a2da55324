"""Progress without a terminal is plain lines, and not too many."""

from __future__ import annotations

import io

from rich.console import Console

from labtools.core.console import progress_display


def test_plain_lines_begin_and_end_without_a_flood() -> None:
    stream = io.StringIO()
    with progress_display(Console(file=stream, force_terminal=False, width=100)) as tick:
        for done in range(1001):
            tick("read [images]", done, 1000)
    lines = stream.getvalue().splitlines()
    assert lines == ["read [images]: 0/1000", "read [images]: 1000/1000"]


def test_a_terminal_gets_a_bar_and_then_a_line() -> None:
    stream = io.StringIO()
    with progress_display(Console(file=stream, force_terminal=True, width=100)) as tick:
        tick("hash [all]", 5, 10)
        for _ in range(3):
            tick("hash [all]", 10, 10)
    shown = stream.getvalue()
    assert "/10" in shown
    assert shown.count("✔") == 1 and "hash [all]" in shown.split("✔")[1]
