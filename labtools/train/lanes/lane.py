"""A lane: where one training after the other is computed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from labtools.core.errors import LabError
from labtools.train.lanes.gpus import Gpus, NoDriver, Nvml


@dataclass(frozen=True)
class Lane:
    """Where a lane computes.

    Attributes:
        name: ``gpu0`` ... or ``cpu0`` ...
        gpu: index of the GPU in PCI order, None for a CPU lane.
        threads: of torch and OpenMP, None for their own choice.
        server: name in ``configs/servers.yaml`` of the machine it runs on, "" for this one.
        is_given: the GPU is the one that a cluster has set CUDA_VISIBLE_DEVICES to, whatever its number.
        memory_floor_gb: of its GPU's memory: with this much free it trains beside other people's processes;
            0: it leaves a GPU that others use alone until they have gone.
        lease_s: seconds of silence after which it takes a lane elsewhere for dead, None: the usual.
        only: globs of the run ids that it trains, separated by commas; "": all.
        idle_s: seconds without an open run after which it leaves, though others still train (what they drop goes to the
            lanes that are left, or to those that come back); None: it stays until all is done.
        request: what a cluster is asked for to run it, as options of `sbatch`; of no use once it runs.
    """

    name: str
    gpu: int | None = None
    threads: int | None = None
    server: str = ""
    is_given: bool = False
    memory_floor_gb: float = 0.0
    lease_s: float | None = None
    only: str = ""
    idle_s: float | None = None
    request: tuple[str, ...] = ()

    @property
    def device(self) -> str:
        """What Ultralytics is told inside the lane's environment, where its GPU is the only one."""
        return "0" if self.gpu is not None or self.is_given else "cpu"


def arguments(lane: Lane) -> list[str]:
    """The arguments of the command ``labtools lane ROOT NAME ...`` that make this lane again in another process."""
    valued = {
        "--gpu": lane.gpu,
        "--threads": lane.threads,
        "--server": lane.server or None,
        "--memory-floor": lane.memory_floor_gb or None,
        "--lease": lane.lease_s,
        "--only": lane.only or None,
        "--idle": lane.idle_s,
    }
    said = [word for option, value in valued.items() if value is not None for word in (option, str(value))]
    return [lane.name, *said, *(["--given"] if lane.is_given else [])]


def plan_lanes(gpus: str, lanes: int | None = None, cores: int | None = None) -> tuple[Lane, ...]:
    """``0-3,6`` or ``cpu`` -> lanes: one per GPU, or ``lanes`` that share the cores.

    Raises:
        LabError: neither a list of GPUs nor ``cpu``.
    """
    if gpus.strip().lower() == "cpu":
        count = 1 if lanes is None else lanes
        if count < 1:
            raise LabError(f"{count} lanes cannot train", None, "Give --lanes 1 or more.")
        threads = max(1, (cores or _usable_cores()) // count)
        return tuple(Lane(f"cpu{i}", None, threads) for i in range(count))
    if lanes is not None:
        raise LabError("--lanes goes with --gpus cpu only", None, "A GPU has one lane: name fewer GPUs instead.")
    return tuple(Lane(f"gpu{i}", i) for i in _parse_gpus(gpus))


def _parse_gpus(text: str) -> list[int]:
    indices: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise LabError(f"{text!r} is not a list of GPUs", None, "Write --gpus 0-7, --gpus 0,2,3 or --gpus cpu.")
        indices.update(range(first, last + 1))
    return sorted(indices)


def _usable_cores() -> int:
    """Cores that this process may use (a container or `taskset` may allow fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def require_gpus(lanes: tuple[Lane, ...], gpus: Gpus | None = None) -> None:
    """Refuse GPUs that this machine does not have, before anything is written.

    Args:
        lanes: those of this machine.
        gpus: who is asked, None: the driver.

    Raises:
        LabError: names what there is.
    """
    asked = [lane.gpu for lane in lanes if lane.gpu is not None and not lane.is_given]
    if not asked:
        return
    try:
        there = (gpus or Nvml()).all()
    except NoDriver as error:
        if not error.is_absent:
            fix = "See what `nvidia-smi` says; a driver that was updated needs a restart of the machine."
            raise LabError(f"the GPUs of this machine cannot be used: {error}", None, fix) from None
        _refuse_missing(asked, _count_without_driver())
        return
    _refuse_missing(asked, len(there))
    if split := [gpu.index for gpu in there if gpu.is_split and gpu.index in asked]:
        raise LabError(
            f"GPU {split[0]} is divided into instances (MIG), of which a training would see the first alone",
            None,
            f"Undo it with `sudo nvidia-smi -i {split[0]} -mig 0`, or let a cluster hand them out: --launcher slurm.",
        )


def _refuse_missing(asked: list[int], count: int) -> None:
    missing = [gpu for gpu in asked if gpu >= count]
    fix = "Name the GPUs of `nvidia-smi -L`, or train with --gpus cpu."
    if count == 0:
        raise LabError("this machine has no GPU that CUDA can use", None, fix)
    if missing:
        named = ", ".join(map(str, missing))
        raise LabError(f"this machine has no GPU {named}: it has {count}, numbered from 0", None, fix)


def _count_without_driver() -> int:
    """GPUs that torch can use where there is no NVML: AMD's, or none."""
    import torch  # seconds, and only where NVIDIA's driver is missing

    return int(torch.cuda.device_count())


def environment(lane: Lane) -> dict[str, str]:
    """What a lane adds to the environment of its trainings."""
    extra = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    if not lane.is_given:
        extra["CUDA_VISIBLE_DEVICES"] = "" if lane.gpu is None else str(lane.gpu)
    if lane.threads is not None:
        extra |= {name: str(lane.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        # Threads that wait for each other sleep instead of spinning: on two cores that others use too, an epoch
        # with two threads took 1.0 s instead of 3.5 s.
        extra["OMP_WAIT_POLICY"] = "PASSIVE"
    return extra
