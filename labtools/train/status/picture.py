"""The grid as a picture for slides: readable when it is 1,280 pixels wide, and twice as sharp."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labtools.artifacts.record import State
from labtools.train.status import cells
from labtools.train.status.cells import Paint
from labtools.train.status.grid import Grid
from labtools.train.status.run_status import RunStatus

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 1280
"""Pixels for which sizes are chosen; the file has `_SHARPNESS` times as many."""

_SHARPNESS = 2
_DPI = 100
_MARGIN, _HEAD, _FOOT = 24, 108, 40
_COLUMN_HEAD = 46
_BAND_GAP = 12
_ROW = 66
_LEAST_ROW = 24
_MOST_HEIGHT = 1400
_MOST_COLUMNS = 10
_SIZES = (17.0, 8.0)
"""Points of the first line of a cell, at most and at least: 8 points are 11 pixels."""

_LIGHT = {
    State.DONE: Paint("#0f5323", "#cdebd6"),
    State.RUNNING: Paint("#503b00", "#fbe6a6"),
    State.TODO: Paint("#7a2e1d", "#fad9d3"),
    State.FAILED: Paint("#ffffff", "#c81e2b"),
    State.CANCELLED: Paint("#4d5761", "#e4e8ec"),
    State.STALE: Paint("#4c2889", "#e3d5fb"),
}
_INK, _MUTED = "#1d2733", "#5d6b7a"
_GLYPH = 0.66
"""Mean width of a glyph of DejaVu Sans Bold, as a share of its size; digits are 0.7, blanks and points 0.35."""


@dataclass(frozen=True)
class _Layout:
    """Sizes in pixels of the picture at `WIDTH`, y downwards.

    Attributes:
        bands: columns that stand side by side; several bands stand one below the other.
        rows: (image size, label), from top to bottom of each band.
        label: width of what stands on the left.
        column: width of a column.
        row: height of a row.
    """

    bands: tuple[tuple[cells.Column, ...], ...]
    rows: tuple[tuple[int, str], ...]
    label: float
    column: float
    row: float

    @property
    def band(self) -> float:
        return _COLUMN_HEAD + self.row * len(self.rows) + _BAND_GAP

    @property
    def height(self) -> float:
        return _HEAD + self.band * len(self.bands) + _FOOT


def draw_grid(grid: Grid) -> bytes:
    """A PNG."""
    file = io.BytesIO()
    figure_of(grid).savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def figure_of(grid: Grid) -> Figure:
    """The figure, whose only axes are in pixels, y downwards."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    layout = _lay_out(grid)
    # Names are people's own: a dollar sign is not the start of a formula.
    with rc_context({"font.family": ["DejaVu Sans"], "text.parse_math": False}):
        figure = Figure(figsize=(WIDTH / _DPI, layout.height / _DPI), dpi=_DPI * _SHARPNESS, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(layout.height, 0))
        axes.set_axis_off()
        _draw_head(axes, grid)
        for index, band in enumerate(layout.bands):
            _draw_band(axes, grid, layout, band, _HEAD + index * layout.band)
        _draw_foot(axes, grid, layout)
    return figure


def _lay_out(grid: Grid) -> _Layout:
    bands = tuple(cells.split_columns(grid.columns, lambda some: len(some) <= _MOST_COLUMNS))
    there = {(run.imgsz, run.variant) for run in grid.runs}
    rows = tuple((imgsz, label) for imgsz in grid.rows for label in grid.variants if (imgsz, label) in there)
    label = 84.0 + 9.0 * max(map(len, grid.variants), default=0)
    column = min(190.0, (WIDTH - 2 * _MARGIN - label) / max(map(len, bands), default=1))
    free = (_MOST_HEIGHT - _HEAD - _FOOT) / max(1, len(bands)) - _COLUMN_HEAD - _BAND_GAP
    row = max(_LEAST_ROW, min(_ROW, free / max(1, len(rows))))
    return _Layout(bands, rows, label, column, row)


def _draw_head(axes: Axes, grid: Grid) -> None:
    """Name, counts, how much of the work is done, and when it will end."""
    axes.text(_MARGIN, 34, grid.name, size=20, weight="bold", color=_INK, va="center")
    words = [f"{cells.SIGNS[state]} {grid.count(state)} {cells.WORDS[state]}" for state in _present(grid)]
    x = float(WIDTH - _MARGIN)
    for state, word in reversed(list(zip(_present(grid), words, strict=True))):
        width = 26 + 10.5 * len(word)
        _fill(axes, x - width, 18, width, 32, _LIGHT[state].fill)
        axes.text(x - width / 2, 34, word, size=12, weight="bold", color=_LIGHT[state].ink, ha="center", va="center")
        x -= width + 8
    whole = WIDTH - 2 * _MARGIN
    _fill(axes, _MARGIN, 62, whole, 8, "#dfe5eb")
    _fill(axes, _MARGIN, 62, whole * cells.share_done(grid), 8, "#1a7f37")
    axes.text(_MARGIN, 88, cells.totals_words(grid), size=10.5, color=_MUTED, va="center")
    axes.text(WIDTH - _MARGIN, 88, cells.forecast_words(grid), size=10.5, color=_INK, ha="right", va="center")


