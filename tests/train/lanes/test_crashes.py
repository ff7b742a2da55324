"""What a lane concludes from a training process that left no word."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from labtools.artifacts.record import Cause
from labtools.train.lanes import crashes
from labtools.train.lanes.crashes import count_oom_kills, explain_exit


@pytest.mark.parametrize(
    ("code", "cause", "words"),
    [
        (-signal.SIGKILL, Cause.KILLED, "by somebody, or by a limit on memory"),
        (-signal.SIGTERM, Cause.KILLED, "ended by somebody (SIGTERM)"),
        (-signal.SIGSEGV, Cause.ERROR, "crashed (SIGSEGV)"),
        (-signal.SIGABRT, Cause.ERROR, "crashed (SIGABRT)"),
        (-99, Cause.KILLED, "signal 99"),
        (0, Cause.ERROR, "exit code 0 without a word"),
        (3, Cause.ERROR, "exit code 3 without a word"),
    ],
)
def test_exit_codes_are_explained(code: int, cause: Cause, words: str) -> None:
    fault = explain_exit(code, count_oom_kills())
    assert fault.cause is cause
    assert words in fault.reason


def test_full_shared_memory_is_named() -> None:
    assert "/dev/shm" in explain_exit(-7, None).reason  # noqa: S108 - 7 is SIGBUS on Linux


def test_the_systems_killing_for_want_of_memory_is_told_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "vmstat"
    told.write_text("pgfault 12\noom_kill 4\npgalloc 1\n")
    monkeypatch.setattr(crashes, "_VMSTAT", told)
    before = count_oom_kills()
    assert before == 4
    told.write_text("pgfault 12\noom_kill 5\npgalloc 1\n")
    assert explain_exit(-signal.SIGKILL, before).reason == "the system had no memory left and killed the training"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts them")
def test_this_system_counts_them() -> None:
    assert isinstance(count_oom_kills(), int)
