"""Lanes on a real Slurm: what it starts, hands out, ends, moves and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from loopback_slurm import LoopbackSlurm

from labtools.artifacts.checkpoint import kept_epochs
from labtools.artifacts.dataset import Dataset
from labtools.artifacts.lanes import LaneMood, read_lane_states
from labtools.artifacts.record import Beat, Cause, Claim, ProcessId, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import RunSpec, read_curves, read_run
from labtools.core.errors import LabError
from labtools.core.files import read_json, write_json
from labtools.train import here
from labtools.train.cluster import cancel, forget_glance, read_queue
from labtools.train.launchers.slurm import plan, start
from labtools.train.runqueue import claims
from labtools.train.servers.config import SlurmOptions
from labtools.train.status.grid import read_grid
from labtools.train.status.lane_status import LaneWord

pytestmark = pytest.mark.long

Until = Callable[..., None]

AWAY_FROM_TIMED = SlurmOptions(extra=["--exclude=n3"])
"""Whoever cuts a node's power or wants it urgently leaves that of the fixture `timed` alone."""


@pytest.fixture
def busy(slurm: LoopbackSlurm, make_run: Callable[..., Path]) -> Iterator[Path]:
    """A matrix whose one run somebody far away trains, so that lanes start, wait, and train nothing."""
    folder = make_run()
    make_run("yolov8s_320_freeze")
    for run in (folder, folder.parent / "yolov8s_320_freeze"):
        assert claims.take(run, 1, Claim("gpu0", ProcessId("far-away", 1, 0.0), claims.now()))
    yield folder.parent
    cancel(folder.parent)


