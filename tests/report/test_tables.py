"""Rows are counted, joined and ordered as their docstrings say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.artifacts.dataset import BOX_COLUMNS, MANIFEST_COLUMNS
from labtools.report.tables import dataset as rows
from labtools.report.tables import inference, training
from labtools.report.tables.glance import glance

unit = st.floats(0, 1, allow_nan=False)


def manifest(*entries: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame([dict.fromkeys(MANIFEST_COLUMNS, "") for _ in entries])
    return frame.assign(
        class_folder=[e[0] for e in entries], team=[e[1] for e in entries], split=[e[2] for e in entries]
    )


def boxes(*entries: tuple[str, str, float, float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(f"images/{i}.jpg", split, name, "team", "1", 0, name, x, y, w, h)
         for i, (name, split, x, y, w, h) in enumerate(entries)],
        columns=list(BOX_COLUMNS),
    )  # fmt: skip
    return frame


def test_the_course_table_counts_and_shares() -> None:
    table = rows.images_by_folder(
        manifest(("velo", "a", "train"), ("velo", "a", "train"), ("velo", "b", "test"), ("ballon", "c", "val"))
    )
    assert table["class"].tolist() == ["ballon", "velo", "total"]
    assert table["train"].tolist() == [0, 2, 2]
    assert table["val"].tolist() == [1, 0, 1]
    assert table["total"].tolist() == [1, 3, 4]
    assert table["train_pct"].tolist() == pytest.approx([0, 200 / 3, 50])
    assert table["test_pct"].tolist() == pytest.approx([0, 100 / 3, 25])


def test_a_class_without_boxes_keeps_its_line_and_has_no_shares() -> None:
    table = rows.boxes_by_class(boxes(("velo", "train", 0.5, 0.5, 0.1, 0.1)), ["velo", "jul"])
    jul = table[table["class"] == "jul"].iloc[0]
    assert jul["total"] == 0
    assert np.isnan(jul["train_pct"])


def test_a_dataset_without_class_folders_is_one_total() -> None:
    table = rows.images_by_folder(manifest(("", "", "train"), ("", "", "val")))
    assert table["class"].tolist() == ["total"]
    assert table["total"].tolist() == [2]


def test_teams_are_counted_in_the_order_of_people() -> None:
    table = rows.images_by_team(manifest(*(("x", f"team {n}", "train") for n in (10, 2, 1))))
    assert table["team"].tolist() == ["team 1", "team 2", "team 10", "total"]


@given(st.lists(st.tuples(unit, unit), max_size=60))
def test_heat_maps_count_as_numpy_does(points: list[tuple[float, float]]) -> None:
    frame = boxes(*(("c", "train", x, y, 0.1, 0.1) for x, y in points))
    cells = rows.heat(frame, ("x", "y"), "c")
    grid = np.zeros((rows.BINS, rows.BINS), dtype=int)
    grid[cells["row"].to_numpy(dtype=int), cells["column"].to_numpy(dtype=int)] = cells["boxes"].to_numpy(dtype=int)
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    edges = np.linspace(0, 1, rows.BINS + 1)
    expected = np.histogram2d(ys, xs, bins=[edges, edges])[0]
    # values on an edge may round into either neighbour: equal sums, and equal cells away from edges
    assert grid.sum() == len(points) == expected.sum()
    if all(abs(v * rows.BINS - round(v * rows.BINS)) > 1e-9 for v in (*xs, *ys)):
        assert (grid == expected).all()


def test_heat_maps_have_x_to_the_right_and_y_down() -> None:
    (cell,) = rows.heat(boxes(("c", "train", 0.9, 0.1, 0.1, 0.1)), ("x", "y"), "c").to_dict("records")
    assert cell["column"] > rows.BINS / 2 > cell["row"]


def test_nothing_has_the_summary_of_nothing() -> None:
    frame = boxes().assign(image_width=1, image_height=1)
    assert rows.box_summary(frame, 0) == pytest.approx(dict(rows.NO_BOXES), nan_ok=True)


def test_findings_are_grouped_worst_first_within_a_team() -> None:
    frame = pd.DataFrame(
        [("info", "crlf", "a", "f", 1, "m1", "repaired"), ("error", "lost", "a", "f", 2, "m2", "left out"),
         ("info", "crlf", "a", "g", 3, "m3", "repaired")],
        columns=["severity", "code", "team", "file", "line", "message", "action"],
    )  # fmt: skip
    table = rows.findings_by_kind(frame)
    assert table[["code", "count", "example"]].to_numpy().tolist() == [["lost", 1, "m2"], ["crlf", 2, "m1"]]


def test_models_come_by_size_not_by_alphabet() -> None:
    assert sorted(["yolov8x", "yolov8l", "yolov8n", "yolov8m", "yolov8s"], key=training.model_key) == [
        "yolov8n", "yolov8s", "yolov8m", "yolov8l", "yolov8x",
    ]  # fmt: skip


def scored(*entries: tuple[str, int | None, int, float], batch: int = 8) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(f"{m}_{s}_{f}_{batch}", m, f, s, batch, 5, 0, v) for m, f, s, v in entries],
        columns=["run_id", "model", "freeze", "imgsz", "batch", "epochs", "seed", "map50_95"],
    )
    return frame.astype({"freeze": "Int64"})


def test_freeze_pairs_are_equal_in_all_else() -> None:
    table = scored(("yolov8n", 10, 320, 0.5), ("yolov8n", None, 320, 0.6), ("yolov8n", None, 640, 0.9))
    (pair,) = training.freeze_pairs(table, "map50_95").to_dict("records")
    assert pair["label"] == "yolov8n 320"
    assert (pair["frozen"], pair["free"]) == (0.5, 0.6)
    assert pair["difference"] == pytest.approx(0.1)


def test_freeze_pairs_never_mix_batches() -> None:
    other = scored(("yolov8n", None, 320, 0.6), batch=16)
    assert training.freeze_pairs(pd.concat([scored(("yolov8n", 10, 320, 0.5)), other]), "map50_95").empty


def test_freeze_pairs_name_what_varies() -> None:
    table = pd.concat(
        [scored(("yolov8n", 10, 320, 0.5), ("yolov8n", None, 320, 0.6), batch=b) for b in (8, 16)], ignore_index=True
    )
    assert training.freeze_pairs(table, "map50_95")["label"].tolist() == ["yolov8n 320 batch 16", "yolov8n 320 batch 8"]


def test_one_beside_others_is_the_plain_mean_and_leaves_absent_out() -> None:
    table = pd.DataFrame(
        [("r", "a", 3, 0.9), ("r", "b", 2, 0.5), ("r", "c", 0, np.nan), ("r", "d", 1, 0.3)],
        columns=["run_id", "class_name", "instances", "map50"],
    )
    (row,) = inference.one_beside_others(table, "class_name", "a", ["r"], ("map50",)).to_dict("records")
    assert row["map50"] == 0.9
    assert row["map50_others"] == pytest.approx(0.4)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_the_front_is_what_nobody_beats(points: list[tuple[int, int]]) -> None:
    results = scored(*((f"m{i:02d}", None, 320, y / 10) for i, (_, y) in enumerate(points)))
    speed = pd.DataFrame({"run_id": results["run_id"], "total_ms": [float(x) for x, _ in points]})
    table, measured = inference.speed_and_map(results, speed)
    assert measured
    for row in table.itertuples():
        beaten = any(
            (o.ms <= row.ms and o.map50_95 >= row.map50_95) and (o.ms < row.ms or o.map50_95 > row.map50_95)
            for o in table.itertuples()
        )
        if row.front:
            assert not beaten
        else:  # a twin with equal values may stand for it
            assert beaten or any(o.front and (o.ms, o.map50_95) == (row.ms, row.map50_95) for o in table.itertuples())


def test_speed_that_does_not_cover_every_run_is_not_mixed_with_the_pass() -> None:
    results = scored(("yolov8n", None, 320, 0.5), ("yolov8s", None, 320, 0.6))
    results = results.assign(preprocess_ms=1.0, inference_ms=2.0, postprocess_ms=3.0)
    speed = pd.DataFrame({"run_id": results["run_id"].head(1), "total_ms": [99.0]})
    table, measured = inference.speed_and_map(results, speed)
    assert not measured
    assert table["ms"].tolist() == [6.0, 6.0]


def test_two_splits_keep_only_runs_on_both() -> None:
    left, right = scored(("n", None, 320, 0.5), ("s", None, 320, 0.6)), scored(("s", None, 320, 0.4))
    (row,) = inference.two_splits(left, right, "map50_95").to_dict("records")
    assert (row["left"], row["right"]) == (0.6, 0.4)
    assert row["difference"] == pytest.approx(-0.2)


def test_confusions_become_a_full_square() -> None:
    table = pd.DataFrame({"run_id": ["r"], "true": ["a"], "predicted": ["background"], "count": [3]})
    square = inference.confusion_matrix(table, "r", ["a", "b", "background"])
    assert square.loc["a", "background"] == 3
    assert square.to_numpy().sum() == 3


def test_glance_has_a_line_for_everybody() -> None:
    scores = pd.DataFrame({"class_name": ["a"], "map50": [0.5], "map50_95": [0.25]})
    table = glance("class_name", ["a", "b"], boxes(("a", "train", 0.5, 0.5, 0.1, 0.1)), scores)
    assert table["boxes"].tolist() == [1, 0]
    assert table["map50"].iloc[0] == 0.5
    assert np.isnan(table["map50"].iloc[1])
