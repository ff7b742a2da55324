"""`labtools cancel|retry|requeue|priority` as a person types them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from labtools.artifacts.record import Beat, Cause, Claim, ProcessId, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import RunSpec, read_run
from labtools.cli import main
from labtools.core.errors import LabError
from labtools.core.files import write_json
from labtools.train.processes import this_process
from labtools.train.runqueue import claims

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Runs of one matrix, seen from the folder above ``runs``."""
    monkeypatch.chdir(tmp_path)

    def make(run_id: str, matrix: str = "dlcv") -> Path:
        spec = RunSpec(run_id, "yolov8n", "/w/yolov8n.pt", 10, 320, 8, 4, 0, "/d/dlcv.yaml", "f")
        folder = tmp_path / "runs" / matrix / run_id
        write_json(folder / "run.json", spec.to_json())
        return folder

    return make


def labtools(*arguments: str) -> dict[str, Any]:
    """Run a command; by run id, whether it changed anything and what it says."""
    if not main.app.registered_commands:
        main._register_commands()
    result = CliRunner().invoke(main.app, [*arguments, "--json"])
    if result.exception is not None:
        raise result.exception
    answer = json.loads(result.stdout.splitlines()[-1])
    return {run["run_id"]: (run["changed"], run["what"]) for run in answer["runs"]}


def state(folder: Path) -> State:
    return judge(read_record(folder), stale=False)


def fail(folder: Path) -> None:
    claims.take(folder, 1, Claim("gpu0", this_process(), claims.now()))
    claims.write_end(folder, 1, Cause.OOM, "not even one image fits", again=False, changes={"batch": 1})


def finish(folder: Path) -> None:
    claims.take(folder, 1, Claim("gpu0", this_process(), claims.now()))
    claims.write_done(folder, {"attempt": 1, "map50": 0.5})


def test_what_is_cancelled_is_left_out_until_it_is_called_back(make: Make) -> None:
    big, small, done = make("yolov8x_640"), make("yolov8n_640"), make("yolov8x_320")
    finish(done)
    assert labtools("cancel", "yolov8x*") == {
        "yolov8x_640": (True, "is left out"),
        "yolov8x_320": (False, "is done already"),
    }
    assert (state(big), state(small), state(done)) == (State.CANCELLED, State.TODO, State.DONE)
    assert labtools("cancel", "yolov8x_640") == {"yolov8x_640": (False, "was cancelled already")}
    assert labtools("retry", "yolov8x_640", "yolov8n_640") == {
        "yolov8x_640": (True, "has another chance"),
        "yolov8n_640": (False, "waits for a lane already"),
    }
    assert state(big) is State.TODO


def test_another_chance_is_one_as_asked(make: Make) -> None:
    failed, other = make("a"), make("b")
    fail(failed)
    assert read_record(failed).changes == {"batch": 1}
    assert labtools("retry", "--failed") == {"a": (True, "has another chance")}
    assert (state(failed), state(other)) == (State.TODO, State.TODO)
    assert read_record(failed).changes == {}
    assert labtools("retry", "--failed") == {}


def test_a_training_under_way_is_ended_by_cancel(make: Make) -> None:
    folder = make("a")
    claims.take(folder, 1, Claim("gpu3", ProcessId("titan", 4711, 1.0), claims.now()))
    said = labtools("cancel", "a")["a"][1]
    assert said == "is left out; its training (lane gpu3 on titan) ends within seconds"
    assert claims.is_fenced(folder, 1)
    assert state(folder) is State.CANCELLED


