"""Findings that can be seen: which picture of the dataset each is about, and which are worth showing."""

from __future__ import annotations

import re
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


def visible(findings: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """The errors and warnings that a picture of the dataset shows, with ``image``, ``show`` (how) and ``rank`` (0: the
    worst); one for each picture.

    Args:
        findings: as `labtools.artifacts.dataset.read_findings`.
        manifest: of the dataset.
    """
    shown = findings["code"].map({code: words(code, "en").show for code in set(findings["code"])})
    rows = findings.assign(show=shown)[(shown != "") & findings["severity"].isin(SEVERITIES)]
    rows = rows.assign(image=locate(rows, manifest), rank=rows["severity"].map(SEVERITIES.index))
    rows = rows[rows["image"] != ""].sort_values(["rank", "code", "team", "file", "line"])
    return rows.drop_duplicates("image")


def pick_evidence(rows: pd.DataFrame, order: FrameOrder, most: int) -> list[Evidence]:
    """The findings to show: errors before warnings, of each kind one before a second of any, other teams first.

    Args:
        rows: as `visible`, all of them or some.
        order: of the dataset's pictures.
        most: how many at most.
    """
    rows = rows.assign(team_turn=rows.groupby(["code", "team"]).cumcount())
    rows = rows.sort_values(["rank", "code", "team_turn", "team", "file"])
    rows = rows.assign(turn=rows.groupby("code").cumcount())
    rows = rows.sort_values(["turn", "rank", "code"]).head(most).sort_values(["rank", "code", "turn"])
    return [_evidence(row, order) for row in rows.itertuples()]


def _evidence(row: object, order: FrameOrder) -> Evidence:
    code, show, team, message, action, image = (
        str(getattr(row, c)) for c in ("code", "show", "team", "message", "action", "image")
    )
    images: tuple[str, ...] = (image,)
    if show == "neighbours":
        images = order.neighbours(image)
    elif show == "twin":
        images = (image, *order.twins(image)[:1])
    return Evidence(show, words(code, "en").title, team, message, action, images, images.index(image))


class FrameOrder:
    """Which pictures are next to each other in a sequence, and which are the same. Made once for a manifest."""

    def __init__(self, manifest: pd.DataFrame) -> None:
        keys = ["class_folder", "team", "sequence"]
        rows = manifest.sort_values([*keys, "frame", "image"], ignore_index=True)
        self._images: list[str] = rows["image"].tolist()
        self._sequences: list[int] = rows.groupby(keys, sort=False).ngroup().tolist()
        self._places = {image: place for place, image in enumerate(self._images)}
        self._splits = dict(zip(manifest["image"], manifest["split"], strict=True))
        self._hashes = dict(zip(manifest["image"], manifest["hash"], strict=True))
        same = rows[rows["hash"].duplicated(keep=False)]
        self._same = {str(key): part["image"].tolist() for key, part in same.groupby("hash")}

    def neighbours(self, image: str) -> tuple[str, ...]:
        """The picture between the one before and the one after it in its sequence, as far as there are any."""
        place = self._places[image]
        near = range(max(0, place - 1), min(place + 2, len(self._images)))
        return tuple(self._images[i] for i in near if self._sequences[i] == self._sequences[place])

    def twins(self, image: str) -> tuple[str, ...]:
        """The other pictures with the same bytes, those of another split first."""
        others = [other for other in self._same.get(self._hashes[image], []) if other != image]
        return tuple(sorted(others, key=lambda other: (self._splits[other] == self._splits[image], other)))
