"""Archives made in code."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from labtools.prepare.config import Limits
from labtools.prepare.sources.walk import read_tree

Members = Mapping[str, bytes]


@pytest.fixture
def zip_of() -> Callable[..., bytes]:
    """``zip_of({"a/b.txt": b"..."}, compression=zipfile.ZIP_STORED)``."""

    def make(members: Members, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return buffer.getvalue()

    return make


@pytest.fixture
def tar_of() -> Callable[..., bytes]:
    """``tar_of({"a/b.txt": b"..."}, "gz")``: plain, ``gz``, ``bz2`` or ``xz``."""

    def make(members: Members, packing: str = "", format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=f"w:{packing}", format=format) as archive:  # type: ignore[call-overload]
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return buffer.getvalue()

    return make


class Seen:
    """What a walk saw: contents by path (None where reading failed), findings by path and code."""

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        tree, self.findings = read_tree(root, limits)
        self.tree = tree
        self.contents: dict[str, bytes | str] = {}
        for path in tree:
            try:
                self.contents[path] = tree.read(path)
            except Exception as error:  # noqa: BLE001
                self.contents[path] = f"{type(error).__name__}: {error}"
        self.codes = {(f.file, f.code) for f in self.findings}
        tree.archives.close()

    def message(self, code: str) -> str:
        return "\n".join(f.message for f in self.findings if f.code == code)


@pytest.fixture
def see(tmp_path: Path) -> Callable[..., Seen]:
    """``see(limits)``: the tree of the folder ``in`` of this test, read to the last byte."""
    return lambda limits=None, root="in": Seen(tmp_path / root, limits)
