"""One page per class: its data, what training meant for it, how it is found, beside all other classes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from labtools.artifacts.results import BACKGROUND, OVERALL
from labtools.report.cells import Format, count, linked, make_table, percent
from labtools.report.content import DATASET, INFERENCE, LOOKS, NUMBERS, TRAINING, Block, Page, Plot, Prose, Section
from labtools.report.figures.inference import draw_class_curves
from labtools.report.links import stem_of
from labtools.report.pages import Plan
from labtools.report.pages._common import (
    colours,
    crop_gallery,
    example_galleries,
    heat_plots,
    missing_dataset,
    missing_results,
    split_notes,
)
from labtools.report.pages._compare import compared_blocks, owners
from labtools.report.pages._frames import pair_galleries
from labtools.report.pages._leakage import EXPLANATION, leakage_table
from labtools.report.pages._micro import across_runs, freeze_blocks, split_table, summary_table
from labtools.report.pages._shapes import image_sizes_text, micro_shapes
from labtools.report.tables.compare import match_classes
from labtools.report.tables.inference import confusion_matrix

title = "Class"
order = 40

OWN_FOLDER = 0.1
"""A folder with so large a share of a class's boxes is one of its own; in others it only happens to be seen."""


def build(plan: Plan) -> Sequence[Page]:
    return [_page(plan, name) for name in plan.classes]


def _page(plan: Plan, name: str) -> Page:
    results = plan.results
    path = plan.class_paths[name]
    stem = stem_of(path)
    sections: tuple[Section, ...] = (
        Section("dataset", "How much, where and how large", DATASET, NUMBERS, _data(plan, name, stem)),
        *_compared(plan, name, stem),
        *_leakage(plan, name, stem),
        Section("crops", "What was filmed", DATASET, LOOKS, _crops(plan, name, stem, None)),
    )
    if results.has_runs:
        sections += _runs(plan, name, stem)
    lead = f"The class {name} alone, beside the mean of all other classes."
    return Page(path, f"Class {name}", name, "class", lead, sections, split_notes(results))


def _runs(plan: Plan, name: str, stem: str) -> tuple[Section, ...]:
    results = plan.results
    per_class = results.table("per_class")
    mine = per_class[per_class["class_name"] == name]
    return (
        Section("freeze", "Does freezing hurt it?", TRAINING, NUMBERS, freeze_blocks(results, mine, name, stem)),
        Section("learned-from", "What it was learned from", TRAINING, LOOKS, _crops(plan, name, stem, "train")),
        Section("results", "How well it is found", INFERENCE, NUMBERS, _inference(plan, name, stem)),
        Section("confusion", "What it is taken for", INFERENCE, NUMBERS, _confusion(plan, name, stem)),
        Section("examples", "Right, wrong and missed", INFERENCE, LOOKS, _examples(plan, name, stem)),
    )


def _data(plan: Plan, name: str, stem: str) -> tuple[Block, ...]:
    results = plan.results
    if results.data is None:
        return (missing_dataset(results),)
    others = [c for c in results.classes if c != name]
    boxes = results.data.boxes
    tables = (
        split_table(boxes, "class_name", name, others, f"{stem}-splits"),
        summary_table(results.data.class_summaries, name, others, f"{stem}-boxes"),
    )
    mine = boxes[boxes["class_name"] == name]
    parts = [("all classes", boxes), (name, mine)]
    if mine.empty:
        return (*tables, Prose(f"There is no box of {name}."))
    shapes = [(name, mine), ("all other classes", boxes[boxes["class_name"] != name])]
    return (
        *tables,
        Prose(image_sizes_text(results)),
        *micro_shapes(shapes, results, stem, f"{name} and all other classes"),
        *heat_plots(parts, stem, f"all classes and {name}"),
    )


def _compared(plan: Plan, name: str, stem: str) -> tuple[Section, ...]:
    """This class in the other dataset, where there is one and it knows the class."""
    data, other = plan.results.data, plan.results.compared
    matched = dict(match_classes(data.classes, other.classes)) if data and other else {}
    if data is None or other is None or name not in matched:
        return ()
    mine = data.boxes[data.boxes["class_name"] == name]
    theirs = other.boxes[other.boxes["class_name"] == matched[name]]
    blocks = compared_blocks(plan.results, (name, mine, theirs), owners(data, other), f"{stem}-beside")
    return (Section("beside", f"Beside {other.name}", DATASET, NUMBERS, blocks),)


