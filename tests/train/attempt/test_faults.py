"""What went wrong, as a cause and a sentence: the words are those that torch, Ultralytics and the system really use."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools import yolo
from labtools.artifacts.checkpoint import Kept, write_kept
from labtools.artifacts.record import Beat, Cause, Claim
from labtools.artifacts.runs import Run, read_run
from labtools.core.errors import LabError
from labtools.train.attempt import EXIT_FAILED, EXIT_NO_SPACE
from labtools.train.attempt import __main__ as attempt
from labtools.train.attempt.faults import Fault, diagnose
from labtools.train.processes import this_process
from labtools.train.runqueue import claims

MakeRun = Callable[..., Path]

LOADER = "Caught {0} in DataLoader worker process 3.\nOriginal Traceback (most recent call last):\n  File ...\n{0}: {1}"

CASES = [
    (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ..."), Cause.OOM),
    (RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"), Cause.OOM),
    (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), Cause.OOM),
    (RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR"), Cause.OOM),
    (RuntimeError("GET was unable to find an engine to execute this computation"), Cause.OOM),
    (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ..."), Cause.OOM),
    (RuntimeError("CUDA error: an illegal memory access was encountered"), Cause.GPU),
    (RuntimeError("CUDA error: uncorrectable ECC error encountered"), Cause.GPU),
    (RuntimeError("CUDA error: unspecified launch failure"), Cause.GPU),
    (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), Cause.GPU),
    (RuntimeError("No CUDA GPUs are available"), Cause.GPU),
    (RuntimeError("CUDA error: no CUDA-capable device is detected"), Cause.GPU),
    (ValueError("Invalid CUDA 'device=0' requested. Use 'device=cpu' or pass valid CUDA device(s)"), Cause.GPU),
    (RuntimeError("CUDA error: device-side assert triggered"), Cause.ERROR),
    (RuntimeError("Training failed: NaN persisted for 4 epochs"), Cause.NAN),
    (RuntimeError("Checkpoint weights/last.pt is corrupted with NaN/Inf weights"), Cause.NAN),
    (yolo.NotANumber("the weights are no numbers any more in epoch 1"), Cause.NAN),
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "last.pt"), Cause.DISK),
    (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), Cause.DISK),
    (
        RuntimeError("[enforce fail] . PytorchStreamWriter failed writing file data/1"),
        Cause.DISK,
    ),
    (RuntimeError("DataLoader worker (pid 1234) is killed by signal: Bus error. ... shared memory"), Cause.KILLED),
    (RuntimeError("DataLoader worker (pid(s) 12, 13) exited unexpectedly"), Cause.KILLED),
    (RuntimeError("unable to allocate shared memory(shm) for file </torch_1>"), Cause.KILLED),
    (MemoryError(), Cause.KILLED),
    (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), Cause.KILLED),
    (FileNotFoundError("Image Not Found /d/images/a.jpg"), Cause.DATA),
    (FileNotFoundError(LOADER.format("FileNotFoundError", "Image Not Found /d/images/a.jpg")), Cause.DATA),
    (OSError(LOADER.format("OSError", "[Errno 116] Stale file handle: '/d/a.jpg'")), Cause.DATA),
    (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/d/a.jpg"), Cause.DATA),
    (OSError(errno.EIO, os.strerror(errno.EIO), "/d/a.jpg"), Cause.DATA),
    (OSError(errno.ESTALE, os.strerror(errno.ESTALE), "/d/a.jpg"), Cause.DATA),
    (OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)), Cause.DATA),
    (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/w/last.pt"), Cause.ERROR),
    (RuntimeError("No valid images found in /d/labels/train.cache."), Cause.DATA),
    (RuntimeError("Dataset '/d/dlcv.yaml' error ❌ /d/dlcv.yaml not found"), Cause.DATA),
    (LabError("no file", "/w", "Put it there."), Cause.WEIGHTS),
    (ValueError("something else"), Cause.ERROR),
]


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    run = read_run(make_run(batch=64, imgsz=1280))
    claims.take(run.folder, 1, Claim("gpu0", this_process(), claims.now()))
    return run


def say(run: Run, **changes: object) -> None:
    claims.write_beat(run.folder, 1, Beat(1, claims.now(), this_process(), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("error", "cause"), CASES, ids=lambda value: str(value)[:40])
def test_each_trouble_is_known_by_its_words(error: BaseException, cause: Cause, run: Run) -> None:
    assert diagnose(error, run).cause is cause


def test_sentences_name_what_a_person_can_do_something_about(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    at_once = diagnose(torch.OutOfMemoryError("CUDA out of memory"), run)
    assert at_once.reason == "out of memory: yolov8n at 1280 px with batch 64 does not fit the memory"
    with monkeypatch.context() as patch:
        patch.setattr(yolo, "gpu_name_and_bytes", lambda: ("NVIDIA RTX 3070", 8 * 2**30))
        fault = diagnose(torch.OutOfMemoryError("CUDA out of memory"), run)
    assert fault.reason.endswith("with batch 64 does not fit the 8.0 GB of this NVIDIA RTX 3070")

    say(run, phase="training", batch=32)
    fault = diagnose(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), run)
    assert fault.reason == "out of memory: yolov8n at 1280 px with batch 32 does not fit the memory"
    assert fault.batch == 32
    full = diagnose(OSError(errno.ENOSPC, "No space left on device"), run)
    assert full.reason.startswith(f"the disk of {run.folder} is full (OSError: [Errno 28]")
    lost = diagnose(FileNotFoundError(LOADER.format("FileNotFoundError", "Image Not Found /d/a.jpg")), run)
    assert lost.reason.endswith("(FileNotFoundError: Image Not Found /d/a.jpg)")
    assert diagnose(ValueError(), run).reason == "ValueError: no message"
    refused = diagnose(RuntimeError("CUDA error: device-side assert triggered"), run)
    assert refused.reason.startswith("a kernel on the GPU refused its input: is a class id wrong?")
    weights = diagnose(LabError("no file", "/w", "Put it there."), run)
    assert weights == Fault(Cause.WEIGHTS, "no file; where: /w; fix: Put it there.", again=False, batch=32)


def test_what_came_first_is_found_behind_what_came_after(run: Run) -> None:
    """Closing the events file fails too when the disk is full, or after the GPU has gone: the error then has a past."""
    try:
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            raise ValueError("I/O operation on closed file") from None
    except ValueError as error:
        assert diagnose(error, run).cause is Cause.DISK


def test_errors_that_name_each_other_as_their_cause_are_told_all_the_same(run: Run) -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert diagnose(first, run).reason == "ValueError: first"


def test_only_a_checkpoint_that_does_not_load_is_given_up(run: Run) -> None:
    """Other trouble at the same moment leaves it: hours of work are in it."""
    (run.folder / "weights").mkdir()
    write_kept(run.folder, Kept(3, False, 2, 60.0))

    def behind(cause: BaseException) -> Fault:
        try:
            raise yolo.UnusableCheckpoint("RuntimeError: size mismatch for model.22") from cause
        except yolo.UnusableCheckpoint as error:
            return diagnose(error, run)

    fault = behind(RuntimeError("size mismatch for model.22"))
    assert (fault.cause, fault.again, fault.changes) == (Cause.ERROR, True, {"fresh": True})
    reason = "nobody can go on from the checkpoint after epoch 3 (RuntimeError: size mismatch for model.22)"
    assert fault.reason == f"{reason}; from the start next"
    for words in ("CUDA out of memory. Tried", "CUDA error: unspecified launch failure", "Input/output error"):
        assert behind(RuntimeError(words)).changes == {}


def test_on_a_full_disk_an_error_that_nobody_knows_is_the_disk(
    small_disk: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a library makes of a write that failed need not say so; the lane reads it off the exit code."""
    folder = shutil.copytree(run.folder, small_disk / run.run_id)

    def fail(*_: object, **__: object) -> None:
        with contextlib.suppress(OSError), (small_disk / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))
        raise RuntimeError("unexpected position")

    monkeypatch.setattr(attempt, "train_attempt", fail)
    monkeypatch.setattr(attempt, "_die_with_lane", lambda: None)  # there is no lane at the other end of a pipe
    assert attempt.main([str(folder), "1", "cpu", "gpu0"]) == EXIT_NO_SPACE
    (small_disk / "ballast").unlink()
    monkeypatch.setattr(attempt, "train_attempt", lambda *_, **__: int("no number"))
    assert attempt.main([str(folder), "1", "cpu", "gpu0"]) == EXIT_FAILED, "with room, an error is an error"
