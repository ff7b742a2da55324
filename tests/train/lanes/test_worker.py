"""What keeps a lane from its next training, and what it says and records meanwhile."""

from __future__ import annotations

import errno
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from labtools.artifacts.lanes import LaneMood, LaneState, read_lane_states
from labtools.artifacts.record import Beat, Cause, Claim, End, ProcessId, Record, State, judge
from labtools.artifacts.record_files import read_record
from labtools.core.files import write_json
from labtools.train import disk
from labtools.train.lanes import guards, records, trainers
from labtools.train.lanes.holds import Hold
from labtools.train.lanes.lane import Lane
from labtools.train.lanes.trainers import close
from labtools.train.lanes.work import Work
from labtools.train.lanes.worker import LaneReport, _conclusion, run_lane
from labtools.train.processes import this_process
from labtools.train.runqueue import claims, orders
from labtools.train.runqueue.policy import Fault

Until = Callable[..., None]

ELSEWHERE = ProcessId("elsewhere", 1, 0.0)


def finish(work: Work) -> None:
    """Training as quick as can be."""
    claims.write_done(work.attempt.run.folder, {"attempt": work.attempt.number, "epochs": 4, "seconds": 1.0})


class Background:
    """A lane in a thread."""

    def __init__(self, root: Path, trainer: Callable[[Work], None] = finish, **options: Any) -> None:
        self.said: list[str] = []
        self.stop = threading.Event()
        self.report = LaneReport()
        self.root = root

        def work() -> None:
            lane = Lane("cpu0", None, 1)
            self.report = run_lane(root, lane, self.said.append, trainer=trainer, stop=self.stop, **options)

        self.thread = threading.Thread(target=work)
        self.thread.start()

    @property
    def state(self) -> LaneState:
        (state,) = read_lane_states(self.root)
        return state

    def waits_for(self, words: str) -> bool:
        states = read_lane_states(self.root)
        return bool(states) and states[0].state is LaneMood.WAITING and words in states[0].why

    def join(self) -> LaneReport:
        self.thread.join(60)
        assert not self.thread.is_alive()
        return self.report


@contextmanager
def lane_at_work(root: Path, trainer: Callable[[Work], None] = finish, **options: Any) -> Iterator[Background]:
    lane = Background(root, trainer, **options)
    try:
        yield lane
    finally:
        lane.stop.set()
        lane.thread.join(60)


class Ticking(threading.Event):
    """Whoever waits for it lets a clock go on instead, and the world with it."""

    def __init__(self, world: Callable[[float], None]) -> None:
        super().__init__()
        self.now = 0.0
        self._world = world

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        assert self.now < 1000.0, "for ever"
        self._world(self.now)
        return self.is_set()


def ticking_lane(
    root: Path, world: Callable[[float], None], trainer: Callable[[Work], None] = finish, **options: Any
) -> tuple[LaneReport, list[str]]:
    """A lane whose waiting takes no time; what it said. The world goes on while it waits."""
    stop, said = Ticking(world), []
    lane = Lane("cpu0", None, 1, idle_s=options.pop("idle_s", None))
    report = run_lane(root, lane, said.append, trainer=trainer, clock=lambda: stop.now, stop=stop, **options)
    return report, said


def the_lane(root: Path) -> LaneState:
    (state,) = read_lane_states(root)
    return state


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """The least that a dataset is; its ``dlcv.yaml``."""
    folder = tmp_path / "datasets" / "dlcv"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a.jpg").write_bytes(b"jpeg")
    (folder / "train.txt").write_text("./images/a.jpg\n")
    write_json(folder / "dataset.json", {"fingerprint": "f"})
    return folder / "dlcv.yaml"


@pytest.fixture
def make(make_run: Callable[..., Path], dataset: Path) -> Callable[..., Path]:
    return lambda run_id="yolov8n_320_freeze", **changes: make_run(run_id, **{"data": str(dataset), **changes})


def test_a_lane_trains_what_is_open_and_says_good_bye(make: Callable[..., Path]) -> None:
    root = make("a").parent
    make("b")
    with lane_at_work(root) as lane:
        report = lane.join()
        assert sorted(report.done) == ["a", "b"]
        assert report.mood is LaneMood.OVER
        assert (lane.state.state, lane.state.trained, lane.state.run_id) == (LaneMood.OVER, 2, "")
        assert lane.said[-1] == "nothing left to do: 2 trained by this lane"


