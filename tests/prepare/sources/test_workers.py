"""Processes or threads: the same dataset, byte for byte."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

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