@pytest.fixture(scope="module")
def timed(_cluster: LoopbackSlurm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lane whose minute is soon over, on a node that nobody else uses."""
    root = tmp_path_factory.mktemp("timed")
    spec = RunSpec("r", "m", "/w/m.pt", None, 64, 8, 4, 0, "/d/dlcv.yaml", "f")
    write_json(root / "r" / "run.json", spec.to_json())
    assert claims.take(root / "r", 1, Claim("gpu0", ProcessId("far-away", 1, 0.0), claims.now()))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _cluster.environment.items():
            patch.setenv(name, value)
        start(root, plan(SlurmOptions(time="1", extra=["--nodelist=n3", "--signal=B:TERM@50"]), "cpu", 1))
        yield root
        cancel(root)


def states(root: Path) -> dict[str, str]:
    return {element.lane: element.state for element in read_queue(root)}


def shown(root: Path, lane: str) -> set[LaneWord]:
    """As what the status shows a lane; the cluster is asked anew."""
    forget_glance(root)
    return {one.state for one in read_grid(root).lanes if one.name == lane}


def processes(root: Path) -> dict[str, psutil.Process]:
    """The lanes of a matrix, on all nodes, by name."""
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(root) in words and "lane" in words:
            found[words[words.index(str(root)) + 1]] = process
    return found


def test_each_lane_gets_a_gpu_of_its_own_and_no_lane_is_asked_for_twice(timed: Path, busy: Path, until: Until) -> None:
    launch = start(busy, plan(AWAY_FROM_TIMED, "0,2,5"))
    assert (launch.launcher, launch.started, launch.alive) == ("slurm", ("gpu0", "gpu2", "gpu5"), ())
    assert launch.watch.startswith("squeue --name=labtools-tiny-") and "in the cluster's queue as job" in launch.note
    until(lambda: len(read_lane_states(busy)) == 3, "three lanes to speak")
    again = start(busy, plan(AWAY_FROM_TIMED, "0-5"))
    assert (again.started, again.alive) == (("gpu1", "gpu3", "gpu4"), ("gpu0", "gpu2", "gpu5"))
    until(lambda: len(read_lane_states(busy)) == 4, "as many lanes as there are GPUs")
    given = {name: process.environ() for name, process in processes(busy).items()}
    cards = {(one["SLURMD_NODENAME"], one["CUDA_VISIBLE_DEVICES"]) for one in given.values()}
    assert cards == {("n1", "0"), ("n1", "1"), ("n2", "0"), ("n2", "1")}
    grid = read_grid(busy)
    pending = {lane.name: lane.why for lane in grid.lanes if lane.state is LaneWord.PENDING}
    assert set(pending.values()) <= {"the cluster has no room for it yet", "others come first in the cluster"}
    assert sorted([*given, *pending]) == ["gpu0", "gpu1", "gpu2", "gpu3", "gpu4", "gpu5"]

    assert here.stop(busy) == ["gpu0", "gpu1", "gpu2", "gpu3", "gpu4", "gpu5"]
    until(lambda: not read_queue(busy), "all to be gone")
    assert {state.state for state in read_lane_states(busy)} == {LaneMood.STOPPED}
    assert here.stop(busy) == []
    assert not [lane for lane in read_grid(busy).lanes if lane.state is LaneWord.PENDING]


def test_a_lane_with_nothing_to_train_gives_its_gpu_back_while_others_train(busy: Path, until: Until) -> None:
    """It is gone by itself, and there again when it is asked for again."""
    beats = iter(range(1000))

    def beat() -> bool:
        for folder in (busy / "yolov8n_320_freeze", busy / "yolov8s_320_freeze"):
            claims.write_beat(folder, 1, Beat(next(beats), claims.now(), ProcessId("far-away", 1, 0.0), "training"))
        return True

    (lane,) = plan(AWAY_FROM_TIMED, "0")
    assert lane.idle_s == 300.0
    lane = replace(lane, idle_s=1.0)
    assert start(busy, [lane]).started == ("gpu0",)
    until(lambda: beat() and any(s.state is LaneMood.WAITING for s in read_lane_states(busy)), "the lane to wait")
    until(lambda: beat() and not read_queue(busy), "it to leave the cluster")
    assert {state.state for state in read_lane_states(busy)} == {LaneMood.OVER}
    assert all(read_record(busy / name).is_taken for name in ("yolov8n_320_freeze", "yolov8s_320_freeze"))
    assert start(busy, [lane]).started == ("gpu0",)


def test_a_lane_whose_node_dies_is_moved_to_another(busy: Path, slurm: LoopbackSlurm, until: Until) -> None:
    start(busy, plan(AWAY_FROM_TIMED, "cpu", 1))
    until(lambda: bool(read_lane_states(busy)), "the lane to speak")
    (lane,) = read_queue(busy)
    slurm.power_off(lane.node)
    # Slurm notices by itself within SlurmdTimeout; those who run it may be faster.
    slurm.run("scontrol", "update", f"NodeName={lane.node}", "State=DOWN", "Reason=power")
    until(
        lambda: bool({state.host for state in read_lane_states(busy)} - {lane.node}), "it to come up on the other node"
    )
    (moved,) = read_queue(busy)
    assert (moved.lane, moved.job, moved.state) == (lane.lane, lane.job, "RUNNING") and moved.node != lane.node


def test_what_is_more_urgent_takes_its_place_and_the_cluster_queues_it_again(
    busy: Path, slurm: LoopbackSlurm, until: Until
) -> None:
    start(busy, plan(AWAY_FROM_TIMED, "cpu", 1))
    until(lambda: bool(read_lane_states(busy)), "the lane to speak")
    (lane,) = read_queue(busy)
    slurm.run("sbatch", "-p", "urgent", "-w", lane.node, "--exclusive", "--output=/dev/null", "--wrap", "sleep 60")
    try:
        until(lambda: states(busy) == {"cpu0": "PENDING"}, "it to be queued again")
        (said,) = read_lane_states(busy)
        assert (said.state, said.why) == (LaneMood.STOPPED, "the cluster wants its machine back")
        until(lambda: shown(busy, "cpu0") == {LaneWord.PENDING}, "it to be shown as pending")
    finally:
        slurm.run("scancel", "--partition=urgent")


def test_a_training_is_ended_cleanly_and_goes_on_when_the_lane_comes_back(
    lab: Any, slurm: LoopbackSlurm, until: Until, shapes_dataset: Dataset
) -> None:
    """Told as Slurm tells it before its time is over, which `timed` waits for."""
    lab.write_matrix(data=str(shapes_dataset.root), epochs=10, axes={"model": "yolov8f", "imgsz": 64, "batch": 8})
    (lab.folder / "servers.yaml").write_text("slurm: {partition: gpu, lanes: 1, cpus: 1}\n", encoding="utf-8")
    ask = ("--servers", "servers.yaml", "--launcher", "slurm", "--gpus", "cpu", "--json")
    result = lab.labtools("train-matrix", "--matrix", "matrix.yaml", *ask)
    assert result.returncode == 0, result.stderr
    first = json.loads(result.stdout.splitlines()[-1])
    assert first["launched"] == {"launcher": "slurm", "started": ["cpu0"], "alive": []}
    folder = lab.root / first["runs"][0]["run_id"]
    until(lambda: kept_epochs(folder) > 0, "an epoch to be kept")
    slurm.run("scancel", "--batch", "--signal=TERM", read_queue(lab.root)[0].job)
    until(lambda: states(lab.root) == {"cpu0": "PENDING"}, "the lane to be queued again")
    ((_, end),) = read_record(folder).ends
    assert (end.cause, end.again) == (Cause.PREEMPTED, True) and end.epoch > 0
    assert judge(read_record(folder), stale=False) is State.TODO

    result = lab.labtools("train-matrix", "--matrix", "matrix.yaml", *ask, "--wait")
    assert result.returncode == 0, result.stderr
    again = json.loads(result.stdout.splitlines()[-1])
    assert again["launched"] == {"launcher": "slurm", "started": [], "alive": ["cpu0"]}
    done = read_json(folder / "done.json")
    assert done["host"] in slurm.nodes and done["resumed"] == end.epoch
    assert list(read_curves(read_run(folder))["epoch"]) == list(range(1, 11))


@pytest.mark.parametrize(
    ("options", "said", "fix"),
    [
        ({"partition": "nope"}, "Invalid partition name specified", "mend `partition:`"),
        ({"gres": "tpu:1"}, "Invalid generic resource", "mend `gres:`"),
        ({"gres": "gpu:9"}, "Requested node configuration is not available", "lower `gres:`"),
        ({"mem": "9999G"}, "Memory specification can not be satisfied", "lower `gres:`, `cpus:` or `mem:`"),
        ({"time": "a week"}, "Invalid --time specification", "`time:` is days-hours:minutes:seconds"),
        ({"extra": ["--nope"]}, "unrecognized option '--nope'", "Mend `extra:`"),
    ],
)
def test_a_refusal_is_a_sentence_that_says_what_to_mend(
    slurm: LoopbackSlurm, make_run: Callable[..., Path], options: dict[str, Any], said: str, fix: str
) -> None:
    root = make_run().parent
    with pytest.raises(LabError) as caught:
        start(root, plan(SlurmOptions(**options), "0"))
    assert caught.value.what.startswith("the cluster did not take the lanes: ") and said in caught.value.what
    assert fix in caught.value.fix and "slurm: section of servers.yaml" in caught.value.fix
    assert read_queue(root) == ()


def test_a_cluster_that_cannot_be_asked_is_a_sentence_too(
    slurm: LoopbackSlurm, make_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (slurm.folder / "slurm.conf").read_text().replace("munge.sock", "gone.sock")
    (tmp_path / "slurm.conf").write_text(text)
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    root = make_run().parent
    with pytest.raises(LabError) as caught:
        start(root, plan(SlurmOptions(), "0"))
    assert "squeue says: " in caught.value.what and caught.value.fix.startswith("Munge")
    assert read_grid(root).lanes == (), "who only looks is not bothered"


def test_how_many_lanes_is_said_somewhere() -> None:
    assert [lane.name for lane in plan(SlurmOptions(lanes=2), None)] == ["gpu0", "gpu1"]
    assert [lane.name for lane in plan(SlurmOptions(lanes=2), None, 3)] == ["gpu0", "gpu1", "gpu2"]
    assert [lane.name for lane in plan(SlurmOptions(lanes=2), "cpu")] == ["cpu0", "cpu1"]
    asked = plan(SlurmOptions(partition="p", time="1:00", cpus=4, extra=["--qos=long"]), "3")[0]
    assert asked.request == ("--partition=p", "--time=1:00", "--cpus-per-task=4", "--gres=gpu:1", "--qos=long")
    assert asked.device == "0" and asked.threads == 4
    assert not [word for word in plan(SlurmOptions(), "cpu", 1)[0].request if "gres" in word]
    with pytest.raises(LabError, match="how many lanes"):
        plan(SlurmOptions(), None)


def test_its_time_is_over_and_it_queues_again(timed: Path, slurm: LoopbackSlurm, until: Until) -> None:
    """Last, because Slurm looks at the time only twice a minute."""
    until(lambda: any(s.state is LaneMood.STOPPED for s in read_lane_states(timed)), "the lane to be told")
    (log,) = (timed / "lanes").glob("*.log")
    until(lambda: "queued again" in log.read_text(encoding="utf-8"), "it to queue again")
    until(
        lambda: states(timed) == {"cpu0": "PENDING"} or log.read_text().count("waiting: ") > 1, "the cluster to see it"
    )
