"""Where a lab lies: the folders of one project, relative to where its people type."""

from __future__ import annotations

from pathlib import Path

COURSE = Path("configs/course.yaml")
MATRIX = Path("configs/matrix.yaml")
SERVERS = Path("configs/servers.yaml")
DATASET = Path("datasets/dlcv")
RUNS = Path("runs")
DETECT = Path("runs/detect")
