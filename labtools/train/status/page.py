"""The grid as one HTML file: nothing beside it, nothing fetched; it shows itself anew while somebody writes it anew."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from labtools.core.words import duration, memory, score
from labtools.train.status import cells
from labtools.train.status.grid import Grid
from labtools.train.status.lane_status import LaneStatus
from labtools.train.status.run_status import RunStatus

_QUICKEST_S = 5
_USUAL_S = 60
"""Between two looks of the browser, where nobody says how often the page is written."""


@dataclass(frozen=True)
class PageCell:
    """A filled cell: its lines, the first with the sign, and all that is known when the mouse is over it."""

    state: str
    sign: str
    lines: tuple[str, ...]
    progress: float
    hint: str


@dataclass(frozen=True)
class PageRow:
    """A row of the grid; ``span`` is the number of rows that its image size spans, 0 below the first of them."""

    imgsz: int
    span: int
    variant: str
    cells: tuple[tuple[PageCell, ...], ...]


def render_page(grid: Grid, every: float | None = None) -> str:
    """The page.

    Args:
        grid: what to show.
        every: seconds between two writings of it; None: nobody writes it again, as far as we know.
    """
    import jinja2

    script = _read("page.js")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(_read("page.html.j2")).render(
        grid=grid,
        css=_read("page.css"),
        script=script,
        script_hash=_hash_source(script),
        refresh=max(_QUICKEST_S, round(every)) if every else _USUAL_S,
        is_watched=every is not None and not grid.is_over,
        counts=[(s.value, cells.SIGNS[s], grid.count(s), cells.WORDS[s]) for s in cells.SHOWN_ORDER],
        share=cells.share_done(grid),
        totals=cells.totals_words(grid),
        forecast=cells.forecast_words(grid),
        columns=[cells.column_words(grid, column) for column in grid.columns],
        has_variants=len(grid.variants) > 1,
        rows=list(_rows(grid)),
        lane_heads=LANE_HEADS,
        run_heads=RUN_HEADS,
        lanes=[_lane_words(lane, grid) for lane in grid.lanes],
        runs=[(run.state.value, _run_words(run)) for run in grid.runs],
        time=grid.at.isoformat(timespec="seconds") if grid.at else "",
        clock=grid.at.astimezone().strftime("%a %d %b %Y, %H:%M:%S") if grid.at else "",
    )


def _hash_source(script: str) -> str:
    """A script as a Content Security Policy names it (W3C CSP3, 2.3.1)."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _read(name: str) -> str:
    return (files("labtools.train.status") / "templates" / name).read_text(encoding="utf-8")


def _rows(grid: Grid) -> Iterator[PageRow]:
    for imgsz in grid.rows:
        there = [v for v in grid.variants if any(r.imgsz == imgsz and r.variant == v for r in grid.runs)]
        found = [grid.cell(imgsz, *column) for column in grid.columns]
        for index, variant in enumerate(there):
            row = tuple(tuple(_cell(run) for run in runs if run.variant == variant) for runs in found)
            yield PageRow(imgsz, len(there) if index == 0 else 0, variant, row)


def _cell(run: RunStatus) -> PageCell:
    hint = "\n".join(f"{name}: {value}" for name, value in _facts(run))
    lines = cells.two_lines(run, wide=True)
    progress = run.progress if run.state.is_open else 0.0
    return PageCell(run.state.value, cells.SIGNS[run.state], tuple(filter(None, lines)), progress, hint)


def _facts(run: RunStatus) -> Iterator[tuple[str, str]]:
    """All that is known of a run, in words."""
    yield "run", run.run_id
    yield "state", cells.WORDS[run.state]
    facts = {
        "epoch": f"{run.epoch} of {run.epochs}" if run.epoch else "",
        "mAP50, mAP50-95": cells.scores(run),
        "time": duration(run.seconds) if run.seconds is not None else "",
        "left": duration(run.expected_s) if run.expected_s else "",
        "lane": f"{run.lane} on {run.host}" if run.lane else "",
        "GPU memory": memory(run.gpu_bytes) if run.gpu_bytes else "",
        "batch": f"{run.batch_used} instead of {run.batch}" if run.is_smaller else str(run.batch),
        "seed": str(run.seed),
        "attempt": str(run.attempt or ""),
        "priority": str(run.priority or ""),
        "silent for": duration(run.silent_s) if run.silent_s is not None else "",
        "last trouble": run.reason,
    }
    yield from ((name, value) for name, value in facts.items() if value)


RUN_HEADS = ("run", "state", "epoch", "mAP50", "mAP50-95", "time", "left", "lane", "memory", "batch", "try", "trouble")
LANE_HEADS = ("lane", "on", "state", "run", "epoch", "left", "GPU", "memory", "trained", "why")


def _run_words(run: RunStatus) -> tuple[str, ...]:
    return (
        run.run_id,
        f"{cells.SIGNS[run.state]} {cells.WORDS[run.state]}",
        f"{run.epoch}/{run.epochs}" if run.epoch else "",
        "" if run.map50 is None else score(run.map50),
        "" if run.map50_95 is None else score(run.map50_95),
        "" if run.seconds is None else duration(run.seconds),
        duration(run.expected_s) if run.expected_s else "",
        f"{run.lane}@{run.host}" if run.lane else "",
        memory(run.gpu_bytes) if run.gpu_bytes else "",
        f"{run.batch_used}<{run.batch}" if run.is_smaller else str(run.batch),
        str(run.attempt or ""),
        run.reason,
    )


def _lane_words(lane: LaneStatus, grid: Grid) -> tuple[str, tuple[str, ...]]:
    run = next((run for run in grid.runs if run.run_id == lane.run_id), None)
    used, total = lane.gpu_used_bytes, lane.gpu_total_bytes
    silent = f" {duration(lane.silent_s)}" if lane.silent_s is not None else ""
    words = (
        lane.name,
        lane.machine,
        f"{cells.LANE_SIGNS[lane.state]} {lane.state.value}{silent}",
        lane.run_id,
        f"{run.epoch}/{run.epochs}" if run else "",
        duration(run.eta_s) if run and run.eta_s is not None else "",
        lane.gpu_name,
        f"{memory(used)} of {memory(total)}" if used is not None and total is not None else "",
        str(lane.trained or ""),
        lane.why,
    )
    return lane.state.value, words
