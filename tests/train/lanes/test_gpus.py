"""Which GPUs there are, who uses them, and what a lane does about that."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from labtools.artifacts.lanes import LaneMood
from labtools.core.errors import LabError
from labtools.train.lanes import gpus as gpus_module
from labtools.train.lanes.gpu_watch import GpuWatch
from labtools.train.lanes.gpus import Gpu, GpuGone, GpuUser, NoDriver, Nvml
from labtools.train.lanes.lane import Lane, plan_lanes, require_gpus
from labtools.train.lanes.work import Work
from labtools.train.lanes.worker import run_lane
from labtools.train.runqueue.claims import write_done

GB = 2**30
CARD = Gpu(0, "GPU-a", "NVIDIA RTX 3070", 8 * GB, 200 * 2**20)


class Machine:
    """A machine with the GPUs that a test puts in; an exception instead of one is raised."""

    def __init__(self, *cards: Gpu) -> None:
        self.cards = list(cards)
        self.trouble: Exception | None = None

    def all(self) -> tuple[Gpu, ...]:
        if isinstance(self.trouble, NoDriver):
            raise self.trouble
        return tuple(self.cards)

    def look(self, uuid: str) -> Gpu:
        if self.trouble is not None:
            raise self.trouble
        for card in self.cards:
            if card.uuid == uuid:
                return card
        raise GpuGone("the driver says: Not Found")


@pytest.fixture(autouse=True)
def _locks_of_this_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def watch(machine: Machine, lane: Lane | None = None, purpose: str = "lane gpu0 of /lab/runs/a") -> GpuWatch:
    return GpuWatch(lane or Lane("gpu0", 0), machine, purpose)


def with_users(card: Gpu, *users: GpuUser) -> Gpu:
    return replace(card, users=users, used_bytes=card.used_bytes + sum(user.bytes or 0 for user in users))


def test_a_free_gpu_is_taken_and_told_to_trainings_by_its_uuid() -> None:
    mine = watch(Machine(CARD, replace(CARD, index=1, uuid="GPU-b")), Lane("gpu1", 1))
    assert mine.look() is None
    assert mine.environment() == {"CUDA_VISIBLE_DEVICES": "GPU-b"}
    mine.release()


def test_a_card_keeps_its_lane_when_another_one_fails_and_numbers_move() -> None:
    """What was GPU 1 is GPU 0 from one moment to the next; two lanes on one card would be the end of both."""
    second = replace(CARD, index=1, uuid="GPU-b")
    machine = Machine(CARD, second)
    first, other = watch(machine), watch(machine, Lane("gpu1", 1))
    machine.cards = [replace(second, index=0)]
    hold = first.look()
    assert hold is not None and hold.is_final
    assert hold.why == "the GPU of gpu0 is gone: the driver says: Not Found"
    assert other.look() is None
    assert other.environment() == {"CUDA_VISIBLE_DEVICES": "GPU-b"}
    other.release()


@pytest.mark.parametrize(
    ("user", "is_waited_for"),
    [
        (GpuUser(1, "python", "anna", 3 * GB), True),
        (GpuUser(1, "python", "anna", None), True),
        (GpuUser(1, "nvtop", "anna", 50 * 2**20), False),
        (GpuUser(1, "Xorg", "root", 2 * GB, only_draws=True), False),
        (GpuUser(os.getpid(), "python", "us", 3 * GB), False),
    ],
)
def test_who_is_waited_for(user: GpuUser, is_waited_for: bool) -> None:
    mine = watch(Machine(with_users(CARD, user)))
    hold = mine.look()
    assert (hold is not None) == is_waited_for
    if hold is not None:
        assert not hold.is_final
        assert hold.why.startswith("the GPU of gpu0 is in use by anna (python")
    mine.release()


def test_somebody_in_another_container_is_noticed_by_the_memory() -> None:
    hold = watch(Machine(replace(CARD, used_bytes=6 * GB))).look()
    assert hold is not None
    assert hold.why == "somebody who cannot be seen from here uses 6.0 GB of the GPU of gpu0"


def test_with_a_floor_a_lane_shares_as_long_as_that_much_is_free() -> None:
    lane = Lane("gpu0", 0, memory_floor_gb=4.0)
    machine = Machine(with_users(CARD, GpuUser(1, "python", "anna", 3 * GB)))
    mine = watch(machine, lane)
    assert mine.look() is None
    machine.cards = [with_users(CARD, GpuUser(1, "python", "anna", 5 * GB))]
    hold = mine.look()
    assert hold is not None
    assert hold.why == "only 2.8 GB of 8.0 GB are free, in use by anna (python, 5.0 GB); waiting for 4.0 GB"
    mine.release()


def test_lanes_of_two_matrices_do_not_meet_on_one_gpu() -> None:
    """Between two trainings of the first matrix the card looks free to the driver."""
    machine = Machine(CARD)
    first, second = watch(machine), watch(machine, purpose="lane gpu0 of /lab/runs/b")
    assert first.look() is None
    hold = second.look()
    assert hold is not None and hold.why == "the GPU of gpu0 is in use by lane gpu0 of /lab/runs/a"
    first.release()
    assert second.look() is None
    second.release()


def test_a_gpu_that_a_cluster_gave_is_neither_looked_for_nor_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a")
    mine = watch(Machine(with_users(CARD, GpuUser(1, "python", "anna", 3 * GB))), Lane("gpu7", is_given=True))
    assert mine.look() is None
    assert mine.environment() == {}
    assert mine.glance() is not None


@pytest.mark.parametrize("given", ["MIG-GPU-a/1/0", "3", "3,4", ""])
def test_a_gpu_whose_name_only_the_cluster_knows_is_worked_on(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    mine = watch(Machine(CARD), Lane("gpu7", is_given=True))
    assert mine.look() is None
    assert mine.environment() == {}


def test_without_a_driver_a_lane_works_and_says_what_it_cannot_see() -> None:
    machine = Machine()
    machine.trouble = NoDriver("NVIDIA's driver says: NVML Shared Library Not Found", is_absent=True)
    mine = watch(machine)
    assert mine.look() is None
    assert "cannot see who else uses its GPU" in mine.note
    assert mine.environment() == {}
    mine.release()


def test_a_broken_driver_retires_a_lane() -> None:
    machine = Machine()
    machine.trouble = NoDriver("NVIDIA's driver says: Driver/library version mismatch", is_absent=False)
    hold = watch(machine).look()
    assert hold is not None and hold.is_final and "version mismatch" in hold.why


def test_a_driver_that_never_answers_is_a_gpu_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    forever = threading.Event()
    monkeypatch.setattr(gpus_module, "_look_at", lambda uuid: forever.wait())
    with pytest.raises(GpuGone, match="does not answer within 0 s"):
        Nvml(patience_s=0.1).look("GPU-a")
    forever.set()


def test_gpus_that_are_not_there_are_refused_by_number() -> None:
    machine = Machine(CARD, replace(CARD, index=1, uuid="GPU-b"))
    require_gpus(plan_lanes("0-1"), machine)
    require_gpus(plan_lanes("cpu"), machine)
    with pytest.raises(LabError, match="no GPU 2, 3: it has 2, numbered from 0"):
        require_gpus(plan_lanes("0-3"), machine)
    machine.cards = []
    with pytest.raises(LabError, match="no GPU that CUDA can use"):
        require_gpus(plan_lanes("0"), machine)
    machine.trouble = NoDriver("NVIDIA's driver says: Driver Not Loaded", is_absent=False)
    with pytest.raises(LabError, match="cannot be used: NVIDIA's driver says: Driver Not Loaded"):
        require_gpus(plan_lanes("0"), machine)
    machine.trouble = NoDriver("NVML Shared Library Not Found", is_absent=True)
    with pytest.raises(LabError, match="no GPU that CUDA can use"):
        require_gpus(plan_lanes("0"), machine)


def test_a_gpu_that_is_divided_is_refused_with_what_to_do() -> None:
    with pytest.raises(LabError) as caught:
        require_gpus(plan_lanes("0"), Machine(replace(CARD, is_split=True)))
    assert "divided into instances (MIG)" in caught.value.what
    assert "nvidia-smi -i 0 -mig 0" in caught.value.fix


def test_a_lane_trains_on_its_card_and_lets_go_of_it_when_it_is_done(make_run: Callable[..., Path]) -> None:
    root, machine = make_run("a").parent, Machine(CARD)
    make_run("b")
    rival = watch(machine, purpose="lane gpu0 of /lab/runs/b")
    waiting, said = [], []

    def train(work: Work) -> None:
        assert work.environment["CUDA_VISIBLE_DEVICES"] == "GPU-a"
        waiting.append(rival.look())
        write_done(work.attempt.run.folder, {"attempt": work.attempt.number})

    report = run_lane(root, Lane("gpu0", 0), said.append, trainer=train, gpus=machine, needs_data=False)
    assert report.done == ("a", "b")
    assert all(hold is not None and hold.why.endswith(f"in use by lane gpu0 of {root}") for hold in waiting)
    assert rival.look() is None
    rival.release()


def test_a_lane_that_waits_for_its_dataset_leaves_its_card_to_others(make_run: Callable[..., Path]) -> None:
    root, machine = make_run("a", data="/nowhere/dlcv.yaml").parent, Machine(CARD)
    rival = watch(machine, purpose="lane gpu0 of /lab/runs/b")

    class Once(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert rival.look() is None
            self.set()
            return True

    report = run_lane(root, Lane("gpu0", 0), [].append, gpus=machine, stop=Once())
    assert report.mood is LaneMood.STOPPED
    rival.release()


def test_a_lane_says_once_that_it_cannot_see_its_gpu(make_run: Callable[..., Path]) -> None:
    root, machine, said = make_run("a").parent, Machine(), []
    machine.trouble = NoDriver("NVML Shared Library Not Found", is_absent=True)

    def train(work: Work) -> None:
        write_done(work.attempt.run.folder, {"attempt": work.attempt.number})

    run_lane(root, Lane("gpu0", 0), said.append, trainer=train, gpus=machine, needs_data=False)
    assert said[0] == "NVML Shared Library Not Found: this lane cannot see who else uses its GPU"
    assert sum("cannot see" in line for line in said) == 1


def test_while_a_lane_trains_its_card_is_shown_as_it_was_seen_last() -> None:
    machine = Machine(CARD)
    mine = watch(machine)
    assert mine.look() is None and mine.glance() == CARD
    machine.cards = [replace(CARD, used_bytes=5 * GB)]
    assert mine.glance() == replace(CARD, used_bytes=5 * GB)
    machine.trouble = GpuGone("the driver says: GPU is lost")
    assert mine.glance() == replace(CARD, used_bytes=5 * GB)
    mine.release()


def test_a_number_that_no_card_has_retires_its_lane() -> None:
    hold = watch(Machine(CARD), Lane("gpu3", 3)).look()
    assert hold is not None and hold.is_final
    assert hold.why == "this machine has no GPU 3: 1 answer"


def read_gpus(driver: dict[str, str], state: str, expression: str) -> str:
    """What the real NVML binding says in a process of its own, with a driver whose cards are those of ``state``."""
    Path(driver["LABTOOLS_TEST_GPUS"]).write_text(state, encoding="utf-8")
    script = f"from labtools.train.lanes.gpus import *\ntry: print({expression})\nexcept Exception as e: print(repr(e))"
    environment = {**os.environ, **driver}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_the_real_binding_reads_cards_in_the_order_of_their_places(gpu_driver: dict[str, str]) -> None:
    ours = psutil.Process()
    state = (
        "gpu 00000000:AF:00.0 GPU-b 8192 7000 0 ok NVIDIA RTX 3070\n"
        "gpu 00000000:3B:00.0 GPU-a 8192 100 1 ok NVIDIA A100\n"
        "gpu 00000000:D8:00.0 GPU-c 8192 100 0 lost NVIDIA RTX 3070\n"
        f"process GPU-b {os.getpid()} 6500 C\nprocess GPU-b 999999 300 G\n"
    )
    told = read_gpus(gpu_driver, state, "*Nvml().all(), sep='\\n'").splitlines()
    first, second = (eval(line, {"Gpu": Gpu, "GpuUser": GpuUser}) for line in told)  # noqa: S307 - our own repr
    assert first == Gpu(0, "GPU-a", "NVIDIA A100", 8 * GB, 100 * 2**20, (), True)
    assert (second.index, second.uuid, second.used_bytes, second.is_split) == (1, "GPU-b", 7000 * 2**20, False)
    assert second.users == (
        GpuUser(os.getpid(), ours.name(), ours.username(), 6500 * 2**20),
        GpuUser(999999, "", "", 300 * 2**20, only_draws=True),
    )
    lost = read_gpus(gpu_driver, state, "Nvml().look('GPU-c')")
    assert lost == "GpuGone('the driver says: GPU is lost')"
    assert "Not Found" in read_gpus(gpu_driver, state, "Nvml().look('GPU-x')")
    assert "Driver Not Loaded" in read_gpus(gpu_driver, "", "Nvml().all()")
