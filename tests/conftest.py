"""Fixtures that several rooms share: a small real dataset, runs that know its classes, the real lab's data."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import psutil
import pytest

from labtools.artifacts.dataset import Dataset, findings_csv, format_label, label_path, manifest_csv, open_dataset
from labtools.artifacts.runs import RunSpec
from labtools.core.boxes import xyxy_to_xywhn
from labtools.core.config import dump_yaml
from labtools.core.files import hash_bytes, write_json, write_text
from labtools.demo.scales import WEIGHTS
from labtools.demo.simulate import SHAPES, random_actor, simulate_clip

ROOT = Path(__file__).resolve().parents[1]
SIDE = 160

# Two workers and the demo share the cores: threads of one process would only wait for each other. Read by torch when it
# is imported, which some tests do while they are collected.
os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


@pytest.fixture(scope="session", autouse=True)
def _private_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests never download, never touch the user's cache, never talk to the user's tmux."""
    before = dict(os.environ)
    os.environ["LABTOOLS_OFFLINE"] = "1"
    os.environ["LABTOOLS_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["LABTOOLS_TMUX_SOCKET"] = f"labtools-test-{os.getpid()}"
    os.environ.pop("YOLO_CONFIG_DIR", None)
    # A shell that starts the tests in the background makes them ignore Ctrl-C, and all that they start with them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def wild() -> Path:
    """Six real datasets as students published them: third-party data that is not part of this repository."""
    folder = Path(os.environ.get("LABTOOLS_SHARED", ROOT.parent / "shared")) / "data" / "wild"
    if not (folder / "expected.json").is_file():
        pytest.skip("the real student datasets are not on this machine (set LABTOOLS_SHARED to their folder)")
    return folder


@pytest.fixture(scope="session")
def shapes_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A prepared dataset of 24 images a split, whose six classes the demo's checkpoints know.

    Three teams of two classes each; every eighth image is background.
    """
    root = tmp_path_factory.mktemp("datasets") / "shapes"
    rng = np.random.default_rng(11)
    rows = [
        _write_image(root, rng, split, team, frame)
        for split in ("train", "val", "test")
        for team in range(3)
        for frame in range(8)
    ]
    for split in ("train", "val", "test"):
        lines = [f"./{row['image']}\n" for row in rows if row["split"] == split]
        write_text(root / f"{split}.txt", "".join(lines))
    names = dict(enumerate(SHAPES))
    lists = {split: f"{split}.txt" for split in ("train", "val", "test")}
    write_text(root / "dlcv.yaml", dump_yaml({**lists, "names": names}))
    write_text(root / "manifest.csv", manifest_csv(rows))
    write_text(root / "findings.csv", findings_csv([]))
    write_json(root / "dataset.json", {"layout": 1, "fingerprint": hash_bytes(manifest_csv(rows).encode())})
    return open_dataset(root)


def _write_image(root: Path, rng: np.random.Generator, split: str, team: int, frame: int) -> dict[str, Any]:
    kinds = list(SHAPES)
    own = kinds[2 * team : 2 * team + 2]
    cast = [] if frame == 7 else [random_actor(rng, str(kind), (SIDE, SIDE)) for kind in own]
    shot = next(iter(simulate_clip(rng, (SIDE, SIDE), 1, cast)))
    image = f"images/{own[0]}/team_{team}/{split}/frame_{frame:06d}.jpg"
    data = cv2.imencode(".jpg", shot.image)[1].tobytes()
    (root / image).parent.mkdir(parents=True, exist_ok=True)
    (root / image).write_bytes(data)
    boxes = xyxy_to_xywhn(shot.xyxy, (SIDE, SIDE))
    label = format_label((kinds.index(k), *map(float, box)) for k, box in zip(shot.kinds, boxes, strict=True))
    write_text(root / label_path(image), label)
    return {
        "image": image,
        "source": image.removeprefix("images/"),
        "class_folder": own[0],
        "team": f"team_{team}",
        "sequence": split,
        "frame": frame,
        "split": split,
        "state": "boxes" if len(boxes) else "empty",
        "boxes": len(boxes),
        "width": SIDE,
        "height": SIDE,
        "hash": hash_bytes(data),
    }


@pytest.fixture(scope="session")
def demo_lab() -> Path:
    """The folder of a whole `labtools demo`, run once for all tests, as a user would type it to go on with a matrix of
    fewer epochs.

    It was started when the tests were collected (see below); ``demo.stdout`` beside it is what was printed.
    """
    folder = Path(os.environ[_DEMO])
    code = folder / "code"
    while not code.is_file():  # pytest of two workers: the one that waits may not be the one that started it
        time.sleep(0.5)
    assert code.read_text() == "0", (folder / "demo.stderr").read_text(encoding="utf-8")[-3000:]
    return folder / "lab"


_DEMO = "LABTOOLS_TEST_DEMO"
_OWNS_DEMO = pytest.StashKey[bool]()

# Runs the demo and then writes its exit code in one piece.
_RUN_DEMO = """
import os, subprocess, sys
folder, *command = sys.argv[1:]
with open(f"{folder}/demo.stdout", "wb") as out, open(f"{folder}/demo.stderr", "wb") as err:
    code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
with open(f"{folder}/code.new", "w") as file:
    file.write(str(code))
os.replace(f"{folder}/code.new", f"{folder}/code")
"""


def pytest_configure(config: pytest.Config) -> None:
    """The process that the user started owns the folder of the demo; workers inherit its name."""
    config.stash[_OWNS_DEMO] = _DEMO not in os.environ
    if config.stash[_OWNS_DEMO]:
        os.environ[_DEMO] = tempfile.mkdtemp(prefix="labtools-test-demo-")


def _uses_demo(item: pytest.Item) -> bool:
    return "demo_lab" in getattr(item, "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that no worker ends much later than the others; tests that look at the demo come last: by
    then it is nearly done. (`--dist loadfile` gives all tests of a file to one worker, in this order.)"""
    items.sort(key=lambda item: (_uses_demo(item), item.get_closest_marker("long") is None))


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly or not any(map(_uses_demo, session.items)):
        return
    folder = Path(os.environ[_DEMO])
    try:
        (folder / "started").mkdir()
    except FileExistsError:
        return  # by another worker
    # Of its eight epochs four are enough to learn: a third of all that the processors do for these tests.
    matrix = (ROOT / "labtools/demo/configs/matrix.yaml").read_text(encoding="utf-8")
    write_text(folder / "lab" / "configs" / "matrix.yaml", matrix.replace("epochs: 8\n", "epochs: 4\n"))
    write_text(folder / "lab" / "demo.json", "{}\n")
    # A process that knows of pytest would get no TensorBoard events from Ultralytics.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    environment |= {
        "LABTOOLS_OFFLINE": "1",
        "LABTOOLS_CACHE": str(folder / "cache"),
        "LABTOOLS_TMUX_SOCKET": folder.name,
    }
    demo = [sys.executable, "-m", "labtools", "demo", "--out", str(folder / "lab"), "--json"]
    process = subprocess.Popen([sys.executable, "-c", _RUN_DEMO, folder, *demo], env=environment)
    (folder / "started" / str(process.pid)).touch()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not config.stash[_OWNS_DEMO]:
        return
    folder = Path(os.environ.pop(_DEMO))
    for name in folder.glob("started/*"):
        _end_demo(folder, int(name.name))
    shutil.rmtree(folder, ignore_errors=True)