def _leakage(plan: Plan, name: str, stem: str) -> tuple[Section, ...]:
    """The class folders that this class was handed in under, and the nearest pairs among the pictures that show it."""
    data = plan.results.data
    if data is None or data.leakage_summary.empty:
        return ()
    mine = data.boxes[data.boxes["class_name"] == name]
    folders = mine["class_folder"].value_counts(normalize=True)
    summary = data.leakage_summary
    own = (summary["level"] == "class") & summary["class_folder"].isin(folders.index[folders >= OWN_FOLDER])
    table = leakage_table(
        plan, summary[own | (summary["level"] == "all")], f"Class folders of {name}, beside everything.",
        f"{stem}-leakage", "class_folder", "split",
    )  # fmt: skip
    pairs = pair_galleries(data, data.leakage[data.leakage["image"].isin(mine["image"])], f"{stem}-leak", 2)
    return (
        Section("leakage", "Leakage between splits", DATASET, NUMBERS, (Prose(EXPLANATION), table)),
        Section("pairs", "Tested on beside trained on", DATASET, LOOKS, pairs),
    )


def _crops(plan: Plan, name: str, stem: str, split: str | None) -> tuple[Block, ...]:
    results = plan.results
    if results.data is None:
        return (missing_dataset(results),)
    boxes = results.data.boxes[results.data.boxes["class_name"] == name]
    if split:
        boxes = boxes[boxes["split"] == split]
    where = f"the {split} split" if split else "all splits"
    caption = f"{name} in {where}, from as many teams and sequences as there are."
    return (
        crop_gallery(
            results, boxes, f"{stem}-crop-{split or 'all'}", 12 if split is None else 6, caption, ("team", "split")
        ),
    )


def _inference(plan: Plan, name: str, stem: str) -> tuple[Block, ...]:
    results = plan.results
    blocks = list(across_runs(results, results.table("per_class"), "class_name", name, stem))
    curves = results.table("curves")
    mine = curves[(curves["run_id"] == results.best) & (curves["kind"] == "recall")]
    if name in set(mine["class_name"]):
        blocks.append(
            Plot(
                f"{stem}-pr",
                f"Lines: precision against recall of {name} among all classes, {results.best}",
                f"{results.best} at IoU 0.5: {name} among the other classes.",
                mine.loc[mine["class_name"].isin([*results.classes, OVERALL]), ["class_name", "x", "precision"]],
                partial(
                    draw_class_curves,
                    colours=colours(results),
                    axis=("recall", "precision"),
                    values=("precision",),
                    chosen=name,
                ),
            )
        )
    return tuple(blocks)


def _confusion(plan: Plan, name: str, stem: str) -> tuple[Block, ...]:
    results = plan.results
    table = results.table("confusion")
    if results.split is None or table.empty:
        return (missing_results(results),)
    square = confusion_matrix(table, str(results.best), [*results.classes, BACKGROUND])
    said, was = square.loc[name], square[name]
    frame = pd.DataFrame({"class": square.index, "taken_for": said.to_numpy(), "claimed_from": was.to_numpy()})
    frame = frame[(frame["taken_for"] > 0) | (frame["claimed_from"] > 0) | (frame["class"] == name)]
    frame["taken_for_pct"] = 100 * frame["taken_for"] / said.sum() if said.sum() else float("nan")
    frame["claimed_from_pct"] = 100 * frame["claimed_from"] / was.sum() if was.sum() else float("nan")
    shown = frame.assign(label=frame["class"].replace({BACKGROUND: "nothing (background)"}))
    link = linked({c: p for c, p in plan.class_paths.items() if c != name})
    columns: list[tuple[str, str, Format]] = [
        ("label", "class", link),
        ("taken_for", f"a true {name} was taken for it", count),
        ("taken_for_pct", "%", percent),
        ("claimed_from", f"it was taken for {name}", count),
        ("claimed_from_pct", "%", percent),
    ]
    caption = f"{results.best} on {results.split}, at confidence 0.25 and IoU 0.45."
    return (make_table(caption, shown, columns, name=f"{stem}-confusion"),)


def _examples(plan: Plan, name: str, stem: str) -> tuple[Block, ...]:
    sightings = plan.results.sightings
    judged = None if sightings is None else sightings.judged[sightings.judged["class_name"] == name]
    return example_galleries(plan.results, stem, 3, judged)