def test_requeue_moves_what_there_was_aside_and_deletes_nothing(make: Make) -> None:
    done, failed = make("yolov8n_320"), make("yolov8n_640")
    finish(done)
    fail(failed)
    (done / "weights").mkdir()
    (done / "weights" / "best.pt").write_bytes(b"days of work")
    what = labtools("requeue", "yolov8n*")
    assert what["yolov8n_320"] == (False, "is done: name it in full, or add --done, to train it again")
    assert what["yolov8n_640"][0]
    assert (state(done), state(failed)) == (State.DONE, State.TODO)
    spec = read_run(done).spec
    for k in (1, 2):
        assert labtools("requeue", "yolov8n_320")["yolov8n_320"][1].endswith(
            str(Path("runs/dlcv/old") / f"yolov8n_320.{k}")
        )
    assert state(done) is State.TODO
    assert read_run(done).spec == spec
    aside = done.parent / "old" / "yolov8n_320.1"
    assert (aside / "weights" / "best.pt").read_bytes() == b"days of work"
    assert sorted(p.name for p in (done.parent / "old").iterdir()) == [
        "yolov8n_320.1",
        "yolov8n_320.2",
        "yolov8n_640.1",
    ]


def test_a_stale_run_makes_room_for_what_the_matrix_means_now(make: Make) -> None:
    stale, other = make("a"), make("b")
    claims.mark_stale(stale, "the dataset has changed")
    assert state(stale) is State.STALE
    assert labtools("retry", "a")["a"][1].startswith("is stale")
    assert list(labtools("requeue", "--stale")) == ["a"]
    assert not stale.exists(), "what was asked there means nothing any more"
    assert (other.parent / "old" / "a.1" / "run.json").is_file()


def test_requeue_ends_a_training_and_waits_until_it_is_gone(make: Make) -> None:
    folder = make("a")
    me = this_process()
    # A training that notices at its next beat that it is closed, as all do.
    script = (
        "import sys, time; from pathlib import Path; from labtools.train.runqueue import claims\n"
        "while not claims.is_fenced(Path(sys.argv[1]), 1): time.sleep(0.1)\n"
        "time.sleep(0.5); (Path(sys.argv[1]) / 'last words').touch()"
    )
    with subprocess.Popen([sys.executable, "-c", script, folder]) as training:
        process = ProcessId(me.host, training.pid, psutil.Process(training.pid).create_time())
        claims.take(folder, 1, Claim("gpu0", me, claims.now()))
        claims.write_beat(folder, 1, Beat(1, claims.now(), process, "training", 2, 4))
        assert labtools("requeue", "a")["a"][0]
        assert (folder.parent / "old" / "a.1" / "last words").exists(), "its last words went where they belong"
    assert [p.name for p in folder.iterdir()] == ["run.json"]
    assert state(folder) is State.TODO


def test_priorities_are_set_while_it_runs(make: Make) -> None:
    first, second = make("yolov8n_320"), make("yolov8x_640")
    assert labtools("priority", "yolov8n*", "--to", "-5") == {"yolov8n_320": (True, "priority 0 -> -5")}
    assert labtools("priority", "yolov8n*", "--to", "-5") == {"yolov8n_320": (False, "has priority -5 already")}
    assert (read_record(first).priority, read_record(second).priority) == (-5, 0)


def test_what_a_person_can_get_wrong(make: Make) -> None:
    make("a")
    with pytest.raises(LabError, match="no run matches 'yolo'") as caught:
        labtools("cancel", "yolo")
    assert caught.value.fix == "Runs here: a."
    with pytest.raises(LabError, match="which runs was not said") as caught:
        labtools("retry")
    assert caught.value.fix.endswith("or add --failed.")
    make("a", matrix="other")
    with pytest.raises(LabError, match="several matrices: dlcv, other") as caught:
        labtools("cancel", "a")
    assert caught.value.fix.endswith("e.g. --matrix runs/dlcv.")
    assert labtools("cancel", "a", "--matrix", "runs/other")["a"][0]
    assert labtools("cancel", "runs/dlcv/a")["a"][0]


def test_a_quoted_glob_of_paths_is_understood_as_by_evaluate(make: Make) -> None:
    make("yolov8n_320")
    make("yolov8n_640")
    make("yolov8s_320")
    assert sorted(labtools("cancel", "runs/dlcv/yolov8n*")) == ["yolov8n_320", "yolov8n_640"]


def test_what_was_put_aside_is_no_run_any_more(make: Make) -> None:
    folder = make("a")
    labtools("requeue", "a")
    aside = folder.parent / "old" / "a.1"
    with pytest.raises(LabError, match="put aside"):
        labtools("requeue", str(aside))
    assert (aside / "run.json").is_file()
