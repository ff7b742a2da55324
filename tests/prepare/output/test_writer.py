"""What lies on disk afterwards: the same bytes each time, all or nothing, and never a change to the originals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from labtools.artifacts.dataset import open_dataset, read_manifest
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes, read_json
from labtools.prepare.output import placing, swap
from labtools.prepare.pipeline import prepare

Put = Callable[[str, str | bytes], Path]
Picture = Callable[..., bytes]


@pytest.fixture
def submissions(put: Put, picture: Picture, tmp_path: Path) -> Path:
    """One dataset with a picture of every kind that trainers treat apart."""
    whole = picture(1)
    pictures = {
        "whole.jpg": whole,
        "trailer.jpg": whole + b"written by a phone",  # decodes, but Ultralytics would rewrite it
        "padded.jpg": whole + b"\0\0\0",
        "alpha.png": picture(2, format="PNG"),
        "webp.jpg": picture(3, format="WEBP"),
        "flat.bmp": picture(4, format="BMP"),
        "grey.tiff": picture(5, format="TIFF"),
    }
    for split in ("train", "val"):
        for name, data in pictures.items():
            put(f"in/{split}/images/{split}_{name}", data)
            put(f"in/{split}/labels/{split}_{name.rpartition('.')[0]}.txt", "0 0.5 0.5 0.25 0.5\n")
    put("in/data.yaml", "names: [thing]\ntrain: ../train/images\nval: ../valid/images\n")
    return tmp_path / "in"


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Path -> hash and modification time of every file."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): (hash_bytes(p.read_bytes()), p.stat().st_mtime_ns) for p in files}


def content(folder: Path) -> dict[str, str]:
    return {path: digest for path, (digest, _) in state(folder).items()}


def test_twice_is_the_same_to_the_byte(submissions: Path, tmp_path: Path) -> None:
    first = prepare(submissions, tmp_path / "a" / "dlcv")
    one = content(first.out)
    again = prepare(submissions, tmp_path / "a" / "dlcv")
    linked = prepare(submissions, tmp_path / "b" / "dlcv", images="link")
    assert one == content(again.out) == content(linked.out)
    assert first.fingerprint == linked.fingerprint
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["dlcv"]
    texts = [p for p in first.out.rglob("*") if p.suffix in {".txt", ".csv", ".json", ".yaml"}]
    assert texts and not any(str(tmp_path) in p.read_text(encoding="utf-8") for p in texts)
    assert not any(b"\r" in p.read_bytes() for p in texts)


def test_the_fingerprint_follows_the_content(submissions: Path, tmp_path: Path) -> None:
    before = prepare(submissions, tmp_path / "out").fingerprint
    label = submissions / "val/labels/val_whole.txt"
    label.write_text("0 0.5 0.5 0.25 0.25\n", encoding="utf-8")
    assert prepare(submissions, tmp_path / "out").fingerprint != before
    assert read_json(tmp_path / "out" / "dataset.json")["fingerprint"] != before


SCAN = """
import sys
from ultralytics.data.utils import check_det_dataset
from ultralytics.data.dataset import YOLODataset
for path in sys.argv[1:]:
    data = check_det_dataset(path, autodownload=False)
    for split in ("train", "val"):
        dataset = YOLODataset(img_path=data[split], data=data, imgsz=64, augment=False, rect=False)
        shapes = [dataset.load_image(i)[0].shape for i in range(len(dataset))]
        print(split, len(dataset), sum(len(label["cls"]) for label in dataset.labels), len(shapes))
