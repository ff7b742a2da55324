"""The median, for programs whose every tenth of a second counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def median(values: np.ndarray[Any, np.dtype[Any]]) -> float:
    """Of numbers without NaN, (N,); NaN of none. (`np.median` imports NumPy's masked arrays, which takes longer than to
    sort the boxes of a cohort.)"""
    if not len(values):
        return math.nan
    ordered, middle = np.sort(values), len(values) // 2
    return float(ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)
