"""Lanes as the processes that they are: on a full disk, and on GPUs that come, fill and go."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.lanes import LaneMood, LaneState, read_lane_states
from labtools.artifacts.record import Cause
from labtools.artifacts.record_files import read_record
from labtools.core.files import write_json

Until = Callable[..., None]


FILLING_LANE = """
import sys
from pathlib import Path
from labtools.artifacts.record import Cause
from labtools.cli.lane import _say
from labtools.train.lanes.lane import Lane
from labtools.train.lanes.trainers import close
from labtools.train.lanes.worker import run_lane
from labtools.train.runqueue.claims import write_done
from labtools.train.runqueue.policy import Fault

root = Path(sys.argv[1])

def train(work):
    if work.attempt.number == 1:
        try:
            with (root / "filler").open("wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
        except OSError as error:
            _say("said on a full disk")
            close(work, Fault(Cause.DISK, "no space left"))
    else:
        write_done(work.attempt.run.folder, {"attempt": work.attempt.number, "epochs": 4})

run_lane(root, Lane("cpu0"), _say, trainer=train, needs_data=False)
"""


def test_a_full_disk_ends_no_lane_and_what_it_has_to_say_comes_later(
    small_disk: Path, make_run: Callable[..., Path], until: Until
) -> None:
    root = small_disk / "tiny"
    shutil.copytree(make_run().parent, root)
    folder, log = root / "yolov8n_320_freeze", root / "lane.log"
    with log.open("wb") as out:
        lane = subprocess.Popen([sys.executable, "-c", FILLING_LANE, str(root)], stdout=out, stderr=out)
    try:
        filler = root / "filler"
        until(lambda: filler.exists() and shutil.disk_usage(root).free == 0, "the disk to be full", 30)
        with pytest.raises(subprocess.TimeoutExpired):
            lane.wait(4.0)
        assert read_record(folder).is_taken, "nothing could be written"
        filler.unlink()
        assert lane.wait(60) == 0, log.read_text()
    finally:
        lane.kill()
        lane.wait()
    record = read_record(folder)
    assert [end.cause for _, end in record.ends if end.cause] == [Cause.DISK]
    assert record.done is not None and record.done["attempt"] == 2
    (state,) = read_lane_states(root)
    assert state.state is LaneMood.OVER
    said = log.read_text()
    order = ["attempt 1 starts", "said on a full disk", "cannot be written yet", "no space left", "attempt 2 starts"]
    places = [said.find(words) for words in order]
    assert -1 not in places and places == sorted(places), said


def test_a_lane_waits_for_its_gpu_and_retires_when_that_is_gone(
    gpu_driver: dict[str, str], make_run: Callable[..., Path], tmp_path: Path, until: Until
) -> None:
    """The real command and the real binding, with cards that the test makes up."""
    data = tmp_path / "dlcv" / "dlcv.yaml"
    write_json(data.parent / "dataset.json", {"fingerprint": "f"})
    root = make_run(data=str(data)).parent
    cards = Path(gpu_driver["LABTOOLS_TEST_GPUS"])
    other = subprocess.Popen(["sleep", "600"])
    card = "gpu 00000000:3B:00.0 GPU-of-{} 8192 {} 0 {} NVIDIA RTX 3070\n"
    uuid = f"GPU-of-{os.getpid()}"
    cards.write_text(card.format(os.getpid(), 6000, "ok") + f"process {uuid} {other.pid} 5900 C\n")
    log = tmp_path / "log"
    command = [sys.executable, "-m", "labtools", "lane", str(root), "gpu0", "--gpu", "0"]
    with log.open("wb") as out:
        lane = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **gpu_driver})
    try:
        until(lambda: waits(root, "is in use by"), "the lane to wait for its GPU", 60)
        state = the_state(root)
        assert "(sleep, 5.8 GB)" in state.why
        assert (state.gpu_name, state.gpu_total_bytes) == ("NVIDIA RTX 3070", 8 * 2**30)
        assert state.gpu_others == (state.why.removeprefix("the GPU of gpu0 is in use by "),)
        cards.write_text(card.format(os.getpid(), 300, "ok"))
        until(lambda: waits(root, "the dataset"), "the lane to look for its dataset next", 60)
        assert the_state(root).gpu_others == ()
        cards.write_text(card.format(os.getpid(), 300, "lost"))
        assert lane.wait(60) == 1
        state = the_state(root)
        assert (state.state, state.why) == (LaneMood.RETIRED, "the GPU of gpu0 is gone: the driver says: GPU is lost")
        assert "retired: the GPU of gpu0 is gone" in log.read_text()
    finally:
        for process in (lane, other):
            process.kill()
            process.wait()


def the_state(root: Path) -> LaneState:
    (state,) = read_lane_states(root)
    return state


def waits(root: Path, words: str) -> bool:
    return any(state.state is LaneMood.WAITING and words in state.why for state in read_lane_states(root))


@pytest.mark.parametrize("spoiled", ["{", "[]", '{"lane": "gpu0"}', ""])
def test_states_that_cannot_be_read_are_left_out(tmp_path: Path, spoiled: str) -> None:
    path = tmp_path / "lanes" / "gpu0@a.state.json"
    path.parent.mkdir()
    path.write_text(spoiled)
    assert read_lane_states(tmp_path) == ()
    assert read_lane_states(tmp_path / "nothing") == ()
