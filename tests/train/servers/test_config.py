"""servers.yaml: what is understood, what is refused with its line, and whose GPUs are which."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labtools.core.errors import LabError
from labtools.train.servers.config import Server, SlurmOptions, read_servers, read_slurm
from labtools.train.servers.numbering import describe, number_lanes

ROOM = (
    Server("a", None, gpus=(0, 1, 2, 3)),
    Server("b", "lab-b", gpus=(0, 2)),
    Server("c", "lab-c", cpu=2),
)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "servers.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_server_is_read_and_what_it_leaves_out_is_as_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "servers:\n"
        "  - {name: a, gpus: 0-3}\n"
        "  - {name: b, ssh: me@lab-b, gpus: [2, 0], workdir: '/s/l été', python: /v/bin/python, env: {N: 1, S: x y}}\n"
    )
    a, b = read_servers(write(tmp_path, text))
    assert a == Server("a", None, (0, 1, 2, 3), 0, str(tmp_path), sys.executable, ())
    assert b == Server("b", "me@lab-b", (2, 0), 0, "/s/l été", "/v/bin/python", (("N", "1"), ("S", "x y")))


@pytest.mark.parametrize("text", ["", "servers:\n", "slurm: {partition: gpu}\n", "# nothing yet\n"])
def test_a_file_without_servers_has_none(tmp_path: Path, text: str) -> None:
    assert read_servers(write(tmp_path, text)) == ()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{name: a}", "needs `gpus: [0, 1, ...]`, or `cpu: 2`"),
        ("{name: a, gpus: [0], cpu: 1}", "needs `gpus: [0, 1, ...]`, or `cpu: 2`"),
        ("{name: a b, gpus: [0]}", "'a b' is no name for a server"),
        ("{name: a, gpus: [0, 1, 0]}", "GPU 0 is listed twice"),
        ("{name: a, gpus: 3-1}", "'3-1' is no list of GPUs"),
        ("{name: a, gpus: [-1]}", "greater than or equal to 0"),
        ("{name: a, gpus: [0], ssh: 'lab-a:2222'}", "write ssh://lab-a:2222"),
        ("{name: a, gpus: [0], python: ~/venv/bin/python}", "is not a whole path; begin with /"),
        ("{name: a, gpus: [0], python: $HOME/python}", "is not a whole path; begin with /"),
        ("{name: a, gpus: [0], ssh: -oProxyCommand=x}", "is nothing that ssh can reach"),
        ("{name: a, gpus: [0], ssh: 'lab b'}", "is nothing that ssh can reach"),
        ("{name: a, gpus: [0], workdir: lab}", "'lab' is not a whole path"),
        ("{name: a, gpus: [0], env: {OFFLINE: yes}}", "put 'true' in quotes"),
        ("{name: a, gpus: [0], env: {'A-B': x}}", "'A-B' is no name for a variable"),
        ("{name: a, gpus: [0], gpu: 0}", "unknown key"),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, entry: str, said: str) -> None:
    path = write(tmp_path, f"servers:\n  - {{name: first, ssh: first, gpus: [0]}}\n  - {entry}\n")
    with pytest.raises(LabError, match="line 3") as caught:
        read_servers(path)
    assert said in caught.value.what
    assert caught.value.where == f"{path}:3"


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("{name: a, ssh: x, gpus: [1]}", "two servers have name: a"),
        ("{name: b, ssh: lab-a, gpus: [1]}", "two servers have ssh: lab-a"),
    ],
)
def test_two_servers_are_two(tmp_path: Path, second: str, said: str) -> None:
    with pytest.raises(LabError, match=said):
        read_servers(write(tmp_path, f"servers:\n  - {{name: a, ssh: lab-a, gpus: [0]}}\n  - {second}\n"))


def test_only_one_server_is_this_machine(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="only one can be this machine"):
        read_servers(write(tmp_path, "servers:\n  - {name: a, gpus: [0]}\n  - {name: b, gpus: [0]}\n"))


def test_a_cluster_has_defaults_and_its_own_words(tmp_path: Path) -> None:
    assert read_slurm(tmp_path / "none.yaml") == SlurmOptions()
    path = write(tmp_path, "slurm: {partition: gpu, time: '2-00:00:00', lanes: 4, extra: [--qos=long]}\n")
    assert read_slurm(path) == SlurmOptions(partition="gpu", time="2-00:00:00", lanes=4, extra=["--qos=long"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("mem: 32", "32 would be megabytes; write 32G"),
        ("time: 10:00:00", "YAML reads 10:00:00 as the number 36000"),
    ],
)
def test_what_a_cluster_would_take_otherwise_is_refused(tmp_path: Path, options: str, said: str) -> None:
    with pytest.raises(LabError, match=said):
        read_slurm(write(tmp_path, f"slurm: {{{options}}}\n"))


def test_the_example_that_is_delivered_names_nothing_and_is_right_once_it_is_taken_in(tmp_path: Path) -> None:
    example = Path(__file__).parents[3] / "configs" / "servers.yaml"
    assert read_servers(example) == ()
    lines = example.read_text(encoding="utf-8").splitlines()
    first = lines.index("# servers:")
    rest = [line.removeprefix("# ") for line in lines[first:] if line.startswith(("#  ", "# servers", "# slurm"))]
    path = write(tmp_path, "\n".join(rest))
    assert [server.name for server in read_servers(path)] == ["a", "b", "old"]
    assert describe(read_servers(path)) == "a has 0-3, b has 4-7"
    assert read_slurm(path).partition == "gpu"


def test_gpus_are_counted_through_all_servers() -> None:
    lanes = number_lanes(ROOM, "2-5")
    assert [(lane.name, lane.server, lane.gpu) for lane in lanes] == [
        ("gpu2", "a", 2),
        ("gpu3", "a", 3),
        ("gpu4", "b", 0),
        ("gpu5", "b", 2),
    ]
    assert describe(ROOM) == "a has 0-3, b has 4-5"


def test_without_gpus_named_every_lane_there_is_works() -> None:
    names = [lane.name for lane in number_lanes(ROOM, None)]
    assert names == [f"gpu{i}" for i in range(6)] + ["cpu0", "cpu1"]


def test_cpu_lanes_are_those_of_servers_that_give_some_else_of_this_machine() -> None:
    assert [(lane.name, lane.server) for lane in number_lanes(ROOM, "cpu")] == [("cpu0", "c"), ("cpu1", "c")]
    assert [lane.name for lane in number_lanes(ROOM, "cpu", 1)] == ["cpu0"]
    (here,) = number_lanes(ROOM[:2], "cpu")
    assert (here.name, here.server) == ("cpu0", "")
    with pytest.raises(LabError, match="there are 2 CPU lanes, not 3"):
        number_lanes(ROOM, "cpu", 3)


def test_gpus_beyond_the_last_are_refused_with_whose_are_which() -> None:
    with pytest.raises(LabError, match="there is no GPU 6, 7: a has 0-3, b has 4-5"):
        number_lanes(ROOM, "0-7")
