"""Rows about leakage: how near val and test are to train, in time and by look. Nothing is measured here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.artifacts.leakage import GAPS, NEAR_BITS

GAP_BINS = (
    *(f"{low + 1} to {high}" if high > low + 1 else f"{high}" for low, high in zip((0, *GAPS[:-1]), GAPS, strict=True)),
    f"above {GAPS[-1]}",
    "none in its sequence",
)
"""How far the nearest training picture of the sequence is, in frames; a copy with the same number counts as 1."""

MOST_BITS = 32
"""Hash distances from here on are counted together: so far apart are pictures that have nothing in common."""


def gap_bin(leakage: pd.DataFrame) -> pd.Series:
    """The bin of every picture, one of `GAP_BINS`."""
    gap = leakage["frame_gap"].astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
    places = np.searchsorted(GAPS, gap, side="left")
    places = np.where(np.isnan(gap), len(GAP_BINS) - 1, places)
    # In its sequence, but without a number to measure by: as good as far.
    unnumbered = np.isnan(gap) & (leakage["nearest_frame_image"] != "").to_numpy()
    places = np.where(unnumbered, len(GAPS), places)
    return pd.Series(np.array(GAP_BINS, dtype=object)[places], index=leakage.index)


def gap_shares(leakage: pd.DataFrame, key: str) -> pd.DataFrame:
    """Pictures by the distance to the nearest training picture of their sequence.

    Args:
        leakage: as `labtools.artifacts.leakage.read_leakage`.
        key: the column to group by: ``split``, ``class_folder``, ``team``.

    Returns:
        label, gap (one of `GAP_BINS`), images, share (0..1 of the label's pictures); "all" first if there are several.
    """
    groups = [(str(name), part) for name, part in leakage.groupby(key, sort=True) if name]
    groups = [("all", leakage), *groups] if len(groups) > 1 else groups or [("all", leakage)]
    rows = []
    for label, part in groups:
        counts = gap_bin(part).value_counts().reindex(GAP_BINS, fill_value=0)
        rows += [(label, gap, int(n), n / len(part)) for gap, n in counts.items()]
    return pd.DataFrame(rows, columns=["label", "gap", "images", "share"])


def look_histogram(leakage: pd.DataFrame) -> pd.DataFrame:
    """Pictures by the bits that the training picture most alike differs in: split, bits, images, share of the split.

    ``bits`` runs from 0 to `MOST_BITS`, which stands for so many and more; pictures without a hash are left out.
    """
    known = leakage[leakage["hash_distance"].notna()]
    rows = []
    for split, part in known.groupby("split", sort=False):
        counts = np.bincount(part["hash_distance"].astype(int).clip(upper=MOST_BITS), minlength=MOST_BITS + 1)
        rows += [(split, bits, int(n), n / len(part)) for bits, n in enumerate(counts.tolist())]
    return pd.DataFrame(rows, columns=["split", "bits", "images", "share"])


def nearest_in_time(leakage: pd.DataFrame, count: int) -> pd.DataFrame:
    """The pictures with the smallest frame gap, of as many teams and sequences as possible."""
    rows = leakage[leakage["frame_gap"].notna() & (leakage["nearest_frame_image"] != "")]
    rows = rows.sort_values(["frame_gap", "hash_distance", "image"])
    return _one_of_each(rows, ["frame_gap", "image"], count)


def nearest_by_look(leakage: pd.DataFrame, manifest: pd.DataFrame, count: int) -> pd.DataFrame:
    """The pictures that look most like a training picture of *another* sequence or team (`NEAR_BITS` or less)."""
    where = manifest.set_index("image")[["class_folder", "team", "sequence"]]
    rows = leakage[leakage["hash_distance"].notna() & (leakage["nearest_hash_image"] != "")]
    rows = rows[rows["hash_distance"] <= NEAR_BITS]
    there = where.reindex(rows["nearest_hash_image"]).to_numpy()
    other = (rows[["class_folder", "team", "sequence"]].to_numpy() != there).any(axis=1)
    rows = rows[other].assign(alike=~rows["exact"][other]).sort_values(["alike", "hash_distance", "image"])
    return _one_of_each(rows, ["alike", "hash_distance", "image"], count)


def _one_of_each(rows: pd.DataFrame, order: list[str], count: int) -> pd.DataFrame:
    turn = rows.groupby(["class_folder", "team"]).cumcount()
    return rows.assign(turn=turn).sort_values(["turn", *order]).head(count)
