"""How long `labtools prepare` takes beside the floor: reading every byte of the same submissions.

Builds a course tree of 28,610 pictures of 640x360, about 40 KB each, every one with bytes of its own, then runs
the floor and `prepare` in turns and prints medians and the ratio. `cp -r` of the same files stands beside them:
on a busy disk, creating 57,220 files is most of what `prepare` waits for.

    python scripts/bench_prepare.py
    python scripts/bench_prepare.py --quick --json
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

IMAGES, QUICK_IMAGES = 28_610, 2_000
CLASSES = 16
SEQUENCES = 5
DISTINCT = 200
WH = (640, 360)
OFFSET = np.array([0.25, 0.25, 0, 0])


def main() -> None:
    options = _options()
    count = options.images or (QUICK_IMAGES if options.quick else IMAGES)
    runs = options.runs or 3
    with tempfile.TemporaryDirectory(prefix="bench_prepare_", dir=options.tmp) as folder:
        root = Path(folder)
        started = time.perf_counter()
        size = build(root / "submissions", count)
        print(f"built {count} pictures, {size / 1e6:.0f} MB, in {time.perf_counter() - started:.1f} s", file=sys.stderr)
        write_course(root / "course.yaml")
        floors: list[float] = []
        copies: list[float] = []
        times: dict[str, list[float]] = {"link": [], "copy": []}
        memory = 0.0
        for run in range(runs):
            floors.append(read_everything(root / "submissions"))
            copies.append(copy_everything(root))
            for mode in times:
                seconds, memory_now = run_prepare(root, mode)
                times[mode].append(seconds)
                memory = max(memory, memory_now)
            line = ", ".join(f"{mode} {values[-1]:.2f} s" for mode, values in times.items())
            print(f"run {run + 1}/{runs}: floor {floors[-1]:.2f} s, cp {copies[-1]:.2f} s, {line}", file=sys.stderr)
    report(count, size, floors, copies, times, memory, as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_IMAGES} pictures, 3 runs")
    parser.add_argument("--images", type=int, help="another number of pictures")
    parser.add_argument("--runs", type=int, help="another number of runs")
    parser.add_argument("--tmp", type=Path, help="build below this folder (needs up to ten times the pictures' size)")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    return parser.parse_args()


def build(root: Path, count: int) -> int:
    """A cohort in the course's tree: a team per class, sequences, labels with id 0, split lists. Returns its bytes."""
    rng = np.random.default_rng(0)
    pictures = [_picture(rng) for _ in range(DISTINCT)]
    lists: dict[Path, dict[str, list[str]]] = {}
    size = 0
    for number in range(count):
        class_name, sequence = f"class{number % CLASSES:02d}", number // CLASSES % SEQUENCES + 1
        team = root / class_name / "team"
        folder = team / str(sequence)
        stem = f"frame_{number // CLASSES // SEQUENCES:06d}"
        if not folder.exists():
            (folder / "images").mkdir(parents=True)
            (folder / "labels").mkdir()
        # A comment segment before the end mark: bytes, hence hashes, of its own without encoding again.
        data = pictures[number % DISTINCT]
        comment = f"picture {number}".encode()
        unique = data[:-2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[-2:]
        (folder / "images" / f"{stem}.jpg").write_bytes(unique)
        boxes = rng.uniform(0.1, 0.4, (1 + number % 5, 4)) + OFFSET
        text = "".join(f"0 {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n" for x, y, w, h in boxes)
        (folder / "labels" / f"{stem}.txt").write_text(text, encoding="utf-8")
        size += len(unique) + len(text)
        split = {4: "val", 5: "test"}.get(sequence, "train")
        line = f"./{class_name}/team/{sequence}/images/{stem}.jpg\n"
        lists.setdefault(team, {}).setdefault(split, []).append(line)
    for team, splits in lists.items():
        for split, lines in splits.items():
            (team / f"{split}.txt").write_text("".join(lines), encoding="utf-8")
    return size


def _picture(rng: np.random.Generator) -> bytes:
    """640x360 of texture that JPEG turns into about 40 KB."""
    small = rng.integers(0, 256, (60, 107, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize(WH, Image.Resampling.BICUBIC))
    buffer = io.BytesIO()
    Image.fromarray(smooth).save(buffer, "JPEG", quality=50)
    return buffer.getvalue()


def write_course(path: Path) -> None:
    names = "\n".join(f"  {i}: class{i:02d}" for i in range(CLASSES))
    path.write_text(f"names:\n{names}\n", encoding="utf-8")


def read_everything(root: Path) -> float:
    """Seconds that `cat` takes for every byte, warm: one process, no Python in the loop."""
    os.sync()  # what was written before must not disturb what is measured now
    started = time.perf_counter()
    with Path(os.devnull).open("wb") as sink:
        find = subprocess.Popen(["find", str(root), "-type", "f", "-print0"], stdout=subprocess.PIPE)
        subprocess.run(["xargs", "-0", "cat"], stdin=find.stdout, stdout=sink, check=True)
        find.wait()
    return time.perf_counter() - started


def copy_everything(root: Path) -> float:
    """Seconds of `cp -r`: what writing a dataset costs at least."""
    os.sync()
    started = time.perf_counter()
    target = root / f"copy_{len(list(root.glob('copy_*')))}"
    subprocess.run(["cp", "-r", str(root / "submissions"), str(target)], check=True)
    return time.perf_counter() - started


def run_prepare(root: Path, mode: str) -> tuple[float, float]:
    """Seconds of a first run of the real command, start of Python included, and its peak memory in MB.

    Each run writes a folder of its own, and none is removed before the end: ext4 passes over the inodes of files that
    were deleted seconds ago, so that a run just after a removal takes up to twice as long as a first run.
    """
    out = root / f"dataset_{len(list(root.glob('dataset_*')))}"
    command = [sys.executable, "-m", "labtools", "prepare", str(root / "submissions"), "--out", str(out)]
    command += ["--course", str(root / "course.yaml"), "--images", mode]
    os.sync()
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def report(
    count: int,
    size: int,
    floors: list[float],
    copies: list[float],
    times: dict[str, list[float]],
    memory: float,
    *,
    as_json: bool,
) -> None:
    floor = statistics.median(floors)
    copy = statistics.median(copies)
    medians = {mode: statistics.median(values) for mode, values in times.items()}
    print(f"{count} pictures, {size / 1e6:.0f} MB, medians of {len(floors)} runs, warm, {os.cpu_count()} cores")
    print(f"{'':24}{'seconds':>9}{'x floor':>9}{'us/picture':>12}")
    print(f"{'cat of every byte':24}{floor:9.2f}{1:9.2f}{floor / count * 1e6:12.0f}")
    print(f"{'cp -r of every file':24}{copy:9.2f}{copy / floor:9.2f}{copy / count * 1e6:12.0f}")
    for mode, seconds in medians.items():
        print(f"{'prepare --images ' + mode:24}{seconds:9.2f}{seconds / floor:9.2f}{seconds / count * 1e6:12.0f}")
    print(f"peak memory of prepare: {memory:.0f} MB")
    if as_json:
        figures = {
            "images": count, "mb": round(size / 1e6, 1), "floor_s": round(floor, 3), "cp_s": round(copy, 3),
            "memory_mb": round(memory),
            **{f"{mode}_s": round(seconds, 3) for mode, seconds in medians.items()},
            **{f"{mode}_ratio": round(seconds / floor, 3) for mode, seconds in medians.items()},
        }  # fmt: skip
        print(json.dumps({"figures": figures}))


if __name__ == "__main__":
    main()
