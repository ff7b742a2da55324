"""Rows of ``leakage.csv`` -> shares and a verdict per team, per class folder and for all."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from statistics import median
from typing import Any

from labtools.artifacts.leakage import GAPS, NEAR_BITS, SPLITS_OF_SUMMARY

MANY = 0.5
"""Leaky: as many have a training picture within `CLOSE` frames, or as their neighbour."""

CLOSE = 5
TWINS = 0.2
"""Look-alikes: as many look like a training picture, though no sequence is on both sides."""

Row = dict[str, Any]


def summarise(
    rows: Sequence[Row], has_film: Collection[str], teams: Sequence[tuple[str, str]], *, has_train: bool
) -> list[Row]:
    """The rows of ``leakage_summary.csv``.

    Args:
        rows: of ``leakage.csv``.
        has_film: images that are frames of a video.
        teams: class folder and team of everyone, also of those without a row.
        has_train: there are training pictures at all.
    """
    by_team: dict[tuple[str, str], list[Row]] = {team: [] for team in teams}
    for row in rows:
        by_team[row["class_folder"], row["team"]].append(row)
    by_class: dict[str, list[Row]] = {}
    for (folder, _), own in by_team.items():
        by_class.setdefault(folder, []).extend(own)
    parts = [("team", folder, team, own) for (folder, team), own in by_team.items()]
    parts += [("class", folder, "", own) for folder, own in by_class.items() if folder]
    parts.append(("all", "", "", list(rows)))
    return [
        {"level": level, "class_folder": folder, "team": team, "split": split, **_shares(chosen, has_film, has_train)}
        for level, folder, team, own in parts
        for split in SPLITS_OF_SUMMARY
        for chosen in [[row for row in own if row["split"] in split.split("+")]]
    ]


def _shares(rows: Sequence[Row], has_film: Collection[str], has_train: bool) -> Row:
    gaps = [row["frame_gap"] for row in rows if row["frame_gap"] is not None]
    shares: Row = {
        "images": len(rows),
        "shared_sequence": _share(len(gaps), rows),
        **{f"within_{most}": _share(sum(gap <= most for gap in gaps), rows) for most in GAPS},
        "neighbour": _share(sum(row["picture_gap"] == 1 for row in rows), rows),
        "near_look": _share(sum(is_near(row) for row in rows), rows),
        "exact": sum(row["exact"] for row in rows),
        "median_gap": float(median(gaps)) if gaps else math.nan,
    }
    films = sum(row["image"] in has_film for row in rows)
    return {**shares, "verdict": verdict(shares, films) if has_train else "nothing to compare"}


def _share(count: int, rows: Sequence[Row]) -> float:
    return count / len(rows) if rows else math.nan


def is_near(row: Row) -> bool:
    """Does a training picture look like this one?"""
    return row["hash_distance"] is not None and row["hash_distance"] <= NEAR_BITS


def verdict(shares: Row, films: int) -> str:
    """One of `labtools.artifacts.leakage.VERDICTS`.

    Args:
        shares: a row of the summary.
        films: how many of its pictures are frames of a video.
    """
    if not shares["images"]:
        return "nothing to compare"
    if shares["shared_sequence"] > 0:
        is_leaky = max(shares[f"within_{CLOSE}"], shares["neighbour"]) >= MANY
        return "leaky" if is_leaky else "time blocks"
    if shares["near_look"] >= TWINS:
        return "look-alikes"
    return "sequence-wise" if films else "separate pictures"
