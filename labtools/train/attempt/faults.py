"""What went wrong in a training -> why its attempt ended, as a sentence; `runqueue.policy` decides what follows."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

from labtools.artifacts.checkpoint import kept_epochs
from labtools.artifacts.record import Cause
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import Run
from labtools.core.errors import LabError
from labtools.train.runqueue.policy import Fault

__all__ = ["Fault", "diagnose", "is_full"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REMOTE_IO = getattr(errno, "EREMOTEIO", errno.EIO)  # Linux alone has it
_LOST = frozenset({errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT, _REMOTE_IO})


def diagnose(error: BaseException, run: Run) -> Fault:
    """Why a training ended. Of an error that came while another was handled, the first that says something counts."""
    from labtools import yolo

    beat = read_record(run.folder).beat
    batch = beat.batch if beat is not None else 0
    fault = next((fault for part in _chain(error) if (fault := _recognise(part, run, batch))), None)
    if fault is None and isinstance(error, yolo.UnusableCheckpoint):
        reason = f"nobody can go on from the checkpoint after epoch {kept_epochs(run.folder)} ({error})"
        fault = Fault(Cause.ERROR, f"{reason}; from the start next", changes={"fresh": True})
    if fault is None:
        fault = Fault(Cause.ERROR, _line(error))
    return replace(fault, batch=batch)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and those during whose handling it was raised, the outermost first."""
    seen: set[int] = set()
    part: BaseException | None = error
    while part is not None and id(part) not in seen:
        seen.add(id(part))
        yield part
        part = part.__cause__ or part.__context__


def _recognise(error: BaseException, run: Run, batch: int) -> Fault | None:
    from labtools import yolo

    spec = run.spec
    if isinstance(error, LabError):
        return Fault(Cause.WEIGHTS, str(error).replace("\n", "; "), again=False)
    if is_full(error):
        return Fault(Cause.DISK, f"the disk of {run.folder} is full ({_line(error)})")
    rules: tuple[tuple[Callable[[BaseException], bool], Cause, str], ...] = (
        (yolo.is_out_of_memory, Cause.OOM, f"out of memory: {_what(run, batch)} does not fit {_memory()}"),
        (yolo.is_not_a_number, Cause.NAN, f"the training diverged ({_line(error)})"),
        (yolo.is_loader_trouble, Cause.KILLED, f"a process that reads images was killed ({_line(error)})"),
        (yolo.is_gpu_trouble, Cause.GPU, f"the GPU does not work ({_line(error)})"),
        (_is_host_memory, Cause.KILLED, f"the memory of {socket.gethostname()} is full ({_line(error)})"),
        (_is_lost, Cause.DATA, f"files cannot be read, of the dataset {spec.data} or beside it ({_line(error)})"),
        (_is_assertion, Cause.ERROR, f"a kernel on the GPU refused its input: is a class id wrong? ({_line(error)})"),
    )
    return next((Fault(cause, reason) for is_it, cause, reason in rules if is_it(error)), None)


def _what(run: Run, batch: int) -> str:
    spec = run.spec
    return f"{spec.model} at {spec.imgsz} px with batch {batch or spec.batch}"


def _memory() -> str:
    """The memory that was too small, in words."""
    from labtools import yolo

    gpu = yolo.gpu_name_and_bytes()
    return f"the {gpu[1] / 2**30:.1f} GB of this {gpu[0]}" if gpu else "the memory"


def is_full(error: BaseException) -> bool:
    """Is there no room left on the disk, or in the user's share of it?"""
    from labtools import yolo

    return (isinstance(error, OSError) and error.errno in _FULL) or yolo.is_full_disk(error)


def _is_host_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)


def _is_lost(error: BaseException) -> bool:
    """A file that is not there any more, or a network disk that does not answer."""
    from labtools import yolo

    if isinstance(error, OSError) and (error.errno in _LOST or isinstance(error, FileNotFoundError)):
        return True
    return yolo.is_lost_data(error)


def _is_assertion(error: BaseException) -> bool:
    return "device-side assert" in str(error)


def _line(error: BaseException) -> str:
    """The error's name and the line of its message that says most: the last of a loader worker's traceback."""
    from labtools import yolo

    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    if not lines:
        return f"{type(error).__name__}: no message"
    if isinstance(error, yolo.NotANumber):
        return str(error)
    is_sent = lines[0].startswith("Caught ")
    return (lines[-1] if is_sent else f"{type(error).__name__}: {lines[0]}")[:220]
