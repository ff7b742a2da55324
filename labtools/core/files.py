"""Files that are either the old or the new, never a half; and hashes."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import xxhash


def write_bytes(path: Path, data: bytes) -> None:
    """Write aside in the same folder, flush to disk, then rename over ``path`` (atomic on one file system)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(0o644 & ~_umask())  # mkstemp makes files that only their owner can read
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's umask; reading it means setting it, so it is set back at once."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """`write_bytes` of UTF-8 with plain ``\\n`` line ends on every system."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """`write_text` of indented JSON with sorted keys; NaN is refused (it is not JSON)."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read UTF-8 JSON; raises OSError or ValueError like the functions beneath it."""
    return json.loads(path.read_text(encoding="utf-8"))


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


def link_exclusive(path: Path, data: bytes) -> bool:
    """Create ``path`` with all of ``data`` at once, or return False if it exists: one winner, even on NFS.

    The content is written aside and hard-linked to its name: unlike ``open(..., "x")`` nobody ever sees a
    half-written file. Where the file system has no hard links, exclusive creation stands in.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            # A retransmitted NFS LINK may report EEXIST for our own success: two names tell the truth.
            return aside.stat().st_nlink == 2
        except OSError:
            return _create_exclusive(path, data)
        return True
    finally:
        aside.unlink(missing_ok=True)


def _create_exclusive(path: Path, data: bytes) -> bool:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        return False
    return True
