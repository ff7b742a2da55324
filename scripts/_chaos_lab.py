"""The lab that `chaos_train.py` wrecks: a small dataset, a matrix, two servers or none, and all processes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from loopback_servers import LoopbackServers, lacking

from labtools.core.config import dump_yaml
from labtools.demo.scales import WEIGHTS
from labtools.demo.simulate import SHAPES, random_actor, simulate_clip

_SIDE = 96
_DISK_MB = 600


@dataclass(frozen=True)
class Process:
    """A process of the lab, with the number by which this machine knows it, whatever server it runs on."""

    pid: int
    argv: tuple[str, ...]

    @property
    def kind(self) -> str:
        """``lane``, ``training``, ``tmux``, or "" for any other."""
        if "labtools.train.attempt" in self.argv:
            return "training"
        if self.argv[1:4] == ("-m", "labtools", "lane"):
            return "lane"
        return "tmux" if Path(self.argv[0]).name == "tmux" else ""

    @property
    def attempt(self) -> tuple[str, int]:
        """Of a training: run id and number."""
        at = self.argv.index("labtools.train.attempt")
        return Path(self.argv[at + 1]).name, int(self.argv[at + 2])

    @property
    def lane(self) -> str:
        """Of a lane: its name."""
        return self.argv[5]

    def still_is(self) -> bool:
        return _argv(self.pid) == self.argv


def _argv(pid: int) -> tuple[str, ...]:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(word.decode(errors="replace") for word in words.rstrip(b"\0").split(b"\0")) if words else ()


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@dataclass(frozen=True)
class Lab:
    """One folder with everything in it; ``room`` is None where the lanes are this machine's own."""

    folder: Path
    room: LoopbackServers | None
    socket: str
    is_small: bool = False
    """Its disk is one of its own, and may be filled."""
    lease_s: float = 20.0
    """Silence of a server that means that its power is off."""

    @property
    def work(self) -> Path:
        return self.folder / "disk" / "lab"

    @property
    def root(self) -> Path:
        return self.work / "runs" / "chaos"

    def processes(self) -> list[Process]:
        """Every lane, training and tmux of this lab, wherever it runs."""
        ours = (str(self.root), self.socket)
        found = []
        for entry in os.listdir("/proc"):
            argv = _argv(int(entry)) if entry.isdigit() else ()
            if argv and any(word.startswith(our) for word in argv for our in ours):
                found.append(Process(int(entry), argv))
        # What a training starts looks like itself until it has become another program.
        return [process for process in found if process.kind and _argv(_parent(process.pid)) != process.argv]

    @property
    def own_environment(self) -> dict[str, str]:
        """What everything in this lab is told, here and on its servers."""
        cache = str(self.work / "cache")
        return {"LABTOOLS_OFFLINE": "1", "LABTOOLS_CACHE": cache, "LABTOOLS_TMUX_SOCKET": self.socket}

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.own_environment, **({"LABTOOLS_SSH": self.room.ssh} if self.room else {})}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "labtools", *arguments]

    def start_again(self) -> list[str]:
        """What the teacher types, each time anew, whatever has happened."""
        where = ["--servers", "servers.yaml", "--skip-unreachable"] if self.room else ["--gpus", "cpu", "--lanes", "2"]
        return self.command(
            "train-matrix", "--matrix", "matrix.yaml", *where, "--lease", f"{self.lease_s:.0f}", "--json"
        )

    def say(self, *arguments: str) -> Any:
        """Run a command of labtools to its end; its JSON.

        Raises:
            SaidNothing: it ended with an error.
        """
        done = subprocess.run(
            self.command(*arguments, "--json"), cwd=self.work, env=self.environment(), capture_output=True, text=True
        )
        if not done.stdout.strip():
            raise SaidNothing(f"`labtools {' '.join(arguments)}` said: {done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])


class SaidNothing(Exception):  # noqa: N818 - it said something after all
    """A command ended with an error instead of an answer."""


@contextmanager
def open_lab(folder: Path, *, runs: int, epochs: int, lease_s: float) -> Iterator[Lab]:
    """Build the lab, on a small disk of its own and with two servers where this machine allows it; tidy up after.

    Args:
        folder: a new one.
        runs: how many the matrix has.
        epochs: of each.
        lease_s: see `Lab`.
    """
    room, disk = None, folder / "disk"
    disk.mkdir(parents=True)
    is_mounted = _mount(disk)
    lab = Lab(folder, None, f"chaos-{os.getpid()}", is_mounted, lease_s)
    try:
        if not (lack := lacking()):
            # Started after the mount: a server sees the mounts of this machine as they are when it starts.
            room = LoopbackServers(folder / "room", env=lab.own_environment)
            lab = replace(lab, room=room)
        else:
            print(f"no servers, so no power to cut: {lack}", file=sys.stderr)
        _furnish(lab, runs, epochs)
        for name in room.names if room else ():
            room.power_on(name)  # type: ignore[union-attr]
        yield lab
    finally:
        _clear(lab, room)
        if is_mounted:
            shutil.copytree(lab.work, folder / "lab", dirs_exist_ok=True)
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _mount(disk: Path) -> bool:
    """A disk so small that it can be filled; False where this process may not mount one."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "chaos", str(disk)], check=False)
    return made.returncode == 0


def _clear(lab: Lab, room: LoopbackServers | None) -> None:
    for name in room.names if room else ():
        room.power_off(name)  # type: ignore[union-attr]
    for process in lab.processes():
        os.kill(process.pid, 9)


def _furnish(lab: Lab, runs: int, epochs: int) -> None:
    """Dataset and matrix; the dataset as `labtools prepare` makes it of what somebody handed in."""
    handed_in = lab.folder / "handed_in"
    draw_shapes(handed_in)
    lab.work.mkdir(parents=True)
    lab.say("prepare", str(handed_in), "--out", "datasets/shapes", "--no-leakage")
    seeds = max(1, runs // 4)
    matrix = {
        "name": "chaos",
        "data": "datasets/shapes",
        "axes": {"model": "yolov8f", "freeze": [10, None], "imgsz": [64, 96], "batch": 8},
        "seeds": list(range(seeds)),
        "epochs": epochs,
        "weights": {"yolov8f": str(WEIGHTS / "yolov8f.pt")},
        "defaults": {"plots": False, "nbs": 8, "optimizer": "AdamW", "lr0": 0.002},
    }
    (lab.work / "matrix.yaml").write_text(dump_yaml(matrix), encoding="utf-8")
    if lab.room:
        (lab.work / "servers.yaml").write_text(lab.room.servers_yaml(lab.work), encoding="utf-8")


def draw_shapes(folder: Path) -> None:
    """A YOLO dataset of 24 pictures a split, of shapes that the demo's network knows."""
    rng = np.random.default_rng(11)
    kinds = list(SHAPES)
    for split in ("train", "val", "test"):
        for number in range(24):
            actor = random_actor(rng, kinds[number % len(kinds)], (_SIDE, _SIDE))
            shot = next(iter(simulate_clip(rng, (_SIDE, _SIDE), 1, [actor])))
            picture = folder / "images" / split / f"{split}_{number:03d}.jpg"
            label = folder / "labels" / split / f"{split}_{number:03d}.txt"
            for path in (picture, label):
                path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(picture), shot.image)
            corners, size = np.asarray(shot.xyxy, dtype=float).reshape(-1, 2, 2), float(_SIDE)
            boxes = np.concatenate([corners.mean(axis=1), corners[:, 1] - corners[:, 0]], axis=1) / size
            lines = [
                f"{kinds.index(kind)} {' '.join(f'{v:.6f}' for v in box)}"
                for kind, box in zip(shot.kinds, boxes, strict=True)
            ]
            label.write_text("".join(f"{line}\n" for line in lines))
    lists = {split: f"images/{split}" for split in ("train", "val", "test")}
    (folder / "data.yaml").write_text(dump_yaml({**lists, "names": dict(enumerate(kinds))}))
