"""Everything that pages may look at, read once: runs, their epochs, the dataset, the tables of evaluate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from labtools.artifacts.dataset import SPLITS
from labtools.artifacts.predictions import read_predictions
from labtools.artifacts.results import (
    MATRIX_TABLES,
    SPLIT_TABLES,
    read_matrix_table,
    read_split_table,
    split_folder,
)
from labtools.artifacts.runs import Run, find_data, list_runs, read_curves
from labtools.core.errors import LabError
from labtools.core.names import natural_key
from labtools.core.shells import typed
from labtools.report.data import Data, read_compared, read_data
from labtools.report.examples import CONF, add_pixels, judge
from labtools.report.run_states import RunState, read_state

RUN_COLUMNS = (
    "run_id", "model", "freeze", "imgsz", "batch", "epochs", "seed", "fingerprint",
    "state", "note", "epochs_done", "batch_used", "seconds",
)  # fmt: skip
CURVE_COLUMNS = ("run_id", "epoch", "metric", "value")

USUAL_SIZES = (320, 640)
"""Image sizes that boxes are looked at in where no training says which: the course's smallest, Ultralytics' default."""

SplitTables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Sightings:
    """What the best run saw on the split shown, box by box.

    Attributes:
        predictions: those of confidence `CONF` and more, as `labtools.artifacts.predictions`.
        truth: true boxes with their corners in pixels (`labtools.report.examples.add_pixels`).
        judged: hits, false alarms and missed objects (`labtools.report.examples.judge`).
    """

    predictions: pd.DataFrame
    truth: pd.DataFrame
    judged: pd.DataFrame


@dataclass(frozen=True)
class Results:
    """The input of every page.

    Attributes:
        matrix: absolute folder of the runs, None for a dataset alone; ``name_typed`` is how people type it.
        data: the dataset, None where it cannot be opened; ``data_trouble`` then says why.
        compared: the dataset to stand beside, last year's say; None if nobody asked.
        runs: one row per run with `RUN_COLUMNS`; absent numbers are NaN, ``freeze`` <NA> where all layers train.
        curves: Ultralytics' results.csv of all runs, long: `CURVE_COLUMNS`.
        splits: for every evaluated split the tables of `labtools.artifacts.results.SPLIT_TABLES`.
        split: the split whose results are shown, None where nothing was evaluated.
        asked_split: the one asked for, None if whichever there is.
        split_note: why it is another one than test, "" if it is test or was asked for.
        speed, study: tables of the matrix, maybe empty.
        best: run id of the best configuration, None where nothing was evaluated; ``best_why`` says by what.
        classes: class names in id order.
        teams: teams in name order.
        sightings: None where the best run has no predictions table, or there is no dataset.
    """

    matrix: Path | None
    data: Data | None
    data_trouble: str
    compared: Data | None
    runs: pd.DataFrame
    curves: pd.DataFrame
    splits: Mapping[str, SplitTables]
    split: str | None
    asked_split: str | None
    split_note: str
    speed: pd.DataFrame
    study: pd.DataFrame
    best: str | None
    best_why: str
    classes: tuple[str, ...]
    teams: tuple[str, ...]
    sightings: Sightings | None

    @property
    def name(self) -> str:
        """What is reported: the matrix, or the dataset where nothing was trained."""
        if self.matrix is not None:
            return self.matrix.name
        return self.data.name if self.data is not None else ""

    @property
    def name_typed(self) -> str:
        """The matrix folder as it can be typed here and now."""
        return "" if self.matrix is None else typed(self.matrix)

    @property
    def has_runs(self) -> bool:
        """Whether this is about trainings, and not about a dataset alone."""
        return self.matrix is not None

    @property
    def image_sizes(self) -> tuple[int, ...]:
        """The image sizes of the trainings, `USUAL_SIZES` where there are none, in order."""
        return tuple(sorted({int(size) for size in self.runs["imgsz"]})) or USUAL_SIZES

    def table(self, name: str) -> pd.DataFrame:
        """One of `SPLIT_TABLES` for the split shown; empty with its columns where nothing was evaluated."""
        if self.split is None:
            return pd.DataFrame({c: pd.Series(dtype="object") for c in SPLIT_TABLES[name]})
        return self.splits[self.split][name]

    def class_id(self, class_name: str) -> int:
        """The id that chooses a class's colour."""
        return self.classes.index(class_name)


def load_results(
    matrix: Path | None, data: Path | None, split: str | None = None, compare: Path | None = None
) -> Results:
    """Read a matrix folder, or a dataset alone.

    Args:
        matrix: folder of the runs; None for a dataset that nothing was trained on yet, which is then ``data``.
        data: the dataset, where it is not the one that the runs name.
        split: whose results to show; None for the best there is.
        compare: another dataset to stand beside.

    Raises:
        LabError: a run.json or a table cannot be read, ``data`` is not a dataset, ``split`` is not a split.
    """
    runs = [] if matrix is None else list_runs(matrix)
    opened, trouble = _load_data(runs, data)
    splits = {} if matrix is None else _all_splits(matrix)
    shown, note = _choose_split(splits, split)
    best, why = _choose_best(splits, shown)
    return Results(
        matrix=matrix,
        data=opened,
        data_trouble=trouble,
        compared=None if compare is None else read_compared(compare),
        runs=_runs_table(runs),
        curves=_curves_table(runs),
        splits=splits,
        split=shown,
        asked_split=split,
        split_note=note,
        best=best,
        best_why=why,
        classes=_classes(opened, splits),
        teams=_teams(opened, splits),
        sightings=_load_sightings(matrix, opened, shown, best),
        **{name: _matrix_table(matrix, name) for name in MATRIX_TABLES},
    )