def _present(grid: Grid) -> list[State]:
    return [state for state in cells.SHOWN_ORDER if grid.count(state)]


def _draw_band(axes: Axes, grid: Grid, layout: _Layout, band: Sequence[cells.Column], top: float) -> None:
    left = _MARGIN + layout.label
    head = _fitting([word for column in band for word in cells.column_words(grid, column)], layout.column, 11.0)
    for index, column in enumerate(band):
        words = "\n".join(cells.column_words(grid, column))
        x = left + (index + 0.5) * layout.column
        axes.text(x, top + 20, words, size=head, color=_MUTED, weight="bold", ha="center", va="center")
    lines = {run.run_id: _lines(run, layout.row) for run in grid.runs}
    signs = {run.run_id: cells.SIGNS[run.state] for run in grid.runs}
    firsts = [f"{signs[run_id]} {words[0]}" for run_id, words in lines.items()]
    seconds = [word for words in lines.values() for word in words[1:]]
    first = _fitting(firsts, layout.column - 12, min(_SIZES[0], layout.row * 0.24 + 2))
    second = _fitting(seconds, layout.column - 12, 0.8 * first)
    for index, (imgsz, variant) in enumerate(layout.rows):
        y = top + _COLUMN_HEAD + index * layout.row
        if index == 0 or layout.rows[index - 1][0] != imgsz:
            if index and len(grid.variants) > 1:
                axes.plot((_MARGIN, WIDTH - _MARGIN), (y, y), color="#b8c2cc", linewidth=0.8)
            axes.text(_MARGIN, y + layout.row / 2, str(imgsz), size=15, weight="bold", color=_INK, va="center")
        axes.text(left - 8, y + layout.row / 2, variant, size=10, color=_MUTED, ha="right", va="center")
        for place, column in enumerate(band):
            for run in (run for run in grid.cell(imgsz, *column) if run.variant == variant):
                x = left + place * layout.column
                _draw_cell(axes, run, lines[run.run_id], (x, y, layout.column, layout.row), (first, second))


def _lines(run: RunStatus, row: float) -> tuple[str, ...]:
    """As many as are readable in a row of that height."""
    if row < 44:
        return (cells.one_line(run, wide=True),)
    head, *more = (line for line in cells.two_lines(run, wide=True) if line)
    # A smaller batch tells more than who computed it.
    return (head, more[-1]) if more else (head,)


def _draw_cell(
    axes: Axes,
    run: RunStatus,
    lines: Sequence[str],
    box: tuple[float, float, float, float],
    sizes: tuple[float, float],
) -> None:
    x, y, width, height = box
    paint = _LIGHT[run.state]
    _fill(axes, x + 2, y + 2, width - 4, height - 4, paint.fill)
    if run.state is State.RUNNING:
        _fill(axes, x + 2, y + height - 6, (width - 4) * run.progress, 4, "#b8860b")
    middle = x + width / 2
    style: dict[str, Any] = {"color": paint.ink, "ha": "center", "va": "center"}
    first = f"{cells.SIGNS[run.state]} {lines[0]}"
    lift = 0.16 * height if len(lines) > 1 else 0.0
    axes.text(middle, y + height / 2 - lift, first, size=sizes[0], weight="bold", **style)
    if len(lines) > 1:
        axes.text(middle, y + height / 2 + 0.2 * height, lines[1], size=sizes[1], **style)


def _fill(axes: Axes, x: float, y: float, width: float, height: float, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    if width <= 0 or height <= 0:
        return
    corner = f"round,pad=0,rounding_size={min(5, width / 2, height / 2)}"
    axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=corner, facecolor=colour, edgecolor="none"))


def _fitting(words: Sequence[str], width: float, most: float) -> float:
    """The largest size (points) at which the longest word fits that many pixels, within readable bounds."""
    longest = max(map(len, words), default=1)
    return max(_SIZES[1], min(most, width / (longest * _GLYPH) * 72 / _DPI))


def _draw_foot(axes: Axes, grid: Grid, layout: _Layout) -> None:
    meanings = {
        State.DONE: "mAP50 mAP50-95, time and lane" if layout.row >= 44 else "mAP50 mAP50-95",
        State.RUNNING: "epoch, mAP50 so far, time left" if layout.row >= 44 else "epoch, mAP50 so far",
    }
    words = [f"{cells.SIGNS[s]} {meaning}" for s, meaning in meanings.items() if grid.count(s)]
    if any(run.is_smaller for run in grid.runs):
        words.append("b16<64: batch really used < asked" if layout.row >= 44 else "<: a smaller batch than asked")
    y = layout.height - _FOOT / 2
    axes.text(_MARGIN, y, "     ".join(words), size=9.5, color=_MUTED, va="center")
    if grid.at is not None:
        when = grid.at.astimezone().strftime("%a %d %b %Y %H:%M")
        axes.text(WIDTH - _MARGIN, y, when, size=9.5, color=_MUTED, ha="right", va="center")
