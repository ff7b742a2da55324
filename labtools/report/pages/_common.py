"""What several pages say alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from labtools.artifacts.dataset import Dataset
from labtools.core.draw import Image, class_colour_hex
from labtools.report.content import Block, Cell, Gallery, Missing, Picture, Plot, Prose, Table
from labtools.report.data import Data
from labtools.report.examples import Example, Kind, add_pixels, pick, pick_crops
from labtools.report.figures.dataset import draw_heat
from labtools.report.figures.training import draw_pairs
from labtools.report.load import Results, Sightings
from labtools.report.pictures import draw_crop, draw_example
from labtools.report.tables.dataset import heat_maps

KINDS: tuple[tuple[Kind, str, str], ...] = (
    ("hit", "Best hits", "the surest predictions that are right"),
    ("false alarm", "Worst false alarms", "the surest predictions that are wrong: another class, or nothing there"),
    ("missed", "Missed objects", "the largest true boxes that no prediction found"),
)
LEGEND = "Thick: predicted, with its confidence. Thin: true. White frame: the box that the picture is about."


def colours(results: Results) -> dict[str, str]:
    """class -> its colour, the same in every picture."""
    return {name: class_colour_hex(i) for i, name in enumerate(results.classes)}


def missing_dataset(results: Results) -> Missing:
    """There is no dataset to look at."""
    what = f"Nothing can be said about the images: {results.data_trouble}."
    return Missing(what, (f"labtools report {results.name_typed} --data datasets/dlcv",))


def missing_runs(results: Results) -> Missing:
    """Nothing was trained on this dataset yet."""
    what = "Nothing has been trained on this dataset yet, so these pages are about the dataset alone."
    return Missing(what, ("labtools train-matrix --gpus 0-7", "labtools report"))


def missing_results(results: Results, split: str | None = None) -> Missing:
    """A split has not been evaluated."""
    split = split or results.asked_split or "test"
    commands = [f"labtools evaluate --split {split} --runs {results.name_typed}"]
    if results.splits:
        other = next(iter(results.splits))
        commands.append(f"labtools report {results.name_typed} --split {other}")
    there = f" Evaluated so far: {', '.join(results.splits)}." if results.splits else ""
    return Missing(
        f"The {split} split has not been evaluated yet, so there are no results to show.{there}", tuple(commands)
    )


def split_notes(results: Results) -> tuple[Block, ...]:
    """What the reader must know about the split before reading any figure."""
    if not results.split_note:
        return ()
    return (Missing(results.split_note, (f"labtools evaluate --split test --runs {results.name_typed}",)),)


def heat_plots(parts: Sequence[tuple[str, pd.DataFrame]], stem: str, whose: str) -> tuple[Plot, Plot]:
    """Where boxes are, and how large: a small map for each labelled set of boxes."""
    shown = tuple(label for label, _ in parts)
    centre = heat_maps(parts, ("x", "y"))
    size = heat_maps(parts, ("w", "h"))
    return (
        Plot(
            f"{stem}-centres",
            f"Heat maps of box centres, {whose}",
            "Box centres in the image, 0..1 from the top left corner. A dark spot in the middle: the object was always "
            "filmed there, and a detector may learn just that.",
            centre,
            partial(draw_heat, labels=shown, what="centre"),
        ),
        Plot(
            f"{stem}-sizes",
            f"Heat maps of box width and height, {whose}",
            "Width and height of the boxes as shares of the image. On the dotted line a box has the image's own shape.",
            size,
            partial(draw_heat, labels=shown, what="size"),
        ),
    )


def freeze_plot(pairs: pd.DataFrame, split: str, name: str, what: str) -> Plot:
    """Frozen runs beside the free ones that differ in nothing else; ``pairs``: of `freeze_pairs`, by mAP50-95."""
    return Plot(
        name,
        f"Pairs of points: {what} in frozen and fully trained runs",
        "Each line: one network and image size, trained twice. Only freeze differs.",
        pairs,
        partial(
            draw_pairs,
            left=("frozen", "freeze"),
            right=("free", "no freeze"),
            label="label",
            unit=f"mAP50-95 on {split}",
        ),
    )


def crop_gallery(
    results: Results, boxes: pd.DataFrame, stem: str, most: int, caption: str, below: Sequence[str]
) -> Block:
    """Crops from the images of some boxes, as varied as they come; ``below``: fields of `Example` under each."""
    if results.data is None:
        return missing_dataset(results)
    chosen = pick_crops(add_pixels(boxes, results.data.manifest), most) if len(boxes) else []
    if not chosen:
        return Prose("There is no box to show here.")
    return Gallery(
        caption,
        tuple(_crop_picture(results.data, e, f"{stem}-{i + 1:02d}", below) for i, e in enumerate(chosen)),
        150,
    )


def _crop_picture(data: Data, example: Example, name: str, below: Sequence[str]) -> Picture:
    path = data.dataset.root / example.image
    caption = " · ".join(part for key in below if (part := getattr(example, key)))
    draw = partial(draw_crop, path, example.xyxy, data.classes.index(example.class_name))
    return Picture(name, f"A crop of {example.class_name} from {example.image}", caption, draw)


def collage(results: Results, stem: str) -> Block:
    """One crop per class."""
    if results.data is None:
        return missing_dataset(results)
    return portrait_gallery(results.data, stem, "One box of each class, with some of what surrounds it.")


def portrait_gallery(data: Data, stem: str, caption: str) -> Block:
    """The best-looking box of each class of a dataset."""
    pictures = tuple(
        _crop_picture(data, e, f"{stem}-{data.classes.index(e.class_name):02d}", ("class_name", "team"))
        for e in data.portraits
    )
    return Gallery(caption, pictures, 150) if pictures else Prose(f"There is no box in {data.name}.")


def example_galleries(results: Results, stem: str, most: int, judged: pd.DataFrame | None = None) -> tuple[Block, ...]:
    """Hits, false alarms and missed objects of the best run as pictures; ``judged`` narrows them to a class or team."""
    sightings = results.sightings
    if sightings is None or results.data is None:
        return (_missing_sightings(results),)
    judged = sightings.judged if judged is None else judged
    blocks: list[Block] = [Prose(LEGEND)]
    for kind, title, meaning in KINDS:
        total = int((judged["kind"] == kind).sum())
        chosen = pick(judged, kind, most)
        if not chosen:
            blocks.append(Prose(f"{title}: none ({results.best} on {results.split})."))
            continue
        caption = f"{title} ({len(chosen)} of {total:,}): {meaning}."
        name = f"{stem}-{kind.replace(' ', '-')}"
        pictures = tuple(
            _example_picture(results.data, sightings, e, f"{name}-{i + 1:02d}") for i, e in enumerate(chosen)
        )
        blocks.append(Gallery(caption, pictures, 300))
    return tuple(blocks)


def _missing_sightings(results: Results) -> Missing:
    if results.split is None:
        return missing_results(results)
    if results.data is None:
        return missing_dataset(results)
    what = f"The predictions of {results.best} on {results.split} are not on disk, so there is nothing to draw."
    return Missing(what, (f"labtools evaluate --split {results.split} --runs {results.name_typed}",))


def _example_picture(data: Data, sightings: Sightings, example: Example, name: str) -> Picture:
    said = f"{example.class_name}, missed" if example.kind == "missed" else f"{example.class_name} {example.conf:.2f}"
    caption = " · ".join(part for part in (said, example.team) if part)
    draw = partial(_draw_one, data.dataset, sightings, example)
    return Picture(name, f"{example.kind}: {said}, in {example.image}", caption, draw)


def _draw_one(dataset: Dataset, sightings: Sightings, example: Example) -> Image | None:
    corners = ["x1", "y1", "x2", "y2"]
    truth = sightings.truth[sightings.truth["image"] == example.image]
    seen = sightings.predictions[sightings.predictions["image"] == example.image]
    seen = seen.sort_values("conf")  # the surest is drawn last, on top
    names = dataset.names
    labels = [f"{names.get(int(c), c)} {p:.2f}" for c, p in zip(seen["class_id"], seen["conf"], strict=True)]
    return draw_example(
        dataset.root / example.image,
        example.xyxy,
        (truth[corners].to_numpy(dtype=np.float64), [int(c) for c in truth["class_id"]]),
        (seen[corners].to_numpy(dtype=np.float64), [int(c) for c in seen["class_id"]], labels),
    )


def confusion_table(square: pd.DataFrame, caption: str) -> Table:
    """A confusion matrix as a small table, shaded by each row's shares; zeros stay blank."""
    rows = []
    for true, line in zip(square.index, square.to_numpy(), strict=True):
        total = int(line.sum())
        cells = [Cell(str(true))]
        for value in line.tolist():
            share = value / total if total else 0.0
            cells.append(Cell(f"{value:,}" if value else "", True, share if value else None))
        rows.append(tuple(cells))
    return Table(caption, ("true \\ predicted", *map(str, square.columns)), tuple(rows), compact=True)
