"""Which boxes are worth looking at: best hits, worst false alarms, missed objects; and crops to show a class.

Choosing pictures is not measuring: the numbers of the report come from evaluate alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from labtools.core.boxes import iou_matrix, xywhn_to_xyxy

CONF = 0.25
"""Predictions below this confidence are not shown, as in Ultralytics' own pictures."""
_IOU = 0.5

Kind = Literal["hit", "false alarm", "missed"]


@dataclass(frozen=True)
class Example:
    """One box to look at. ``conf`` is NaN where nothing was predicted; ``xyxy`` in pixels of the original image."""

    kind: Kind
    image: str
    class_name: str
    team: str
    split: str
    conf: float
    xyxy: tuple[float, float, float, float]


def add_pixels(boxes: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """True boxes with x1 y1 x2 y2 in pixels of their images."""
    size = boxes[["image"]].merge(manifest[["image", "width", "height"]], on="image", how="left")
    wh = size[["width", "height"]].to_numpy(dtype=float)
    corners = xywhn_to_xyxy(boxes[["x", "y", "w", "h"]].to_numpy(dtype=float), (1.0, 1.0)) * np.hstack([wh, wh])
    return boxes.assign(**{c: corners[:, i] for i, c in enumerate(("x1", "y1", "x2", "y2"))})


def judge(
    predictions: pd.DataFrame, truth: pd.DataFrame, manifest: pd.DataFrame, names: dict[int, str]
) -> pd.DataFrame:
    """Every prediction from `CONF` up as hit or false alarm, and every true box that none of them found as missed.

    Args:
        predictions: as `labtools.artifacts.predictions`, of one run.
        truth: `add_pixels` of the true boxes of the same split.
        manifest: of the dataset, which tells each image's team and sequence.
        names: class id -> name.

    Returns:
        kind, image, class_name, team, sequence, conf, x1 y1 x2 y2; by image.
    """
    seen = predictions[predictions["conf"] >= CONF]
    where = manifest.set_index("image")[["team", "sequence"]]
    said = seen.assign(
        kind=np.where(seen["tp50"], "hit", "false alarm"),
        class_name=seen["class_id"].map(names).astype(str),
        team=seen["image"].map(where["team"]).fillna(""),
        sequence=seen["image"].map(where["sequence"]).fillna(""),
    )
    missed = truth[~_found(truth, seen)].assign(kind="missed", conf=np.nan)
    columns = ["kind", "image", "class_name", "team", "sequence", "conf", "x1", "y1", "x2", "y2"]
    return pd.concat([said[columns], missed[columns]], ignore_index=True)


def _found(truth: pd.DataFrame, seen: pd.DataFrame) -> pd.Series:
    """For every true box: does a prediction of its class cover it with IoU 0.5 or more?"""
    corners = ["x1", "y1", "x2", "y2"]
    found = pd.Series(False, index=truth.index)
    groups = {key: part[corners].to_numpy(dtype=float) for key, part in seen.groupby(["image", "class_id"])}
    for (image, class_id), part in truth.groupby(["image", "class_id"]):
        near = groups.get((image, class_id))
        if near is not None:
            found.loc[part.index] = iou_matrix(part[corners].to_numpy(dtype=float), near).max(axis=1) >= _IOU
    return found


def pick(judged: pd.DataFrame, kind: Kind, count: int) -> list[Example]:
    """The clearest examples of a kind: surest hits and false alarms, largest missed objects.

    Neighbouring frames look alike, so each sequence gives one before any gives a second, and an image only one.
    """
    rows = judged[judged["kind"] == kind]
    area = (rows["x2"] - rows["x1"]) * (rows["y2"] - rows["y1"])
    rows = rows.assign(rank=area if kind == "missed" else rows["conf"])
    rows = rows.sort_values(["rank", "image"], ascending=[False, True]).drop_duplicates("image")
    turn = rows.groupby(["class_name", "team", "sequence"]).cumcount()
    rows = rows.assign(turn=turn).sort_values(["turn", "rank", "image"], ascending=[True, False, True])
    return [
        Example(kind, str(r.image), str(r.class_name), str(r.team), "", float(str(r.conf)), _corners(r))
        for r in rows.head(count).itertuples()
    ]


def box_example(row: object) -> Example:
    """A true box, a row of `add_pixels`, as something to look at."""
    image, name, team, split = (str(getattr(row, c)) for c in ("image", "class_name", "team", "split"))
    return Example("hit", image, name, team, split, float("nan"), _corners(row))


def _corners(row: object) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(getattr(row, c)) for c in ("x1", "y1", "x2", "y2"))
    return x1, y1, x2, y2


def pick_crops(truth: pd.DataFrame, count: int) -> list[Example]:
    """Boxes that show what was filmed: large ones, from as many teams, sequences and moments as possible.

    ``truth`` is `add_pixels` of the boxes of one class or team.
    """
    area = truth["w"] * truth["h"]
    # Not the very largest: a box that fills the picture shows little of where the object was.
    rows = truth.assign(rank=(area.rank(pct=True) - 0.8).abs())
    rows = rows.sort_values(["rank", "image"]).drop_duplicates("image")
    turn = rows.groupby(["class_name", "team", "sequence"]).cumcount()
    rows = rows.assign(turn=turn).sort_values(["turn", "rank", "image"]).head(count)
    return [box_example(row) for row in rows.itertuples()]
