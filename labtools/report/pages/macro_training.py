"""The trainings, all of them: how far, how they converged, how large the networks are, and what freezing changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from labtools.report.cells import DASH, count, decimal, duration, make_table, text
from labtools.report.content import (
    LOOKS,
    NUMBERS,
    TRAINING,
    Block,
    Cell,
    Gallery,
    Missing,
    Page,
    Picture,
    Plot,
    Prose,
    Section,
    Table,
)
from labtools.report.figures.training import draw_epochs, draw_sizes
from labtools.report.load import Results
from labtools.report.pages import Plan
from labtools.report.pages._common import freeze_plot, missing_results
from labtools.report.pictures import read_image
from labtools.report.tables.training import LOSSES, epoch_curves, freeze_label, freeze_pairs, network_sizes, ordered

title = "Training"
order = 20

_MAP = {"metrics/mAP50(B)": "mAP50", "metrics/mAP50-95(B)": "mAP50-95"}
_TONES = {"done": "done", "running": "running", "to do": "todo", "failed": "failed", "stale": "failed", "cancelled": ""}
_MARKS = {
    "done": "✓ done",
    "running": "▶ running",
    "to do": "· to do",
    "failed": "✗ failed",
    "stale": "≠ stale",
    "cancelled": "- cancelled",
}
_WORST_FIRST = ("failed", "stale", "running", "to do", "done", "cancelled")


def build(plan: Plan) -> Sequence[Page]:
    results = plan.results
    if not results.has_runs:
        return []
    if results.runs.empty:
        missing = Missing("Nothing has been trained yet.", ("labtools train-matrix --gpus cpu", "labtools status"))
        return [_page((), (missing,))]
    sections = (
        Section("status", "How far the matrix is", TRAINING, NUMBERS, _status(results)),
        Section("map-curves", "mAP over the epochs", TRAINING, NUMBERS, _map_curves(results)),
        Section("loss-curves", "Losses over the epochs", TRAINING, NUMBERS, _loss_curves(results)),
        Section("sizes", "Sizes of the networks", TRAINING, NUMBERS, _sizes(results)),
        Section("freeze", "Freeze against no freeze", TRAINING, NUMBERS, _freeze(results)),
        Section("batches", "What the network was shown", TRAINING, LOOKS, _batches(results)),
    )
    return [_page(sections)]


def _page(sections: tuple[Section, ...], opening: tuple[Block, ...] = ()) -> Page:
    lead = "Every configuration of the matrix: network, frozen layers and image size."
    return Page("pages/training.html", "Training of every configuration", title, "macro", lead, sections, opening)


def _status(results: Results) -> tuple[Block, ...]:
    runs = ordered(results.runs)
    columns = [
        ("run_id", "run", text),
        ("state", "state", lambda s: Cell(str(s), tone=_TONES.get(str(s), ""))),
        ("epochs_done", "epochs", count),
        ("batch_used", "batch", count),
        ("seconds", "time", duration),
    ]
    if runs["note"].fillna("").any():
        columns.append(("note", "remark", text))
    detail = make_table("Every run.", runs.assign(note=runs["note"].fillna("")), columns, name="training-runs")
    return status_grid(runs), detail


def status_grid(runs: pd.DataFrame) -> Table:
    """The course's grid: rows imgsz, columns model x freeze; green done, yellow running, red to do, failed or stale."""
    axes = list(dict.fromkeys(zip(runs["model"], runs["freeze_label"], strict=True)))
    body = []
    for imgsz in sorted(set(runs["imgsz"])):
        cells = [Cell(f"{imgsz} px")]
        for model, freeze in axes:
            here = runs[(runs["imgsz"] == imgsz) & (runs["model"] == model) & (runs["freeze_label"] == freeze)]
            cells.append(_grid_cell(here))
        body.append(tuple(cells))
    head = ("image size", *(f"{model} {freeze}" for model, freeze in axes))
    return Table("Green: done. Yellow: running. Red: to do, failed or stale.", head, tuple(body))


def _grid_cell(runs: pd.DataFrame) -> Cell:
    if runs.empty:
        return Cell(DASH, hint="not in the matrix")
    states = set(runs["state"])
    worst = next(s for s in _WORST_FIRST if s in states)
    if len(runs) > 1:
        return Cell(f"{int((runs['state'] == 'done').sum())} of {len(runs)} done", tone=_TONES[worst])
    note = str(runs["note"].iloc[0] or "")
    label = f"{_MARKS[worst]} ({note})" if note and len(note) < 24 else _MARKS[worst]
    return Cell(label, tone=_TONES[worst], hint=note)


