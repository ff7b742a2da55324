"""How long `labtools prepare` takes beside the floor: reading every byte of the same submissions.

Builds a course tree of 28,610 pictures of 640x360, about 40 KB each, every one with bytes of its own, then runs
the floor and `prepare` in turns and prints medians and ratios: a first run without and with the perceptual comparison
of splits, the same again with nothing changed, and again after one team changed one label. `cp -r` of the same files
stands beside them: on a busy disk, creating 57,220 files is most of what `prepare` waits for. So does
decoding the same pictures to an eighth on all cores, the least that comparing their looks takes: each bit of a JPEG has
to be walked through, whatever size is wanted.

    python scripts/bench_prepare.py
    python scripts/bench_prepare.py --quick --json
    python scripts/bench_prepare.py --growth          # 1k, 5k, 28k and 100k pictures, one after the other
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from simplejpeg import decode_jpeg

IMAGES, QUICK_IMAGES = 28_610, 2_000
GROWTH = (1_000, 5_000, 28_610, 100_000)
CLASSES = 16
SEQUENCES = 5
DISTINCT = 200
WH = (640, 360)
OFFSET = np.array([0.25, 0.25, 0, 0])
FLOOR, COPY, DECODE = "cat of every byte", "cp -r of every file", "decoding to 1/8, all cores"
PLAIN, COPIED, LEAKAGE = "first run, --no-leakage", "the same, --images copy", "first run with leakage"
AGAIN, ONE = "nothing changed", "one team changed"
MEASURED = (FLOOR, COPY, DECODE, PLAIN, COPIED, LEAKAGE, AGAIN, ONE)


def main() -> None:
    options = _options()
    runs = options.runs or 3
    tables = {count: measure(count, runs, options.tmp) for count in _counts(options)}
    for count, (size, times, memory) in tables.items():
        report(count, size, times, memory)
    if len(tables) > 1:
        report_growth({count: times for count, (_, times, _) in tables.items()})
    if options.json:
        figures: dict[str, float] = {}
        for count, (_, times, memory) in tables.items():
            figures |= as_figures(count, times, memory, len(tables) > 1)
        print(json.dumps({"figures": figures}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_IMAGES} pictures, 3 runs")
    parser.add_argument("--growth", action="store_true", help=f"{', '.join(map(str, GROWTH))} pictures")
    parser.add_argument("--images", type=int, help="another number of pictures")
    parser.add_argument("--runs", type=int, help="another number of runs")
    parser.add_argument("--tmp", type=Path, help="build below this folder (needs up to ten times the pictures' size)")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    return parser.parse_args()


def _counts(options: argparse.Namespace) -> tuple[int, ...]:
    if options.growth:
        return GROWTH
    return (options.images or (QUICK_IMAGES if options.quick else IMAGES),)


def measure(count: int, runs: int, tmp: Path | None) -> tuple[int, dict[str, list[float]], float]:
    """Bytes of the cohort, seconds of each run of each thing, and the peak memory in MB."""
    with tempfile.TemporaryDirectory(prefix="bench_prepare_", dir=tmp) as folder:
        root = Path(folder)
        started = time.perf_counter()
        size = build(root / "submissions", count)
        print(f"built {count} pictures, {size / 1e6:.0f} MB, in {time.perf_counter() - started:.1f} s", file=sys.stderr)
        write_course(root / "course.yaml")
        times: dict[str, list[float]] = {name: [] for name in MEASURED}
        for run in range(runs):
            for name, seconds in one_round(root, run):
                times[name].append(seconds)
            line = ", ".join(f"{name} {values[-1]:.2f} s" for name, values in times.items())
            print(f"run {run + 1}/{runs}: {line}", file=sys.stderr)
        return size, times, peak_memory(root)


def one_round(root: Path, run: int) -> list[tuple[str, float]]:
    """Everything once, in turns, so that a change of the machine's pace meets all alike."""
    found = [(FLOOR, read_everything(root / "submissions")), (COPY, copy_everything(root))]
    found.append((DECODE, decode_everything(root / "submissions")))
    found.append((PLAIN, run_prepare(root, f"plain_{run}", "--no-leakage")))
    found.append((COPIED, run_prepare(root, f"copied_{run}", "--no-leakage", "--images", "copy")))
    found.append((LEAKAGE, run_prepare(root, f"leakage_{run}")))
    found.append((AGAIN, run_prepare(root, f"leakage_{run}")))
    label = sorted((root / "submissions" / "class03" / "team").rglob("labels/*.txt"))[run]
    with label.open("a", encoding="utf-8") as file:
        file.write("0 0.500000 0.500000 0.250000 0.250000\n")
    found.append((ONE, run_prepare(root, f"leakage_{run}")))
    return found


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


