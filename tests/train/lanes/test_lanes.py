"""Which lanes, with which device and how many threads; and that a lane exists once."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.artifacts.record import Claim
from labtools.core.errors import LabError
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane, environment, plan_lanes
from labtools.train.processes import this_process
from labtools.train.runqueue import claims


@pytest.mark.parametrize(
    ("written", "gpus"),
    [("0-7", list(range(8))), ("0", [0]), ("3,1", [1, 3]), ("0-1, 4-5", [0, 1, 4, 5]), ("2,2,0-2", [0, 1, 2])],
)
def test_gpus_as_people_write_them(written: str, gpus: list[int]) -> None:
    planned = plan_lanes(written)
    assert [lane.gpu for lane in planned] == gpus
    assert [lane.name for lane in planned] == [f"gpu{i}" for i in gpus]


@pytest.mark.parametrize("written", ["", "a", "0-", "-1", "7-0", "0,,1", "gpu0", "0;1", "99999"])
def test_what_is_not_a_list_of_gpus_is_refused(written: str) -> None:
    with pytest.raises(LabError, match="is not a list of GPUs"):
        plan_lanes(written)


@given(gpus=st.sets(st.integers(0, 99), min_size=1))
def test_any_set_of_gpus_can_be_written(gpus: set[int]) -> None:
    assert {lane.gpu for lane in plan_lanes(",".join(map(str, gpus)))} == gpus


@pytest.mark.parametrize(("lane_count", "cores", "threads"), [(None, 8, 8), (2, 8, 4), (3, 8, 2), (4, 2, 1)])
def test_cpu_lanes_share_the_cores(lane_count: int | None, cores: int, threads: int) -> None:
    planned = plan_lanes("cpu", lane_count, cores)
    assert len(planned) == (lane_count or 1)
    assert {lane.threads for lane in planned} == {threads}


def test_a_gpu_has_one_lane() -> None:
    with pytest.raises(LabError, match="--lanes goes with --gpus cpu only"):
        plan_lanes("0-3", 2)


def test_a_lane_sees_its_gpu_alone_and_calls_it_0() -> None:
    lane = Lane("gpu3", 3)
    assert lane.device == "0"
    assert environment(lane) == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "3"}


def test_a_cpu_lane_sees_no_gpu_and_has_its_threads() -> None:
    lane = Lane("cpu0", None, 2)
    assert lane.device == "cpu"
    added = environment(lane)
    assert (added["CUDA_VISIBLE_DEVICES"], added["OMP_NUM_THREADS"]) == ("", "2")


def test_a_lane_is_held_by_one_process_and_freed_by_its_death(tmp_path: Path) -> None:
    lane = Lane("cpu0", None, 1)
    script = (
        "import sys, time; from pathlib import Path; from labtools.train.lanes import records\n"
        "from labtools.train.lanes.lane import Lane\n"
        "with records.hold(Path(sys.argv[1]), Lane('cpu0', None, 1)) as ours:\n"
        "    print(ours, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        assert [r.process.pid for r in records.living_lanes(tmp_path)] == [other.pid]
        with records.hold(tmp_path, lane) as ours:
            assert not ours
        other.kill()
        other.wait()
    assert records.living_lanes(tmp_path) == []
    with records.hold(tmp_path, lane) as ours:
        assert ours


def test_of_two_who_start_a_lane_at_the_same_moment_one_is_told_that_it_did(
    make_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, until: Callable[..., None]
) -> None:
    folder, lane = make_run(), Lane("cpu0", None, 1)
    claims.take(folder, 1, Claim("other", this_process(), claims.now()))  # so the lane waits
    root, both_saw_none, popen = folder.parent, threading.Barrier(2), records._popen_detached

    def start_together(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        if both_saw_none.wait(60):
            until(lambda: bool(records.living_lanes(root)), "the first of them to be the lane", 60)
        return popen(*arguments, **options)

    monkeypatch.setattr(records, "_popen_detached", start_together)
    try:
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(lambda _: records.start_detached(root, lane), range(2)))
        said = records.log_path(root, lane).read_text(encoding="utf-8")
        assert sorted(told) == [False, True], said
        assert "this second one leaves" in said
        assert records.start_detached(root, lane) is False
    finally:
        assert records.stop_lanes(root) == ["cpu0"]


def test_a_lane_sweeps_what_it_left_half_written_when_it_was_killed(tmp_path: Path) -> None:
    lane = Lane("cpu0")
    ours = records.log_path(tmp_path, lane).with_name(f".cpu0@{socket.gethostname()}.state.json.x.tmp")
    theirs = ours.with_name(".cpu0@elsewhere.state.json.x.tmp")
    ours.parent.mkdir()
    ours.touch()
    theirs.touch()
    with records.hold(tmp_path, lane):
        assert theirs.exists() and not ours.exists()


def test_a_lane_that_ends_at_once_says_why(tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(LabError) as caught:
        records.start_detached(tmp_path, Lane("--nonsense"))
    assert "ended at once" in caught.value.what
