"""Progress without a terminal is plain lines, and not too many; names and messages of strangers steer no terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labtools.core.console import err, out, progress_display


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


HOSTILE = "a[/]\x1b[2J\x1b]52;c;eA==\x07\x9b31m\u202eb :smile: [red]c"


def test_texts_of_strangers_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("class")
    table.add_row(HOSTILE)
    for some in (HOSTILE, Text(HOSTILE, "bold"), table, Padding(Text(HOSTILE), 1)):
        out().print(some, soft_wrap=True)
        err().print(some, soft_wrap=True)
    shown = capsys.readouterr()
    for stream in (shown.out, shown.err):
        assert stream.count("a[/]␛[2J␛]52;c;eA==") == 4
        assert stream.count("b :smile: [red]c") >= 3  # rich counts an ESC as no column of a table
        assert all(line.isprintable() for line in stream.splitlines())


def test_lines_stay_lines(capsys: pytest.CaptureFixture[str]) -> None:
    out().print("one\ntwo\x1b[1m\nthree")
    assert capsys.readouterr().out == "one\ntwo␛[1m\nthree\n"
