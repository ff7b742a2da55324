"""Starting and stopping a matrix: what is said of lanes that are at work already, and who tells a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from labtools.train import cluster, pipeline
from labtools.train.cluster import ClusterError
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane


def test_lanes_that_go_on_with_other_options_are_named(tmp_path: Path) -> None:
    """`--only` changes no lane that lives; whoever types it is told."""
    asked = [Lane(f"cpu{i}", threads=1, only="yolov8n_*") for i in range(3)]
    with records.hold(tmp_path, Lane("cpu0", threads=2)), records.hold(tmp_path, asked[1]):
        assert pipeline._as_before(tmp_path, asked) == ("cpu0",)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_cluster_is_told_once_and_servers_that_do_not_belong_to_it_are_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    def cancel(root: Path) -> tuple[str, ...]:
        if not is_told:
            raise ClusterError("there is no Slurm here either", None, "Type this on a machine of the cluster.")
        return ("gpu0",)

    root = tmp_path / "runs" / "dlcv"
    cluster.remember(root)
    monkeypatch.setattr(cluster, "cancel", cancel)
    servers = tmp_path / "servers.yaml"
    servers.write_text("servers:\n  - {name: a, cpu: 1, env: {PATH: /nowhere}}\n", encoding="utf-8")
    stopped, troubles = pipeline.stop_everywhere(root, servers)
    said = [trouble.what for trouble in troubles]
    if is_told:
        assert (stopped, said) == (["gpu0"], [])
    else:
        assert (stopped, said[0]) == ([], "there is no Slurm here either")
        assert said[1:] == ["a: there is no Slurm here: squeue is not installed"]
