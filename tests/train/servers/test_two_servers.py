"""A matrix on two real servers: whatever happens to one, or to the way there, the runs are trained once and all."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loopback_servers import LoopbackServers

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.lanes import LaneMood, read_lane_states
from labtools.artifacts.record import Cause, Claim, ProcessId, State
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import read_curves, read_run
from labtools.core.files import read_json
from labtools.train.planning.plan import plan_matrix, write_plan
from labtools.train.runqueue import claims
from labtools.train.status.grid import read_grid

pytestmark = pytest.mark.long

Until = Callable[..., None]


@pytest.fixture
def shared(lab: Any, room: LoopbackServers, shapes_dataset: Dataset) -> Iterator[Any]:
    """A lab that both servers see, with a lane on each."""
    (lab.folder / "servers.yaml").write_text(room.servers_yaml(lab.folder), encoding="utf-8")
    lab.write_matrix(data=str(shapes_dataset.root))
    yield lab
    for name in room.names:
        room.power_off(name)


def train(lab: Any, *options: str) -> Any:
    return lab.labtools("train-matrix", "--matrix", "matrix.yaml", "--servers", "servers.yaml", *options)


def launched(result: Any) -> dict[str, Any]:
    assert result.returncode == 0, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return dict(answer["launched"])


def moods(lab: Any) -> dict[str, LaneMood]:
    return {f"{state.lane}@{state.host}": state.state for state in read_lane_states(lab.root)}


def test_a_server_loses_power_the_other_finishes_and_it_comes_back(
    shared: Any, room: LoopbackServers, until: Until, shapes_dataset: Dataset
) -> None:
    shared.write_matrix(data=str(shapes_dataset.root), epochs=2)
    first = launched(train(shared, "--lease", "10", "--json"))
    assert (first["started"], first["launcher"]) == (["cpu0", "cpu1"], "tmux")
    until(lambda: [run.phase for run in read_grid(shared.root).runs] == ["training"] * 2, "both to train")
    there = next(run for run in read_grid(shared.root).runs if run.lane == "cpu1")
    assert read_record(shared.root / there.run_id).claim.process.host == "server-b"  # type: ignore[union-attr]

    room.power_off("b")
    refused = train(shared)
    assert refused.returncode == 2 and "--skip-unreachable" in refused.stderr
    skipped = train(shared, "--lease", "10", "--skip-unreachable", "--json")
    assert "labtools attach --server a" in skipped.stderr and "tmux -L" not in skipped.stderr, "its tmux is not ours"
    again = launched(skipped)
    assert (again["started"], again["alive"]) == ([], ["cpu0"])
    until(lambda: read_record(shared.root / there.run_id).attempt == 2, "the other server to take it over")

    room.power_on("b")
    back = train(shared, "--lease", "10", "--wait", "--json")
    assert "cpu0" in launched(back)["alive"] and launched(back)["started"] in ([], ["cpu1"])
    for run in read_grid(shared.root).runs:
        folder = shared.root / run.run_id
        assert run.state is State.DONE
        assert list(read_curves(read_run(folder))["epoch"]) == [1, 2]
    record = read_record(shared.root / there.run_id)
    assert [end.cause for _, end in record.ends] == [Cause.LANE]
    assert "server-b" in record.ends[0][1].reason
    assert read_json(shared.root / there.run_id / "done.json")["host"] == "server-a"


@pytest.fixture
def busy(shared: Any) -> Any:
    """A matrix whose runs somebody far away is training, so that lanes start, wait, and train nothing."""
    for run in write_plan(plan_matrix(shared.matrix, None, shared.folder / "runs")):
        far = Claim("gpu0", ProcessId("far-away", 1, time.time()), claims.now())
        assert claims.take(run.folder, 1, far)
    return shared


def test_nothing_is_started_twice_and_everything_is_stopped(busy: Any, room: LoopbackServers, until: Until) -> None:
    assert launched(train(busy, "--json"))["started"] == ["cpu0", "cpu1"]
    both_wait = {"cpu0@server-a": LaneMood.WAITING, "cpu1@server-b": LaneMood.WAITING}
    until(lambda: moods(busy) == both_wait, "both lanes to wait")

    # The way there breaks: no lane hears of it, and starting again starts none.
    for name in room.names:
        room.drop_connections(name)
    again = launched(train(busy, "--json"))
    assert (again["started"], again["alive"]) == ([], ["cpu0", "cpu1"])
    assert room.run("b", "TMUX= tmux -L $LABTOOLS_TMUX_SOCKET list-windows -F '#W'") == "tiny-cpu1\n"

    room.power_off("a")
    stopped = train(busy, "--stop", "--json")
    assert stopped.returncode == 1, "a could not be told"
    answer = json.loads(stopped.stdout.splitlines()[-1])
    assert answer["stopped"] == ["cpu1"] and len(answer["unreached"]) == 1
    assert "a is there, but takes no ssh connections" in stopped.stderr
    assert moods(busy)["cpu1@server-b"] is LaneMood.STOPPED


@pytest.mark.slow
def test_lanes_may_be_kept_to_some_runs(busy: Any, until: Until) -> None:
    """All runs are taken elsewhere, but one that nobody means."""
    free, taken = sorted(path.parent for path in busy.root.glob("*/run.json"))
    (free / "claim.1").unlink()
    assert "no run of this matrix matches 'x*'" in train(busy, "--only", "x*").stderr
    assert launched(train(busy, "--only", f"x*, {taken.name}", "--json"))["started"] == ["cpu0"]
    until(lambda: moods(busy) == {"cpu0@server-a": LaneMood.WAITING}, "the lane to find nothing to do")
    assert read_record(free).attempt == 0


def test_lanes_are_asked_for_by_their_numbers(busy: Any) -> None:
    dry = train(busy, "--dry-run", "--gpus", "cpu", "--lanes", "1")
    assert dry.returncode == 0, dry.stderr
    assert "server-a" in dry.stderr and "server-b" not in dry.stderr, "only servers that are needed are looked at"
    assert "there is no GPU 0: no server has a GPU" in train(busy, "--gpus", "0").stderr
    assert moods(busy) == {}


@pytest.mark.slow
def test_this_machine_may_be_one_of_the_servers(busy: Any, room: LoopbackServers, until: Until) -> None:
    text = room.servers_yaml(busy.folder).replace("ssh: a, ", "")
    (busy.folder / "servers.yaml").write_text(text, encoding="utf-8")
    assert launched(train(busy, "--launcher", "process", "--json"))["started"] == ["cpu0", "cpu1"]
    until(lambda: set(moods(busy)) == {f"cpu0@{socket.gethostname()}", "cpu1@server-b"}, "a lane here and one there")
    stopped = json.loads(train(busy, "--stop", "--json").stdout.splitlines()[-1])
    assert stopped["stopped"] == ["cpu0", "cpu1"]
