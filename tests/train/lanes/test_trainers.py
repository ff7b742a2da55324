"""What a lane makes of its training process; here a few lines stand where the training would be."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.record import Beat, Cause, Claim, End
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import read_run
from labtools.train.lanes import trainers
from labtools.train.lanes.lane import Lane
from labtools.train.lanes.trainers import train_in_child
from labtools.train.lanes.work import Work
from labtools.train.processes import this_process
from labtools.train.runqueue import claims
from labtools.train.runqueue.run_queue import Attempt

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, and a program that is a script")

SLEEP = "import time; open('started', 'w').close(); time.sleep(60)"


class Training:
    """An attempt whose process is ``program``; ``each_look`` is called whenever its lane looks at it."""

    def __init__(self, folder: Path, lane: Lane) -> None:
        self.folder, self.lane = folder, lane
        self.said: list[str] = []
        self.stop = threading.Event()
        self.each_look: Callable[[], object] = lambda: None
        claims.take(folder, 1, Claim(lane.name, this_process(), claims.now()))

    def run(self, program: str, monkeypatch: pytest.MonkeyPatch, stopped_as: Cause = Cause.STOPPED) -> End:
        script = self.folder.parent / "python"
        script.write_text(f"#!{sys.executable}\nimport os, signal, sys\n{program}\n")
        script.chmod(0o755)
        attempt = Attempt(read_run(self.folder), 1)
        environment = {"SAID_TO_IT": "hello"}
        work = Work(attempt, self.lane, environment, self.stop, stopped_as, self.said.append, lambda: self.each_look())
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", str(script))
            patch.setattr(trainers, "POLL_S", 0.02)
            train_in_child(work)
        end = read_record(self.folder).last_end
        assert end is not None
        return end


@pytest.fixture
def training(make_run: Callable[..., Path]) -> Training:
    return Training(make_run(), Lane("cpu0", None, 1))


@pytest.mark.parametrize(
    ("program", "cause", "words"),
    [
        ("sys.exit(74)", Cause.DISK, "the disk is full"),
        ("sys.exit(3)", Cause.ERROR, "exit code 3"),
        ("os.kill(os.getpid(), signal.SIGKILL)", Cause.KILLED, "killed"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", Cause.ERROR, "crashed (SIGSEGV)"),
    ],
)
def test_a_training_that_leaves_no_word_is_explained(
    training: Training, monkeypatch: pytest.MonkeyPatch, program: str, cause: Cause, words: str
) -> None:
    end = training.run(program, monkeypatch)
    assert end.cause is cause and words in end.reason


def test_it_runs_in_its_folder_with_what_the_lane_tells_and_its_words_are_kept(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    (training.folder / "train.log").write_text("of an earlier attempt\n")
    training.run("print(sys.argv[1:], os.environ['SAID_TO_IT'], os.getcwd(), os.getsid(0) == os.getpid())", monkeypatch)
    folder = training.folder
    arguments = ["-m", "labtools.train.attempt", str(folder), "1", "cpu", "cpu0"]
    said = ["of an earlier attempt", "==== attempt 1, lane cpu0 ====", f"{arguments} hello {folder} True"]
    assert (folder / "train.log").read_text().splitlines() == said


def test_a_training_that_ended_by_itself_has_the_last_word(training: Training, monkeypatch: pytest.MonkeyPatch) -> None:
    training.each_look = lambda: claims.write_end(training.folder, 1, Cause.NAN, "the training diverged")
    end = training.run("import time; time.sleep(0.3); sys.exit(1)", monkeypatch)
    assert (end.cause, end.reason) == (Cause.NAN, "the training diverged")


@pytest.mark.parametrize("stopped_as", [Cause.STOPPED, Cause.PREEMPTED])
def test_a_lane_that_is_stopped_ends_its_training(
    training: Training, monkeypatch: pytest.MonkeyPatch, stopped_as: Cause
) -> None:
    training.each_look = lambda: (training.folder / "started").exists() and training.stop.set()
    start = time.monotonic()
    assert training.run(SLEEP, monkeypatch, stopped_as).cause is stopped_as
    assert time.monotonic() - start < trainers._STOP_PATIENCE_S, "it was asked, and had not to be killed"


def test_of_a_job_that_is_ended_process_by_process_the_training_may_be_the_first(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone before its lane is told why; the lane waits a moment for that."""
    timer = threading.Timer(0.6, training.stop.set)
    timer.start()
    end = training.run("import time; time.sleep(0.1); os.kill(os.getpid(), 15)", monkeypatch, Cause.PREEMPTED)
    timer.join()
    assert end.cause is Cause.PREEMPTED


def test_a_training_that_hangs_in_its_gpu_is_ended(
    make_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(make_run(), Lane("gpu0", 0))
    monkeypatch.setattr(trainers, "_STILL_S", 0.3)
    beats = iter(range(10_000))
    training.each_look = lambda: claims.write_beat(
        training.folder, 1, Beat(next(beats), claims.now(), this_process(), "training", 2, 4, 5, 10, 0.5, 0.25)
    )
    end = training.run(SLEEP, monkeypatch)
    assert end.cause is Cause.GPU and end.reason.startswith("the training stood still for")
    assert training.said == [f"{training.folder.name}: epoch 1/4, mAP50 0.500, mAP50-95 0.250"]


def test_a_training_that_cannot_be_started_is_a_trouble_of_the_disk(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    (training.folder / "train.log").mkdir()
    end = training.run("", monkeypatch)
    assert end.cause is Cause.DISK and end.reason == "the training could not be started: Is a directory"
