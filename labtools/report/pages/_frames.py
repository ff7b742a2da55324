"""Pictures of the dataset side by side: findings that can be seen, val and test beside train."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from labtools.core.draw import Image
from labtools.report.content import Block, Gallery, Picture, Prose
from labtools.report.data import Data
from labtools.report.evidence import Evidence, pick_evidence
from labtools.report.examples import add_pixels
from labtools.report.pictures import Frame, draw_strip
from labtools.report.tables.leakage import nearest_by_look, nearest_in_time

_WIDTHS = {"picture": 260, "neighbours": 540, "twin": 400}
_CAPTIONS = {
    "picture": "Errors and warnings about single pictures, with the boxes that the dataset has now.",
    "neighbours": "The picture in question (orange) between its neighbours in the sequence.",
    "twin": "The picture in question (orange) beside the one that is the same.",
}
_IN_TIME = "Nearest in time: on the left a picture that is tested on, on the right one that is trained on."
_BY_LOOK = "Most alike, though of another sequence or team: tested on, and trained on."


def evidence_galleries(data: Data, findings: pd.DataFrame, stem: str, most: int) -> tuple[Block, ...]:
    """The worst findings as pictures; nothing where none of them is about a picture of the dataset.

    ``findings``: rows of `Data.visible`, all or those of a team.
    """
    chosen = pick_evidence(findings, data.order, most)
    blocks: list[Block] = []
    for kind, caption in _CAPTIONS.items():
        some = [e for e in chosen if e.kind == kind]
        if some:
            pictures = tuple(_evidence_picture(data, e, f"{stem}-{kind}-{i + 1:02d}") for i, e in enumerate(some))
            blocks.append(Gallery(caption, pictures, _WIDTHS[kind]))
    return tuple(blocks)


def _evidence_picture(data: Data, evidence: Evidence, name: str) -> Picture:
    caption = _said(evidence.team, evidence.title, f"{evidence.message} ({evidence.action})")
    draw = partial(_draw, data, evidence.images, evidence.focus)
    return Picture(name, f"{evidence.title}: {evidence.images[evidence.focus]}", caption, draw)


def pair_galleries(data: Data, leakage: pd.DataFrame, stem: str, most: int) -> tuple[Block, ...]:
    """Val and test pictures beside the training pictures nearest to them, in time and by look.

    Args:
        data: the dataset.
        leakage: rows of its leakage table, all or those of a class or team.
        stem: of the pictures' names.
        most: pairs of each kind.
    """
    blocks: list[Block] = []
    for kind, rows, said, caption in (
        ("time", nearest_in_time(leakage, most), _time_pair, _IN_TIME),
        ("look", nearest_by_look(leakage, data.manifest, most), _look_pair, _BY_LOOK),
    ):
        pairs = [said(row) for row in rows.to_dict("records")]
        pictures = tuple(_pair(data, *pair, f"{stem}-{kind}-{i + 1:02d}") for i, pair in enumerate(pairs))
        if pictures:
            blocks.append(Gallery(caption, pictures, _WIDTHS["twin"]))
    return tuple(blocks) or (Prose("No val or test picture is near to a training picture."),)


def _time_pair(row: Mapping[Hashable, Any]) -> tuple[tuple[str, str], str]:
    """The two pictures, and what is said of them."""
    gap = int(row["frame_gap"])
    apart = f"{gap} frame{'' if gap == 1 else 's'} apart ({row['seconds']:.2f} s)"
    return (row["image"], row["nearest_frame_image"]), _said(row["team"], f"{row['split']} beside train: {apart}")


def _look_pair(row: Mapping[Hashable, Any]) -> tuple[tuple[str, str], str]:
    same = "the very same file" if row["exact"] else f"{int(row['hash_distance'])} of 64 bits differ"
    mirrored = ", mirrored" if row["mirrored"] else ""
    owner = row["nearest_hash_team"]
    whose = f"train of {owner}" if owner and owner != row["team"] else "train, another sequence"
    said = f"{row['split']} beside {whose}: {same}{mirrored}"
    return (row["image"], row["nearest_hash_image"]), _said(row["team"], said)


def _said(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _pair(data: Data, images: tuple[str, str], caption: str, name: str) -> Picture:
    return Picture(name, f"{images[0]} beside {images[1]}", caption, partial(_draw, data, images, None))


def _draw(data: Data, images: Sequence[str], focus: int | None) -> Image:
    """The strip of some pictures of the dataset with their boxes."""
    boxes = add_pixels(data.boxes[data.boxes["image"].isin(images)].reset_index(drop=True), data.manifest)
    frames = []
    for image in images:
        mine = boxes[boxes["image"] == image]
        frames.append(
            Frame(
                data.dataset.root / image,
                mine[["x1", "y1", "x2", "y2"]].to_numpy(dtype=float),
                [int(c) for c in mine["class_id"]],
                [str(n) for n in mine["class_name"]],
            )
        )
    return draw_strip(frames, focus)
