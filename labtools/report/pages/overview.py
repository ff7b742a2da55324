"""The first page: what this is about in a few numbers, and the best configuration."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labtools.artifacts.dataset import BOX_COLUMNS
from labtools.report.cells import Format, count, linked, make_table, metric
from labtools.report.content import Block, Facts, Missing, Note, Page
from labtools.report.load import Results
from labtools.report.pages import Plan
from labtools.report.pages._common import collage, missing_dataset, missing_results, missing_runs, split_notes
from labtools.report.tables.glance import SCORES, glance
from labtools.report.tables.inference import METRICS

title = "Overview"
order = 0


def build(plan: Plan) -> Sequence[Page]:
    results = plan.results
    opening: list[Block] = [_counts(results), *split_notes(results)]
    if results.best:
        opening.append(_best(results))
    else:
        opening.append(missing_results(results) if results.has_runs else missing_runs(results))
    if results.data is None:
        opening.append(missing_dataset(results))
    else:
        opening.append(collage(results, "overview"))
    opening.extend(_doubts(results))
    lead = "The lab at a glance. The grid below leads to every part of it, for everyone and for each class and team."
    return [
        Page(
            "index.html",
            f"Report of {results.name}",
            title,
            "overview",
            lead,
            (),
            tuple(opening),
            tuple(_glances(plan)),
        )
    ]


def _counts(results: Results) -> Facts:
    items = []
    if results.data is not None:
        items += [
            (f"{len(results.data.manifest):,}", "images"),
            (f"{len(results.data.boxes):,}", "boxes"),
        ]
    items += [(f"{len(results.classes)}", "classes"), (f"{len(results.teams)}", "teams")]
    if not results.has_runs:
        return Facts(tuple(items))
    done = int((results.runs["state"] == "done").sum())
    items.append((f"{done} of {len(results.runs)}" if done < len(results.runs) else f"{done}", "trainings done"))
    return Facts(tuple(items))


def _best(results: Results) -> Block:
    row = results.table("results").set_index("run_id").loc[results.best]
    shown = (("map50", "mAP50"), ("map50_95", "mAP50-95"), ("precision", "precision"), ("recall", "recall"))
    items = [(str(results.best), f"best configuration ({results.best_why})")]
    items += [
        ("–" if pd.isna(row[column]) else f"{row[column]:.3f}", f"{label} on {results.split}")
        for column, label in shown
    ]
    return Facts(tuple(items))


def _glances(plan: Plan) -> list[Block]:
    """A line per class and per team, each leading to its page."""
    results, data = plan.results, plan.results.data
    boxes = data.boxes if data is not None else pd.DataFrame({c: [] for c in BOX_COLUMNS})
    findings = data.findings if data is not None else None
    per_class, per_team = (_of_best(results, name) for name in ("per_class", "per_team"))
    tables: list[Block] = []
    if results.classes:
        frame = glance("class_name", results.classes, boxes, per_class)
        tables.append(_glance_table(results, "class", frame, plan.class_paths))
    if results.teams:
        frame = glance("team", results.teams, boxes, per_team, findings)
        tables.append(_glance_table(results, "team", frame, plan.team_paths))
    return tables


def _of_best(results: Results, table: str) -> pd.DataFrame:
    frame = results.table(table)
    return frame[frame["run_id"] == results.best]


def _glance_table(results: Results, kind: str, frame: pd.DataFrame, paths: dict[str, str]) -> Block:
    columns: list[tuple[str, str, Format]] = [
        ("name", kind, linked(paths)),
        ("images", "images with boxes", count),
        ("boxes", "boxes", count),
    ]
    if "findings" in frame:
        columns.append(("findings", "findings", count))
    if results.best:
        columns += [(c, f"{METRICS[c]} on {results.split}", metric) for c in SCORES]
    plural = "classes" if kind == "class" else "teams"
    seen = f", and how well {results.best} sees them" if results.best else ""
    return make_table(f"All {plural} at a glance{seen}.", frame, columns, name=f"overview-{plural}")


def _doubts(results: Results) -> list[Block]:
    """What would make the figures mean less than they seem to."""
    doubts: list[Block] = []
    if results.data is not None:
        planned = set(results.runs["fingerprint"])
        if planned and planned != {results.data.dataset.fingerprint}:
            other = int((results.runs["fingerprint"] != results.data.dataset.fingerprint).sum())
            doubts.append(
                Note(
                    f"The dataset has changed since {other} of {len(results.runs)} trainings were planned: their "
                    "results belong to an earlier version of it."
                )
            )
    unfinished = results.runs[results.runs["state"] != "done"]
    if len(unfinished):
        what = f"{len(unfinished)} of {len(results.runs)} trainings are not finished."
        doubts.append(Missing(what, ("labtools train-matrix --gpus 0-7", "labtools status")))
    return doubts
