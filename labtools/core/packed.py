"""Plain values in a file of our own cache: numbers, texts and bytes in tuples, lists and dictionaries.

Several times as fast as JSON, and a tuple stays a tuple. Only this Python reads it, and what is damaged in any way
counts as absent, so it is for what can be made again.
"""

from __future__ import annotations

import marshal
import os
import sys
from pathlib import Path
from typing import Any

import xxhash

from labtools.core.files import replace

_KIND = f"labtools {sys.implementation.cache_tag} {marshal.version}\n".encode()


def write_packed(path: Path, value: Any) -> None:
    """Written aside, then renamed; not flushed: a file that a power failure spoils is seen to be damaged.

    Raises:
        ValueError: the value is not plain.
    """
    data = marshal.dumps(value)
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    aside.write_bytes(_KIND + xxhash.xxh3_128_digest(data) + data)
    replace(aside, path)


def read_packed(path: Path) -> Any:
    """What `write_packed` wrote.

    Raises:
        OSError, ValueError: there is no such file, or it is something else.
    """
    content = memoryview(path.read_bytes())
    start = len(_KIND) + 16
    data = content[start:]
    # `marshal` believes every byte that it is given
    if content[: len(_KIND)] != _KIND or content[len(_KIND) : start] != xxhash.xxh3_128_digest(data):
        raise ValueError(f"{path} is damaged, or another Python wrote it")
    return marshal.loads(data)  # noqa: S302
