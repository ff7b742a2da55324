"""Rows about the runs: their axes, their order, their sizes, and pairs that differ in freeze alone."""

from __future__ import annotations

import re

import pandas as pd

AXES = ("model", "imgsz", "batch", "epochs", "seed")
LOSSES = ("box_loss", "cls_loss", "dfl_loss")


def model_key(model: str) -> tuple[str, int, str]:
    """Sorts ``yolov8n < yolov8s < yolov8m < yolov8l < yolov8x``, which the alphabet does not."""
    family, letter = match.groups() if (match := re.fullmatch(r"(.*\d)([a-z])", model)) else (model, "")
    order = "pntsbmclxe"
    return family, order.find(letter) if letter in order else len(order), model


def freeze_label(freeze: object) -> str:
    """``no freeze``, or ``freeze 10``."""
    return "no freeze" if pd.isna(freeze) else f"freeze {int(str(freeze))}"  # type: ignore[call-overload]


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Runs by model size, then imgsz, then freeze (frozen first), then id; adds ``freeze_label``."""
    rank = {m: i for i, m in enumerate(sorted(set(frame["model"]), key=model_key))}
    keyed = frame.assign(
        freeze_label=[freeze_label(f) for f in frame["freeze"]],
        _model=frame["model"].map(rank),
        _free=frame["freeze"].isna(),
    )
    sorted_ = keyed.sort_values(["_model", "imgsz", "_free", "run_id"], ignore_index=True)
    return sorted_.drop(columns=["_model", "_free"])


def epoch_curves(curves: pd.DataFrame, runs: pd.DataFrame, metrics: dict[str, str]) -> pd.DataFrame:
    """Epoch rows of the metrics asked for: run_id, model, freeze_label, imgsz, epoch, metric, value.

    Args:
        curves: long table of `labtools.report.load`.
        runs: table of runs.
        metrics: Ultralytics' column -> the name to show.
    """
    chosen = curves[curves["metric"].isin(list(metrics))]
    chosen = chosen.assign(metric=chosen["metric"].map(metrics))
    axes = ordered(runs)[["run_id", "model", "freeze_label", "imgsz"]]
    merged = axes.merge(chosen, on="run_id", how="inner")
    return merged[["run_id", "model", "freeze_label", "imgsz", "epoch", "metric", "value"]]


def network_sizes(results: pd.DataFrame) -> pd.DataFrame:
    """Largest values per network and image size: model, imgsz, layers, parameters, gflops, weights_mb."""
    if results.empty:
        return pd.DataFrame(columns=["model", "imgsz", "layers", "parameters", "gflops", "weights_mb"])
    sizes = ["layers", "parameters", "gflops", "weights_mb"]
    table = results.groupby(["model", "imgsz"])[sizes].max().reset_index()
    rank = {m: i for i, m in enumerate(sorted(set(table["model"]), key=model_key))}
    return table.sort_values(
        ["model", "imgsz"], key=lambda c: c.map(rank) if c.name == "model" else c, ignore_index=True
    )


def freeze_pairs(scored: pd.DataFrame, value: str) -> pd.DataFrame:
    """Runs that are equal in everything but freeze, side by side.

    Args:
        scored: one row per run with `AXES` (those that exist), freeze, run_id and ``value``.
        value: the column to compare.

    Returns:
        label (model and imgsz, with batch, epochs or seed where those differ between pairs), freeze, frozen, free and
        difference (free - frozen); one row per frozen run that has a free twin.
    """
    axes = [a for a in AXES if a in scored]
    scored = ordered(scored)
    frozen, free = scored[scored["freeze"].notna()], scored[scored["freeze"].isna()]
    both = frozen.merge(free[[*axes, value, "run_id"]], on=axes, suffixes=("_frozen", "_free"))
    varying = ["model", "imgsz", *(a for a in axes[2:] if both[a].nunique() > 1)]
    if both["freeze"].nunique() > 1:
        varying.append("freeze")
    labels = [" ".join(_axis_text(a, row[a]) for a in varying) for _, row in both.iterrows()]
    pairs = pd.DataFrame({"label": labels, "freeze": both["freeze"], "frozen": both[f"{value}_frozen"]})
    pairs["free"] = both[f"{value}_free"]
    return pairs.assign(difference=pairs["free"] - pairs["frozen"])


def _axis_text(axis: str, value: object) -> str:
    return str(value) if axis in {"model", "imgsz"} else f"{axis} {value}"
