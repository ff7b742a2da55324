"""What two real servers say of themselves, and how each thing that is wrong with one is told before anything starts."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from loopback_servers import LoopbackServers

import labtools
from labtools.artifacts.dataset import Dataset
from labtools.artifacts.weights import digest_weights
from labtools.core.errors import LabError
from labtools.demo.scales import WEIGHTS
from labtools.train.lanes.gpus import Gpu, NoDriver
from labtools.train.servers.config import Server
from labtools.train.servers.facts import Needs, code_hash, find_facts, versions
from labtools.train.servers.preflight import Checkup, check_servers, require_ready, token

pytestmark = pytest.mark.long

GB = 2**30


class Lab:
    """A folder that both servers see, and what is to be trained in it."""

    def __init__(self, folder: Path, dataset: Dataset, room: LoopbackServers) -> None:
        self.folder, self.dataset, self.room = folder, dataset, room
        self.a, self.b = (Server(name, name, cpu=1, workdir=str(folder.parent)) for name in room.names)

    def check(self, *servers: Server, launcher: str | None = None, **changes: object) -> list[Checkup]:
        with token(self.folder / "runs" / "tiny") as (path, secret):
            needs = Needs(
                root=str(self.folder / "runs" / "tiny"),
                token=str(path),
                secret=secret,
                data=str(self.dataset.yaml),
                fingerprint=self.dataset.fingerprint,
                weights=(str(WEIGHTS / "yolov8f.pt"),),
                gpus=(),
                digests=(digest_weights(WEIGHTS / "yolov8f.pt"),),
            )
            return check_servers(servers, lambda _: replace(needs, **changes), launcher)  # type: ignore[arg-type]

    def troubles(self, server: Server, **changes: object) -> list[str]:
        (found,) = self.check(server, **changes)  # type: ignore[arg-type]
        return [trouble.what for trouble in found.troubles]


@pytest.fixture
def shared(tmp_path: Path, shapes_dataset: Dataset, room: LoopbackServers) -> Iterator[Lab]:
    folder = tmp_path / "L'été lab"
    folder.mkdir()
    yield Lab(folder, shapes_dataset, room)
    assert not list(folder.iterdir()), "a look leaves nothing behind"


def test_servers_that_are_ready_tell_who_they_are(shared: Lab) -> None:
    a, b = shared.check(shared.a, shared.b)
    assert (a.troubles, b.troubles) == ((), ())
    assert a.facts is not None and b.facts is not None
    assert (a.facts.host, b.facts.host) == ("server-a", "server-b")
    assert a.facts.versions == versions() and a.facts.code == code_hash()
    assert a.facts.free_bytes and a.facts.free_bytes > GB // 1024
    assert require_ready([a, b], skip_unreachable=False) == (shared.a, shared.b)


def test_a_server_with_another_disk_under_that_path_is_found_out(shared: Lab) -> None:
    """In its own mounts, the folder of the lab is an empty disk; then nothing at all; then one that is only read."""
    folder, above = (shlex.quote(str(path)) for path in (shared.folder, shared.folder.parent))
    mounts = (
        (f"mount -t tmpfs none {folder}", folder, "this server has another folder there"),
        (f"mount -t tmpfs none {above}", above, "this server has no such folder"),
        (f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}", folder, "root may not write to"),
    )
    for mount, point, said in mounts:
        shared.room.run("b", mount)
        try:
            (what,) = shared.troubles(replace(shared.b, workdir="/"))
        finally:
            shared.room.run("b", f"umount {point}")
        assert what.startswith("b: ") and said in what


def test_everything_that_is_missing_is_told_at_once(shared: Lab) -> None:
    weights = ("/w/a.pt", "/w/b.pt", str(WEIGHTS / "yolov8f.pt"))
    changes = {"gpus": (0, 1), "fingerprint": "another", "weights": weights, "digests": ("", "", "0" * 32)}
    assert shared.troubles(shared.b, **changes) == [
        "b: there is no NVIDIA driver here, so no GPU",
        "b: the dataset here is not the one that the matrix was planned with",
        "b: the checkpoint a.pt is not here",
        "b: the checkpoint b.pt is not here",
        "b: the checkpoint yolov8f.pt here is another one than where the matrix was planned",
    ]
    assert shared.troubles(shared.a, data="/no/dlcv.yaml") == ["a: no such dataset"]
    assert shared.troubles(replace(shared.a, env=(("PATH", "/"),)), launcher="tmux") == ["a: tmux is not installed"]


def test_one_machine_under_two_names_is_found_out(shared: Lab) -> None:
    shared.room.run("b", "hostname server-a")
    try:
        a, b = shared.check(shared.a, shared.b)
    finally:
        shared.room.run("b", "hostname server-b")
    assert a.troubles == ()
    assert [trouble.what for trouble in b.troubles] == ["a and b are one machine, or have one host name: server-a"]


def test_another_state_of_the_code_is_found_out(shared: Lab, tmp_path: Path) -> None:
    """A copy of labtools in which one line differs, under the same version number."""
    copy = tmp_path / "elsewhere" / "labtools"
    shutil.copytree(Path(labtools.__file__).parent, copy, ignore=shutil.ignore_patterns("*.pt", "__pycache__"))
    with (copy / "train" / "processes.py").open("a") as file:
        file.write("# one line more\n")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(copy.parent))} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (found,) = shared.check(replace(shared.b, python=str(python)))
    (trouble,) = found.troubles
    assert f"b has labtools {labtools.__version__} (" in trouble.what and f"not {code_hash()}" in trouble.what
    assert "bash scripts/prepare_server.sh b" in trouble.fix


def test_only_what_cannot_be_reached_may_be_skipped(shared: Lab) -> None:
    shared.room.power_off("b")
    found = shared.check(shared.a, shared.b)
    with pytest.raises(LabError, match="b is there, but takes no ssh connections") as caught:
        require_ready(found, skip_unreachable=False)
    assert "--skip-unreachable" in caught.value.fix
    assert require_ready(found, skip_unreachable=True) == (shared.a,)
    with pytest.raises(LabError, match="b is there"):
        require_ready(found[1:], skip_unreachable=True)
    ill = replace(found[0], troubles=(LabError("a: no such dataset", None, "Get it."),))
    with pytest.raises(LabError) as refused:
        require_ready([ill, found[1]], skip_unreachable=True)
    assert (refused.value.what, refused.value.fix) == ("a: no such dataset", "Get it.")


def test_several_servers_that_lack_labtools_are_prepared_by_one_command(shared: Lab) -> None:
    bare = [replace(server, python="/nowhere/bin/python") for server in (shared.a, shared.b)]
    with pytest.raises(LabError, match=r"a has no Python at .*; b has no Python at ") as caught:
        require_ready(shared.check(*bare), skip_unreachable=False)
    assert caught.value.fix == "Prepare it: bash scripts/prepare_server.sh a b"


class Driver:
    """Stands in for NVIDIA's, of which there is none where tests run."""

    def __init__(self, *gpus: Gpu, trouble: NoDriver | None = None) -> None:
        self._gpus, self._trouble = gpus, trouble

    def all(self) -> tuple[Gpu, ...]:
        if self._trouble:
            raise self._trouble
        return self._gpus

    def look(self, uuid: str) -> Gpu:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((0, 1), []),
        ((1, 2, 3), ["there is no GPU 2, 3 here: it has 2, numbered from 0"]),
        ((), []),
    ],
)
def test_gpus_that_are_asked_for_are_there(
    tmp_path: Path, shapes_dataset: Dataset, asked: tuple[int, ...], said: list[str]
) -> None:
    driver = Driver(*(Gpu(i, f"GPU-{i}", "RTX 3070", 8 * GB, 0) for i in range(2)))
    (tmp_path / "token").write_text("x")
    data = (str(shapes_dataset.yaml), shapes_dataset.fingerprint, ())
    needs = Needs(str(tmp_path / "runs"), str(tmp_path / "token"), "x", *data, asked)
    facts = find_facts(needs, driver)
    assert [trouble.what for trouble in facts.troubles] == said
    assert (facts.gpus, facts.gpu_bytes) == (("RTX 3070", "RTX 3070"), (8 * GB, 8 * GB))
    broken = Driver(trouble=NoDriver("NVIDIA's driver says: Driver/library version mismatch", is_absent=False))
    assert [t.what for t in find_facts(needs, broken).troubles] == (
        ["NVIDIA's driver says: Driver/library version mismatch"] if asked else []
    )


def test_the_token_of_a_launcher_that_was_killed_goes_later(tmp_path: Path) -> None:
    old, recent = tmp_path / ".labtools-1", tmp_path / ".labtools-2"
    for path in (old, recent):
        path.write_text("secret")
    os.utime(old, (0, 0))
    with token(tmp_path / "runs") as (path, secret):
        assert path.read_text() == secret
        assert recent.exists() and not old.exists()
    assert not path.exists()