def _load_data(runs: list[Run], data: Path | None) -> tuple[Data | None, str]:
    """The dataset given, which must open, or the first that the runs name and that is still there."""
    if data is not None:
        return read_data(data), ""
    trouble = "no run names a dataset"
    for path in dict.fromkeys(find_data(run) for run in runs):
        try:
            return read_data(path), ""
        except LabError as error:
            trouble = f"the dataset of these runs cannot be opened: {error.what} ({error.where})"
    return None, trouble


def _all_splits(matrix: Path) -> dict[str, SplitTables]:
    """The tables of every split that was evaluated."""
    return {s: _split_tables(matrix, s) for s in SPLITS if (split_folder(matrix, s) / "results.csv").is_file()}


def _matrix_table(matrix: Path | None, name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(MATRIX_TABLES[name])) if matrix is None else read_matrix_table(matrix, name)


def _load_sightings(matrix: Path | None, data: Data | None, split: str | None, best: str | None) -> Sightings | None:
    if matrix is None or data is None or split is None or best is None:
        return None
    path = split_folder(matrix, split) / best / "predictions.parquet"
    if not path.is_file():
        return None
    predictions = read_predictions(path)
    predictions = predictions[predictions["conf"] >= CONF].reset_index(drop=True)
    truth = add_pixels(data.boxes[data.boxes["split"] == split].reset_index(drop=True), data.manifest)
    judged = judge(predictions, truth, data.manifest, data.dataset.names)
    return Sightings(predictions, truth, judged)


def _split_tables(matrix: Path, split: str) -> dict[str, pd.DataFrame]:
    return {name: read_split_table(matrix, split, name) for name in SPLIT_TABLES}


def _choose_split(splits: Mapping[str, SplitTables], asked: str | None) -> tuple[str | None, str]:
    if asked is not None:
        if asked not in SPLITS:
            raise LabError(f"there is no split {asked!r}", None, f"The splits are: {', '.join(SPLITS)}.")
        return (asked if asked in splits else None), ""
    for split in ("test", "val", "train"):
        if split in splits:
            other = "The test split has not been evaluated yet, so these are figures on"
            return split, "" if split == "test" else f"{other} {split}: not what an unseen video would give."
    return None, ""


def _choose_best(splits: Mapping[str, SplitTables], shown: str | None) -> tuple[str | None, str]:
    """The run with the highest mAP50-95, on val where that was evaluated: choosing on test would spoil test."""
    if shown is None:
        return None, ""
    evaluated = set(splits[shown]["results"]["run_id"])
    for split in ("val", shown):
        table = splits[split]["results"] if split in splits else pd.DataFrame()
        if len(table):
            ranked = table[table["run_id"].isin(evaluated)].sort_values(
                ["map50_95", "run_id"], ascending=[False, True], na_position="last"
            )
            if len(ranked):
                return str(ranked["run_id"].iloc[0]), f"highest mAP50-95 on {split}"
    return None, ""


def _runs_table(runs: list[Run]) -> pd.DataFrame:
    rows = [_run_row(run, read_state(run)) for run in runs]
    frame = pd.DataFrame(rows, columns=list(RUN_COLUMNS))
    frame["freeze"] = frame["freeze"].astype("Int64")
    return frame


def _run_row(run: Run, state: RunState) -> dict[str, Any]:
    spec = run.spec
    keys = ("run_id", "model", "freeze", "imgsz", "batch", "epochs", "seed", "fingerprint")
    return {
        **{key: getattr(spec, key) for key in keys},
        "state": state.state,
        "note": state.note,
        "epochs_done": state.epochs_done,
        "batch_used": state.batch_used,
        "seconds": state.seconds,
    }


def _curves_table(runs: list[Run]) -> pd.DataFrame:
    """Long table of all epochs; a resumed training may have written an epoch twice, the last row counts."""
    parts = []
    for run in runs:
        frame = read_curves(run)
        if frame.empty or "epoch" not in frame:
            continue
        frame = frame.drop_duplicates("epoch", keep="last")
        long = frame.melt("epoch", var_name="metric", value_name="value")
        parts.append(long.assign(run_id=run.run_id)[list(CURVE_COLUMNS)])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(CURVE_COLUMNS))


def _classes(data: Data | None, splits: Mapping[str, SplitTables]) -> tuple[str, ...]:
    if data is not None:
        return data.classes
    tables = [t["per_class"][["class_id", "class_name"]] for t in splits.values()]
    if not tables:
        return ()
    known = pd.concat(tables).drop_duplicates("class_name").sort_values("class_id")
    return tuple(known["class_name"].astype(str))


def _teams(data: Data | None, splits: Mapping[str, SplitTables]) -> tuple[str, ...]:
    named: set[str] = set(data.manifest["team"]) if data is not None else set()
    for tables in splits.values():
        named |= set(tables["per_team"]["team"])
    return tuple(sorted((team for team in named if team), key=natural_key))
