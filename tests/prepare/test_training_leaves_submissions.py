"""A real training on a prepared dataset, hard-linked to the submissions, leaves every byte of these as it was.

Ultralytics rewrites a JPEG whose end is not clean, in some versions in place; a converted picture is nobody else's.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.dataset import open_dataset, read_manifest
from labtools.demo.scales import WEIGHTS
from labtools.prepare.pictures.headers import read_header
from labtools.prepare.pipeline import prepare

pytestmark = pytest.mark.long

_TRAIN = """
import sys
from pathlib import Path
from labtools import yolo
yolo.train(
    Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), epochs=1, imgsz=64, batch=4, freeze=10, seed=0,
    device="cpu", args={"optimizer": "AdamW", "mosaic": 0.0, "plots": False}, on_epoch=print, on_step=print,
)
"""


@pytest.fixture
def submissions(put: Callable[[str, str | bytes], Path], picture: Callable[..., bytes], tmp_path: Path) -> Path:
    """Clean pictures, and the kinds that are not trained on as they are."""
    odd = {
        "1/tail.jpg": picture(90) + b"SEFH and more", "1/endless.jpg": picture(91)[:-2],
        "1/zeros.jpg": picture(92) + bytes(20), "2/still.gif": picture(93, format="GIF"),
        "3/plain.tif": picture(94, format="TIFF"), "1/web.jpg": picture(95, format="WEBP"),
    }  # fmt: skip
    plain = {f"{sequence}/{n}.jpg": picture(10 * sequence + n) for sequence in (1, 2, 3) for n in range(6)}
    lists: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for name, data in (plain | odd).items():
        sequence, _, file = name.partition("/")
        put(f"in/{sequence}/images/{file}", data)
        put(f"in/{sequence}/labels/{Path(file).stem}.txt", "0 0.5 0.5 0.4 0.4\n")
        lists[("train", "val", "test")[int(sequence) - 1]].append(f"./{sequence}/images/{file}\n")
    for split, lines in lists.items():
        put(f"in/{split}.txt", "".join(lines))
    put("in/obj.names", "velo\n")
    return tmp_path / "in"


def fingerprints(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and time of the last change of every file."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_training_changes_no_byte_of_the_submissions(submissions: Path, tmp_path: Path) -> None:
    before = fingerprints(submissions)
    result = prepare(submissions, tmp_path / "dataset", images="link")
    dataset = open_dataset(result.out)
    manifest = read_manifest(dataset)
    assert len(manifest) == 24
    linked = [image for image in manifest["image"] if (dataset.root / image).stat().st_nlink > 1]
    assert len(linked) == 20, "all but the three unclean JPEGs and the GIF"
    assert not any(read_header((dataset.root / image).read_bytes()).needs_conversion for image in manifest["image"])
    written = fingerprints(dataset.root)

    command = [sys.executable, "-c", _TRAIN, str(WEIGHTS / "yolov8p.pt"), str(dataset.yaml), str(tmp_path / "run")]
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "run" / "weights" / "last.pt").is_file()
    assert "corrupt" not in (done.stdout + done.stderr).lower()
    assert fingerprints(submissions) == before
    assert {path: now for path, now in fingerprints(dataset.root).items() if path in written} == written
