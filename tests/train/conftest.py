"""A lab to train in: a matrix file beside a small real dataset, and nothing left running afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.runs import RunSpec
from labtools.core.config import dump_yaml
from labtools.core.files import write_json
from labtools.demo.scales import WEIGHTS
from labtools.train.lanes.records import stop_lanes

TINY: dict[str, Any] = {
    "name": "tiny",
    "axes": {"model": "yolov8f", "freeze": [10, None], "imgsz": 64, "batch": 8},
    "epochs": 2,
    "weights": {"yolov8f": str(WEIGHTS / "yolov8f.pt")},
    "defaults": {"plots": False, "nbs": 8, "optimizer": "AdamW", "lr0": 0.002},
}


@dataclass(frozen=True)
class Lab:
    """A working folder; ``root`` is where the matrix ``tiny`` puts its runs."""

    folder: Path
    matrix: Path

    @property
    def root(self) -> Path:
        return self.folder / "runs" / "tiny"

    def write_matrix(self, **changes: Any) -> None:
        self.matrix.write_text(dump_yaml({**TINY, **changes}), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "labtools", *arguments]

    def labtools(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the real executable in this lab."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """Ours without a trace of pytest: where Ultralytics sees one, it writes no TensorBoard events."""
        return {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}


@pytest.fixture
def lab(tmp_path: Path, shapes_dataset: Dataset) -> Iterator[Lab]:
    """A folder with a space and a quote in its name, as students have them."""
    folder = tmp_path / "L'été lab"
    folder.mkdir()
    lab = Lab(folder, folder / "matrix.yaml")
    lab.write_matrix(data=str(shapes_dataset.root))
    yield lab
    stop_lanes(lab.root)
    socket = os.environ["LABTOOLS_TMUX_SOCKET"]
    subprocess.run(["tmux", "-L", socket, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Create the folder of a run that nobody trained; returns it."""

    def make(run_id: str = "yolov8n_320_freeze", **changes: Any) -> Path:
        asked = {"model": "yolov8n", "weights": "/w/yolov8n.pt", "freeze": 10, "imgsz": 320, "batch": 8, "epochs": 4}
        rest = {"seed": 0, "data": "/d/dlcv.yaml", "fingerprint": "f"}
        spec = RunSpec(**{"run_id": run_id, **asked, **rest, **changes})
        folder = tmp_path / "runs" / "tiny" / run_id
        write_json(folder / "run.json", spec.to_json())
        return folder

    return make


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait for a condition, or fail saying which."""

    def wait(condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
            time.sleep(0.1)

    return wait
