"""Figures: few or many of everything, hostile names, the same bytes each time, no label on another."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from labtools.core.draw import class_colour_hex
from labtools.report.content import Plot
from labtools.report.figures.compare import draw_counts_beside, draw_heat_pairs
from labtools.report.figures.dataset import draw_boxes_per_image, draw_counts, draw_heat
from labtools.report.figures.inference import draw_class_curves, draw_confusion, draw_heat_matrix
from labtools.report.figures.leakage import draw_gap_shares, draw_look_histogram
from labtools.report.figures.shapes import draw_boxes_in_image, draw_ratio_spans, draw_size_shares
from labtools.report.figures.speed import draw_speed
from labtools.report.figures.style import styled
from labtools.report.figures.training import draw_epochs, draw_pairs, draw_sizes
from labtools.report.paint import paint, paint_one
from labtools.report.tables import compare, leakage, shapes

HOSTILE = ("$\\frac{$", "_hidden", "<script>", "عربي", "a\nb", "x" * 80, "100 %", "")


def draw(plot_rows: pd.DataFrame, how: partial, folder: Path, name: str = "plot") -> Image.Image:  # type: ignore[type-arg]
    size = paint_one(Plot(name, "", "", plot_rows, how), folder)
    image = Image.open(folder / f"{name}.png")
    assert image.size == (2 * size[0], 2 * size[1])
    assert len(set(image.convert("L").resize((64, 64)).tobytes())) > 3, "nothing is drawn"
    return image


def speed_rows(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(n)
    return pd.DataFrame(
        {"run_id": [f"yolov8{'nsml'[i % 4]}_{320 * (1 + i % 3)}_nofreeze_{i}" for i in range(n)],
         "model": [f"yolov8{'nsml'[i % 4]}" for i in range(n)], "freeze_label": "no freeze",
         "imgsz": [320 * (1 + i % 3) for i in range(n)], "ms": rng.uniform(5, 9, n),
         "map50_95": rng.uniform(0.4, 0.5, n),
         "front": rng.random(n) < 0.3}
    )  # fmt: skip


@pytest.mark.parametrize("n", [1, 10, 32])
def test_names_in_the_speed_figure_do_not_cover_each_other(n: int) -> None:
    with styled():
        figure = draw_speed(speed_rows(n), "ms")
        figure.draw_without_rendering()
        (axes,) = figure.axes
        boxes = [t.get_window_extent() for t in axes.texts]
        inside = axes.get_window_extent().padded(1)
    assert boxes
    for i, box in enumerate(boxes):
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_a_wide_range_of_speeds_has_plain_numbers_on_its_axis() -> None:
    rows = speed_rows(6).assign(ms=[1, 3, 10, 30, 100, 300])
    with styled():
        figure = draw_speed(rows, "ms")
        figure.draw_without_rendering()
        labels = [t.get_text() for t in figure.axes[0].get_xticklabels() if t.get_text()]
    assert labels and all(float(label) > 0 for label in labels)


@pytest.mark.parametrize(("runs", "classes"), [(1, 1), (2, 4), (32, 17)])
def test_matrices_of_any_size(runs: int, classes: int, tmp_path: Path) -> None:
    names = [f"class_{c}" for c in range(classes)]
    rows = pd.DataFrame([(f"run_{r:02d}", c, (r + i) % 9 / 9) for r in range(runs) for i, c in enumerate(names)],
                        columns=["run_id", "class_name", "value"])  # fmt: skip
    rows.loc[rows["class_name"] == "class_0", "value"] = np.nan
    draw(rows, partial(draw_heat_matrix, key="class_name", order=names, unit="mAP50"), tmp_path)
    square = pd.DataFrame([(a, b, 3) for a in [*names, "background"] for b in [*names, "background"]],
                          columns=["true", "predicted", "count"])  # fmt: skip
    draw(square, partial(draw_confusion, names=[*names, "background"]), tmp_path)


@pytest.mark.parametrize("names", [HOSTILE, ("one",)], ids=["hostile", "one"])
def test_names_are_only_text(names: tuple[str, ...], tmp_path: Path) -> None:
    counts = pd.DataFrame([(n, s, 1 + i) for i, n in enumerate(names) for s in ("train", "val", "test")],
                          columns=["class", "split", "count"])  # fmt: skip
    draw(counts, partial(draw_counts, key="class", unit="boxes"), tmp_path)
    pairs = pd.DataFrame({"label": names, "left": 0.5, "right": [0.6, *[np.nan] * (len(names) - 1)]})
    draw(pairs, partial(draw_pairs, left=("left", names[0]), right=("right", "b"), label="label", unit="u"), tmp_path)
    curves = pd.DataFrame(
        [(n, x, 1 - x) for n in (*names, "all") for x in (0, 0.5, 1)], columns=["class_name", "x", "precision"]
    )
    colours = {n: class_colour_hex(i) for i, n in enumerate(names)}
    draw(
        curves,
        partial(draw_class_curves, colours=colours, axis=("recall", "precision"), values=("precision",)),
        tmp_path,
    )
    heat = pd.DataFrame({"label": names, "column": 3, "row": 4, "boxes": 2})
    draw(heat, partial(draw_heat, labels=[*names, "nobody"], what="centre"), tmp_path)


def some_boxes(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(count)
    frame = pd.DataFrame(rng.uniform(0.05, 0.5, (count, 4)), columns=["x", "y", "w", "h"])
    return frame.assign(image=[f"i{k // 2}" for k in range(count)], image_width=640, image_height=360)


@pytest.mark.parametrize("names", [("only",), HOSTILE[:5]])
def test_shapes_of_any_names_and_of_nobody(names: tuple[str, ...], tmp_path: Path) -> None:
    parts = [(name, some_boxes(9 if i % 2 == 0 else 0)) for i, name in enumerate(names)]
    draw(shapes.size_shares(parts, (320, 640)), partial(draw_size_shares), tmp_path)
    draw(shapes.ratio_spans(parts), partial(draw_ratio_spans), tmp_path)
    draw(shapes.boxes_in_image(parts), partial(draw_boxes_in_image, labels=names), tmp_path)
    whose = ("$this$", "_that")
    pair = [(name, some_boxes(5), some_boxes(0)) for name in names]
    sizes = compare.beside(shapes.size_shares(parts, (320,)), shapes.size_shares(parts, (320,)), whose)
    draw(sizes, partial(draw_size_shares, whose=whose), tmp_path)
    draw(compare.heat_pairs(pair, ("w", "h"), whose), partial(draw_heat_pairs, labels=names, whose=whose, what="size"),
         tmp_path)  # fmt: skip
    counts = pd.DataFrame({"class": names, "boxes": 3.0, "pct": 50.0, "other_boxes": np.nan, "other_pct": np.nan})
    draw(counts, partial(draw_counts_beside, whose=whose), tmp_path)
    gaps = [(name, gap, 1, 0.2) for name in names for gap in leakage.GAP_BINS]
    draw(pd.DataFrame(gaps, columns=["label", "gap", "images", "share"]), partial(draw_gap_shares), tmp_path)


def test_bars_of_a_pair_lie_under_each_other_in_their_order(tmp_path: Path) -> None:
    """This dataset above, the other below: their bars are where the legend says."""
    small, large = some_boxes(4).assign(w=0.01, h=0.01), some_boxes(4).assign(w=0.9, h=0.9)
    rows = compare.beside(shapes.size_shares([("c", small)], ()), shapes.size_shares([("c", large)], ()), ("a", "b"))
    with styled():
        (axes,) = draw_size_shares(rows, ("a", "b")).axes
    full = [bar for bar in axes.patches if bar.get_width() == 100]
    upper, lower = sorted(full, key=lambda bar: bar.get_y())  # the axis runs downwards
    assert axes.yaxis_inverted()
    assert upper.get_facecolor() != lower.get_facecolor()
    assert upper.get_facecolor()[:3] == pytest.approx(tuple(int("f4b942"[i : i + 2], 16) / 255 for i in (0, 2, 4)))


def test_looks_beyond_the_last_bar_are_in_it(tmp_path: Path) -> None:
    rows = pd.DataFrame([("val", b, 1, 1 / 33) for b in range(33)], columns=["split", "bits", "images", "share"])
    draw(rows, partial(draw_look_histogram, near=10), tmp_path)


def test_dots_of_centres_lie_where_they_are_in_the_image(tmp_path: Path) -> None:
    """A box in the upper right corner of the image is in the upper right of the map: y points down."""
    heat = pd.DataFrame({"label": ["c"], "column": [22], "row": [1], "boxes": [5]})
    with styled():
        figure = draw_heat(heat, ["c"], "centre")
        axes = figure.axes[0]
        figure.draw_without_rendering()
        x, y = axes.transData.transform((22.5 / 24, 1.5 / 24))
        frame = axes.get_window_extent()
    assert x > frame.x0 + 0.8 * frame.width and y > frame.y0 + 0.8 * frame.height
    image = draw(heat, partial(draw_heat, labels=["c"], what="centre"), tmp_path)
    pixel = image.convert("RGB").getpixel((round(2 * x), image.height - round(2 * y)))
    assert isinstance(pixel, tuple) and pixel[0] < 60, "the full cell is dark blue"


@pytest.mark.parametrize("epochs", [1, 3, 300])
def test_epochs_from_one_to_many(epochs: int, tmp_path: Path) -> None:
    runs = (("r1", "yolov8n", "freeze 10", 320), ("r2", "yolov8s", "no freeze", 640))
    rows = pd.DataFrame(
        [(*run, e, "mAP50", 1 - 1 / e) for run in runs for e in range(1, epochs + 1)],
        columns=["run_id", "model", "freeze_label", "imgsz", "epoch", "metric", "value"],
    )
    draw(rows, partial(draw_epochs, unit="mAP", bounded=True), tmp_path)


def test_sizes_may_be_unknown(tmp_path: Path) -> None:
    rows = pd.DataFrame({"model": ["a", "b"], "imgsz": 320, "layers": np.nan, "parameters": [3e6, np.nan]})
    rows = rows.assign(gflops=[0.05, 8], weights_mb=[1.4, 6])
    draw(rows, partial(draw_sizes), tmp_path)


def test_images_with_very_many_boxes(tmp_path: Path) -> None:
    draw(
        pd.DataFrame({"boxes": [0, 1, 240], "split": "train", "images": [3, 9, 1]}),
        partial(draw_boxes_per_image),
        tmp_path,
    )


def test_equal_rows_give_equal_bytes_in_one_process_or_in_many(tmp_path: Path) -> None:
    rows = pd.DataFrame({"boxes": [0, 1], "split": "train", "images": [3, 9]})
    plots = [Plot(f"p{i}", "", "", rows, draw_boxes_per_image) for i in range(3)]
    done: list[tuple[int, int]] = []
    for folder in ("a", "b"):
        paint(plots, tmp_path / folder, lambda step, k, n: done.append((k, n)))
    contents = {p.read_bytes() for p in tmp_path.rglob("*.png")}
    assert len(contents) == 1
    assert b"Software" not in contents.pop()
    assert done == [(1, 3), (2, 3), (3, 3)] * 2
