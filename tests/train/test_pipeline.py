"""Starting a matrix: what is said of lanes that are at work already."""

from __future__ import annotations

from pathlib import Path

from labtools.train import pipeline
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane


def test_lanes_that_go_on_with_other_options_are_named(tmp_path: Path) -> None:
    """`--only` changes no lane that lives; whoever types it is told."""
    asked = [Lane(f"cpu{i}", threads=1, only="yolov8n_*") for i in range(3)]
    with records.hold(tmp_path, Lane("cpu0", threads=2)), records.hold(tmp_path, asked[1]):
        assert pipeline._as_before(tmp_path, asked) == ("cpu0",)
