"""What the page of a class and the page of a team have in common: one beside the mean of all others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from labtools.artifacts.dataset import SPLITS
from labtools.report.cells import Format, count, decimal, make_table, metric, percent, text
from labtools.report.content import Block, Note, Plot, Prose, Table
from labtools.report.figures.training import draw_pairs
from labtools.report.load import Results
from labtools.report.pages._common import freeze_plot, missing_results
from labtools.report.pages._shapes import BOX_COLUMNS
from labtools.report.tables import inference as rows
from labtools.report.tables.dataset import NO_BOXES
from labtools.report.tables.training import freeze_pairs

_SUMMARY: tuple[tuple[str, str, Format], ...] = (
    ("images", "images", decimal(0)),
    ("boxes", "boxes", decimal(0)),
    *BOX_COLUMNS,
)
_SHARES = ("median_area", "wider_than_high")


def summary_table(summaries: Mapping[str, dict[str, float]], one: str, others: list[str], name: str) -> Table:
    """The boxes of one class or team beside the mean of the others: counts, centre, size (shares of the image).

    ``summaries``: of all classes or teams that have boxes, see `labtools.report.tables.dataset.box_summaries`.
    """
    mine = summaries.get(one, NO_BOXES)
    rest = pd.DataFrame([summaries.get(other, NO_BOXES) for other in others]).mean()
    frame = pd.DataFrame([{"who": one, **mine}, {"who": f"mean of the {len(others)} others", **rest.to_dict()}])
    if not others:
        frame = frame.head(1)
    shown = frame.assign(**{c: 100 * frame[c] for c in _SHARES})
    caption = "Centre and size are shares of the image, from its top left corner; images are those with such a box."
    return make_table(caption, shown, [("who", "", text), *_SUMMARY], name=name)


def split_table(boxes: pd.DataFrame, key: str, one: str, others: list[str], name: str) -> Table:
    """Boxes in train, val and test, beside the mean of the others."""
    counts = pd.crosstab(boxes[key], boxes["split"]).reindex(index=[one, *others], columns=list(SPLITS), fill_value=0)
    frame = pd.DataFrame([{"who": one, **counts.loc[one]}])
    if others:
        mean = {"who": f"mean of the {len(others)} others", **counts.loc[others].mean()}
        frame = pd.concat([frame, pd.DataFrame([mean])], ignore_index=True)
    whole = frame[list(SPLITS)].sum(axis=1)
    columns: list[tuple[str, str, Format]] = [("who", "", text)]
    for split in SPLITS:
        frame[f"{split}_pct"] = 100 * frame[split] / whole.where(whole > 0)
        columns += [(split, split, count), (f"{split}_pct", "%", percent)]
    frame["total"] = whole
    return make_table("Boxes of each split.", frame, [*columns, ("total", "total", count)], name=name)


def freeze_blocks(results: Results, table: pd.DataFrame, one: str, stem: str) -> tuple[Block, ...]:
    """Freeze against no freeze for one class or team. ``table``: its rows of per_class or per_team."""
    if results.split is None:
        return (missing_results(results),)
    axes = [c for c in ("run_id", "model", "freeze", "imgsz", "batch", "epochs", "seed") if c in results.runs]
    scored = results.table("results")[axes].merge(table[["run_id", "map50_95"]], on="run_id")
    pairs = freeze_pairs(scored[scored["map50_95"].notna()], "map50_95")
    if pairs.empty:
        return (Prose(f"There are no two runs with results for {one} that differ in freeze alone."),)
    better = int((pairs["difference"] > 0).sum())
    return (
        Prose(
            f"For {one}, training all layers was better than freezing in {better} of {len(pairs)} pairs. Losses are "
            "not known for it alone; this is what the training meant for it."
        ),
        freeze_plot(pairs, results.split, f"{stem}-freeze", f"mAP50-95 of {one}"),
    )


def across_runs(results: Results, table: pd.DataFrame, key: str, one: str, stem: str) -> tuple[Block, ...]:
    """The metrics of one class or team in every run, beside the mean of the others."""
    if results.split is None:
        return (missing_results(results),)
    if not (table.loc[table[key] == one, "instances"] > 0).any():
        return (Note(f"{one} has no instance in {results.split}: there is nothing to measure."),)
    order = rows.run_order(results.table("results"))
    shown = ("precision", "recall", "f1", "map50", "map50_95")
    frame = rows.one_beside_others(table, key, one, order, shown)
    columns: list[tuple[str, str, Format]] = [("run_id", "run", text), ("instances", "instances", count)]
    for column in shown:
        columns += [(column, rows.METRICS[column], metric), (f"{column}_others", "others", metric)]
    blocks: list[Block] = [
        make_table(
            f"{one} in every run on {results.split}, each metric beside the plain mean of all others.",
            frame,
            columns,
            name=f"{stem}-results",
            best={"run_id": str(results.best)},
        )
    ]
    if frame["map50_95_others"].notna().any():
        blocks.append(
            Plot(
                f"{stem}-beside-others",
                f"Pairs of points: mAP50-95 of {one} and of the mean of all others, for every run",
                f"{one} beside the mean of all others.",
                frame[["run_id", "map50_95_others", "map50_95"]],
                partial(
                    draw_pairs,
                    left=("map50_95_others", "mean of the others"),
                    right=("map50_95", one),
                    label="run_id",
                    unit=f"mAP50-95 on {results.split}",
                ),
            )
        )
    return tuple(blocks)
