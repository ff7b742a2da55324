"""A second run redoes what changed and nothing else, and what comes out is what a first run would have written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.dataset import open_dataset, read_boxes
from labtools.core import update
from labtools.core.errors import LabError
from labtools.core.files import hash_file, read_json
from labtools.prepare import building
from labtools.prepare.memory import Memory
from labtools.prepare.pictures.hashing import Thumbnail, shrink
from labtools.prepare.pictures.headers import Header
from labtools.prepare.pipeline import PrepareResult, prepare

Picture = Callable[..., bytes]
COURSE = "names: [ballon, velo, prise]\n"


class Cohort:
    """Three teams of two sequences; each picture has one box."""

    def __init__(self, folder: Path, picture: Picture) -> None:
        self.folder = folder
        self.picture = picture
        self.course = folder.with_name("course.yaml")
        self.course.write_text(COURSE, encoding="utf-8")
        for number, team in enumerate(("ballon/a", "velo/b", "velo/c")):
            self.team(team, number)

    def team(self, name: str, seed: int) -> None:
        for sequence, split in ((1, "train"), (2, "val"), (3, "test")):
            for frame in range(3):
                data = self.picture(1000 * seed + 10 * sequence + frame)
                # Ultralytics rewrites this one, so it is copied: the dataset has a file of its own
                self.write(f"{name}/{sequence}/images/f_{frame}.jpg", data + b"tail" * (frame == 2))
                self.write(f"{name}/{sequence}/labels/f_{frame}.txt", b"0 0.5 0.5 0.25 0.5\n")
                with (self.folder / name / f"{split}.txt").open("a", encoding="utf-8") as file:
                    file.write(f"./{name}/{sequence}/images/f_{frame}.jpg\n")

    def write(self, path: str, data: bytes) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def prepare(self, out: Path) -> PrepareResult:
        return prepare(self.folder, out, self.course)


@pytest.fixture
def cohort(tmp_path: Path, picture: Picture) -> Cohort:
    return Cohort(tmp_path / "in", picture)


def content(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): hash_file(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def test_nothing_changed_nothing_done(cohort: Cohort, tmp_path: Path) -> None:
    first = cohort.prepare(tmp_path / "out")
    inode = (tmp_path / "out" / "manifest.csv").stat().st_ino
    again = cohort.prepare(tmp_path / "out")
    assert (first.redone, again.redone) == (3, 0)
    assert (tmp_path / "out" / "manifest.csv").stat().st_ino == inode
    assert (again.fingerprint, again.findings, again.summary) == (first.fingerprint, first.findings, first.summary)


CHANGES: dict[str, tuple[Callable[[Cohort], object], int]] = {
    "a label": (lambda c: c.write("velo/b/1/labels/f_0.txt", b"0 0.5 0.5 0.125 0.5\n"), 1),
    "a label of the same size": (lambda c: c.write("velo/b/1/labels/f_0.txt", b"0 0.5 0.5 0.15 0.05\n"), 1),
    "a picture": (lambda c: c.write("velo/b/1/images/f_0.jpg", c.picture(77)), 1),
    "a list": (lambda c: c.write("velo/c/test.txt", b""), 1),
    "a picture more": (lambda c: c.write("ballon/a/1/images/f_9.jpg", c.picture(78)), 1),
    "a picture less": (lambda c: (c.folder / "ballon/a/1/images/f_1.jpg").unlink(), 1),
    "a team less": (lambda c: shutil.rmtree(c.folder / "velo/b"), 2),
    "a team more": (lambda c: c.team("prise/d", 9), 4),
    "a class folder less": (lambda c: shutil.rmtree(c.folder / "ballon"), 2),
    "a team renamed": (lambda c: (c.folder / "velo/b").rename(c.folder / "velo/bb"), 3),
    "the course": (lambda c: c.course.write_text("names: [velo, ballon, prise]\n", encoding="utf-8"), 3),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_change_is_brought_in(change: str, cohort: Cohort, tmp_path: Path) -> None:
    cohort.prepare(tmp_path / "out")
    act, redone = CHANGES[change]
    act(cohort)
    second = cohort.prepare(tmp_path / "out")
    fresh = cohort.prepare(tmp_path / "fresh")
    assert second.redone == redone
    assert content(tmp_path / "out") == content(tmp_path / "fresh")
    assert (second.fingerprint, second.findings, second.summary) == (fresh.fingerprint, fresh.findings, fresh.summary)
    assert cohort.prepare(tmp_path / "out").redone == 0
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: (out / "labels/velo/b/1/f_0.txt").write_text("0 0.1 0.1 0.1 0.1\n", encoding="utf-8"),
        lambda out: (out / "labels/velo/b/1/f_0.txt").unlink(),
        lambda out: (out / "images/velo/b/1/f_0.jpg").unlink(),
        lambda out: (out / "images/velo/b/1/f_2.jpg").write_bytes(b"rewritten"),
        lambda out: shutil.rmtree(out / "images/velo"),
        lambda out: (out / "train.txt").unlink(),
        lambda out: (out / "manifest.csv").write_text("mine\n", encoding="utf-8"),
        lambda out: shutil.rmtree(out / "teams"),
    ],
)
@pytest.mark.parametrize("with_a_change", [False, True])
def test_what_somebody_did_to_the_dataset_is_mended(
    spoil: Callable[[Path], object], with_a_change: bool, cohort: Cohort, tmp_path: Path
) -> None:
    before = content(cohort.prepare(tmp_path / "out").out)
    time.sleep(0.02)  # the disk's clock ticks every few milliseconds
    spoil(tmp_path / "out")
    if with_a_change:
        cohort.write("velo/c/1/labels/f_0.txt", b"0 0.5 0.5 0.125 0.5\n")
        before = content(cohort.prepare(tmp_path / "fresh").out)
    cohort.prepare(tmp_path / "out")
    assert content(tmp_path / "out") == before


KILLED = """
import os, sys, signal
from pathlib import Path
from labtools.prepare.memory import Memory
from labtools.prepare.pipeline import prepare
left = int(sys.argv[4])
def rename(self, target, real=Path.rename):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, target)
Path.rename = rename
prepare(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("renames", [0, 1, 2, 3, 5, 8])
def test_killed_between_two_renames(renames: int, cohort: Cohort, tmp_path: Path) -> None:
    old = content(cohort.prepare(tmp_path / "out").out)
    cohort.write("velo/b/1/labels/f_0.txt", b"0 0.5 0.5 0.125 0.5\n")
    new = content(cohort.prepare(tmp_path / "fresh").out)
    command = [sys.executable, "-c", KILLED, cohort.folder, tmp_path / "out", cohort.course, str(renames)]
    done = subprocess.run([str(part) for part in command], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    dataset = open_dataset(tmp_path / "out")  # whoever opens it next finishes the update
    assert content(tmp_path / "out") in (old, new)
    assert len(read_boxes(dataset)) == 27
    assert not update.aside_of(tmp_path / "out").exists() or content(tmp_path / "out") == old
    cohort.prepare(tmp_path / "out")
    assert content(tmp_path / "out") == new


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The pictures that are decoded from here on."""
    seen: list[bytes] = []

    def looking(data: bytes, header: Header) -> Thumbnail:
        seen.append(data)
        return shrink(data, header)

    monkeypatch.setattr(building, "shrink", looking)
    return seen


def with_leakage(cohort: Cohort, out: Path) -> PrepareResult:
    return prepare(cohort.folder, out, cohort.course, leakage=True)


PICTURES: dict[str, tuple[Callable[[Cohort], object], int]] = {
    # of nine pictures, three have bytes behind their end: what is told about them is found again each time
    "a label": (lambda c: c.write("velo/b/1/labels/f_0.txt", b"0 0.5 0.5 0.125 0.5\n"), 3),
    "a picture": (lambda c: c.write("velo/b/1/images/f_0.jpg", c.picture(77)), 4),
    "a picture of the same size": (lambda c: same_size(c, "velo/b/1/images/f_0.jpg"), 4),
    "a picture moved": (lambda c: (c.folder / "velo/b/2/images/f_0.jpg").rename(c.folder / "velo/b/1/images/a.jpg"), 4),
    "two pictures exchanged": (lambda c: exchange(c.folder / "velo/b/1/images"), 5),
}


def same_size(cohort: Cohort, path: str) -> None:
    data = (cohort.folder / path).read_bytes()
    cohort.write(path, data[:-2].replace(b"JFIF", b"jfif") + data[-2:])


def exchange(folder: Path) -> None:
    (folder / "f_0.jpg").rename(folder / "x")
    (folder / "f_1.jpg").rename(folder / "f_0.jpg")
    (folder / "x").rename(folder / "f_1.jpg")


@pytest.mark.parametrize("change", list(PICTURES))
def test_a_picture_is_decoded_once(change: str, cohort: Cohort, tmp_path: Path, decoded: list[bytes]) -> None:
    with_leakage(cohort, tmp_path / "out")
    assert len(decoded) == 27
    act, again = PICTURES[change]
    act(cohort)
    del decoded[:]
    second = with_leakage(cohort, tmp_path / "out")
    assert (second.redone, len(decoded)) == (1, again)
    fresh = with_leakage(cohort, tmp_path / "fresh")
    assert content(tmp_path / "out") == content(tmp_path / "fresh")
    assert (second.fingerprint, second.findings, second.summary) == (fresh.fingerprint, fresh.findings, fresh.summary)


def inodes(folder: Path) -> dict[str, int]:
    return {p.relative_to(folder).as_posix(): p.stat().st_ino for p in sorted(folder.rglob("*.*")) if p.is_file()}


MENDED: dict[str, tuple[Callable[[Cohort], object], set[str]]] = {
    "a label": (
        lambda c: c.write("velo/b/1/labels/f_0.txt", b"0 0.5 0.5 0.125 0.5\n"),
        {"labels/velo/b/1/f_0.txt"},
    ),
    "a picture in place, whose link shows it": (lambda c: c.write("velo/b/1/images/f_0.jpg", c.picture(77)), set()),
    "a picture by its copy": (lambda c: copied(c.folder / "velo/b/1/images/f_0.jpg"), {"images/velo/b/1/f_0.jpg"}),
    "a picture that was copied": (
        lambda c: c.write("velo/b/1/images/f_2.jpg", c.picture(77) + b"tail"),
        {"images/velo/b/1/f_2.jpg"},
    ),
    "a picture that the lists miss": (
        lambda c: (c.folder / "velo/b/1/images/f_0.jpg").rename(c.folder / "velo/b/1/images/f_7.jpg"),
        {"images/velo/b/1/f_0.jpg", "labels/velo/b/1/f_0.txt"},
    ),
}


def copied(path: Path) -> None:
    """The same bytes in another file, and others in the one that the dataset is linked to."""
    data = path.read_bytes()
    path.write_bytes(b"rewritten")
    path.rename(path.with_suffix(".old"))
    path.write_bytes(data)


@pytest.mark.parametrize("change", list(MENDED))
def test_only_what_differs_is_written(change: str, cohort: Cohort, tmp_path: Path) -> None:
    out = cohort.prepare(tmp_path / "out").out
    before = {name: inode for name, inode in inodes(out).items() if name.startswith(("images", "labels"))}
    act, written = MENDED[change]
    act(cohort)
    assert cohort.prepare(out).redone == 1
    assert content(out) == content(cohort.prepare(tmp_path / "fresh").out)
    after = inodes(out)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    changed = {name for name in changed if name.startswith(("images", "labels"))}
    assert changed == written
    assert cohort.prepare(out).redone == 0


@pytest.mark.parametrize("first", ["link", "copy"])
def test_links_become_copies_and_copies_links(first: str, cohort: Cohort, tmp_path: Path) -> None:
    then = "copy" if first == "link" else "link"
    source = cohort.folder / "velo/b/1/images/f_0.jpg"
    for images in (first, then):
        out = prepare(cohort.folder, tmp_path / "out", cohort.course, images).out
        placed = out / "images/velo/b/1/f_0.jpg"
        assert placed.samefile(source) == (images == "link")
    assert content(out) == content(prepare(cohort.folder, tmp_path / "fresh", cohort.course, then).out)


def test_what_other_code_saw_is_not_believed(
    cohort: Cohort, tmp_path: Path, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_leakage(cohort, tmp_path / "out")
    del decoded[:]
    for module in ("memory", "kept", "handed_in"):
        monkeypatch.setattr(f"labtools.prepare.{module}.code_signature", lambda: "another version")
    assert with_leakage(cohort, tmp_path / "out").redone == 3
    assert len(decoded) == 27


def test_a_damaged_memory_costs_time_only(cohort: Cohort, tmp_path: Path) -> None:
    cohort.prepare(tmp_path / "out")
    memory = Path(os.environ["LABTOOLS_CACHE"]) / "prepare"
    for path in [p for p in memory.rglob("*") if p.is_file() and p.name != "lock"]:
        path.write_text("{}", encoding="utf-8")
    cohort.write("velo/b/1/labels/f_0.txt", b"0 0.5 0.5 0.125 0.5\n")
    cohort.prepare(tmp_path / "out")
    assert content(tmp_path / "out") == content(cohort.prepare(tmp_path / "fresh").out)
    assert read_json(tmp_path / "out" / "dataset.json")["layout"] == 1


def test_two_at_once_do_not_write_one_dataset(cohort: Cohort, tmp_path: Path) -> None:
    memory = Memory((tmp_path / "out").resolve())
    with memory.lock(), pytest.raises(LabError, match="another"):
        cohort.prepare(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert cohort.prepare(tmp_path / "out").redone == 3
