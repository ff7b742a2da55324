"""Leakage in numbers: the same table for everyone, a class, a team."""

from __future__ import annotations

import pandas as pd

from labtools.artifacts.leakage import VERDICTS
from labtools.report.cells import DASH, Format, count, decimal, linked, make_table, text
from labtools.report.content import Cell, Missing, Table
from labtools.report.pages import Plan

EXPLANATION = (
    "Pictures of val and test should be new to the network. In a video the next frame is 1/30 s away: if it is in "
    "train, the network has seen the answer, and the metrics come out too high. Near in time means the nearest "
    "training picture of the same sequence; near by look means the training picture of the whole dataset with the most "
    "similar perceptual hash."
)
_TONES = {"sequence-wise": "done", "time blocks": "running", "look-alikes": "running", "leaky": "failed"}


def missing_leakage() -> Missing:
    """The dataset was written by an earlier version, or without the analysis."""
    what = "This dataset was written without the analysis of leakage between its splits."
    return Missing(what, ("labtools prepare SUBMISSIONS",))


def share(value: object) -> Cell:
    """A share of 0..1 as percent, shaded by its value."""
    if pd.isna(value):  # type: ignore[call-overload]
        return Cell(DASH, number=True)
    number = float(str(value))
    return Cell(f"{100 * number:.1f} %", number=True, shade=number)


def verdict(value: object) -> Cell:
    return Cell(str(value), tone=_TONES.get(str(value), ""), hint=VERDICTS.get(str(value), ""))


def leakage_table(plan: Plan, summary: pd.DataFrame, caption: str, name: str, *first: str) -> Table:
    """Rows of the summary.

    ``first``: the columns that name a row, of ``whose`` (a dataset), ``team``, ``class_folder``, ``split``.
    """
    heads: dict[str, tuple[str, Format]] = {
        "whose": ("dataset", text),
        "team": ("team", linked(plan.team_paths)),
        "class_folder": ("class folder", text),
        "split": ("split", text),
    }
    columns: list[tuple[str, str, Format]] = [
        *((key, *heads[key]) for key in first),
        ("images", "pictures", count),
        ("shared_sequence", "train in sequence", share),
        ("within_1", "1 frame away", share),
        ("within_5", "up to 5", share),
        ("within_30", "up to 30", share),
        ("near_look", "same scene in train", share),
        ("exact", "same file", count),
        ("median_gap", "median gap", decimal(0)),
        ("verdict", "verdict", verdict),
    ]
    shown = summary.assign(
        team=summary["team"].replace("", "everyone"), class_folder=summary["class_folder"].replace("", "all")
    )
    caption += " Shares of its pictures: train has one of the same sequence, so many frames away, of the same scene."
    return make_table(caption, shown, columns, name=name)
