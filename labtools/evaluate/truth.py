"""What is really there: the images and boxes of one split, in the units that metrics need."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from labtools.artifacts.dataset import Dataset, read_boxes, read_manifest
from labtools.core.boxes import xywhn_to_xyxyn
from labtools.core.errors import LabError

XYXY = ["x1", "y1", "x2", "y2"]


@dataclass(frozen=True)
class Truth:
    """The truth of one split.

    Attributes:
        names: class id -> class name, all classes of the dataset, also those without a box in the split.
        images: one row per image of the split: image, class_folder, team, width, height (pixels).
        boxes: one row per true box: image, class_id, and x1 y1 x2 y2, xyxy in pixels of the image.
    """

    names: dict[int, str]
    images: pd.DataFrame
    boxes: pd.DataFrame


def read_truth(dataset: Dataset, split: str) -> Truth:
    """The truth of a split of a prepared dataset.

    Raises:
        LabError: the split has no image.
    """
    manifest = read_manifest(dataset)
    images = manifest.loc[manifest["split"] == split, ["image", "class_folder", "team", "width", "height"]]
    if images.empty:
        filled = ", ".join(s for s in ("train", "val", "test") if (manifest["split"] == s).any()) or "none"
        raise LabError(
            f"the {split} split of this dataset has no image",
            dataset.root,
            f"Choose a split that has images ({filled}), or mend the split policy and prepare again.",
        )
    boxes = read_boxes(dataset, split).merge(images[["image", "width", "height"]], on="image")
    size = boxes[["width", "height", "width", "height"]].to_numpy(dtype="float64")
    boxes[XYXY] = xywhn_to_xyxyn(boxes[["x", "y", "w", "h"]]) * size
    return Truth(dataset.names, images.reset_index(drop=True), boxes[["image", "class_id", *XYXY]])


def part_of(truth: Truth, images: pd.DataFrame) -> Truth:
    """The truth of some of the images (rows of ``truth.images``)."""
    boxes = truth.boxes[truth.boxes["image"].isin(images["image"])]
    return Truth(truth.names, images, boxes)
