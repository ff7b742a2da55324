"""Findings that can be seen: which picture of the dataset each is about, and which are worth showing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from labtools.artifacts.wording import words

SEVERITIES = ("error", "warning")
"""What is worth a picture, the worst first; an ``info`` has lost nothing."""

_KINDS = re.compile(
    r"(images?|imgs?|pictures|photos|frames|labels?|annotations?|jpegimages|obj_\w+_data)", re.IGNORECASE
)


@dataclass(frozen=True)
class Evidence:
    """A finding and the pictures that show it.

    Attributes:
        kind: ``picture``, ``neighbours`` or ``twin``, see `labtools.artifacts.wording.SHOWN`.
        images: paths in the dataset, side by side; ``focus`` is the place of the one that the finding is about.
    """

    kind: str
    title: str
    team: str
    message: str
    action: str
    images: tuple[str, ...]
    focus: int


def locate(findings: pd.DataFrame, manifest: pd.DataFrame) -> pd.Series:
    """For every finding the picture of the dataset that its file is or annotates, "" where there is none or many.

    A label file belongs to the picture of its name in the same place of the same submission: folders such as
    ``images/`` and ``labels/`` and archives are no place of their own.
    """
    by_source = dict(zip(manifest["source"], manifest["image"], strict=True))
    exact = findings["file"].map(by_source)
    places: dict[str, str] = {}
    for source, image in by_source.items():
        place = _place(source)
        places[place] = "" if place in places else image
    near = findings["file"].map(lambda file: places.get(_place(file), ""))
    return exact.fillna(near).astype(str)


def _place(path: str) -> str:
    """A path without its suffix, its archives and the folders that only say what kind of file they hold."""
    *folders, name = path.split("/")
    kept = [f for f in folders if not f.endswith("!") and not _KINDS.fullmatch(f.strip())]
    return "/".join([*kept, name.rpartition(".")[0] or name])


def pick_evidence(findings: pd.DataFrame, manifest: pd.DataFrame, most: int) -> list[Evidence]:
    """The findings to show: errors before warnings, of each kind one before a second of any, other teams first; no
    picture twice.

    Args:
        findings: as `labtools.artifacts.dataset.read_findings`.
        manifest: of the dataset.
        most: how many at most.
    """
    shown = findings["code"].map(lambda code: words(code, "en").show)
    rows = findings.assign(show=shown)[(shown != "") & findings["severity"].isin(SEVERITIES)]
    rows = rows.assign(image=locate(rows, manifest), rank=rows["severity"].map(SEVERITIES.index))
    rows = rows[rows["image"] != ""].sort_values(["rank", "code", "team", "file", "line"]).drop_duplicates("image")
    rows = rows.assign(team_turn=rows.groupby(["code", "team"]).cumcount())
    rows = rows.sort_values(["rank", "code", "team_turn", "team", "file"])
    rows = rows.assign(turn=rows.groupby("code").cumcount())
    rows = rows.sort_values(["turn", "rank", "code"]).head(most).sort_values(["rank", "code", "turn"])
    return [_evidence(row, manifest) for row in rows.itertuples()]


def _evidence(row: object, manifest: pd.DataFrame) -> Evidence:
    code, show, team, message, action, image = (
        str(getattr(row, c)) for c in ("code", "show", "team", "message", "action", "image")
    )
    images: Sequence[str] = (image,)
    if show == "neighbours":
        images = neighbours(image, manifest)
    elif show == "twin":
        images = (image, *twins(image, manifest)[:1])
    return Evidence(show, words(code, "en").title, team, message, action, tuple(images), list(images).index(image))


def neighbours(image: str, manifest: pd.DataFrame) -> tuple[str, ...]:
    """The picture between the one before and the one after it in its sequence, as far as there are any."""
    here = manifest.loc[manifest["image"] == image].iloc[0]
    same = (manifest[["class_folder", "team", "sequence"]] == here[["class_folder", "team", "sequence"]]).all(axis=1)
    order = manifest[same].sort_values(["frame", "image"])["image"].tolist()
    place = order.index(image)
    return tuple(order[max(0, place - 1) : place + 2])


def twins(image: str, manifest: pd.DataFrame) -> tuple[str, ...]:
    """The other pictures with the same bytes, those of another split first."""
    here = manifest.loc[manifest["image"] == image].iloc[0]
    same = manifest[(manifest["hash"] == here["hash"]) & (manifest["image"] != image)]
    return tuple(same.assign(near=same["split"] == here["split"]).sort_values(["near", "image"])["image"])