def decode_everything(root: Path) -> float:
    """Seconds until each picture was read and decoded small and grey; the processes are there before."""
    paths = sorted(root.rglob("*.jpg"))
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(_decode, [[path] for path in paths[:processes]]))
        started = time.perf_counter()
        list(pool.map(_decode, (paths[start : start + 100] for start in range(0, len(paths), 100))))
        return time.perf_counter() - started


def _decode(paths: list[Path]) -> None:
    for path in paths:
        decode_jpeg(path.read_bytes(), "GRAY", min_height=WH[1] // 8, min_width=WH[0] // 8, min_factor=1)


def run_prepare(root: Path, out: str, *options: str) -> float:
    """Seconds of the real command, start of Python included.

    Each round writes folders of its own, and none is removed before the end: ext4 passes over the inodes of files that
    were deleted seconds ago, so that a run just after a removal takes up to twice as long as a first run.
    """
    os.sync()
    started = time.perf_counter()
    process = start_prepare(root, out, *options)
    if process.wait():
        raise SystemExit(f"prepare failed with exit code {process.returncode}")
    return time.perf_counter() - started


def start_prepare(root: Path, out: str, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "labtools", "prepare", str(root / "submissions"), "--out", str(root / out)]
    command += ["--course", str(root / "course.yaml"), *options]
    environment = os.environ | {"LABTOOLS_CACHE": str(root / "cache")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else a checkout is compiled in each run, as no installation is
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def peak_memory(root: Path) -> float:
    """MB of a first run with leakage, all its processes together; pages that they share count once (PSS, Linux)."""
    process = start_prepare(root, "memory")
    peak = 0
    while process.poll() is None:
        try:
            main = psutil.Process(process.pid)
            used = [one.memory_full_info() for one in (main, *main.children(recursive=True))]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # one of them ended between two looks
        peak = max(peak, sum(getattr(one, "pss", one.uss) for one in used))
        time.sleep(0.1)
    return peak / (1 << 20)


def report(count: int, size: int, times: dict[str, list[float]], memory: float) -> None:
    """One table."""
    medians = {name: statistics.median(values) for name, values in times.items()}
    runs = len(times[FLOOR])
    print(f"{count} pictures, {size / 1e6:.0f} MB, medians of {runs} runs, warm, {os.cpu_count()} cores")
    print(f"{'':26}{'seconds':>9}{'x floor':>9}{'us/picture':>12}")
    for name, seconds in medians.items():
        print(f"{name:26}{seconds:9.2f}{seconds / medians[FLOOR]:9.2f}{seconds / count * 1e6:12.0f}")
    print(f"one team changed / first run with leakage: {medians[ONE] / medians[LEAKAGE]:.0%}")
    print(f"first run with leakage / decoding alone: {medians[LEAKAGE] / medians[DECODE]:.2f}")
    print(f"peak memory of all its processes: {memory:.0f} MB\n")


def report_growth(tables: dict[int, dict[str, list[float]]]) -> None:
    """Microseconds per picture at each size: level where time grows with the number of pictures."""
    print("us/picture" + "".join(f"{count:>12,}" for count in tables))
    for name in (FLOOR, PLAIN, LEAKAGE, AGAIN, ONE):
        cells = (f"{statistics.median(times[name]) / count * 1e6:12.0f}" for count, times in tables.items())
        print(f"{name:26}"[:26] + "".join(cells))


def as_figures(count: int, times: dict[str, list[float]], memory: float, several: bool) -> dict[str, float]:
    """Names and values for programs."""
    medians = {name: statistics.median(values) for name, values in times.items()}
    names = {FLOOR: "floor", COPY: "cp", DECODE: "decode", PLAIN: "prepare", COPIED: "copy", LEAKAGE: "leakage"}
    names |= {AGAIN: "again", ONE: "one_team"}
    tail = f"_{count}" if several else ""
    figures = {f"{names[name]}_s{tail}": round(seconds, 3) for name, seconds in medians.items()}
    figures |= {
        f"{names[name]}_ratio{tail}": round(medians[name] / medians[FLOOR], 3) for name in names if name != FLOOR
    }
    figures[f"one_team_share{tail}"] = round(medians[ONE] / medians[LEAKAGE], 3)
    return {**figures, f"images{tail}": count, f"memory_mb{tail}": round(memory)}


if __name__ == "__main__":
    main()
