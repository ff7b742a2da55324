"""Figures about time: speed against mAP, and both against the image size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from labtools.report.figures.labels import place_labels
from labtools.report.figures.style import INK, MARKERS, MUTED, colour_of, dash_of, log_axis, new_figure, short


def draw_speed(rows: pd.DataFrame, unit: str) -> Figure:
    """mAP50-95 against time per image; the runs that no other beats in both are joined and named.

    Rows: run_id, model, freeze_label, imgsz, ms, map50_95, front.
    """
    figure = new_figure(4.8)
    axes = figure.subplots()
    colours = colour_of(list(dict.fromkeys(rows["model"])))
    sizes = sorted(set(rows["imgsz"]))
    markers = {s: MARKERS[i % len(MARKERS)] for i, s in enumerate(sizes)}
    keys = ("ms", "map50_95", "model", "imgsz", "freeze_label")
    for ms, score, model, imgsz, freeze in zip(*(rows[k].tolist() for k in keys), strict=True):
        hollow = freeze != "no freeze"
        colour = colours[model]
        axes.scatter(
            ms,
            score,
            marker=markers[imgsz],
            s=70,
            linewidths=1.8,
            zorder=3,
            edgecolors=colour,
            facecolors="white" if hollow else colour,
        )
    front = rows[rows["front"]].sort_values("ms")
    axes.plot(front["ms"], front["map50_95"], color="#9aa7b4", linewidth=1.2, linestyle=(0, (4, 3)), zorder=2)
    low, high = float(rows["ms"].min()), float(rows["ms"].max())
    if high > 8 * low > 0:
        log_axis(axes)
    else:
        axes.set_xlim(0, high * 1.15)
    axes.set_ylim(0, min(1.02, float(rows["map50_95"].max()) * 1.2 + 0.02))
    axes.set_xlabel(unit)
    axes.set_ylabel("mAP50-95")
    named = rows if len(rows) <= 10 else front
    _speed_legend(figure, colours, markers, set(rows["freeze_label"]))
    place_labels(axes, named["ms"], named["map50_95"], [short(r, 30) for r in named["run_id"]])
    return figure


def _speed_legend(figure: Figure, colours: Mapping[str, str], markers: Mapping[int, str], freezes: set[str]) -> None:
    def dot(colour: str, marker: str, face: str) -> Line2D:
        return Line2D([], [], color=colour, marker=marker, linestyle="", markerfacecolor=face, markersize=8)

    handles = [dot(c, "o", c) for c in colours.values()] + [dot(MUTED, m, MUTED) for m in markers.values()]
    labels = [*map(short, colours), *(f"{s} px" for s in markers)]
    for freeze in sorted(freezes, key=lambda f: f != "no freeze"):
        handles.append(dot(INK, "o", INK if freeze == "no freeze" else "white"))
        labels.append(freeze)
    figure.legend(handles, labels, loc="outside right upper")


def draw_study(rows: pd.DataFrame) -> Figure:
    """mAP50-95 (above) and time per image (below) against the image size of the evaluation; a panel per image size of
    the training, a line per run.

    Rows: run_id, model, freeze_label, trained_imgsz, imgsz, map50_95, ms.
    """
    trained = sorted(set(rows["trained_imgsz"]))
    figure = new_figure(5.6)
    panels = figure.subplots(2, len(trained), squeeze=False, sharex=True, sharey="row")
    colours = colour_of(list(dict.fromkeys(rows["model"])))
    dashes = dash_of(list(dict.fromkeys(rows["freeze_label"])))
    for j, size in enumerate(trained):
        for i, (column, unit) in enumerate((("map50_95", "mAP50-95"), ("ms", "ms per image"))):
            axes = panels[i, j]
            _study_lines(axes, rows[rows["trained_imgsz"] == size], column, colours, dashes)
            axes.axvline(size, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
            axes.set_xticks(sorted(set(rows["imgsz"])))
            axes.set_ylim(bottom=0)
            axes.set_ylabel(unit if j == 0 else "")
        panels[0, j].set_title(f"trained at {size} px", fontsize=10)
        panels[1, j].set_xlabel("evaluated at, px")
    handles = [Line2D([], [], color=c, linewidth=2) for c in colours.values()]
    handles += [Line2D([], [], color=INK, linestyle=d) for d in dashes.values()]
    figure.legend(handles, [short(n) for n in (*colours, *dashes)], loc="outside upper left", ncols=6)
    return figure


def _study_lines(
    axes: Axes, rows: pd.DataFrame, column: str, colours: Mapping[str, str], dashes: Mapping[str, Any]
) -> None:
    for _, run in rows.groupby("run_id", sort=False):
        colour, dash = colours[run["model"].iloc[0]], dashes[run["freeze_label"].iloc[0]]
        axes.plot(run["imgsz"], run[column], color=colour, linestyle=dash, marker="o", markersize=4)
