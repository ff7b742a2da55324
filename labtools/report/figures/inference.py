"""Figures about results: heat map class x run, curves, confusion, speed against mAP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from labtools.artifacts.results import OVERALL
from labtools.report.figures.style import (
    ABSENT,
    DASHES,
    INK,
    MUTED,
    SEQUENTIAL,
    WIDTH,
    colour_of,
    dash_of,
    grid_axes,
    ink_on,
    new_figure,
    short,
    unit_axis,
)
from labtools.report.figures.training import figure_width

MANY = 6
"""More classes than this get a panel each: nobody tells seven lines apart."""


def draw_heat_matrix(rows: pd.DataFrame, key: str, order: Sequence[str], unit: str) -> Figure:
    """One cell per run and class (or team): the value written in it; a dash where there was nothing to find.

    Args:
        rows: run_id, ``key``, value, in the order of the runs.
        key: column of the class or team.
        order: its values in the order wanted.
        unit: name of the value, 0..1.
    """
    runs = list(dict.fromkeys(rows["run_id"]))
    square = rows.pivot(index="run_id", columns=key, values="value").reindex(index=runs, columns=list(order))
    values = square.to_numpy(dtype=float)
    figure = new_figure(1.9 + 0.3 * len(runs), figure_width(len(order)))
    axes = figure.subplots()
    image = axes.imshow(values, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    axes.set_facecolor(ABSENT)
    small = len(order) > 14
    for (i, j), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{value:.2f}"
        axes.text(
            j,
            i,
            text.replace("0.", ".") if small else text,
            ha="center",
            va="center",
            color=MUTED if np.isnan(value) else ink_on(value),
            fontsize=8 if small else 9,
        )
    _matrix_ticks(axes, [short(c, 18) for c in order], [short(r, 30) for r in runs])
    figure.colorbar(image, ax=axes, label=unit, aspect=30, shrink=0.9).outline.set_visible(False)
    return figure


def _matrix_ticks(axes: Axes, columns: Sequence[str], rows: Sequence[str]) -> None:
    axes.set_xticks(range(len(columns)), columns, rotation=40 if len(columns) > 5 else 0)
    if len(columns) > 5:
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw_confusion(rows: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Counts, coloured by their share of the true class (row). The corner has no meaning and stays empty.

    Args:
        rows: true, predicted, count of one run.
        names: classes in order, background last.
    """
    square = rows.pivot_table(index="true", columns="predicted", values="count", aggfunc="sum", fill_value=0)
    counts = square.reindex(index=list(names), columns=list(names), fill_value=0).to_numpy(dtype=float)
    sums = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, sums, out=np.zeros_like(counts), where=sums > 0)
    side = max(4.2, min(WIDTH, 2.2 + 0.62 * len(names)))
    figure = new_figure(side * 0.9, side + 0.4)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for (i, j), count in np.ndenumerate(counts):
        if count:
            axes.text(
                j,
                i,
                f"{count:.0f}",
                ha="center",
                va="center",
                color=ink_on(shares[i, j]),
                fontsize=8 if len(names) > 10 else 10,
            )
    last = len(names) - 1
    axes.add_patch(
        Rectangle((last - 0.5, last - 0.5), 1, 1, facecolor=ABSENT, hatch="//", edgecolor="#cfd6dd", linewidth=0)
    )
    shown = [short(n, 18) for n in names]
    _matrix_ticks(axes, [*shown[:-1], "missed"], [*shown[:-1], "false alarm"])
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    figure.colorbar(image, ax=axes, label="share of the true class", aspect=30, shrink=0.9).outline.set_visible(False)
    return figure


def draw_class_curves(
    rows: pd.DataFrame, colours: Mapping[str, str], axis: tuple[str, str], values: Sequence[str], chosen: str = ""
) -> Figure:
    """Curves of one run: one panel per value with all classes, or, where classes are many, one panel per class.

    Args:
        rows: class_name, x and the value columns; `OVERALL` is the mean of all classes.
        colours: class -> colour.
        axis: label of x and of y.
        values: columns drawn: one, or precision, recall, f1.
        chosen: the class that stands out, for its own page.
    """
    classes = [c for c in colours if c in set(rows["class_name"])]
    if len(classes) > MANY and not chosen and len(values) == 1:
        return _panel_per_class(rows, colours, classes, axis, values[0])
    figure = new_figure(4.0 if len(values) > 1 else 4.4, WIDTH if len(values) > 1 else 8.2)
    panels = grid_axes(figure, len(values), len(values), sharey=True)
    for axes, value in zip(panels, values, strict=True):
        _class_lines(axes, rows, colours, classes, value, chosen)
        _curve_axes(axes, axis[0], (value if len(values) > 1 else axis[1]).replace("f1", "F1"))
    handles, labels = _class_legend(classes, colours, chosen)
    figure.legend(handles, labels, loc="outside right upper")
    return figure


