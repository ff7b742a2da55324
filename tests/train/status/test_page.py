"""The page stands alone, says all, and shows itself anew as long as there is something to come."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from labtools.artifacts.record import Cause
from labtools.train.runqueue import claims
from labtools.train.status.grid import Grid, read_grid
from labtools.train.status.page import render_page

Make = Callable[..., Any]


class Reader(HTMLParser):
    """Collects classes, addresses and text; complains about tags that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.classes += (known.get("class") or "").split()
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        if tag not in {"meta", "br", "input", "link"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(grid: Grid, every: float | None = None) -> tuple[str, Reader]:
    html, reader = render_page(grid, every), Reader()
    reader.feed(html)
    reader.close()
    assert reader._open == []
    return html, reader


@pytest.fixture
def grid(make_run: Make, make_lane: Make, train: Make, root: Path) -> Grid:
    done, failed = make_run("d"), make_run("f", imgsz=640)
    claims.write_done(done, {"attempt": 1, "epochs": 4, "map50": 0.842, "map50_95": 0.5, "batch": 4, "seconds": 60})
    claims.write_end(failed, 1, Cause.OOM, "it does not fit", again=False)
    train(make_run("r", imgsz=640, freeze=None), "gpu0", "lab1", map50=0.4, eta_s=7200.0)
    make_run("t", imgsz=1280, batch=64), make_run("u", imgsz=1280, batch=8)
    make_lane("gpu0", "lab1", run_id="r", gpu_name="<GPU & co>")
    return read_grid(root)


def test_it_says_what_the_terminal_says(grid: Grid) -> None:
    _, page = read(grid)
    for words in ("✔ .842 .500", "b4<8", "▶ 2/4 .400", "2 h 00 gpu0", "✖ failed oom", "○ to do", "it does not fit"):
        assert words in page.text
    assert "labtools retry f" in page.text, "without its backticks"
    assert {"done", "running", "todo", "failed"} <= set(page.classes)
    assert "b64" in page.text and "b8" in page.text, "labels of the sub-cells"
    assert "<GPU & co>" in page.text


def test_it_stands_alone(grid: Grid) -> None:
    html, page = read(grid)
    assert page.addresses == []
    assert not re.search(r"https?:|url\(|@import|fetch\(", html)


def test_no_other_script_may_run(grid: Grid) -> None:
    html, _ = read(grid)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == html.count("<script") == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}';" in html


def test_names_are_words_not_html(make_run: Make, tmp_path: Path) -> None:
    folder = make_run("a")
    claims.write_end(folder, 1, Cause.ERROR, "ValueError: <script>alert(1)</script>", again=False)
    html, page = read(read_grid(folder.parent))
    assert "<script>alert" not in html
    assert "<script>alert(1)</script>" in page.text


def test_it_is_shown_anew_until_all_is_over(grid: Grid, make_run: Make, root: Path) -> None:
    assert 'http-equiv="refresh" content="10"' in read(grid, every=10)[0]
    assert 'data-watched="1"' in read(grid, every=10)[0]
    assert 'data-watched="0"' in read(grid)[0]
    for name in "rtu":
        claims.write_done(root / name, {"attempt": 1, "epochs": 4})
    over = read(read_grid(root), every=10)[0]
    assert 'http-equiv="refresh"' not in over
    assert 'data-over="1"' in over
