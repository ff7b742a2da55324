"""Metrics: one file per family of tables, each a function of the truth and the predictions, nothing else.

A new metric is a new file here (see `Metric`): `labtools evaluate` then writes its tables for every run, and the
contract test runs over it. The columns of tables that the report reads stand in `labtools.artifacts.results`; those of
any other table in the metric's own file.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Protocol, cast

import pandas as pd

from labtools.core.registry import members
from labtools.evaluate.truth import Truth

Tables = dict[str, pd.DataFrame]
"""Rows by the name of the table they belong to, a key of `columns`."""


class Metric(Protocol):
    """What each file of this folder answers.

    Attributes:
        TABLES: the columns of each table that it makes, in order; ``run_id`` and ``split`` are among them.
    """

    TABLES: Mapping[str, tuple[str, ...]]

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


def columns() -> dict[str, tuple[str, ...]]:
    """The columns of the tables of all metrics, by the table's name.

    Raises:
        ValueError: two metrics make a table of one name.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, metric in metrics().items():
        if twice := found.keys() & metric.TABLES.keys():
            raise ValueError(f"another metric makes {', '.join(sorted(twice))} too, not only {name}")
        found |= metric.TABLES
    return found


def compute_tables(truth: Truth, predictions: pd.DataFrame) -> Tables:
    """The tables of all metrics."""
    return {table: rows for metric in metrics().values() for table, rows in metric.compute(truth, predictions).items()}
