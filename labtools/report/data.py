"""A dataset as pages look at it: its tables, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from labtools.artifacts import dataset as datasets
from labtools.artifacts.dataset import Dataset, open_dataset, read_boxes, read_findings, read_manifest
from labtools.artifacts.leakage import read_leakage, read_leakage_summary
from labtools.report.evidence import FrameOrder, visible
from labtools.report.examples import Example, add_pixels
from labtools.report.plain import is_prepared, read_plain
from labtools.report.portraits import choose_portraits
from labtools.report.tables.dataset import box_summaries


@dataclass(frozen=True)
class Data:
    """A dataset and its tables (see `labtools.artifacts` for their columns).

    Attributes:
        boxes: as `BOX_COLUMNS`, and the pixels of their images in ``image_width`` and ``image_height``.
        leakage, leakage_summary: no rows where the dataset was written without them.
    """

    dataset: Dataset
    manifest: pd.DataFrame
    boxes: pd.DataFrame
    findings: pd.DataFrame
    leakage: pd.DataFrame
    leakage_summary: pd.DataFrame

    @property
    def name(self) -> str:
        return self.dataset.root.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in id order."""
        return tuple(self.dataset.names[i] for i in sorted(self.dataset.names))

    @cached_property
    def visible(self) -> pd.DataFrame:
        """The findings that can be seen (`labtools.report.evidence.visible`)."""
        return visible(self.findings, self.manifest)

    @cached_property
    def order(self) -> FrameOrder:
        """Which pictures are neighbours, and which are twins."""
        return FrameOrder(self.manifest)

    @cached_property
    def class_summaries(self) -> dict[str, dict[str, float]]:
        """What the boxes of each class are like (`labtools.report.tables.dataset.box_summary`), of those with any."""
        return box_summaries(self.boxes, "class_name")

    @cached_property
    def team_summaries(self) -> dict[str, dict[str, float]]:
        """As `class_summaries`, of each team."""
        return box_summaries(self.boxes, "team")

    @cached_property
    def portraits(self) -> Sequence[Example]:
        """The best-looking box of each class that has any, in id order (`labtools.report.portraits`)."""
        return choose_portraits(self.dataset.root, add_pixels(self.boxes, self.manifest), self.classes)


def read_data(path: Path) -> Data:
    """A dataset that `labtools prepare` wrote, by its folder or its YAML.

    Raises:
        LabError: there is none, or one of its tables cannot be read.
    """
    dataset = open_dataset(path)
    known = dataset.findings.is_file()
    findings = read_findings(dataset) if known else pd.DataFrame(columns=list(datasets.FINDING_COLUMNS))
    manifest = read_manifest(dataset)
    return Data(
        dataset,
        manifest,
        _with_image_size(read_boxes(dataset), manifest),
        findings,
        read_leakage(dataset.root),
        read_leakage_summary(dataset.root),
    )


def read_compared(path: Path) -> Data:
    """The dataset to stand beside: one of `labtools prepare`, or any that Ultralytics trains on, by its folder or YAML.

    Raises:
        LabError: it is neither.
    """
    if is_prepared(path):
        return read_data(path)
    dataset, manifest, boxes = read_plain(path)
    return Data(
        dataset,
        manifest,
        _with_image_size(boxes, manifest),
        pd.DataFrame(columns=list(datasets.FINDING_COLUMNS)),
        read_leakage(dataset.root),
        read_leakage_summary(dataset.root),
    )


def _with_image_size(boxes: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    sizes = manifest.set_index("image")[["width", "height"]].reindex(boxes["image"])
    return boxes.assign(image_width=sizes["width"].to_numpy(), image_height=sizes["height"].to_numpy())
