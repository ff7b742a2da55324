"""Our median is NumPy's."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from labtools.core.median import median


@pytest.mark.parametrize("count", [1, 2, 3, 4, 100, 101])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_it_is_numpys(count: int, kind: type) -> None:
    values = (np.random.default_rng(count).normal(size=count) * 9).astype(kind)
    before = values.copy()
    assert median(values) == np.median(values)
    assert (values == before).all()


def test_of_nothing_it_is_nan() -> None:
    assert math.isnan(median(np.zeros(0)))


def test_it_imports_no_masked_arrays() -> None:
    code = "import sys, numpy as np; from labtools.core.median import median; median(np.arange(4)); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "numpy" in done.stdout.split()
    assert "numpy.ma" not in done.stdout.split()
