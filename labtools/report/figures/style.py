"""The look that all figures share: sizes, colours for colour-blind readers, texts that are only texts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from PIL import Image

CSS_DPI = 100
"""Figure inches x 100 = CSS pixels; files have twice as many, for projectors and sharp phones."""

WIDTH = 10.5
"""Inches: the full width of a page's column."""

INK, MUTED, GRID, ABSENT = "#1d2733", "#5d6b7a", "#e3e8ee", "#eef1f4"
# Okabe and Ito's palette, https://jfly.uni-koeln.de/color/, yellow last: it is faint on white.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5c00", "#000000")
SPLIT_COLOURS = {"train": "#0072b2", "val": "#e69f00", "test": "#009e73"}
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
SEQUENTIAL = "Blues"

_RC: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.labelcolor": MUTED,
    "axes.edgecolor": "#b8c2cc",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 10,
    # Teams choose their names: a dollar sign is not the start of a formula.
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
}


@contextmanager
def styled() -> Iterator[None]:
    """matplotlib with this report's settings, put back afterwards; missing glyphs are drawn as boxes in silence."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure (inches) that places its own parts and draws with Agg."""
    figure = Figure(figsize=(width, round(height, 2)), dpi=CSS_DPI, layout="constrained")  # whole CSS pixels
    FigureCanvasAgg(figure)
    return figure


def save_png(figure: Figure, path: Path) -> tuple[int, int]:
    """Write at twice the CSS size without any metadata (equal figures give equal bytes); returns CSS width, height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.set_dpi(2 * CSS_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])  # type: ignore[no-untyped-call]
    _few_colours(pixels).save(path)
    return round(pixels.width / 2), round(pixels.height / 2)


def _few_colours(pixels: Image.Image) -> Image.Image:
    """255 colours, which make the file less than half as large.

    The octree takes a quarter of the median cut's time, which was half of what a small figure takes. It is 1 of 255
    off on average; white, as the corner is, stays white.
    """
    painted = pixels.quantize(255, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    white = 3 * int(np.asarray(painted)[0, 0])
    palette = list(painted.getpalette() or ())
    palette[white : white + 3] = [255, 255, 255]
    painted.putpalette(palette)
    return painted


def grid_axes(figure: Figure, count: int, columns: int, **options: Any) -> list[Axes]:
    """``count`` axes in rows of at most ``columns``; the places left over stay empty."""
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    axes: np.ndarray[Any, Any] = figure.subplots(rows, columns, squeeze=False, **options)
    flat = list(axes.flat)
    for unused in flat[count:]:
        unused.remove()
    return flat[:count]


def short(name: str, most: int = 24) -> str:
    """A name that fits beside an axis. A leading underscore would hide it from legends, a newline would spread it."""
    text = " ".join(name.split())
    text = text if len(text) <= most else text[: most - 1] + "…"
    return f" {text}" if text.startswith("_") else text


def colour_of(values: Sequence[str]) -> dict[str, str]:
    """value -> colour, in the order given; the palette repeats after eight."""
    return {v: PALETTE[i % len(PALETTE)] for i, v in enumerate(values)}


def dash_of(values: Sequence[str]) -> dict[str, Any]:
    """value -> line style, in the order given: "no freeze" is the full line."""
    first = sorted(values, key=lambda v: (v != "no freeze", v))
    return {v: DASHES[i % len(DASHES)] for i, v in enumerate(first)}


def unit_axis(axes: Axes, which: str) -> None:
    """Show 0..1, with a little air so that lines at 0 and 1 are seen."""
    setter = axes.set_xlim if which == "x" else axes.set_ylim
    setter(-0.02, 1.02)


def log_axis(axes: Axes) -> None:
    """A logarithmic x axis whose ticks are plain numbers (the usual ones are formulas)."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def ink_on(shade: float) -> str:
    """Text colour that reads on the sequential map at ``shade`` (0..1)."""
    return "white" if shade > 0.6 else INK
