"""The first page: what this is about in a few numbers, and the best configuration."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labtools.report.content import Block, Facts, Missing, Note, Page
from labtools.report.load import Results
from labtools.report.pages import Plan
from labtools.report.pages._common import missing_dataset, missing_results, split_notes

title = "Overview"
order = 0


def build(plan: Plan) -> Sequence[Page]:
    results = plan.results
    opening: list[Block] = [_counts(results), *split_notes(results)]
    opening.append(_best(results) if results.best else missing_results(results))
    if results.data is None:
        opening.append(missing_dataset(results))
    opening.extend(_doubts(results))
    lead = "The lab at a glance. The grid below leads to every part of it, for everyone and for each class and team."
    return [Page("index.html", f"Report of {results.name}", title, "overview", lead, (), tuple(opening))]


def _counts(results: Results) -> Facts:
    items = []
    if results.data is not None:
        items += [
            (f"{len(results.data.manifest):,}", "images"),
            (f"{len(results.data.boxes):,}", "boxes"),
        ]
    items += [(f"{len(results.classes)}", "classes"), (f"{len(results.teams)}", "teams")]
    done = int((results.runs["state"] == "done").sum())
    items.append((f"{done} of {len(results.runs)}" if done < len(results.runs) else f"{done}", "trainings done"))
    return Facts(tuple(items))


def _best(results: Results) -> Block:
    row = results.table("results").set_index("run_id").loc[results.best]
    shown = (("map50", "mAP50"), ("map50_95", "mAP50-95"), ("precision", "precision"), ("recall", "recall"))
    items = [(str(results.best), f"best configuration ({results.best_why})")]
    items += [
        ("–" if pd.isna(row[column]) else f"{row[column]:.3f}", f"{label} on {results.split}") for column, label in shown
    ]
    return Facts(tuple(items))


def _doubts(results: Results) -> list[Block]:
    """What would make the figures mean less than they seem to."""
    doubts: list[Block] = []
    if results.data is not None:
        planned = set(results.runs["fingerprint"])
        if planned and planned != {results.data.dataset.fingerprint}:
            other = int((results.runs["fingerprint"] != results.data.dataset.fingerprint).sum())
            doubts.append(
                Note(
                    f"The dataset has changed since {other} of {len(results.runs)} trainings were planned: their results "
                    "belong to an earlier version of it."
                )
            )
    unfinished = results.runs[results.runs["state"] != "done"]
    if len(unfinished):
        what = f"{len(unfinished)} of {len(results.runs)} trainings are not finished."
        doubts.append(Missing(what, ("labtools train-matrix --gpus 0-7", "labtools status")))
    return doubts
