"""Real trainings on the CPU, and real trouble: kills, too little memory, a full disk, images that are gone.

Each story is one run and costs some seconds per attempt, so the tests look at few of them from many sides.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from labtools.artifacts.checkpoint import Kept, kept_epochs, kept_files, write_kept
from labtools.artifacts.dataset import Dataset
from labtools.artifacts.record import Beat, Cause, Claim, End, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import RunSpec, read_curves, read_run
from labtools.core.config import read_yaml
from labtools.core.files import read_json, write_json
from labtools.demo.scales import WEIGHTS
from labtools.train.attempt import EXIT_FAILED, EXIT_FENCED, EXIT_NO_SPACE
from labtools.train.processes import this_process
from labtools.train.runqueue import claims
from labtools.train.runqueue.policy import Fault

pytestmark = pytest.mark.long

TROUBLED = Path(__file__).with_name("troubled.py")
ARGS = {"plots": False, "nbs": 4, "optimizer": "AdamW", "lr0": 0.002, "weight_decay": 0.001}


def environment() -> dict[str, str]:
    """Ours without a trace of pytest, where Ultralytics would write no events; one thread, as it is a small network."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return {**ours, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}


@dataclass
class Story:
    """A run folder and the attempts that were made at it."""

    folder: Path
    data: Path
    epochs: int = 3
    args: dict[str, Any] = field(default_factory=lambda: dict(ARGS))
    codes: list[int] = field(default_factory=list)

    def attempt(self, *troubles: dict[str, Any]) -> End | None:
        """Claim the run, train in a process as a lane does, and record a kill as a lane does; how it ended."""
        if not self.folder.exists():
            self._ask()
        number = read_record(self.folder).attempt + 1
        assert claims.take(self.folder, number, Claim("cpu0", this_process(), claims.now()))
        with (self.folder / "train.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, str(TROUBLED), json.dumps(troubles), str(self.folder), str(number), "cpu", "cpu0"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment(),
            )
            self.codes.append(child.wait(300))
            child.stdin.close()  # type: ignore[union-attr]
        if self.codes[-1] < 0:
            # As an attempt with NaN would: what is changed has to hold although the checkpoint says otherwise.
            claims.end_attempt(read_run(self.folder), number, Fault(Cause.KILLED, "killed", changes={"amp": False}))
        return dict(read_record(self.folder).ends).get(number)

    def _ask(self) -> None:
        spec = RunSpec(
            run_id=self.folder.name,
            model="yolov8f",
            weights=str(WEIGHTS / "yolov8f.pt"),
            freeze=None,
            imgsz=64,
            batch=8,
            epochs=self.epochs,
            seed=0,
            data=str(self.data),
            fingerprint="f",
            args=self.args,
        )
        write_json(self.folder / "run.json", spec.to_json())

    @property
    def done(self) -> dict[str, Any]:
        assert judge(read_record(self.folder), stale=False) is State.DONE, self.log[-3000:]
        return dict(read_json(self.folder / "done.json"))

    @property
    def log(self) -> str:
        return (self.folder / "train.log").read_text(encoding="utf-8")

    @property
    def witness(self) -> list[dict[str, Any]]:
        """Every epoch that was trained to its end, by whichever attempt: see `troubled`."""
        return [json.loads(line) for line in (self.folder / "epochs.txt").read_text().splitlines()]

    @property
    def trained(self) -> list[int]:
        return [facts["epoch"] for facts in self.witness]

    def check_complete(self) -> None:
        """A complete Ultralytics folder of one training, and nothing that is only there to go on from."""
        for name in ("args.yaml", "results.csv", "weights/best.pt", "weights/last.pt"):
            assert (self.folder / name).stat().st_size > 0, name
        assert list(read_curves(read_run(self.folder))["epoch"]) == list(range(1, self.epochs + 1))
        assert not [path for path in kept_files(self.folder) if path.exists()]
        assert not list(self.folder.rglob(".*")), "no half-written file stays"

    def curve(self, tag: str) -> list[tuple[int, float]]:
        """What TensorBoard shows of this run."""
        (events,) = self.folder.glob("events.out.tfevents.*")
        board = EventAccumulator(str(events))
        board.Reload()
        return [(point.step, point.value) for point in board.Scalars(tag)]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trainings") / "L'été"


