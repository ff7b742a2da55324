"""Figures about the trainings: curves over epochs, sizes of networks, freeze against no freeze."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from labtools.report.figures.style import (
    INK,
    MARKERS,
    MUTED,
    PALETTE,
    WIDTH,
    colour_of,
    dash_of,
    new_figure,
    short,
    unit_axis,
)


def draw_epochs(rows: pd.DataFrame, unit: str, bounded: bool) -> Figure:
    """Metrics over epochs: a row of panels per metric, a column per image size, a line per run.

    Args:
        rows: run_id, model, freeze_label, imgsz, epoch, metric, value.
        unit: label of the y axis.
        bounded: the metrics live in 0..1.
    """
    metrics, sizes = list(dict.fromkeys(rows["metric"])), sorted(set(rows["imgsz"]))
    figure = new_figure(0.7 + 2.3 * len(metrics))
    panels = figure.subplots(len(metrics), len(sizes), squeeze=False, sharex=True, sharey="row")
    colours, dashes = _codes(rows)
    for i, metric in enumerate(metrics):
        for j, imgsz in enumerate(sizes):
            axes = panels[i, j]
            part = rows[(rows["metric"] == metric) & (rows["imgsz"] == imgsz)]
            _lines(axes, part, colours, dashes)
            axes.set_title(f"{metric}, {imgsz} px", fontsize=10)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
            if bounded:
                unit_axis(axes, "y")
            if j == 0:
                axes.set_ylabel(unit)
            if i == len(metrics) - 1:
                axes.set_xlabel("epoch")
    _legend(figure, colours, dashes)
    return figure


def _codes(rows: pd.DataFrame) -> tuple[dict[str, str], dict[str, object]]:
    return colour_of(list(dict.fromkeys(rows["model"]))), dash_of(list(dict.fromkeys(rows["freeze_label"])))


def _lines(axes: Axes, rows: pd.DataFrame, colours: dict[str, str], dashes: dict[str, object]) -> None:
    for _, run in rows.groupby("run_id", sort=False):
        model, freeze = run["model"].iloc[0], run["freeze_label"].iloc[0]
        few = len(run) <= 3  # a single epoch would be an invisible line
        axes.plot(
            run["epoch"],
            run["value"],
            color=colours[model],
            linestyle=dashes[freeze],
            linewidth=1.6,
            marker="o" if few else None,
            markersize=4,
        )


def _legend(figure: Figure, colours: dict[str, str], dashes: dict[str, object]) -> None:
    handles = [Line2D([], [], color=c, linewidth=2) for c in colours.values()]
    handles += [Line2D([], [], color=INK, linestyle=d, linewidth=1.6) for d in dashes.values()]  # type: ignore[arg-type]
    labels = [short(name) for name in (*colours, *dashes)]
    figure.legend(handles, labels, loc="outside upper left", ncols=min(6, len(labels)))


def draw_sizes(rows: pd.DataFrame) -> Figure:
    """Layers, parameters, GFLOPs and file size as bars. Rows: model, imgsz, layers, parameters, gflops, weights_mb."""
    columns = {"parameters": "parameters", "gflops": "GFLOPs", "weights_mb": "weights file, MB", "layers": "layers"}
    shown = [c for c in columns if rows[c].notna().any()]
    names = [f"{short(str(m), 14)} {s}" for m, s in zip(rows["model"], rows["imgsz"], strict=True)]
    figure = new_figure(0.8 + 0.32 * len(names))
    panels = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    colours = colour_of(list(dict.fromkeys(rows["model"])))
    for axes, column in zip(panels, shown, strict=True):
        values = rows[column].astype(float)
        axes.barh(range(len(names)), values.fillna(0), color=[colours[m] for m in rows["model"]], height=0.7)
        for i, value in enumerate(values):
            text = "–" if pd.isna(value) else _size_text(column, value)
            place = (0 if pd.isna(value) else value, i)
            axes.annotate(text, place, (4, 0), textcoords="offset points", va="center", color=MUTED, fontsize=9)
        axes.set_xlim(0, float(values.max()) * 1.35)
        axes.set_title(columns[column], fontsize=10)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
        axes.xaxis.set_major_formatter(FuncFormatter(partial(_size_tick, column)))
        axes.grid(axis="y", visible=False)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.4, -0.6)
    return figure


def _size_tick(column: str, value: float, position: int) -> str:
    return f"{value / 1e6:g} M" if column == "parameters" else f"{value:g}"


def _size_text(column: str, value: float) -> str:
    if column == "parameters":
        return f"{value / 1e6:.2f} M"
    return f"{value:.0f}" if column == "layers" else f"{value:.3g}"


def draw_pairs(
    rows: pd.DataFrame, left: tuple[str, str], right: tuple[str, str], label: str, unit: str, difference: bool = True
) -> Figure:
    """Two values per line joined by a bar: one thing beside another, all else equal.

    Args:
        rows: one line each, with ``label`` and the two value columns.
        left, right: (column, name in the legend) of the first and the second value.
        label: the column that names the lines.
        unit: label of the x axis; values are 0..1.
        difference: write second minus first at the right.
    """
    figure = new_figure(1.15 + 0.32 * len(rows))
    axes = figure.subplots()
    lines = list(range(len(rows)))
    a, b = rows[left[0]].astype(float), rows[right[0]].astype(float)
    axes.hlines(lines, a, b, color="#b8c2cc", linewidth=3, zorder=1)
    for values, (_, name), colour, marker in zip((a, b), (left, right), PALETTE, MARKERS, strict=False):
        axes.scatter(values, lines, color=colour, marker=marker, s=55, label=name, zorder=2, edgecolors="white")
    if difference:
        for i, (first, second) in enumerate(zip(a, b, strict=True)):
            gap = "–" if pd.isna(second - first) else f"{second - first:+.3f}"
            axes.annotate(
                gap,
                (1.02, i),
                (6, 0),
                textcoords="offset points",
                va="center",
                color=MUTED,
                fontsize=10,
                annotation_clip=False,
            )
    axes.set_yticks(lines, [short(str(name), 34) for name in rows[label]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    unit_axis(axes, "x")
    axes.set_xlabel(unit + (f"   (at the right: {right[1]} minus {left[1]})" if difference else ""))
    figure.legend(loc="outside upper left", ncols=2)
    return figure


def figure_width(columns: int) -> float:
    """Inches for a matrix of so many columns: small ones stay small."""
    return max(5.0, min(WIDTH, 2.6 + 0.72 * columns))
