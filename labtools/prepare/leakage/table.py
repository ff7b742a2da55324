"""The two tables of leakage, and what in them a team should know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from labtools.artifacts.leakage import FRAMES_PER_SECOND
from labtools.core.findings import Finding
from labtools.core.median import median
from labtools.prepare.leakage.blocks import NOTHING, Entries, nearest_by_blocks
from labtools.prepare.leakage.columns import Columns
from labtools.prepare.leakage.findings import leakage_findings
from labtools.prepare.leakage.nearest import (
    Hashes,
    Ints,
    NearestInLook,
    NearestInTime,
    distances_in_order,
    nearest_in_time,
)
from labtools.prepare.leakage.summary import summarise

_FILM_BITS = 20
"""Neighbours in a video are nearer than this, numbered photos of different things (about 30 bits) are not."""


@dataclass(frozen=True)
class Leakage:
    """What `analyse` finds.

    Attributes:
        rows: of ``leakage.csv``, in the order of the pictures.
        summary: of ``leakage_summary.csv``: teams, class folders, all.
        findings: a few per team.
        compared: what `analyse` takes to be faster the next time.
    """

    rows: tuple[dict[str, Any], ...]
    summary: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    compared: Entries


def analyse(columns: Columns, known: Entries = NOTHING) -> Leakage:
    """Every val and test picture against all training pictures. A pure function; seconds for 100,000 pictures.

    Args:
        known: what an earlier run has compared, see `Leakage.compared`.
    """
    group, frame = _sequences(columns), _frames(columns)
    phash = np.array(columns.phash, dtype=np.uint64)
    split = np.array(columns.split, dtype=object)
    reference = np.flatnonzero(split == "train")
    wanted = np.flatnonzero((split == "val") | (split == "test"))
    films = np.where(_is_film(columns, group, frame, phash), group, -1)
    in_time = nearest_in_time(films, frame, wanted, reference)
    tone = np.array(columns.tone, dtype=np.uint64)
    in_look, compared = nearest_by_blocks(phash, tone, wanted, reference, _starts(columns), known)
    rows = _rows(columns, wanted, in_time, in_look, _first_with_bytes(columns, reference))
    has_film = {columns.image[i] for i in wanted[films[wanted] >= 0].tolist()}
    sources = dict(zip(columns.image, columns.source, strict=True))
    summary = summarise(rows, has_film, _teams(columns), has_train=len(reference) > 0)
    return Leakage(tuple(rows), tuple(summary), tuple(leakage_findings(rows, summary, sources)), compared)


def _sequences(columns: Columns) -> Ints:
    """(N,) a number per class folder, team and sequence."""
    numbers: dict[tuple[str, str, str], int] = {}
    keys = zip(columns.class_folder, columns.team, columns.sequence, strict=True)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _frames(columns: Columns) -> Ints:
    return np.array([-1 if frame is None else frame for frame in columns.frame], dtype=np.int64)


def _is_film(columns: Columns, group: Ints, frame: Ints, phash: Hashes) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(N,) is the picture a frame of a video? Where frames have numbers and the sequence has one too, the course says
    so; elsewhere (``raccoon-12.jpg``, ``raccoon-13.jpg``) the looks of neighbours have to agree."""
    declared = np.array([any(c.isdecimal() for c in name) for name in columns.sequence], dtype=np.bool_)
    groups, bits = distances_in_order(group, frame, phash)
    alike = np.zeros(int(group.max(initial=-1)) + 1, np.bool_)
    for number in np.unique(groups).tolist():
        start, stop = np.searchsorted(groups, [number, number + 1])  # `groups` is in order
        alike[number] = median(bits[start:stop]) <= _FILM_BITS
    unknown = not phash.any()
    return np.asarray(declared | unknown | (alike[group] if len(group) else declared))


def _first_with_bytes(columns: Columns, reference: Ints) -> dict[str, int]:
    """Byte hash -> the first training picture that has it."""
    first: dict[str, int] = {}
    for i in reference.tolist():
        first.setdefault(columns.hash[i], i)
    return first


def _starts(columns: Columns) -> list[int]:
    """Index of the first picture of each team."""
    teams = list(zip(columns.class_folder, columns.team, strict=True))
    return [i for i, (before, this) in enumerate(pairwise([None, *teams])) if before != this]


def _teams(columns: Columns) -> Sequence[tuple[str, str]]:
    """Class folder and team, also of those without val and test pictures, in order."""
    return sorted(set(zip(columns.class_folder, columns.team, strict=True)))


def _rows(
    columns: Columns, wanted: Ints, in_time: NearestInTime, in_look: NearestInLook, with_bytes: Mapping[str, int]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    plain = (wanted, *in_time, *in_look)
    for i, before, gap, steps, like, bits, mirrored in zip(*(values.tolist() for values in plain), strict=True):
        twin = with_bytes.get(columns.hash[i])
        exact = twin is not None
        if twin is not None:
            like, bits, mirrored = twin, 0, False
        rows.append({
            "image": columns.image[i], "split": columns.split[i], "class_folder": columns.class_folder[i],
            "team": columns.team[i], "sequence": columns.sequence[i], "frame": columns.frame[i],
            "nearest_frame_image": "" if before < 0 else columns.image[before],
            "frame_gap": None if before < 0 else gap,
            "picture_gap": None if before < 0 else steps,
            "seconds": None if before < 0 else gap / FRAMES_PER_SECOND,
            "nearest_hash_image": "" if like < 0 else columns.image[like],
            "nearest_hash_team": "" if like < 0 else columns.team[like],
            "hash_distance": None if like < 0 else bits,
            "mirrored": mirrored, "exact": exact,
        })  # fmt: skip
    return rows
