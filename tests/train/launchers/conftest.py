"""A real Slurm, as `scripts/loopback_slurm.py` makes it, started once for all tests here."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_slurm import LoopbackSlurm, lacking


@pytest.fixture(scope="session")
def _cluster() -> Iterator[LoopbackSlurm]:
    if lack := lacking():
        pytest.skip(lack)
    folder = Path(tempfile.mkdtemp(prefix="labtools-slurm-"))  # pytest's own are too long for sockets
    with LoopbackSlurm(folder / "cluster", nodes=("n1", "n2", "n3"), is_tied=True) as cluster:
        yield cluster
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def slurm(_cluster: LoopbackSlurm, monkeypatch: pytest.MonkeyPatch) -> LoopbackSlurm:
    """Three nodes with two GPUs each, all on, to which Slurm's commands here talk. Lanes that should meet avoid n3."""
    for node in _cluster.nodes:
        _cluster.power_on(node)
    for name, value in _cluster.environment.items():
        monkeypatch.setenv(name, value)
    return _cluster
