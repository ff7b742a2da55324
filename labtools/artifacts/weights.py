"""Checkpoints by name: where they are looked for, and how a published one is fetched."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import socket
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from platformdirs import user_cache_path

from labtools.core.errors import LabError
from labtools.core.files import hash_bytes, hash_file, replace, write_text

_RELEASE = "https://github.com/ultralytics/assets/releases/download/v8.4.0/"
_NETWORK_PATIENCE_S = 3.0
_DIGITS = 32  # of a digest

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where labtools keeps downloaded checkpoints and Ultralytics' settings; ``LABTOOLS_CACHE`` moves it."""
    return Path(os.environ.get("LABTOOLS_CACHE") or user_cache_path("labtools"))


def find_weights(name: str, folders: Sequence[Path] = ()) -> Path:
    """The absolute path of a checkpoint (``.pt``) or model YAML asked for by name or path.

    Looked for as a path, in ``folders``, in ``weights/``, in the user's labtools cache; a name that Ultralytics
    publishes (``yolov8n.pt``) is then downloaded into the cache, if its server answers within seconds.

    Raises:
        LabError: it cannot be had; says where to put the file. Never takes more than a few seconds to fail.
    """
    asked = Path(name if Path(name).suffix in {".pt", ".yaml", ".yml"} else f"{name}.pt")
    cached = cache_folder() / "weights" / asked.name
    here = Path("weights") / asked.name
    for candidate in (asked.expanduser(), *(folder / asked for folder in folders), here, cached):
        if candidate.is_file():
            return candidate.absolute()
    if asked.suffix == ".pt" and asked.parent == Path():
        problem = _download(asked.name, cached)
        if problem is None:
            return cached.absolute()
    else:
        problem = "a path is never downloaded"
    raise LabError(
        f"the checkpoint {asked} is not here and could not be downloaded: {problem}",
        here.absolute(),
        f"Put the file at {here} (or {cached}); COCO checkpoints are at {_RELEASE}{asked.name}",
    )


def digest_weights(path: Path) -> str:
    """What tells a checkpoint from another that bears its name: a hash of all its bytes, 32 hex digits.

    Kept in the cache folder under the file's path, size and time of change: lanes ask before each training, and to
    read 130 MB from a file server takes a second.

    Raises:
        OSError: it cannot be read.
    """
    about = path.stat()
    known_by = f"{path.absolute()}\0{about.st_size}\0{about.st_mtime_ns}"
    kept = cache_folder() / "digests" / hash_bytes(known_by.encode("utf-8", "surrogateescape"))
    with contextlib.suppress(OSError, UnicodeDecodeError):  # nobody has looked yet
        if len(digest := kept.read_text(encoding="ascii")) == _DIGITS:
            return digest
    digest = hash_file(path)
    try:
        write_text(kept, digest, durable=False)
    except OSError as error:  # then everybody reads it for himself
        log.debug("the digest of %s was not kept: %s", path, error)
    return digest


def are_weights(path: Path, digest: str) -> bool:
    """Is this the checkpoint with that digest? Where nobody looked when the run was planned (""), it is taken for it.

    Raises:
        OSError: it cannot be read.
    """
    return not digest or digest_weights(path) == digest


def _download(name: str, target: Path) -> str | None:
    """Fetch a published checkpoint; return why it could not be had, or None for success."""
    import urllib.error  # 20 ms with all that it needs, and only where something is fetched
    import urllib.request

    if os.environ.get("LABTOOLS_OFFLINE") or os.environ.get("YOLO_OFFLINE"):
        return "offline mode is set (LABTOOLS_OFFLINE or YOLO_OFFLINE)"
    if not re.fullmatch(r"[A-Za-z0-9_.-]+\.pt", name):
        return "that is not the name of a published checkpoint"
    try:
        # Asked first: a name server that never answers would hold urlopen for minutes.
        with closing(socket.create_connection(("github.com", 443), timeout=_NETWORK_PATIENCE_S)):
            pass
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_suffix(".part")
        with urllib.request.urlopen(_RELEASE + name, timeout=10) as answer, aside.open("wb") as file:  # noqa: S310
            while block := answer.read(1 << 20):
                file.write(block)
        replace(aside, target)
    except urllib.error.HTTPError as error:
        return f"Ultralytics publishes no {name} (HTTP {error.code})"
    except OSError as error:
        return f"no network ({error})"
    return None
