"""Rows about results: best run, classes and teams across runs, split beside split, speed beside mAP."""

from __future__ import annotations

import pandas as pd

from labtools.report.tables.training import ordered

METRICS = {
    "precision": "precision", "recall": "recall", "f1": "F1",
    "map50": "mAP50", "map75": "mAP75", "map50_95": "mAP50-95",
}  # fmt: skip


def run_order(results: pd.DataFrame) -> list[str]:
    """Run ids in the order of every table and figure."""
    return [str(r) for r in ordered(results)["run_id"]]


def one_beside_others(
    table: pd.DataFrame, key: str, one: str, order: list[str], metrics: tuple[str, ...]
) -> pd.DataFrame:
    """One class (or team) across runs beside the plain mean of all others.

    Args:
        table: per_class or per_team.
        key: ``class_name`` or ``team``.
        one: the class or team.
        order: run ids in the order wanted.
        metrics: columns to show.

    Returns:
        One row per run: run_id, instances, each metric, ``<metric>_others``. Others without instances are left out of
        the mean; NaN where there is nothing to show.
    """
    mine = table[table[key] == one].drop_duplicates("run_id").set_index("run_id")
    others = table[table[key] != one].groupby("run_id")[list(metrics)].mean()
    result = pd.DataFrame({"run_id": order})
    result["instances"] = result["run_id"].map(mine["instances"])
    for metric in metrics:
        result[metric] = result["run_id"].map(mine[metric]).astype(float)
        result[f"{metric}_others"] = result["run_id"].map(others[metric]).astype(float)
    return result


def two_splits(left: pd.DataFrame, right: pd.DataFrame, value: str) -> pd.DataFrame:
    """The same runs on two splits: run_id, left, right, difference (right - left), in run order."""
    both = ordered(left).merge(right[["run_id", value]], on="run_id", suffixes=("_left", "_right"))
    table = both[["run_id", f"{value}_left", f"{value}_right"]].set_axis(["run_id", "left", "right"], axis=1)
    return table.assign(difference=table["right"] - table["left"])


def speed_and_map(results: pd.DataFrame, speed: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """One row per run: run_id, model, freeze_label, imgsz, ms (per image), map50_95, front.

    ``ms`` comes from the speed table where it covers every run (second value True), else from the evaluation pass.
    ``front`` is True where no other run is both faster and better.
    """
    table = ordered(results)
    measured = set(table["run_id"]) <= set(speed["run_id"])
    if measured:
        timed = speed.drop_duplicates("run_id", keep="last").set_index("run_id")["total_ms"]
        table["ms"] = table["run_id"].map(timed).astype(float)
    else:
        table["ms"] = table[["preprocess_ms", "inference_ms", "postprocess_ms"]].sum(axis=1, min_count=3).astype(float)
    table = table[table["ms"].notna() & table["map50_95"].notna()]
    fastest_first = table.sort_values(["ms", "map50_95"], ascending=[True, False])
    best_before = fastest_first["map50_95"].cummax().shift(fill_value=-1.0)
    table = table.assign(front=(fastest_first["map50_95"] > best_before).reindex(table.index))
    return table[["run_id", "model", "freeze_label", "imgsz", "ms", "map50_95", "front"]], measured


def confusion_matrix(confusion: pd.DataFrame, run_id: str, names: list[str]) -> pd.DataFrame:
    """Counts of one run as a square: rows true, columns predicted, both in ``names`` order."""
    mine = confusion[confusion["run_id"] == run_id]
    square = mine.pivot_table(index="true", columns="predicted", values="count", aggfunc="sum", fill_value=0)
    return square.reindex(index=names, columns=names, fill_value=0).astype(int)