def test_while_it_trains_its_state_names_the_run(make: Callable[..., Path], until: Until) -> None:
    go_on = threading.Event()

    def train(work: Work) -> None:
        go_on.wait(60)
        finish(work)

    with lane_at_work(make("a").parent, train) as lane:
        until(lambda: any(s.state is LaneMood.WORKING for s in read_lane_states(lane.root)), "the lane to work")
        assert (lane.state.run_id, lane.state.attempt, lane.state.process.pid) == ("a", 1, os.getpid())
        go_on.set()
        lane.join()


def test_a_dataset_that_cannot_be_read_is_waited_for_without_a_chance_lost(
    make: Callable[..., Path], dataset: Path
) -> None:
    folder = make("a")
    away = dataset.parent.rename(dataset.parent.with_name("away"))

    def world(now: float) -> None:
        if now > 5.0:
            assert "cannot be read: No such file or directory" in the_lane(folder.parent).why
            assert read_record(folder).attempt == 0
        if now > 100.0 and away.exists():
            away.rename(dataset.parent)

    report, said = ticking_lane(folder.parent, world)
    assert report.done == ("a",)
    assert sum("waiting" in line for line in said) == 1, "one line, however long it takes"


def test_an_image_that_the_file_server_has_lost_counts_too(dataset: Path) -> None:
    assert guards.look_at_dataset(dataset) is None
    (dataset.parent / "images" / "a.jpg").unlink()
    assert guards.look_at_dataset(dataset) is not None


def test_a_dataset_that_changed_makes_the_run_stale_and_trains_nothing(make: Callable[..., Path]) -> None:
    folder = make("a", fingerprint="another")
    with lane_at_work(folder.parent) as lane:
        assert lane.join().done == ()
        record = read_record(folder)
        assert judge(record, stale=False) is State.STALE
        assert record.ends[0][1].cause is Cause.STALE
        assert lane.said[-2] == "a: stale: the dataset has changed since this run was planned"


