"""The GPUs of this machine, and who uses them, as NVIDIA's driver tells (NVML, what `nvidia-smi` reads too).

GPUs are numbered in the order of their PCI addresses, which is also CUDA's with ``CUDA_DEVICE_ORDER=PCI_BUS_ID``.
Reference: https://docs.nvidia.com/deploy/nvml-api/
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import psutil

from labtools.core.words import memory
from labtools.train.processes import is_from

_PATIENCE_S = 20.0
"""A driver that has lost a GPU may keep every question about it waiting for ever, as `nvidia-smi` shows."""

T = TypeVar("T")


@dataclass(frozen=True)
class GpuUser:
    """A process that uses a GPU.

    Attributes:
        pid: on this machine; a driver inside a container may tell one that cannot be looked up.
        name: of the program, "" where that is not known.
        owner: user name, "" where that is not known.
        bytes: of the GPU's memory, None where the driver does not tell.
        only_draws: it paints the screen and computes nothing.
    """

    pid: int
    name: str = ""
    owner: str = ""
    bytes: int | None = None
    only_draws: bool = False

    def __str__(self) -> str:
        what = [self.name or f"process {self.pid}", *([] if self.bytes is None else [memory(self.bytes)])]
        return f"{self.owner or 'somebody'} ({', '.join(what)})"


@dataclass(frozen=True)
class Gpu:
    """A GPU at one moment.

    Attributes:
        index: in the order of PCI addresses, from 0.
        uuid: of this very card, whatever its number becomes when another one fails.
        name: of the product.
        total_bytes: of its memory.
        used_bytes: of its memory, by anybody.
        users: by process number; those of other containers may be missing.
        is_split: it is divided into instances (MIG), of which CUDA sees one at a time.
    """

    index: int
    uuid: str
    name: str
    total_bytes: int
    used_bytes: int
    users: tuple[GpuUser, ...] = ()
    is_split: bool = False

    @property
    def free_bytes(self) -> int:
        return self.total_bytes - self.used_bytes


class NoDriver(Exception):  # noqa: N818 - a fact about this machine
    """NVML cannot be asked. ``is_absent``: there is none here, rather than one that is broken."""

    def __init__(self, why: str, *, is_absent: bool) -> None:
        super().__init__(why)
        self.is_absent = is_absent


class GpuGone(Exception):  # noqa: N818 - a fact about this machine
    """That GPU is not there any more, or does not answer."""


class Gpus(Protocol):
    """Who can be asked about GPUs."""

    def all(self) -> tuple[Gpu, ...]:
        """Every GPU that answers, by index. Raises NoDriver."""
        ...

    def look(self, uuid: str) -> Gpu:
        """One GPU now, by its ``uuid`` (of an instance, too). Raises NoDriver or GpuGone."""
        ...


class Nvml:
    """The real driver.

    Args:
        patience_s: an answer that takes longer is none.
    """

    def __init__(self, *, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s

    def all(self) -> tuple[Gpu, ...]:
        try:
            return _within(self._patience_s, _list_gpus)
        except TimeoutError:
            raise NoDriver(f"the driver does not answer within {self._patience_s:.0f} s", is_absent=False) from None

    def look(self, uuid: str) -> Gpu:
        try:
            return _within(self._patience_s, lambda: _look_at(uuid))
        except TimeoutError:
            raise GpuGone(f"it does not answer within {self._patience_s:.0f} s") from None


def _within(seconds: float, ask: Callable[[], T]) -> T:
    """The answer, or TimeoutError; a question that hangs in the driver stays behind in a thread that nobody awaits."""
    answers: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(ask())
        except BaseException as error:  # noqa: BLE001 - raised again below, where somebody listens
            errors.append(error)

    thread = threading.Thread(target=work, name="nvml", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError
    return answers[0]


def _list_gpus() -> tuple[Gpu, ...]:
    with _session() as nvml:
        handles = []
        for number in range(nvml.nvmlDeviceGetCount()):
            try:
                handle = nvml.nvmlDeviceGetHandleByIndex(number)
                handles.append((_text(nvml.nvmlDeviceGetPciInfo(handle).busId), handle))
            except nvml.NVMLError:
                continue  # counted, but it does not answer: CUDA leaves it out as well
        found = []
        for index, (_, handle) in enumerate(sorted(handles, key=lambda pair: pair[0])):
            try:
                found.append(_read(nvml, handle, index))
            except GpuGone:
                continue
        return tuple(found)


def _look_at(uuid: str) -> Gpu:
    with _session() as nvml:
        try:
            handle = nvml.nvmlDeviceGetHandleByUUID(uuid)
        except nvml.NVMLError as error:
            raise GpuGone(f"the driver says: {error}") from None
        return _read(nvml, handle, -1)


@contextmanager
def _session() -> Iterator[Any]:
    """The ``pynvml`` module, at the driver's service while the block runs.

    Opened for each question: a driver that was loaded again meanwhile is seen as it is now.
    """
    nvml: Any = importlib.import_module("pynvml")
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        absent = (nvml.NVML_ERROR_LIBRARY_NOT_FOUND, nvml.NVML_ERROR_FUNCTION_NOT_FOUND, nvml.NVML_ERROR_NOT_SUPPORTED)
        raise NoDriver(f"NVIDIA's driver says: {error}", is_absent=error.value in absent) from None
    try:
        yield nvml
    finally:
        nvml.nvmlShutdown()


def _read(nvml: Any, handle: Any, index: int) -> Gpu:
    try:
        room = nvml.nvmlDeviceGetMemoryInfo(handle)
        uuid, name = _text(nvml.nvmlDeviceGetUUID(handle)), _text(nvml.nvmlDeviceGetName(handle))
    except nvml.NVMLError as error:
        raise GpuGone(f"the driver says: {error}") from None
    return Gpu(index, uuid, name, room.total, room.used, _users(nvml, handle), _is_split(nvml, handle))


def _users(nvml: Any, handle: Any) -> tuple[GpuUser, ...]:
    drawing = {process.pid: process for process in _processes(nvml, nvml.nvmlDeviceGetGraphicsRunningProcesses, handle)}
    computing = {
        process.pid: process for process in _processes(nvml, nvml.nvmlDeviceGetComputeRunningProcesses, handle)
    }
    every = {**drawing, **computing}
    return tuple(
        GpuUser(pid, *_who_is(pid), every[pid].usedGpuMemory, only_draws=pid not in computing) for pid in sorted(every)
    )


def _processes(nvml: Any, ask: Callable[[Any], list[Any]], handle: Any) -> list[Any]:
    try:
        return ask(handle)
    except nvml.NVMLError:
        return []  # cards for desktops do not tell: the memory in use is known all the same


def _is_split(nvml: Any, handle: Any) -> bool:
    try:
        return bool(nvml.nvmlDeviceGetMigMode(handle)[0])
    except nvml.NVMLError:
        return False  # most cards cannot be


def _who_is(pid: int) -> tuple[str, str]:
    """Name of the program and of its owner, "" where this machine does not know."""
    try:
        process = psutil.Process(pid)
        return process.name(), process.username()
    except psutil.Error:
        return "", ""


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def is_ours(user: GpuUser) -> bool:
    """Is it this process, or was it started by it?"""
    return is_from(user.pid, os.getpid())