def _no_epochs(results: Results) -> Missing:
    return Missing("No training has finished an epoch yet.", ("labtools status",))


def _map_curves(results: Results) -> tuple[Block, ...]:
    rows = epoch_curves(results.curves, results.runs, _MAP)
    if rows.empty:
        return (_no_epochs(results),)
    return (
        Plot(
            "training-map",
            "Lines: mAP50 and mAP50-95 on val over the epochs, for every run",
            "mAP on the val split after each epoch. Which configuration converges fastest, and which ends best?",
            rows,
            partial(draw_epochs, unit="mAP on val", bounded=True),
        ),
    )


def _loss_curves(results: Results) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for split in ("train", "val"):
        names = {f"{split}/{loss}": loss.replace("_", " ") for loss in LOSSES}
        rows = epoch_curves(results.curves, results.runs, names)
        if rows.empty:
            continue
        rows["metric"] = pd.Categorical(rows["metric"], list(names.values()))
        rows = rows.sort_values("metric", kind="stable").astype({"metric": str})
        note = " A val loss that rises while the train loss falls is overfitting." if split == "val" else ""
        blocks.append(
            Plot(
                f"training-loss-{split}",
                f"Lines: box, class and distribution losses on {split} over the epochs, for every run",
                f"Losses on {split}: box position, class, and distribution focal loss (box edges).{note}",
                rows,
                partial(draw_epochs, unit=f"{split} loss", bounded=False),
            )
        )
    return tuple(blocks) or (_no_epochs(results),)


def _sizes(results: Results) -> tuple[Block, ...]:
    known = [tables["results"] for tables in results.splits.values()]
    sizes = network_sizes(pd.concat(known)) if known else network_sizes(pd.DataFrame())
    if sizes.empty or sizes[["layers", "parameters", "gflops", "weights_mb"]].isna().all(axis=None):
        return (missing_results(results),)
    columns = [
        ("model", "network", text),
        ("imgsz", "image size, px", decimal(0, grouped=False)),
        ("layers", "layers", count),
        ("parameters", "parameters, M", decimal(2, scale=1e-6)),
        ("gflops", "GFLOPs", decimal(2)),
        ("weights_mb", "file, MB", decimal(2)),
    ]
    return (
        Plot(
            "training-sizes",
            "Bars: parameters, GFLOPs, file size and layers of each network",
            "GFLOPs grow with the square of the image size; parameters and file do not.",
            sizes,
            draw_sizes,
        ),
        make_table("Sizes as Ultralytics counts them.", sizes, columns, name="training-sizes-table"),
    )


def _freeze(results: Results) -> tuple[Block, ...]:
    if results.split is None:
        return (missing_results(results),)
    scored = results.table("results")
    pairs = freeze_pairs(scored, "map50_95")
    if pairs.empty:
        kinds = ", ".join(sorted({freeze_label(f) for f in scored["freeze"]}))
        return (
            Missing(
                "There are no two runs that differ in freeze alone, so nothing can be compared fairly "
                f"(evaluated so far: {kinds}). Put both freeze: [10, null] into the matrix and train.",
                ("labtools train-matrix --matrix configs/matrix.yaml --gpus cpu",),
            ),
        )
    better = int((pairs["difference"] > 0).sum())
    return (
        Prose(
            f"At equal everything else, training all layers was better than freezing in {better} of {len(pairs)} pairs "
            f"on {results.split}. One seed each: small differences may be chance."
        ),
        freeze_plot(pairs, results.split, "training-freeze", "mAP50-95"),
    )


def _batches(results: Results) -> tuple[Block, ...]:
    """Ultralytics' own pictures of its first training batches, augmented as the network saw them."""
    run_id = results.best or next(iter(results.runs.loc[results.runs["state"] == "done", "run_id"]), None)
    found = sorted((results.matrix / run_id).glob("train_batch*.jpg"))[:3] if results.matrix and run_id else []
    if not found:
        return (Missing("Ultralytics left no picture of a training batch (train_batch0.jpg) in the run folder."),)
    pictures = tuple(
        Picture(f"training-batch-{i}", f"Training batch {i} of {run_id}", path.name, partial(read_image, path))
        for i, path in enumerate(found)
    )
    return (Gallery(f"The first batches of {run_id} after augmentation, with their boxes.", pictures, 460),)
