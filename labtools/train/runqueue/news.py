"""One small file that changes whenever people decide something about runs, so that lanes need not ask every run."""

from __future__ import annotations

import uuid
from pathlib import Path

from labtools.core.files import write_text

_FILE = Path("lanes") / "news"


def announce(root: Path) -> None:
    """Tell the lanes of a matrix folder to read everything again before they claim."""
    write_text(root / _FILE, f"{uuid.uuid4().hex}\n", durable=False)


def read_news(root: Path) -> str:
    """What was announced last; "" where nothing was. Read by opening it: over NFS the way to get what is new."""
    try:
        return (root / _FILE).read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""
