"""Checkpoints by name: where they are looked for, and how a published one is fetched."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from platformdirs import user_cache_path

from labtools.core.errors import LabError

_RELEASE = "https://github.com/ultralytics/assets/releases/download/v8.4.0/"
_NETWORK_PATIENCE_S = 3.0


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
        aside.replace(target)
    except urllib.error.HTTPError as error:
        return f"Ultralytics publishes no {name} (HTTP {error.code})"
    except OSError as error:
        return f"no network ({error})"
    return None
