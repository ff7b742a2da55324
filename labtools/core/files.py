"""Files that are either the old or the new, never a half; and hashes."""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import xxhash

_T = TypeVar("_T")

_PATIENCE_S = 2.0 if sys.platform == "win32" else 0.0
"""Windows replaces no file that somebody has open, and opens none that is being replaced: a matter of milliseconds,
where a lane and `labtools status` meet, or a virus scanner looks at what is new."""


def write_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write aside in the same folder, flush to disk, then rename over ``path`` (atomic on one file system).

    Args:
        path: the file.
        data: its new content.
        durable: flush to the disk, so that a power cut leaves the old or the new. False for what is written again in
            a moment: a power cut may then leave it empty.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        aside.chmod(0o644 & ~_umask())  # mkstemp makes files that only their owner can read
        replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def replace(aside: Path, path: Path) -> None:
    """`Path.replace`, which on Windows waits for whoever has ``path`` open."""
    _patiently(lambda: aside.replace(path))


def _patiently(act: Callable[[], _T]) -> _T:
    """What the act returns, which is tried again for as long as `_PATIENCE_S`."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() >= end:
                raise
        time.sleep(0.01)


def sweep_halves(folder: Path, *names: str) -> None:
    """Remove what killed writers of the files that begin so have left aside, e.g. ``.beat.3.json.x1y2.tmp``.

    Args:
        folder: where the files are.
        names: beginnings of names whose writers, the caller knows, are dead or have lost; ``""``: of any file.
    """
    for name in names:
        for half in folder.glob(f".{glob.escape(name)}*.tmp"):
            half.unlink(missing_ok=True)


def _umask() -> int:
    """The process's umask; reading it means setting it, so it is set back at once."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """`write_bytes` of UTF-8 with plain ``\\n`` line ends on every system."""
    write_bytes(path, text.encode("utf-8"), durable=durable)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """`write_bytes` of `json_bytes`."""
    write_bytes(path, json_bytes(value), durable=durable)


def json_bytes(value: Any) -> bytes:
    """Indented JSON with sorted keys, UTF-8, the same on every system.

    Raises:
        ValueError: NaN or infinity, which are not JSON.
    """
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def read_json(path: Path | str) -> Any:
    """Read UTF-8 JSON; raises OSError or ValueError like the functions beneath it."""
    return json.loads(_patiently(lambda: _read(path)))


def _read(path: Path | str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - thousands of small files: half of `Path.read_text`
        return file.readall()


def hash_bytes(data: bytes) -> str:
    """128-bit xxHash3 of bytes, 32 hex digits: for identity, not for security."""
    return str(xxhash.xxh3_128_hexdigest(data))


def hash_file(path: Path, chunk: int = 1 << 20) -> str:
    """`hash_bytes` of a file's content, read in chunks."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(chunk):
            digest.update(block)
    return str(digest.hexdigest())


_NO_HARD_LINKS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
)
"""How file systems without hard links refuse one. Not a full disk or a lost server: those are no other way to win."""


def link_exclusive(path: Path, data: bytes, *, durable: bool = True) -> bool:
    """Create ``path`` with all of ``data`` at once, or return False if it exists: one winner, even on NFS.

    The content is written aside and hard-linked to its name: unlike ``open(..., "x")`` nobody ever sees a
    half-written file. Where the file system has no hard links, exclusive creation stands in.

    Args:
        path: the file, in a folder that exists.
        data: its content.
        durable: flush file and name to the disk, so that a power cut forgets neither.

    Raises:
        FileNotFoundError: the folder is not there. It is not created: who wins a claim in a folder that has been moved
            away has won nothing.
        OSError: the disk is full, the server is gone.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.chmod(name, 0o644 & ~_umask())  # noqa: PTH101 - mkstemp makes files that only their owner can read
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        won = _link(aside, path, data)
    finally:
        aside.unlink(missing_ok=True)
    if won and durable:
        _flush_folder(path.parent)
    return won


def link_again(source: Path, path: Path) -> bool:
    """Give a file a second name, or return False if that exists. Needs no room on a full disk.

    Where the file system has no hard links, a copy stands in.
    """
    try:
        os.link(source, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        return _create_exclusive(path, source.read_bytes())
    return True


def _link(aside: Path, path: Path, data: bytes) -> bool:
    try:
        os.link(aside, path)
    except FileExistsError:
        # A retransmitted NFS LINK may report EEXIST for our own success: two names tell the truth. Of an open file,
        # because NFS asks the server when a file is opened, and may answer from memory when it is not.
        with aside.open("rb") as file:
            return os.fstat(file.fileno()).st_nlink == 2
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        return _create_exclusive(path, data)
    return True


def _create_exclusive(path: Path, data: bytes) -> bool:
    try:
        file = path.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(data)
    except BaseException:
        path.unlink(missing_ok=True)  # half a file would count as a whole one
        raise
    return True


def _flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, where the system can: Windows cannot, and some network disks refuse.

    What was won stays won either way, so nothing is raised.
    """
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