def _end_demo(folder: Path, pid: int) -> None:
    if not (folder / "code").is_file() and psutil.pid_exists(pid):
        family = psutil.Process(pid).children(recursive=True)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        psutil.wait_procs(family, timeout=20)
        matrix, runs = folder / "lab" / "configs" / "matrix.yaml", folder / "lab" / "runs"
        stop = ["train-matrix", "--matrix", str(matrix), "--runs-root", str(runs), "--stop"]
        subprocess.run([sys.executable, "-m", "labtools", *stop], check=False, stderr=subprocess.DEVNULL)
    if shutil.which("tmux"):
        subprocess.run(["tmux", "-L", folder.name, "kill-server"], check=False, stderr=subprocess.DEVNULL)


@pytest.fixture
def shapes_runs(tmp_path: Path, shapes_dataset: Dataset) -> Path:
    """A matrix folder with two finished runs of the demo's checkpoints: real predictions without a training."""
    matrix = tmp_path / "runs" / "shapes"
    for model, freeze, imgsz in (("yolov8p", None, 160), ("yolov8f", 10, 96)):
        _write_run(matrix, shapes_dataset, model, freeze, imgsz)
    return matrix


def _write_run(matrix: Path, dataset: Dataset, model: str, freeze: int | None, imgsz: int) -> None:
    run_id = f"{model}_{imgsz}_{'nofreeze' if freeze is None else 'freeze'}"
    folder = matrix / run_id
    weights = WEIGHTS / f"{model}.pt"
    spec = RunSpec(
        run_id=run_id,
        model=model,
        weights=str(weights),
        freeze=freeze,
        imgsz=imgsz,
        batch=8,
        epochs=2,
        seed=0,
        data=str(dataset.yaml),
        fingerprint=dataset.fingerprint,
    )
    write_json(folder / "run.json", spec.to_json())
    (folder / "weights").mkdir()
    shutil.copy(weights, folder / "weights" / "best.pt")
    curve = {
        "epoch": [1, 2],
        "time": [1.0, 2.0],
        "train/box_loss": [1.5, 1.2],
        "train/cls_loss": [2.0, 1.1],
        "train/dfl_loss": [1.1, 1.0],
        "metrics/precision(B)": [0.5, 0.7],
        "metrics/recall(B)": [0.4, 0.6],
        "metrics/mAP50(B)": [0.45, 0.66],
        "metrics/mAP50-95(B)": [0.22, 0.41],
        "val/box_loss": [1.4, 1.3],
        "val/cls_loss": [1.8, 1.2],
        "val/dfl_loss": [1.1, 1.0],
    }
    pd.DataFrame(curve).to_csv(folder / "results.csv", index=False)
    outcome = {"epochs": 2, "batch": 8, "map50": 0.66, "map50_95": 0.41, "seconds": 2.0}
    write_json(folder / "done.json", {"attempt": 1, **outcome})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