def test_a_full_disk_is_waited_for(make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make("a")
    with monkeypatch.context() as patch:
        patch.setattr(disk, "_FLOOR_SHARE", 10.0)
        patch.setattr(disk, "_FLOOR_BYTES", 2**60)

        def world(now: float) -> None:
            if now > 100.0:
                patch.undo()
            elif now > 5.0:
                state = the_lane(folder.parent)
                assert state.state is LaneMood.WAITING and "is full" in state.why

        report, said = ticking_lane(folder.parent, world)
    assert report.done == ("a",)
    assert sum("is full" in line for line in said) == 1


def test_a_second_process_of_one_lane_leaves_at_once(make: Callable[..., Path]) -> None:
    root, lane = make("a").parent, Lane("cpu0", None, 1)
    said: list[str] = []
    with records.hold(root, lane) as is_ours:
        assert is_ours
        report = run_lane(root, lane, said.append, trainer=finish)
    assert (report.is_double, report.done) == (True, ())
    assert said == ["lane cpu0 is already at work; this second one leaves"]
    assert read_record(root / "a").attempt == 0


def test_after_two_trainings_that_were_cut_short_a_lane_rests(make: Callable[..., Path]) -> None:
    """What killed them, a full memory for instance, would kill the next one at once too."""
    folder, starts = make("a"), []

    def train(work: Work) -> None:
        assert isinstance(work.stop, Ticking)
        starts.append(work.stop.now)
        if len(starts) == 4:
            finish(work)
        close(work, Fault(Cause.KILLED, "killed"))

    report, said = ticking_lane(folder.parent, lambda now: None, train)
    assert (report.done, report.failed) == (("a",), ("a", "a", "a"))
    rests = [after - before for before, after in itertools.pairwise(starts)]
    assert rests[0] == 0.0 and 5.0 <= rests[1] < 10.0 <= rests[2] < 20.0
    assert [line for line in said if "cut short" in line] == [
        f"waiting: the last trainings were cut short; the next one after {rest} s" for rest in (5, 10)
    ]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("labtools.train.lanes.guards.look_at_disk", "the folder of the matrix cannot be reached: {}"),
        ("labtools.train.lanes.worker.RunQueue.claim", "no run can be claimed: {}"),
        ("labtools.train.lanes.worker.RunQueue._refresh", "no run can be claimed: {}"),
    ],
)
def test_a_file_server_that_is_away_is_waited_for(
    make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, act: str, said: str
) -> None:
    folder = make("a")

    def away(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(act, away)
        report, lines = ticking_lane(folder.parent, lambda now: patch.undo() if now > 100.0 else None)
    assert (report.done, report.failed, report.mood) == (("a",), (), LaneMood.OVER)
    assert lines[0] == f"waiting: {said.format('Input/output error')}"


def test_a_run_whose_folder_went_away_in_training_costs_the_others_nothing(make: Callable[..., Path]) -> None:
    root = make("a", imgsz=640).parent
    make("b")

    def train(work: Work) -> None:
        if work.attempt.run.run_id == "a":
            work.attempt.run.folder.rename(root.parent / "a student took it")
            close(work, Fault(Cause.ERROR, "FileNotFoundError: weights/last.pt"))
        else:
            finish(work)

    said: list[str] = []
    report = run_lane(root, Lane("cpu0", None, 1), said.append, trainer=train)
    assert (report.done, report.failed, report.mood) == (("b",), ("a",), LaneMood.OVER)
    assert "a: its folder cannot be read any more" in said


def test_ctrl_c_is_said_and_goes_on_its_way(make: Callable[..., Path]) -> None:
    def train(work: Work) -> None:
        raise KeyboardInterrupt

    root, said = make("a").parent, []
    with pytest.raises(KeyboardInterrupt):
        run_lane(root, Lane("cpu0", None, 1), said.append, trainer=train)
    (state,) = read_lane_states(root)
    assert (state.state, state.why) == (LaneMood.STOPPED, "interrupted")


def test_a_lane_of_a_cluster_does_not_idle_for_hours_beside_the_others(make: Callable[..., Path]) -> None:
    """It leaves when nothing was open for a while, but stays while one of the others is silent, and takes its run."""
    beating, silent = make("beating"), make("silent")
    for folder in (beating, silent):
        claims.take(folder, 1, Claim("gpu7", ELSEWHERE, claims.now()))
    stop = Ticking(lambda now: claims.write_beat(beating, 1, Beat(int(10 * now), claims.now(), ELSEWHERE, "training")))
    said: list[str] = []
    lane = Lane("cpu0", None, 1, idle_s=60.0)
    root, seconds = beating.parent, lambda: stop.now
    report = run_lane(root, lane, said.append, trainer=finish, clock=seconds, stop=stop, lease_s=100.0)
    assert (report.done, report.mood) == (("silent",), LaneMood.OVER)
    assert 160.0 < stop.now < 180.0, "a lease until it took that run, and then a minute without any"
    assert said[-1] == "nothing was open for 60 s: others train what is left"
    assert read_record(beating).is_taken


def test_a_lane_of_a_cluster_that_waits_for_its_dataset_does_not_call_that_idle(
    make: Callable[..., Path], dataset: Path
) -> None:
    folder = make("a")
    away = dataset.parent.rename(dataset.parent.with_name("away"))

    def world(now: float) -> None:
        if now > 200.0 and away.exists():
            away.rename(dataset.parent)

    report, _ = ticking_lane(folder.parent, world, idle_s=60.0)
    assert (report.done, report.mood) == (("a",), LaneMood.OVER)


def test_with_nothing_left_to_do_no_trouble_keeps_a_lane(
    make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make("a").parent
    claims.write_done(root / "a", {"attempt": 1})
    monkeypatch.setattr(guards, "look_at_disk", lambda _: Hold("the disk is full"))
    report, said = ticking_lane(root, lambda now: None)
    assert (report.mood, said) == (LaneMood.OVER, ["nothing left to do: 0 trained by this lane"])


def test_a_lane_on_which_run_after_run_fails_retires(make: Callable[..., Path]) -> None:
    for name in "abcde":
        root = make(name).parent

    def fail(work: Work) -> None:
        close(work, Fault(Cause.ERROR, "RuntimeError: no"))

    with lane_at_work(root, fail) as lane:
        report = lane.join()
        assert report.mood is LaneMood.RETIRED
        assert len(report.failed) == 3
        assert lane.state.why.startswith("3 trainings in a row failed here: ")
        assert lane.said[-1] == f"retired: {lane.state.why}"


@pytest.mark.parametrize(
    ("cause", "reason", "bye"),
    [
        (Cause.STOPPED, "lane cpu0 was asked to stop", "stopped, as asked"),
        (Cause.PREEMPTED, "the cluster ended lane cpu0", "the cluster wants its machine back"),
    ],
)
def test_stopped_by_somebody_or_by_the_cluster(make: Callable[..., Path], cause: Cause, reason: str, bye: str) -> None:
    folder = make()

    def train(work: Work) -> None:
        work.stop.set()
        close(work, Fault(work.stopped_as, work.stop_reason))

    with lane_at_work(folder.parent, train, stopped_as=cause) as lane:
        report = lane.join()
        assert (report.mood, report.failed) == (LaneMood.STOPPED, (folder.name,))
        assert lane.said[-1] == lane.state.why == bye
    end = read_record(folder).last_end
    assert end is not None and (end.cause, end.reason, end.again) == (cause, reason, True)


def test_a_matrix_folder_that_was_removed_ends_its_lanes(make: Callable[..., Path]) -> None:
    folder = make("a")
    claims.take(folder, 1, claims.Claim("other", this_process(), claims.now()))

    def world(now: float) -> None:
        if now > 20.0 and folder.exists():
            folder.parent.rename(folder.parent.with_name("moved"))

    report, said = ticking_lane(folder.parent, world)
    assert report.mood is LaneMood.RETIRED
    assert "falls free" in said[0] and "the folder of the matrix is gone" in said[-1]
    assert not folder.parent.exists(), "nothing is written where it was"


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_what_a_training_leaves_behind_ends_with_it(until: Until) -> None:
    """Loader workers of a training that was killed would keep memory, and sometimes the GPU."""
    script = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True)"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stdout is not None
    left = int(child.stdout.readline())
    child.wait()
    assert psutil.pid_exists(left)
    trainers._end(child)  # type: ignore[arg-type]
    until(lambda: not psutil.pid_exists(left) or psutil.Process(left).status() == "zombie", "it to end", 10)
    child.stdout.close()


def test_epochs_are_said_once_a_minute() -> None:
    """48 hours of epochs of seconds would fill a log that people read."""
    said = trainers._Said()
    beats = (Beat(1, "", this_process(), "training", n, 200, 5, 5, 0.5, 0.25, seconds=20.0 * n) for n in range(1, 200))
    lines = [line for beat in beats if (line := said.news(beat))]
    assert len(lines) == 67
    assert lines[0] == "epoch 1/200, mAP50 0.500, mAP50-95 0.250"
    last = Beat(1, "", this_process(), "finishing", 200, 200, 5, 5, 0.5, 0.25, seconds=3985.0)
    assert said.news(last).startswith("epoch 200/200"), "the last one is always said"


def test_a_training_that_hangs_is_known_by_its_batches_not_by_its_beats() -> None:
    motion = trainers._Motion(0.0)
    beats = [Beat(n, "", this_process(), "training", 3, 9, min(n, 40), 90) for n in range(1000)]
    still = [motion.still_s(beat, 2.0 * beat.count) for beat in beats]
    assert max(still[:41]) == 0.0
    assert still[-1] == 2.0 * (999 - 40)


def test_a_lane_ends_no_attempt_but_its_own(make: Callable[..., Path]) -> None:
    """Its training was requeued, and before it hears of that another lane has taken the fresh run."""
    fresh = make("a")

    def train(work: Work) -> None:
        seconds = iter(range(0, 1000, 20))  # it has not beaten yet, and is believed to be gone
        orders.requeue(work.attempt.run.folder, clock=lambda: float(next(seconds)), sleep=lambda _: None)
        assert claims.take(fresh, 1, Claim("gpu7", ELSEWHERE, claims.now()))
        close(work, Fault(Cause.ERROR, "the training ended with exit code 75 without a word"))
        assert read_record(fresh).is_taken
        work.stop.set()

    with lane_at_work(fresh.parent, train) as lane:
        assert lane.join().mood is LaneMood.STOPPED
        assert read_record(fresh).is_taken


def test_how_an_attempt_went_is_one_line() -> None:
    done = Record(attempt=2, done={"attempt": 2, "seconds": 45.0, "map50": 0.5, "map50_95": 0.25})
    assert _conclusion(done, 2) == "done in 45 s, mAP50 .500, mAP50-95 .250"
    ended = Record(attempt=1, ends=((1, End(Cause.NAN, "the training diverged", True, "")),))
    assert _conclusion(ended, 1) == "nan: the training diverged"


def test_a_requeue_is_called_by_its_name() -> None:
    claim = Claim("gpu0", this_process(), claims.now())
    assert "put aside by a requeue" in _conclusion(Record(), 1)
    assert "taken over by another lane" in _conclusion(Record(attempt=2, claim=claim), 1)
