"""Predictions and results tables: typed, and absent is not zero."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labtools.artifacts import predictions, results
from labtools.core.errors import LabError


def test_predictions_come_back_as_they_were(tmp_path: Path) -> None:
    table = predictions.empty_predictions()
    table.loc[0] = ["images/a.jpg", 3, 0.5, 1.25, 2, 30, 40, *[True, False] * 5]
    path = tmp_path / "deep" / "predictions.parquet"
    predictions.write_predictions(path, table.astype(predictions.COLUMNS))
    back = predictions.read_predictions(path)
    pd.testing.assert_frame_equal(back, table.astype(predictions.COLUMNS))
    assert [p.name for p in path.parent.iterdir()] == ["predictions.parquet"]


def test_no_predictions_are_a_table_too(tmp_path: Path) -> None:
    predictions.write_predictions(tmp_path / "p.parquet", predictions.empty_predictions())
    assert len(predictions.read_predictions(tmp_path / "p.parquet")) == 0


def test_absent_is_nan_and_a_team_may_be_called_nan(tmp_path: Path) -> None:
    rows = pd.DataFrame([{"run_id": "007", "team": "nan", "map50": np.nan, "instances": 0}])
    results.write_table(tmp_path / "per_team.csv", rows, results.PER_TEAM)
    back = results.read_table(tmp_path / "per_team.csv", results.PER_TEAM).iloc[0]
    assert back["run_id"] == "007" and back["team"] == "nan"
    assert np.isnan(back["map50"]) and back["instances"] == 0


def test_freeze_of_a_run_that_trains_everything_is_absent(tmp_path: Path) -> None:
    rows = pd.DataFrame({"run_id": ["a", "b"], "freeze": [10, None]})
    results.write_table(tmp_path / "results.csv", rows, results.RESULTS)
    back = results.read_table(tmp_path / "results.csv", results.RESULTS)["freeze"]
    assert back[0] == 10 and back.isna()[1]


def test_an_absent_table_is_empty_and_a_foreign_one_is_refused(tmp_path: Path) -> None:
    assert list(results.read_table(tmp_path / "no.csv", results.SPEED).columns) == list(results.SPEED)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(LabError, match="columns are missing"):
        results.read_table(tmp_path / "x.csv", results.SPEED)