PLAIN = """
import sys
from labtools.yolo.engine import keep_label_caches, load_model, ultralytics, use_our_threads
from pathlib import Path
model = load_model(Path(sys.argv[1]))
keep_label_caches()
model.add_callback("on_train_start", lambda trainer: use_our_threads())
model.train(data=sys.argv[2], save_dir=sys.argv[3], exist_ok=True, epochs=2, imgsz=64, batch=8, seed=0, device="cpu",
            plots=False, nbs=4, optimizer="AdamW", lr0=0.002, weight_decay=0.001)
"""


@pytest.fixture(scope="module")
def undisturbed(lab: Path, shapes_dataset: Dataset) -> Story:
    story = Story(lab / "undisturbed", shapes_dataset.yaml, epochs=2)
    assert story.attempt() is None, story.log[-3000:]
    return story


def test_an_undisturbed_run_has_the_bits_of_plain_ultralytics(undisturbed: Story, lab: Path) -> None:
    import torch

    plain = lab / "plain"
    plain.mkdir()
    command = [sys.executable, "-c", PLAIN, str(WEIGHTS / "yolov8f.pt"), str(undisturbed.data), str(plain)]
    subprocess.run(command, check=True, capture_output=True, env=environment(), timeout=120)
    ours, theirs = (
        torch.load(folder / "weights" / "last.pt", weights_only=False)["model"].state_dict()
        for folder in (undisturbed.folder, plain)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    rows = [(folder / "results.csv").read_text().splitlines() for folder in (undisturbed.folder, plain)]
    without_time = [[[row.split(",")[0], *row.split(",")[2:]] for row in table] for table in rows]
    assert without_time[0] == without_time[1]


def test_the_record_of_a_run_says_what_was_really_used(undisturbed: Story) -> None:
    undisturbed.check_complete()
    done = undisturbed.done
    used = {name: done[name] for name in ("epochs", "batch", "nominal_batch", "accumulate", "val_batch", "resumed")}
    assert used == {"epochs": 2, "batch": 8, "nominal_batch": 8, "accumulate": 1, "val_batch": 16, "resumed": 0}
    (attempt,) = done["attempts"]
    assert (attempt["number"], attempt["lane"], attempt["cause"], attempt["epochs"]) == (1, "cpu0", "done", 2)
    assert done["seconds"] == attempt["seconds"] > 0
    assert (done["device"], done["gpu_bytes"]) == ("cpu", None)
    assert set(done["versions"]) == {"python", "labtools", "ultralytics", "torch"}
    beat = Beat(**read_json(undisturbed.folder / "beat.1.json"))
    assert (beat.batch, beat.resumed, beat.epochs) == (8, 0, 2)
    assert [step for step, _ in undisturbed.curve("metrics/mAP50(B)")] == [1, 2, 3], "the last is the best checkpoint's"


def test_tensorboard_compares_runs_by_what_was_asked(undisturbed: Story) -> None:
    from tensorboard.plugins.hparams import metadata

    (events,) = undisturbed.folder.glob("events.out.tfevents.*")
    board = EventAccumulator(str(events))
    board.Reload()
    found = board.PluginTagToContent("hparams")
    start = metadata.parse_session_start_info_plugin_data(found[metadata.SESSION_START_INFO_TAG])
    asked = {name: value.number_value or value.string_value for name, value in start.hparams.items()}
    assert (asked["model"], asked["imgsz"], asked["batch"], asked["lr0"]) == ("yolov8f", 64, 8, 0.002)
    assert start.hparams["freeze"].number_value == 0 and "freeze" in start.hparams
    experiment = metadata.parse_experiment_plugin_data(found[metadata.EXPERIMENT_TAG])
    tags = {info.name.tag for info in experiment.metric_infos}
    assert tags == {"metrics/mAP50(B)", "metrics/mAP50-95(B)"} <= set(board.Tags()["scalars"])
    assert metadata.SESSION_END_INFO_TAG in found
    assert not board.Tags()["graph"], "drawing the network takes longer than an epoch here"


@pytest.fixture(scope="module")
def killed(lab: Path, shapes_dataset: Dataset) -> Story:
    """Its images are lost in the last epoch but one; its folder is moved; it is killed between training and record."""
    data = lab / "data"
    shutil.copytree(shapes_dataset.root, data)
    story = Story(lab / "killed", data / shapes_dataset.yaml.name, epochs=4)
    images = data / "images"
    end = story.attempt({"what": "lose", "at": "trained", "epoch": 3, "path": str(images)})
    assert end is not None and (end.cause, end.epoch) == (Cause.DATA, 2), story.log[-3000:]
    assert f"Image Not Found {images}" in end.reason
    shutil.move(f"{images}.away", images)
    story.folder = story.folder.rename(lab / "moved")
    for name in ("last.pt", "best.pt"):
        (story.folder / "weights" / name).unlink()
        (story.folder / "weights" / name).write_bytes(b"torn")
    with (story.folder / "results.csv").open("a") as file:
        file.write("3,9.9,1.1")  # as a kill in the middle of a row leaves it
    end = story.attempt({"what": "kill", "at": "end"})
    assert end is not None and (end.cause, end.epoch) == (Cause.KILLED, 4), story.log[-3000:]
    files = len(list(story.folder.glob("events.out.tfevents.*")))
    assert files == 2, "what earlier attempts wrote, cut to where it went on, and what this one writes"
    assert story.attempt() is None, story.log[-3000:]
    return story


def test_no_finished_epoch_is_trained_twice(killed: Story) -> None:
    killed.check_complete()
    assert killed.trained == [1, 2, 3, 3, 4], "the third was under way when its images went away"
    assert not (killed.folder.parent / "killed").exists(), "nothing is written where the folder was"
    times = list(read_curves(read_run(killed.folder))["time"])
    assert times == sorted(times)


def test_tensorboard_shows_one_curve(killed: Story) -> None:
    assert [step for step, _ in killed.curve("metrics/mAP50(B)")] == [1, 2, 3, 4, 5]
    assert [step for step, _ in killed.curve("train/box_loss")] == [1, 2, 3, 4]


def test_a_resumed_run_tells_its_story(killed: Story) -> None:
    done = killed.done
    story = [(part["number"], part["cause"], part["epochs"]) for part in done["attempts"]]
    assert story == [(1, "data", 2), (2, "killed", 2), (3, "done", 0)]
    assert (done["attempt"], done["resumed"], done["epochs"]) == (3, 4, 4)
    best = read_curves(read_run(killed.folder))["metrics/mAP50-95(B)"]
    assert best.iloc[done["best_epoch"] - 1] == best.max()
    assert done["map50_95"] == pytest.approx(best.max(), abs=0.02)
    asked = read_yaml(killed.folder / "args.yaml")
    assert (asked["model"], asked["resume"], asked["amp"]) == (str(WEIGHTS / "yolov8f.pt"), False, False)
    assert asked["save_dir"] == str(killed.folder)


@pytest.fixture(scope="module")
def tight(lab: Path, shapes_dataset: Dataset) -> Story:
    """Four images fit the memory in training, later only two, and five in validation; what was kept first is torn."""
    story = Story(lab / "tight", shapes_dataset.yaml, epochs=2)
    memory = {"what": "too_large", "at": "setup", "train": 4, "val": 5}
    end = story.attempt(memory)
    assert end is not None and (end.cause, end.again, end.next) == (Cause.OOM, True, {"batch": 4}), story.log[-3000:]
    assert end.reason == "out of memory: yolov8f at 64 px with batch 8 does not fit the memory; batch 4 next"
    write_kept(story.folder, kept := Kept(1, False, 1, 60.0))
    for path in (kept.last(story.folder), kept.best(story.folder)):
        path.write_bytes(b"torn")
    end = story.attempt(memory, {"what": "too_large", "at": "saved", "epoch": 1, "train": 2, "val": 5})
    assert end is not None and (end.cause, end.epoch, end.next) == (Cause.OOM, 1, {"batch": 2}), story.log[-3000:]
    assert story.attempt(memory) is None, story.log[-3000:]
    return story


def test_half_the_batch_makes_the_same_steps(tight: Story, undisturbed: Story) -> None:
    """Ultralytics alone would halve the step as well here (nbs is 4), and the weight decay with it."""
    tight.check_complete()
    told = [undisturbed.witness[-1], *tight.witness]
    assert [(facts["batch"], facts["accumulate"]) for facts in told] == [(8, 1), (4, 2), (2, 4)]
    for name in ("decay", "optimizer", "lr"):
        assert len({facts[name] for facts in told}) == 1, name
    assert told[0]["decay"] == pytest.approx(0.002)


def test_what_fitted_is_in_the_record(tight: Story) -> None:
    done = tight.done
    assert (done["batch"], done["nominal_batch"], done["accumulate"], done["val_batch"]) == (2, 8, 4, 4)
    assert tight.trained == [1, 2], "validation that does not fit loses no epoch"
    assert "out of memory in the validation: going on with 4 images at once" in tight.log


def test_a_checkpoint_that_cannot_be_read_is_said_and_left(tight: Story, lab: Path) -> None:
    from labtools import yolo

    (note,) = tight.done["notes"]
    assert note.startswith("the checkpoint after epoch 1 is of no use (this file is not a YOLO checkpoint")
    assert note in tight.log and tight.done["resumed"] == 1
    with pytest.raises(yolo.UnusableCheckpoint, match="it is of epoch 0"):  # a stripped one is of no epoch
        yolo.read_training_state(WEIGHTS / "yolov8f.pt", 3)


def test_weights_that_are_no_numbers_are_never_kept(lab: Path, shapes_dataset: Dataset) -> None:
    """Ultralytics goes on, and keeps zeros as a checkpoint."""
    story = Story(lab / "diverged", shapes_dataset.yaml)
    end = story.attempt({"what": "diverge", "at": "batch", "epoch": 1})
    assert end is not None and (end.cause, end.next) == (Cause.NAN, {"amp": False}), story.log[-3000:]
    assert end.reason.startswith("the training diverged (the weights are no numbers any more in epoch 1)")
    assert kept_epochs(story.folder) == 0 and not (story.folder / "weights" / "last.pt").exists()


def test_who_is_given_up_in_a_validation_writes_nothing_more(lab: Path, shapes_dataset: Dataset) -> None:
    """Whoever goes on has begun to write there: rows of results, checkpoints."""
    story = Story(lab / "given_up", shapes_dataset.yaml)
    end = story.attempt({"what": "close", "at": "trained", "epoch": 1})
    assert (story.codes, story.trained) == ([EXIT_FENCED], [1]), story.log[-3000:]
    assert end is not None and end.reason == "thought dead"
    assert not (story.folder / "results.csv").exists()
    assert not list((story.folder / "weights").iterdir())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_a_full_disk_costs_the_epoch_under_way_and_nothing_else(small_disk: Path, shapes_dataset: Dataset) -> None:
    """The checkpoint of the epoch before is whole, and the next attempt goes on from it when there is room."""
    story = Story(small_disk / "run", shapes_dataset.yaml, epochs=2)
    end = story.attempt({"what": "fill", "at": "batch", "epoch": 2, "path": str(small_disk)})
    if end is None:  # not even the end could be written: that is for the lane to do
        assert story.codes == [EXIT_NO_SPACE]
        (small_disk / "ballast").unlink()
        claims.end_attempt(read_run(story.folder), 1, Fault(Cause.DISK, "the disk is full"))
    else:
        assert (story.codes, end.cause) == ([EXIT_FAILED], Cause.DISK)
        (small_disk / "ballast").unlink()
    assert kept_epochs(story.folder) == 1
    assert story.attempt() is None, story.log[-3000:]
    story.check_complete()
    assert story.trained == [1, 2, 2]
