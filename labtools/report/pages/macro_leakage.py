"""Leakage between splits, everyone's: how near val and test are to train, and to whose."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from labtools.artifacts.leakage import NEAR_BITS, VERDICTS
from labtools.report.cells import mark_total
from labtools.report.content import DATASET, LOOKS, NUMBERS, Block, Facts, Page, Plot, Prose, Section
from labtools.report.data import Data
from labtools.report.figures.leakage import draw_gap_shares, draw_look_histogram
from labtools.report.pages import Plan
from labtools.report.pages._frames import pair_galleries
from labtools.report.pages._leakage import EXPLANATION, leakage_table, missing_leakage
from labtools.report.tables.leakage import gap_shares, look_histogram

title = "Leakage"
order = 14

PAIRS = 9


def build(plan: Plan) -> Sequence[Page]:
    data = plan.results.data
    if data is None:
        return []
    if data.leakage_summary.empty:
        return [_page((), (missing_leakage(),))]
    sections = [Section("verdicts", "Class by class and team by team", DATASET, NUMBERS, _verdicts(plan, data))]
    if len(data.leakage):
        sections += [
            Section("time", "How near in time", DATASET, NUMBERS, _time(data)),
            Section("look", "How much alike", DATASET, NUMBERS, _look(data)),
            Section("pairs", "The nearest pairs", DATASET, LOOKS, pair_galleries(data, data.leakage, "leakage", PAIRS)),
        ]
    return [_page(tuple(sections), (*_opening(data), Prose(EXPLANATION)))]


def _page(sections: tuple[Section, ...], opening: tuple[Block, ...]) -> Page:
    lead = "Whether val and test ask something new, or what the network has seen already."
    return Page("pages/leakage.html", "Leakage between splits", title, "macro", lead, sections, opening)


def _opening(data: Data) -> tuple[Block, ...]:
    summary = data.leakage_summary
    whole = summary[(summary["level"] == "all") & (summary["split"] == "val+test")]
    if whole.empty:
        return ()
    row = whole.iloc[0]

    def percent(value: float) -> str:
        return "–" if pd.isna(value) else f"{100 * value:.0f} %"

    facts = (
        (str(row["verdict"]), VERDICTS.get(str(row["verdict"]), "")),
        (percent(row["within_1"]), "of val and test have the next or previous frame in train"),
        (percent(row["near_look"]), "look like a training picture"),
        (f"{int(row['exact']):,}", "are the same file as a training picture"),
    )
    return (Facts(facts),)


def _verdicts(plan: Plan, data: Data) -> tuple[Block, ...]:
    summary = data.leakage_summary
    both = summary[summary["split"] == "val+test"]
    by_class = pd.concat([both[both["level"] == "class"], both[both["level"] == "all"]])
    blocks: list[Block] = [
        mark_total(
            leakage_table(plan, by_class, "Val and test together, class by class.", "leakage-classes", "class_folder")
        )
    ]
    by_team = both[both["level"] == "team"]
    if len(by_team):
        caption = "Val and test together, team by team."
        blocks.append(leakage_table(plan, by_team, caption, "leakage-teams", "team", "class_folder"))
    return tuple(blocks)


def _time(data: Data) -> tuple[Block, ...]:
    if (data.leakage_summary["verdict"] == "separate pictures").all():
        return (Prose("These pictures are no frames of a video: there is no time between them."),)
    several = data.leakage["class_folder"].nunique() > 1
    return (
        Plot(
            "leakage-gaps",
            "Bars: val and test pictures by the number of frames to the nearest training picture of their sequence",
            "A frame is 1/30 s. Blue is honest: no training picture was filmed in that sequence.",
            gap_shares(data.leakage, "class_folder" if several else "split"),
            draw_gap_shares,
        ),
    )


def _look(data: Data) -> tuple[Block, ...]:
    table = look_histogram(data.leakage)
    if table.empty:
        return (Prose("The looks of these pictures were not compared."),)
    return (
        Plot(
            "leakage-looks",
            "Bars: val and test pictures by the hash distance to the training picture most alike",
            f"Up to {NEAR_BITS} bits two pictures show the same scene; unrelated ones are 15 bits and more apart.",
            table,
            partial(draw_look_histogram, near=NEAR_BITS),
        ),
    )
