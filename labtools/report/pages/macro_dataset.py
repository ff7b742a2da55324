"""The dataset, everyone's: how much, where, how large, what it looks like, what had to be repaired."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from labtools.artifacts.dataset import SPLITS
from labtools.artifacts.wording import words
from labtools.report.cells import Format, count, linked, make_table, mark_total, percent, text
from labtools.report.content import DATASET, LOOKS, NUMBERS, Block, Cell, Page, Plot, Prose, Section, Table
from labtools.report.data import Data
from labtools.report.figures.dataset import draw_boxes_per_image, draw_counts
from labtools.report.figures.shapes import draw_boxes_in_image
from labtools.report.pages import Plan
from labtools.report.pages._common import collage, heat_plots, missing_dataset
from labtools.report.pages._frames import evidence_galleries
from labtools.report.pages._shapes import image_sizes_text, ratio_plot, size_blocks
from labtools.report.tables import dataset as rows
from labtools.report.tables.shapes import Part, boxes_in_image

title = "Dataset"
order = 10

EVIDENCE = 24
"""Findings shown as pictures."""


def build(plan: Plan) -> Sequence[Page]:
    results = plan.results
    data = results.data
    if data is None:
        return [_page((), (missing_dataset(results),))]
    sections = (
        Section("images", "Images and boxes of each split", DATASET, NUMBERS, _amounts(plan, data)),
        Section("instances", "Instances per class", DATASET, NUMBERS, _instances(plan, data)),
        Section("boxes-per-image", "Boxes per image", DATASET, NUMBERS, _per_image(plan, data)),
        Section("sizes", "Small, medium and large", DATASET, NUMBERS, _sizes(plan, data)),
        Section("ratios", "Standing or lying", DATASET, NUMBERS, _ratios(plan, data)),
        Section("heat-maps", "Where the objects are, and how large", DATASET, NUMBERS, _heat(plan, data)),
        Section("collage", "What the objects look like", DATASET, LOOKS, (collage(results, "collage"),)),
        Section("findings", "What was repaired or left out", DATASET, LOOKS, _findings(plan, data)),
    )
    return [_page(sections)]


def _page(sections: tuple[Section, ...], opening: tuple[Block, ...] = ()) -> Page:
    lead = "What the whole cohort filmed and annotated."
    return Page("pages/dataset.html", "Dataset of everyone", title, "macro", lead, sections, opening)


def share_table(caption: str, frame: pd.DataFrame, key: tuple[str, str, Format], name: str) -> Table:
    """The course's table: class, train, %, val, %, test, %, total."""
    columns = [key]
    for split in SPLITS:
        columns += [(split, split, count), (f"{split}_pct", "%", percent)]
    return mark_total(make_table(caption, frame, [*columns, ("total", "total", count)], name=name))


def _amounts(plan: Plan, data: Data) -> tuple[Block, ...]:
    by_class = rows.boxes_by_class(data.boxes, plan.results.classes)
    images = rows.images_by_folder(data.manifest)
    blocks: list[Block] = [
        share_table(
            "Images by class folder: those handed in for that class." if len(images) > 1 else "Images.",
            images,
            ("class", "class folder", text),
            "dataset-images",
        ),
        share_table(
            "Boxes by class, wherever they were drawn.",
            by_class,
            ("class", "class", linked(plan.class_paths)),
            "dataset-boxes",
        ),
    ]
    teams = rows.images_by_team(data.manifest)
    if len(teams) > 2:  # with the total
        key = ("team", "team", linked(plan.team_paths))
        blocks.append(share_table("Images by team.", teams, key, "dataset-teams"))
    blocks.append(Prose(_states(data)))
    return tuple(blocks)


def _states(data: Data) -> str:
    states = data.manifest["state"].value_counts()
    return (
        f"{states.get('boxes', 0):,} images have boxes, {states.get('empty', 0):,} were annotated as background, and "
        f"{states.get('unlabelled', 0):,} came without any annotation."
    )


