"""A driver for machines without a GPU."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def _driver_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("the stand-in for NVIDIA's driver needs a C compiler on Linux")
    library = tmp_path_factory.mktemp("driver") / "libnvidia-ml.so.1"
    source = Path(__file__).with_name("stand_in_driver.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, source], check=True)
    return library


@pytest.fixture
def gpu_driver(_driver_library: Path, tmp_path: Path) -> dict[str, str]:
    """Variables for a process that is to see the GPUs of the file ``LABTOOLS_TEST_GPUS`` (see stand_in_driver.c)."""
    return {"LD_LIBRARY_PATH": str(_driver_library.parent), "LABTOOLS_TEST_GPUS": str(tmp_path / "gpus.txt")}