"""


def test_training_never_reaches_the_originals(submissions: Path, tmp_path: Path) -> None:
    """Ultralytics scans datasets for real, from another working directory, and rewrites what it rewrites."""
    outs = {mode: prepare(submissions, tmp_path / mode, images=mode).out for mode in ("copy", "link")}
    before = state(submissions)
    datasets = {mode: content(out) for mode, out in outs.items()}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "YOLO_OFFLINE": "1", "YOLO_CONFIG_DIR": str(elsewhere), "YOLO_AUTOINSTALL": "false"}
    command = [sys.executable, "-c", SCAN, *(str(out / "dlcv.yaml") for out in outs.values())]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith(("train ", "val "))]
    assert lines == ["train 7 7 7", "val 7 7 7"] * 2
    assert state(submissions) == before
    links = {"whole.jpg", "alpha.png", "webp.webp", "flat.bmp", "grey.tif"}
    for mode, out in outs.items():
        after = content(out)
        # the unclean ends were cut off: nothing to rewrite
        assert {p for p in datasets[mode] if after[p] != datasets[mode][p]} == set()
        shared = {p.name for p in out.rglob("*") if p.is_file() and p.stat().st_nlink > 1}
        assert shared == {f"{s}_{name}" for s in ("train", "val") for name in links if mode == "link"}


def test_pictures_keep_their_bytes_and_get_the_suffix_of_their_content(submissions: Path, tmp_path: Path) -> None:
    manifest = read_manifest(open_dataset(prepare(submissions, tmp_path / "out").out))
    for row in manifest.itertuples():
        written = (tmp_path / "out" / str(row.image)).read_bytes()
        assert (submissions / str(row.source)).read_bytes().startswith(written)
        assert hash_bytes(written) == row.hash or "trailer" in str(row.image) or "padded" in str(row.image)
        assert hash_bytes((submissions / str(row.source)).read_bytes()) == row.hash
    assert "images/in/val_webp.webp" in set(manifest["image"])
    assert not any(p.is_symlink() for p in (tmp_path / "out").rglob("*"))


def test_the_yaml_travels(submissions: Path, tmp_path: Path) -> None:
    result = prepare(submissions, tmp_path / "out")
    content = yaml.safe_load((result.out / "dlcv.yaml").read_text(encoding="utf-8"))
    assert content == {"train": "train.txt", "val": "val.txt", "test": "test.txt", "names": {0: "thing"}}
    assert all(line.startswith("./images/") for line in (result.out / "train.txt").read_text().splitlines())


def test_read_only_submissions(submissions: Path, tmp_path: Path) -> None:
    for path in [*submissions.rglob("*"), submissions]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        result = prepare(submissions, tmp_path / "out", images="link")
        result = prepare(submissions, tmp_path / "out")
        assert sum(result.summary.images.values()) == 14
        assert os.access(result.out / "images/in/val_whole.jpg", os.W_OK)
    finally:
        for path in [submissions, *submissions.rglob("*")]:
            path.chmod(0o755)


def test_a_folder_of_somebody_else_is_not_replaced(submissions: Path, put: Put, tmp_path: Path) -> None:
    put("thesis/chapter1.tex", "years of work")
    with pytest.raises(LabError, match="not written by labtools"):
        prepare(submissions, tmp_path / "thesis")
    put("thesis/dataset.json", "{}")
    with pytest.raises(LabError, match="not written by labtools"):
        prepare(submissions, tmp_path / "thesis")
    for out in (submissions, submissions / "out", tmp_path):
        with pytest.raises(LabError, match="lie in one another"):
            prepare(submissions, out)
    with pytest.raises(LabError, match="a file, not a folder"):
        prepare(submissions, put("file.txt", ""))
    assert (tmp_path / "thesis/chapter1.tex").read_text() == "years of work"


@pytest.mark.parametrize("exchange", [True, False])
def test_a_failure_while_writing_leaves_the_old_dataset(
    exchange: bool, submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchange:  # a file system without the atomic swap
        monkeypatch.setattr(swap, "_exchange", lambda first, second: False)
    old = content(prepare(submissions, tmp_path / "d" / "out").out)
    (submissions / "val/labels/val_whole.txt").write_text("", encoding="utf-8")
    real = placing.create

    def fail(path: str, *rest: Any) -> None:
        if path.endswith("val_padded.txt"):
            raise OSError(28, "No space left on device")
        real(path, *rest)

    monkeypatch.setattr(placing, "create", fail)
    with pytest.raises(OSError, match="No space left"):
        prepare(submissions, tmp_path / "d" / "out")
    assert content(tmp_path / "d" / "out") == old
    monkeypatch.setattr(placing, "create", real)
    assert content(prepare(submissions, tmp_path / "d" / "out").out) != old
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["out"]


def test_an_interruption_between_two_renames_is_mended(submissions: Path, tmp_path: Path) -> None:
    out = prepare(submissions, tmp_path / "out").out
    old = content(out)
    out.rename(out.with_name(".out.old"))  # where file systems cannot exchange, a kill may leave this
    swap.recover(out)
    assert content(out) == old


def test_killed_at_any_moment(put: Put, picture: Picture, tmp_path: Path) -> None:
    """SIGKILL of the real command at growing delays: the dataset is always a whole one."""
    for number in range(300):
        put(f"in/train/images/{number}.jpg", picture(number, (32, 32)))
        put(f"in/train/labels/{number}.txt", "0 0.5 0.5 0.25 0.5\n")
    out = tmp_path / "out"
    whole = content(prepare(tmp_path / "in", out).out)
    put("in/train/labels/0.txt", "")
    command = [sys.executable, "-m", "labtools", "prepare", str(tmp_path / "in"), "--out"]
    started = time.perf_counter()
    subprocess.run(
        [*command, str(tmp_path / "other")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    usual = time.perf_counter() - started
    changed = content(tmp_path / "other")
    command.append(str(out))
    killed = 0
    for delay in usual * np.linspace(0.2, 1.0, 8):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert content(out) in (whole, changed)
    assert killed
    assert subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    assert content(out) == changed
    assert {p.name for p in tmp_path.iterdir()} == {"in", "out", "other"}


def test_a_linked_out_folder_is_followed(submissions: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk", target_is_directory=True)
    prepare(submissions, tmp_path / "out")
    assert (tmp_path / "out").is_symlink() and (tmp_path / "disk/dlcv.yaml").is_file()
    shutil.rmtree(tmp_path / "disk")
