"""The dataset on disk: written aside, then swapped in, so that an interruption leaves the old one or the new one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from labtools import __version__
from labtools.artifacts.dataset import SPLITS, findings_csv, format_label, label_path, manifest_csv
from labtools.core.config import dump_yaml
from labtools.core.files import hash_bytes
from labtools.core.findings import Finding
from labtools.core.progress import Tick, silent
from labtools.prepare.items import Item
from labtools.prepare.output.swap import recover, swap
from labtools.prepare.pictures.reader import Picture
from labtools.prepare.sources.tree import Tree
from labtools.prepare.sources.workers import Workers

LAYOUT = 1

Placement = tuple[str, str, bool]
"""A picture on disk, its new path, and whether a hard link may do."""


class DatasetWriter:
    """Writes one dataset: pictures from `start` on, in the background; everything else in `finish`.

    A context: leaving it early throws the half-written folder away. ``out`` must have passed `check_target`.

    Args:
        tree: where the pictures' bytes are.
        images: ``link`` to hard-link the pictures that no trainer rewrites and copy the others, ``copy`` to copy all.
        workers: do the work on files.
    """

    def __init__(self, out: Path, tree: Tree, images: str, workers: Workers, tick: Tick = silent) -> None:
        self.out = out
        self._target = out.resolve()  # a link to another disk stays a link, and the swap happens there
        self._aside = self._target.with_name(f".{self._target.name}.partial")
        self._tree = tree
        self._images = images
        self._workers = workers
        self._tick = tick
        self._archives = ThreadPoolExecutor(1)
        self._running: list[Future[int]] = []

    def __enter__(self) -> DatasetWriter:
        recover(self._target)
        shutil.rmtree(self._aside, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        for future in self._running:
            future.cancel()
        wait(self._running)
        self._archives.shutdown(cancel_futures=True)
        shutil.rmtree(self._aside, ignore_errors=True)

    def start(self, pictures: Mapping[str, Picture]) -> None:
        """Begin to link or copy pictures to their paths in the dataset."""
        for folder in sorted({"images", "labels", *(_parent(p) for i in pictures for p in (i, label_path(i)))}):
            (self._aside / folder).mkdir(parents=True, exist_ok=True)
        base = str(self._aside)
        plain: list[Placement] = []
        members: list[tuple[str, str]] = []
        for image in sorted(pictures):
            picture = pictures[image]
            file = self._tree.files[picture.path]
            if file.member is None:
                may_link = self._images == "link" and picture.header.is_closed
                plain.append((file.disk, f"{base}/{image}", may_link))
            else:
                members.append((picture.path, f"{base}/{image}"))
        self._running += self._workers.start(_place_files, plain)
        if members:
            self._running.append(self._archives.submit(_place_members, self._tree, members))

    def finish(self, items: Sequence[Item], names: Sequence[str], findings: Iterable[Finding]) -> str:
        """Labels and tables; then the new dataset takes the old one's place. Returns the fingerprint.

        Args:
            items: one for each picture of `start`, sorted by image.
        """
        labels = [format_label(item.boxes) for item in items]
        base = str(self._aside)
        annotated = [
            (f"{base}/{label_path(item.image)}", label)
            for item, label in zip(items, labels, strict=True)
            if item.state != "unlabelled"
        ]
        self._running += self._workers.start(_create_labels, annotated)
        _write_tables(self._aside, items, names, findings)
        fingerprint = _fingerprint(items, labels, names)
        self._wait()
        about = {"layout": LAYOUT, "labtools": __version__, "fingerprint": fingerprint}
        _write(self._aside / "dataset.json", json.dumps(about, indent=2, sort_keys=True) + "\n")
        swap(self._aside, self._target)
        return fingerprint

    def _wait(self) -> None:
        """Until all pictures and labels are there."""
        done, total = 0, len(self._running)
        for done, future in enumerate(self._running, 1):
            future.result()
            self._tick("write dataset", done, total)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _write(path: Path, text: str) -> None:
    """Not flushed to the disk one by one: nobody sees these files before the swap, and each flush would wait for all
    the labels and links before it."""
    _create(str(path), text.encode("utf-8"))


def _create(path: str, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
    finally:
        os.close(handle)


def _create_labels(labels: Sequence[tuple[str, str]]) -> int:
    """Pairs of path and text."""
    for path, text in labels:
        _create(path, text.encode("utf-8"))
    return len(labels)


def _place_members(tree: Tree, members: Sequence[tuple[str, str]]) -> int:
    """Pairs of path in the tree and new path."""
    for source, path in members:
        _create(path, tree.read(source))
    return len(members)


def _place_files(placements: Sequence[Placement]) -> int:
    """The pictures' bytes under their new names.

    Some versions of Ultralytics rewrite a JPEG whose last bytes are not the end mark in place: such a picture is
    always copied, so that nothing that a training does to the dataset reaches the original.
    """
    for source, path, may_link in placements:
        if not (may_link and _link(source, path)):
            _copy(source, path)
    return len(placements)


def _link(source: str, path: str) -> bool:
    try:
        os.link(source, path, follow_symlinks=True)
    except OSError:
        return False  # another disk, or a file system without hard links
    return True


def _copy(source: str, path: str) -> None:
    """A copy in the kernel, which shares blocks where the file system can; plain copying elsewhere."""
    if not hasattr(os, "copy_file_range"):
        shutil.copyfile(source, path)
        return
    read = os.open(source, os.O_RDONLY)
    try:
        write = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            left = os.fstat(read).st_size
            while left > 0 and (copied := os.copy_file_range(read, write, left)):
                left -= copied
            if not left:
                return
        except OSError:
            pass  # EXDEV, ENOSYS: older kernels and some network file systems
        finally:
            os.close(write)
    finally:
        os.close(read)
    shutil.copyfile(source, path)


def _write_tables(root: Path, items: Sequence[Item], names: Sequence[str], findings: Iterable[Finding]) -> None:
    for split in SPLITS:
        _write(root / f"{split}.txt", "".join(f"./{item.image}\n" for item in items if item.split == split))
    _write(root / "manifest.csv", manifest_csv(item.row() for item in items))
    _write(root / "findings.csv", findings_csv(findings))
    # No `path:`: Ultralytics then takes this file's own folder, wherever it is moved and whoever loads it.
    content = {**{split: f"{split}.txt" for split in SPLITS}, "names": dict(enumerate(names))}
    _write(root / "dlcv.yaml", dump_yaml(content))


def _fingerprint(items: Sequence[Item], labels: Sequence[str], names: Sequence[str]) -> str:
    """Two datasets with the same one train alike: names, splits, labels and pictures."""
    rows = (
        f"{i.image}\t{i.split}\t{i.state}\t{i.picture.hash}\t{label}" for i, label in zip(items, labels, strict=True)
    )
    return hash_bytes("\n".join([*names, *rows]).encode("utf-8"))
