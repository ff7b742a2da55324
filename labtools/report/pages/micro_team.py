"""One page per team: what it handed in, what was found in it, and how well the networks see its images."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labtools.report.cells import Format, count, make_table, text
from labtools.report.content import DATASET, INFERENCE, LOOKS, NUMBERS, TRAINING, Block, Page, Prose, Section
from labtools.report.data import Data
from labtools.report.links import stem_of
from labtools.report.pages import Plan
from labtools.report.pages._common import crop_gallery, example_galleries, heat_plots, missing_dataset, split_notes
from labtools.report.pages._frames import evidence_galleries, pair_galleries
from labtools.report.pages._leakage import EXPLANATION, leakage_table
from labtools.report.pages._micro import across_runs, freeze_blocks, split_table, summary_table
from labtools.report.pages._shapes import image_sizes_text, micro_shapes
from labtools.report.pages.macro_dataset import findings_table
from labtools.report.tables.shapes import Part

title = "Team"
order = 50

EVIDENCE = 6
"""Findings shown as pictures."""


def build(plan: Plan) -> Sequence[Page]:
    return [_page(plan, team) for team in plan.teams]


def _page(plan: Plan, team: str) -> Page:
    results = plan.results
    path = plan.team_paths[team]
    stem = stem_of(path)
    sections: tuple[Section, ...] = (
        Section("dataset", "How much, where and how large", DATASET, NUMBERS, _data(plan, team, stem)),
        Section("crops", "What was filmed", DATASET, LOOKS, _crops(plan, team, stem, None)),
        Section("findings", "What was repaired or left out", DATASET, LOOKS, _findings(plan, team, stem)),
        *_leakage(plan, team, stem),
    )
    if results.has_runs:
        sections += _runs(plan, team, stem)
    lead = f"The submission of {team} alone, beside the mean of all other teams."
    return Page(path, f"Team {team}", team, "team", lead, sections, split_notes(results))


def _runs(plan: Plan, team: str, stem: str) -> tuple[Section, ...]:
    results = plan.results
    per_team = results.table("per_team")
    mine = per_team[per_team["team"] == team].drop_duplicates("run_id")
    return (
        Section("freeze", "Does freezing hurt it?", TRAINING, NUMBERS, freeze_blocks(results, mine, team, stem)),
        Section("learned-from", "What was learned from it", TRAINING, LOOKS, _crops(plan, team, stem, "train")),
        Section(
            "results", "How well its images are seen", INFERENCE, NUMBERS,
            across_runs(results, per_team, "team", team, stem),
        ),
        Section("examples", "Right, wrong and missed", INFERENCE, LOOKS, _examples(plan, team, stem)),
    )  # fmt: skip


def _of(frame: pd.DataFrame, team: str) -> pd.DataFrame:
    return frame[frame["team"] == team]


def _data(plan: Plan, team: str, stem: str) -> tuple[Block, ...]:
    data = plan.results.data
    if data is None:
        return (missing_dataset(plan.results),)
    others = [t for t in plan.results.teams if t != team]
    blocks: list[Block] = [_sequences(data, team, stem)]
    blocks.append(split_table(data.boxes, "team", team, others, f"{stem}-splits"))
    blocks.append(summary_table(data.team_summaries, team, others, f"{stem}-boxes"))
    mine = _of(data.boxes, team)
    if mine.empty:
        return (*blocks, Prose(f"There is no box in the images of {team}."))
    seen = [c for c in plan.results.classes if c in set(mine["class_name"])]
    by_class = [(name, mine[mine["class_name"] == name]) for name in seen] if len(seen) > 1 else []
    parts = [("all teams", data.boxes), (team, mine), *by_class]
    blocks.append(Prose(image_sizes_text(plan.results)))
    blocks += micro_shapes(_cohorts(data, team), plan.results, stem, f"{team}, its class's teams and all teams")
    return (*blocks, *heat_plots(parts, stem, f"the boxes of all teams and of {team}"))


def _cohorts(data: Data, team: str) -> list[Part]:
    """The team's boxes, those of the other teams of its class folders, and everyone's."""
    folders = set(_of(data.manifest, team)["class_folder"]) - {""}
    others = data.boxes[data.boxes["team"] != team]
    same = others[others["class_folder"].isin(folders)]
    parts = [(team, _of(data.boxes, team)), (f"other teams of {', '.join(sorted(folders))}", same)]
    return [*parts, ("all teams", data.boxes)]


def _sequences(data: Data, team: str, stem: str) -> Block:
    """Images of each sequence by split: whole sequences per split are honest, mixed ones leak."""
    manifest = _of(data.manifest, team)
    if manifest.empty:
        return Prose(f"{team} has no image in the dataset.")
    counts = pd.crosstab(manifest["sequence"].replace({"": "(none)"}), manifest["split"])
    counts = counts.reindex(columns=["train", "val", "test"], fill_value=0).reset_index()
    counts["boxes"] = counts["sequence"].map(
        manifest.groupby(manifest["sequence"].replace({"": "(none)"}))["boxes"].sum()
    )
    columns: list[tuple[str, str, Format]] = [
        ("sequence", "sequence", text),
        *((split, split, count) for split in ("train", "val", "test")),
        ("boxes", "boxes", count),
    ]
    caption = "Images of each sequence. A sequence on two sides of a split shows the same scene to training and test."
    return make_table(caption, counts, columns, name=f"{stem}-sequences")


def _crops(plan: Plan, team: str, stem: str, split: str | None) -> tuple[Block, ...]:
    data = plan.results.data
    if data is None:
        return (missing_dataset(plan.results),)
    boxes = _of(data.boxes, team)
    boxes = boxes[boxes["split"] == split] if split else boxes
    caption = f"Boxes of {team} in {f'the {split} split' if split else 'all splits'}."
    name = f"{stem}-crop-{split or 'all'}"
    return (crop_gallery(plan.results, boxes, name, 6 if split else 12, caption, ("class_name", "split")),)


def _findings(plan: Plan, team: str, stem: str) -> tuple[Block, ...]:
    data = plan.results.data
    if data is None:
        return (missing_dataset(plan.results),)
    mine = _of(data.findings, team)
    if mine.empty:
        return (Prose(f"Nothing: every file of {team} was read as it came."),)
    pictures = evidence_galleries(data, _of(data.visible, team), f"{stem}-finding", EVIDENCE)
    return (findings_table(plan, mine, f"{stem}-findings", alone=True), *pictures)


def _leakage(plan: Plan, team: str, stem: str) -> tuple[Section, ...]:
    """The team's verdict beside everyone's, and its nearest pairs."""
    data = plan.results.data
    if data is None or data.leakage_summary.empty:
        return ()
    summary = data.leakage_summary
    rows = summary[((summary["level"] == "team") & (summary["team"] == team)) | (summary["level"] == "all")]
    table = leakage_table(plan, rows, f"{team} beside everyone.", f"{stem}-leakage", "team", "class_folder", "split")
    pairs = pair_galleries(data, _of(data.leakage, team), f"{stem}-leak", 2)
    return (
        Section("leakage", "Leakage between its splits", DATASET, NUMBERS, (Prose(EXPLANATION), table)),
        Section("pairs", "Tested on beside trained on", DATASET, LOOKS, pairs),
    )


def _examples(plan: Plan, team: str, stem: str) -> tuple[Block, ...]:
    sightings = plan.results.sightings
    judged = None if sightings is None else _of(sightings.judged, team)
    return example_galleries(plan.results, stem, 3, judged)
