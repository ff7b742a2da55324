"""Wreck a lab while it trains a matrix, then see that nothing was lost and nothing done twice.

Real trainings on the CPU, on two servers (`loopback_servers.py`) that share one small disk. Killed at random with
SIGKILL: lanes, trainings, the tmux servers, and `train-matrix` itself, at work on starting them again. The power of a
server is cut, and comes back; the disk is filled to the last byte, and emptied. All the while somebody types the same
`train-matrix` again and again, as a teacher would, and does nothing else. At the end every record has to tell what
really happened: see `_chaos_check.py`.

    python scripts/chaos_train.py                 # 24 runs, 100 kills, 5 power cuts, 2 full disks: about 15 minutes
    python scripts/chaos_train.py --quick         # 4 runs, 8 kills, 1 power cut, 1 full disk: about 2 minutes
    python scripts/chaos_train.py --runs 8 --kills 30 --power-cuts 0 --seed 7 --keep /tmp/chaos

Servers and the small disk need root and Linux; without them the lanes are this machine's, and only killing is left.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from _chaos_check import Told, check
from _chaos_lab import Lab, Process, open_lab
from loopback_servers import LoopbackServers

from labtools.artifacts.checkpoint import kept_epochs
from labtools.artifacts.record_files import read_record

_KILLS = {"training": 0.35, "lane": 0.3, "tmux": 0.15, "launcher": 0.2}
_DARK_S = (2.0, 15.0)  # how long a server is without power
_FULL_S = (5.0, 12.0)  # how long the disk stays full
_BREATH_S = (0.0, 6.0)  # between two blows


@dataclass
class Witness:
    """Looks at processes and files several times a second, and keeps what no record may contradict later."""

    lab: Lab
    told: Told
    _over: threading.Event = field(default_factory=threading.Event)
    _twice: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="witness", daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.25):
            self._look_at_processes()
            for folder in self.lab.root.glob("*/run.json"):
                with contextlib.suppress(FileNotFoundError):
                    self.told.done.setdefault(folder.parent.name, (folder.parent / "done.json").read_bytes())

    def _look_at_processes(self) -> None:
        by_run: dict[str, list[Process]] = {}
        for process in self.lab.processes():
            if process.kind == "training":
                run_id, number = process.attempt
                self.told.processes.setdefault((run_id, number), set()).add(process.pid)
                by_run.setdefault(run_id, []).append(process)
        for run_id, trainings in by_run.items():
            is_twice = len([process for process in trainings if process.still_is()]) > 1
            since = self._twice.setdefault(run_id, time.monotonic()) if is_twice else None
            if since is None:
                self._twice.pop(run_id, None)
            elif time.monotonic() - since > 5.0:  # one that was given up needs a moment to notice
                self.told.side_by_side.add(run_id)


@dataclass
class Chaos:
    """Blows dealt to a lab, and the teacher who starts it again."""

    lab: Lab
    chance: random.Random
    epochs: int
    told: Told = field(default_factory=Told)
    dealt: Counter[str] = field(default_factory=Counter)
    launcher: subprocess.Popen[bytes] | None = None
    launches: int = 0
    _typed_at: float = float("-inf")

    def reign(self, blows: list[str], limit_s: float) -> None:
        """Deal the blows while the matrix is trained, spread over all of its epochs; then let it come to its end."""
        end, total, begun = time.monotonic() + limit_s, len(blows), 0
        next_at = 0.0
        while not self._is_over() or blows:
            if time.monotonic() > end:
                raise SystemExit(f"not over after {limit_s:.0f} s: {self._share():.0%} of the epochs")
            self._teach()
            is_due = blows and begun <= total * self._share() and time.monotonic() >= next_at
            if is_due or (blows and self._is_over()):
                begun += 1
                self._deal(blows.pop())
                next_at = time.monotonic() + self.chance.uniform(*_BREATH_S)
            time.sleep(0.25)
        self._finish_typing()

    def _share(self) -> float:
        """Of the epochs of all runs, how many are done: blows come as the work gets on, so that it can."""
        folders = [path.parent for path in self.lab.root.glob("*/run.json")]
        done = [self.epochs if (f / "done.json").exists() else kept_epochs(f) for f in folders]
        return sum(done) / max(1, len(folders) * self.epochs)

    def _is_over(self) -> bool:
        folders = [path.parent for path in self.lab.root.glob("*/run.json")]
        return bool(folders) and all((folder / "done.json").exists() for folder in folders)

    def _teach(self) -> None:
        """Type the command again when a lane is missing, unless it is being typed."""
        if self.launcher is not None and self.launcher.poll() is None:
            return
        lanes = sum(process.kind == "lane" for process in self.lab.processes())
        if lanes < self._powered() and not self._is_over() and time.monotonic() - self._typed_at > 5.0:
            self._type()

    def _powered(self) -> int:
        return sum(self.lab.room.is_on(name) for name in self.lab.room.names) if self.lab.room else 2

    def _type(self) -> None:
        self._finish_typing()
        self._typed_at = time.monotonic()
        self.launches += 1
        with (self.lab.folder / "launchers.log").open("ab") as log:
            self.launcher = subprocess.Popen(
                self.lab.start_again(),
                cwd=self.lab.work,
                env=self.lab.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def _finish_typing(self) -> None:
        if self.launcher is not None:
            self.told.launcher_codes[self.launcher.wait()] += 1
            self.launcher = None

    def _deal(self, blow: str) -> None:
        """One blow, written down with the attempts that it ends."""
        {"power": self._cut_power, "disk": self._fill_disk, "launcher": self._kill_launcher}.get(
            blow, lambda: self._kill(blow)
        )()

    def _kill(self, kind: str) -> None:
        """Kill a lane, a training or a tmux server; where there is none now, whatever there is."""
        there = self.lab.processes()
        chosen = [process for process in there if process.kind == kind] or there
        if not chosen:
            return self._kill_launcher()
        victim = self.chance.choice(chosen)
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim.pid, signal.SIGKILL)
            self.dealt[f"{victim.kind} killed"] += 1
        if victim.kind == "training":
            self.told.hit.add(victim.attempt)
        elif victim.kind == "lane":
            self.told.hit |= {attempt for attempt, lane, _ in self._open_attempts() if lane == victim.lane}
        return None

    def _kill_launcher(self) -> None:
        if self.launcher is None or self.launcher.poll() is not None:
            self._type()
            time.sleep(self.chance.uniform(0.0, 12.0))
        if self.launcher is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.launcher.pid, signal.SIGKILL)
            self.dealt["launcher killed"] += 1

    def _cut_power(self) -> None:
        if self.lab.room is None:
            return
        name = self.chance.choice(self.lab.room.names)
        self.lab.room.power_off(name)
        self.dealt["power cut"] += 1
        host = LoopbackServers.host_name(name)
        self.told.hit |= {attempt for attempt, _, on in self._open_attempts() if on == host}
        end = time.monotonic() + self.chance.uniform(*_DARK_S)
        while time.monotonic() < end:
            self._teach()
            time.sleep(0.25)
        self.lab.room.power_on(name)

    def _fill_disk(self) -> None:
        """To the last byte. Signs of life stop too, so that a lane elsewhere may think any training dead."""
        ballast = self.lab.work / "films of the holidays"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (2**20, 2**12, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass
        self.dealt["disk filled"] += 1
        end = time.monotonic() + self.chance.uniform(*_FULL_S)
        while time.monotonic() < end:
            self.told.hit |= {attempt for attempt, _, _ in self._open_attempts()}
            self._teach()
            time.sleep(0.25)
        ballast.unlink()

    def _open_attempts(self) -> Iterator[tuple[tuple[str, int], str, str]]:
        """Run and number, lane, host of every attempt that nobody has closed."""
        for path in self.lab.root.glob("*/run.json"):
            record = read_record(path.parent)
            if record.is_taken and record.claim is not None:
                yield (path.parent.name, record.attempt), record.claim.lane, record.claim.process.host


def plan_blows(kills: int, power_cuts: int, full_disks: int, chance: random.Random) -> list[str]:
    """In any order, but never power or disk right at the beginning, where there is nothing to lose."""
    blows = [kind for kind, share in _KILLS.items() for _ in range(round(kills * share))]
    blows += ["training"] * (kills - len(blows)) + ["power"] * power_cuts + ["disk"] * full_disks
    chance.shuffle(blows)
    return blows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=24, help="a multiple of 4")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--power-cuts", type=int, default=5)
    parser.add_argument("--full-disks", type=int, default=2)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--lease", type=float, default=20.0, help="seconds of silence that mean a server's death")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which it is no use")
    parser.add_argument("--quick", action="store_true", help="4 runs, 8 kills, 1 power cut, 1 full disk")
    parser.add_argument("--keep", type=Path, help="work in this new folder and leave it")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.epochs, options.kills, options.power_cuts, options.full_disks = 4, 3, 8, 1, 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidy up then, too
    folder = options.keep or Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        answer = wreck(folder.absolute(), options)
    finally:
        if options.keep is None:
            shutil.rmtree(folder)
    for sentence in answer["wrong"]:
        print(f"WRONG: {sentence}")
    print("\n".join(f"{key:40} {value:10.1f}" for key, value in answer["figures"].items()))
    print("every run was finished exactly once" if not answer["wrong"] else f"{len(answer['wrong'])} things are wrong")
    if options.json:
        print(json.dumps(answer))
    return 1 if answer["wrong"] else 0


def wreck(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """The whole story, from an empty folder to what is to be said of it."""
    chance = random.Random(options.seed)  # noqa: S311 - who is hit is no secret
    with open_lab(folder, runs=options.runs, epochs=options.epochs, lease_s=options.lease) as lab:
        has_disk, has_power = lab.is_small, lab.room is not None
        blows = plan_blows(options.kills, options.power_cuts * has_power, options.full_disks * has_disk, chance)
        chaos = Chaos(lab, chance, options.epochs)
        with Witness(lab, chaos.told):
            start = time.monotonic()
            chaos.reign(blows, options.limit)
            seconds = time.monotonic() - start
            wrong = check(lab, chaos.told, options.runs, options.epochs)
        told = chaos.told.tally(lab.root)
        return {"figures": {"seconds": seconds, "typed": chaos.launches, **chaos.dealt, **told}, "wrong": wrong}


if __name__ == "__main__":
    sys.exit(main())
