"""Metrics: one file per family of tables, each a function of the truth and the predictions, nothing else.

A new metric is a new file here with a ``compute`` (see `Metric`), and the columns of its table in
``artifacts/results.py``: `labtools evaluate` then writes it for every run, and the contract test runs over it.
"""

from __future__ import annotations

import sys
from typing import Protocol, cast

import pandas as pd

from labtools.core.registry import members
from labtools.evaluate.truth import Truth

Tables = dict[str, pd.DataFrame]
"""Rows by the name of the table they belong to (a key of ``artifacts.results.SPLIT_TABLES``)."""


class Metric(Protocol):
    """What each file of this folder answers."""

    def compute(self, truth: Truth, predictions: pd.DataFrame) -> Tables:
        """The rows of this metric's tables, without ``run_id`` and ``split``.

        Values are in 0..1; a value that does not exist (a class without instances) is NaN, beside its count.

        Args:
            truth: one split.
            predictions: typed as ``artifacts.predictions.COLUMNS``, images named as in the truth, in the order of
                the inference pass.
        """
        ...


def metrics() -> dict[str, Metric]:
    """Every metric by name."""
    return {name: cast(Metric, module) for name, module in members(sys.modules[__name__]).items()}


def compute_tables(truth: Truth, predictions: pd.DataFrame) -> Tables:
    """The tables of all metrics."""
    tables: Tables = {}
    for name, metric in metrics().items():
        for table, rows in metric.compute(truth, predictions).items():
            assert table not in tables, f"two metrics write {table}, one of them is {name}"  # noqa: S101
            tables[table] = rows
    return tables