def _instances(plan: Plan, data: Data) -> tuple[Block, ...]:
    table = rows.long_counts(rows.boxes_by_class(data.boxes, plan.results.classes), "class")
    if not table["count"].sum():
        return (Prose("There is no box in this dataset."),)
    return (
        Plot(
            "dataset-instances",
            "Bars: boxes of each class in train, val and test",
            "Boxes of each class. A class with few boxes is hard to learn, and its metrics rest on little.",
            table,
            partial(draw_counts, key="class", unit="boxes"),
        ),
    )


def _per_image(plan: Plan, data: Data) -> tuple[Block, ...]:
    if data.manifest.empty:
        return (Prose("There is no image in this dataset."),)
    return (
        Plot(
            "dataset-boxes-per-image",
            "Bars: number of images with 0, 1, 2 and more boxes",
            "Most course videos show one object; images with several come from objects of other teams in the picture.",
            rows.boxes_per_image(data.manifest),
            draw_boxes_per_image,
        ),
        *_per_class(plan, data),
    )


def _per_class(plan: Plan, data: Data) -> tuple[Block, ...]:
    table = boxes_in_image(class_parts(plan, data)[1:])
    if table.empty:
        return ()
    return (
        Plot(
            "dataset-boxes-in-image",
            "Small bar charts: for each class, the percentage of its images with one, two and more of its boxes",
            "For each class the images that show it at all (their number in brackets), by how many of its boxes they "
            "hold, in percent.",
            table,
            partial(draw_boxes_in_image, labels=plan.results.classes),
        ),
    )


def class_parts(plan: Plan, data: Data) -> list[Part]:
    """All boxes, then those of each class in id order."""
    by_class = dict(list(data.boxes.groupby("class_name")))
    nothing = data.boxes.head(0)
    return [("all classes", data.boxes), *((name, by_class.get(name, nothing)) for name in plan.results.classes)]


def _sizes(plan: Plan, data: Data) -> tuple[Block, ...]:
    if data.boxes.empty:
        return (Prose("There is no box in this dataset."),)
    blocks = size_blocks(class_parts(plan, data), plan.results, "dataset", "all classes and each class")
    return (Prose(image_sizes_text(plan.results)), *blocks)


def _ratios(plan: Plan, data: Data) -> tuple[Block, ...]:
    if data.boxes.empty:
        return (Prose("There is no box in this dataset."),)
    return (ratio_plot(class_parts(plan, data), "dataset", "all classes and each class"),)


def _heat(plan: Plan, data: Data) -> tuple[Block, ...]:
    if data.boxes.empty:
        return (Prose("There is no box in this dataset."),)
    parts = class_parts(plan, data)
    return heat_plots(parts if len(parts) > 2 else parts[:1], "dataset", "all classes and each class")


def _findings(plan: Plan, data: Data) -> tuple[Block, ...]:
    if data.findings.empty:
        return (Prose("Nothing: every file was read as it came."),)
    return (
        Prose(
            f"{len(data.findings):,} findings. Each line stands for all findings of one kind in one team; the file "
            "findings.csv of the dataset has them one by one, with file and line."
        ),
        findings_table(plan, data.findings, "dataset-findings"),
        *evidence_galleries(data, data.visible, "finding", EVIDENCE),
    )


def findings_table(plan: Plan, findings: pd.DataFrame, name: str, alone: bool = False) -> Table:
    """Findings grouped by team and kind, worst first; ``alone``: they are all of one team."""
    frame = rows.findings_by_kind(findings)
    columns: list[tuple[str, str, Format]] = [
        ("team", "team", _team(plan)),
        ("severity", "severity", lambda value: Cell(str(value), tone=str(value))),
        ("code", "kind", _kind),
        ("action", "what was done", text),
        ("count", "count", count),
        ("example", "for example", text),
    ]
    caption = "Findings by kind." if alone else "Findings by team and kind."
    return make_table(caption, frame, columns[1:] if alone else columns, name=name)


def _kind(code: object) -> Cell:
    """A kind of finding in words; what it means, and its name in findings.csv, where the pointer rests."""
    said = words(str(code), "en")
    return Cell(said.title, hint=f"{code}: {said.means}" if said.means else str(code))


def _team(plan: Plan) -> Format:
    link = linked(plan.team_paths)
    return lambda value: link(value) if value else Cell("(everyone)")
