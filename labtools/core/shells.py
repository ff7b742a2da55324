"""What people are told to type."""

from __future__ import annotations

import sys
from pathlib import Path


def typed(*words: str | Path) -> str:
    """Words of a command, quoted as the shells of this system want it; paths relative to here where they lie below."""
    texts = [_short(word) if isinstance(word, Path) else word for word in words]
    if sys.platform == "win32":
        from subprocess import list2cmdline

        return list2cmdline(texts)
    else:
        from shlex import join

        return join(texts)


def _short(path: Path) -> str:
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