def _class_lines(
    axes: Axes, rows: pd.DataFrame, colours: Mapping[str, str], classes: Sequence[str], value: str, chosen: str
) -> None:
    for i, name in enumerate(classes):
        line = rows[rows["class_name"] == name]
        faint = chosen not in ("", name) or (not chosen and len(classes) > MANY)
        style = {"color": "#b8c2cc", "linewidth": 1.0} if faint else {"color": colours[name], "linewidth": 1.8}
        dash = "-" if faint or chosen else DASHES[i % 3]
        axes.plot(line["x"], line[value], linestyle=dash, zorder=3 if name == chosen else 2, **style)  # type: ignore[arg-type]
    mean = rows[rows["class_name"] == OVERALL]
    if len(mean):
        axes.plot(mean["x"], mean[value], color=INK, linewidth=2.6, zorder=4)


def _class_legend(classes: Sequence[str], colours: Mapping[str, str], chosen: str) -> tuple[list[Line2D], list[str]]:
    if chosen or len(classes) > MANY:
        names = [chosen] if chosen else []
        handles = [Line2D([], [], color=colours[chosen], linewidth=2)] if chosen else []
        handles.append(Line2D([], [], color="#b8c2cc"))
        labels = [*map(short, names), "other classes" if chosen else "each class"]
    else:
        handles = [
            Line2D([], [], color=colours[n], linestyle=DASHES[i % 3], linewidth=2) for i, n in enumerate(classes)
        ]
        labels = [short(n) for n in classes]
    return [*handles, Line2D([], [], color=INK, linewidth=2.6)], [*labels, "all classes"]


def _panel_per_class(
    rows: pd.DataFrame, colours: Mapping[str, str], classes: Sequence[str], axis: tuple[str, str], value: str
) -> Figure:
    lines = -(-len(classes) // 6)
    columns = -(-len(classes) // lines)
    figure = new_figure(0.4 + 2.15 * lines)
    panels = grid_axes(figure, len(classes), columns, sharex=True, sharey=True)
    for i, (axes, name) in enumerate(zip(panels, classes, strict=True)):
        for other in classes:
            line = rows[rows["class_name"] == other]
            axes.plot(line["x"], line[value], color="#dbe1e7", linewidth=0.7, zorder=1)
        line = rows[rows["class_name"] == name]
        axes.plot(line["x"], line[value], color=colours[name], linewidth=2, zorder=3)
        _curve_axes(axes, axis[0] if i + columns >= len(classes) else "", axis[1] if i % columns == 0 else "")
        axes.set_title(short(name, 18), fontsize=10)
        axes.tick_params(labelbottom=i + columns >= len(classes))
    return figure


def _curve_axes(axes: Axes, x: str, y: str) -> None:
    unit_axis(axes, "x")
    unit_axis(axes, "y")
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def draw_run_curves(rows: pd.DataFrame) -> Figure:
    """Precision against recall over all classes, a line per run, a panel per image size.

    Rows: run_id, model, freeze_label, imgsz, x (recall), precision.
    """
    sizes = sorted(set(rows["imgsz"]))
    figure = new_figure(3.9 if len(sizes) < 4 else 3.3)
    panels = grid_axes(figure, len(sizes), len(sizes), sharey=True)
    colours = colour_of(list(dict.fromkeys(rows["model"])))
    dashes = dash_of(list(dict.fromkeys(rows["freeze_label"])))
    for j, (axes, imgsz) in enumerate(zip(panels, sizes, strict=True)):
        for _, run in rows[rows["imgsz"] == imgsz].groupby("run_id", sort=False):
            colour, dash = colours[run["model"].iloc[0]], dashes[run["freeze_label"].iloc[0]]
            axes.plot(run["x"], run["precision"], color=colour, linestyle=dash, linewidth=1.6)
        axes.set_title(f"{imgsz} px", fontsize=10)
        _curve_axes(axes, "recall", "precision" if j == 0 else "")
    handles = [Line2D([], [], color=c, linewidth=2) for c in colours.values()]
    handles += [Line2D([], [], color=INK, linestyle=d) for d in dashes.values()]
    figure.legend(handles, [short(n) for n in (*colours, *dashes)], loc="outside upper left", ncols=6)
    return figure
