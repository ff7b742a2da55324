"""Processes or threads: the same dataset, byte for byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from labtools.core.errors import LabError
from labtools.core.files import hash_file
from labtools.core.progress import silent
from labtools.demo.cohort import write_cohort
from labtools.prepare.pipeline import prepare
from labtools.prepare.sources import workers

COURSE = Path(__file__).resolve().parents[3] / "labtools" / "demo" / "configs" / "course.yaml"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are not used")
@pytest.mark.parametrize("images", ["link", "copy"])
def test_processes_write_what_threads_write(images: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cohort(tmp_path / "cohort", 5, silent)
    contents = []
    for many in (10**9, 1):
        monkeypatch.setattr(workers, "MANY", many)
        out = tmp_path / f"out {many}"
        prepare(tmp_path / "cohort", out, COURSE, images)
        contents.append({p.relative_to(out): hash_file(p) for p in sorted(out.rglob("*")) if p.is_file()})
    assert contents[0] == contents[1] and len(contents[0]) > 700


def test_a_failure_in_a_worker_is_not_lost(tmp_path: Path) -> None:
    for files in (1, workers.MANY):
        with workers.Workers(files) as pool, pytest.raises(ZeroDivisionError):
            for future in pool.start(_fail, range(1000)):
                future.result()


def _fail(numbers: range) -> int:
    return 1 // (0 * len(numbers))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are not used")
def test_a_worker_that_the_system_ends_is_a_sentence() -> None:
    with pytest.raises(LabError, match="ended by the system"), workers.Workers(workers.MANY) as pool:
        pool.start(_crash, [1])[0].result()


def _crash(numbers: list[int]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


ORPHANS = """
import os, time
from labtools.prepare.sources import workers
workers.MANY = 1
def work(shared, number):
    return os.getpid()
with workers.Workers(9, "shared") as pool:
    print(pool.call(work, 1).result(), flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are not used")
def test_workers_end_with_the_process_that_was_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert psutil.pid_exists(worker)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 10
    while psutil.pid_exists(worker) and psutil.Process(worker).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, "the worker lives on"
        time.sleep(0.05)
