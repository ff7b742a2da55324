"""Draws the figures of a report, in several processes where there are many."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from labtools.core.progress import Tick
from labtools.report.content import Plot
from labtools.report.figures.style import save_png, styled
from labtools.report.render import Sizes

_WORTH_PROCESSES = 60
"""A process needs a second or two to import matplotlib: some twenty figures' worth."""


def paint(plots: list[Plot], folder: Path, tick: Tick) -> Sizes:
    """Write ``<name>.png`` for every plot; returns their sizes in CSS pixels, keyed by path in the report."""
    sizes: Sizes = {}
    for i, (plot, size) in enumerate(zip(plots, _painted(plots, folder), strict=True)):
        sizes[f"figures/{plot.name}.png"] = size
        tick("figures", i + 1, len(plots))
    return sizes


def _painted(plots: list[Plot], folder: Path) -> Iterator[tuple[int, int]]:
    workers = min(os.cpu_count() or 1, 8, len(plots) // (_WORTH_PROCESSES // 2))
    if workers < 2 or multiprocessing.current_process().daemon:
        for plot in plots:
            yield paint_one(plot, folder)
        return
    # spawn: a fork would copy the locks of OpenCV's and OpenBLAS's threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(paint_one, plots, [folder] * len(plots), chunksize=4)


def paint_one(plot: Plot, folder: Path) -> tuple[int, int]:
    """Draw and save one figure; returns its (width, height) in CSS pixels."""
    with styled():
        return save_png(plot.draw(plot.rows), folder / f"{plot.name}.png")
