"""Pictures and labels under their new names: hard links where no trainer would rewrite them, else copies."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from labtools.artifacts.dataset import label_path
from labtools.prepare.pictures.reader import Picture
from labtools.prepare.sources.near import Near
from labtools.prepare.sources.tree import File, Tree

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

Placement = tuple[str, str, bool]
"""A picture on disk, its new path, and whether a hard link may do."""


def make_folders(base: str, images: Iterable[str]) -> None:
    """The folders of these pictures and of their labels."""
    folders = {image.rpartition("/")[0] for image in images}
    for folder in sorted(folders):
        for path in (folder, f"labels{folder.removeprefix('images')}"):
            Path(base, path).mkdir(parents=True, exist_ok=True)


def placements(
    base: str, tree: Tree, pictures: Iterable[tuple[str, Picture]], images: str
) -> tuple[list[Placement], list[tuple[str, Picture, str]]]:
    """What can be linked or copied as it lies on the disk; and what has to be read: archives' members, pictures that
    are converted (path in the tree, picture, new path).

    Args:
        base: the dataset's folder.
        pictures: path in the dataset, and the picture.
        images: ``link`` or ``copy``.
    """
    plain: list[Placement] = []
    others: list[tuple[str, Picture, str]] = []
    for image, picture in pictures:
        file = tree.files[picture.path]
        if is_plain(file, picture):
            plain.append((file.disk, f"{base}/{image}", may_link(picture, images)))
        else:
            others.append((picture.path, picture, f"{base}/{image}"))
    return plain, others


def is_plain(file: File, picture: Picture) -> bool:
    """Is the file on disk the very picture that the dataset has?"""
    return file.member is None and not picture.header.needs_conversion


def may_link(picture: Picture, images: str) -> bool:
    """Of a plain one: may the dataset's be the same file?"""
    return images == "link" and picture.header.is_closed


def place_files(files: Sequence[Placement]) -> list[tuple[str, int, int]]:
    """Link or copy. Returns path, size and modification time of those that are files of their own.

    Some versions of Ultralytics rewrite a JPEG whose last bytes are not the end mark in place: such a picture is
    always copied, so that nothing that a training does to the dataset reaches the original.
    """
    own = []
    with Near() as near_source, Near() as near:
        for source, path, is_linked in files:
            if not (is_linked and link(source, path, near_source, near)):
                _copy(source, path)
                own.append(stamp(path))
    return own


def create_labels(labels: Sequence[tuple[str, str]]) -> int:
    """Pairs of path on disk and text."""
    with Near() as near:
        for path, text in labels:
            create(path, text.encode("utf-8"), near)
    return len(labels)


def label_texts(images: Sequence[str], states: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """Path and text of every label file: an empty one for a background, none for a picture without annotation."""
    return {
        label_path(image): text
        for image, state, text in zip(images, states, labels, strict=True)
        if state != "unlabelled"
    }


def stamp(path: str) -> tuple[str, int, int]:
    """Path, size and modification time in ns: what shows that a file was not touched since."""
    found = os.stat(path)  # noqa: PTH116  for every picture
    return path, found.st_size, found.st_mtime_ns


def create(path: str, data: bytes, near: Near | None = None) -> None:
    """A new file. Not flushed one by one: nobody sees these before the swap, and each flush would wait for all the
    links and labels before it."""
    handle = near.open(path, _CREATE, 0o666) if near else os.open(path, _CREATE, 0o666)
    try:
        done = os.write(handle, data)
        while done < len(data):
            done += os.write(handle, memoryview(data)[done:])
    finally:
        os.close(handle)


def link(source: str, path: str, near_source: Near, near: Near) -> bool:
    """A hard link; False on another disk, on a file system without them, or where a link could not be removed."""
    if sys.platform == "win32" and not os.stat(source).st_mode & stat.S_IWRITE:  # noqa: PTH116
        return False  # Windows removes no file that is read-only, and all names of a file are
    old, its_folder = near_source.at(source)
    new, folder = near.at(path)
    try:
        os.link(old, new, src_dir_fd=its_folder, dst_dir_fd=folder, follow_symlinks=True)
    except OSError:
        return False
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
