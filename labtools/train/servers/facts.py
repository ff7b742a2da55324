"""What a server says of itself before anything is started there. All of this runs on that server."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import socket
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import zip_longest
from pathlib import Path
from typing import Any

import labtools
from labtools.artifacts.dataset import open_dataset
from labtools.artifacts.weights import are_weights
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes
from labtools.train.lanes.gpus import Gpu, Gpus, NoDriver, Nvml


@dataclass(frozen=True)
class Needs:
    """What the lanes of a matrix will need on a server.

    Attributes:
        root: the matrix's folder; may not exist yet.
        token: a file that the asking machine has just written to the shared disk.
        secret: what is in it.
        data: the dataset's YAML.
        fingerprint: of the dataset.
        weights: the checkpoints to start from.
        gpus: indices of the GPUs that will train.
        digests: of these checkpoints' contents, in the same order; "" where nobody knows.
    """

    root: str
    token: str
    secret: str
    data: str
    fingerprint: str
    weights: tuple[str, ...]
    gpus: tuple[int, ...]
    digests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trouble:
    """A `LabError` on its way to another machine."""

    what: str
    where: str | None
    fix: str


@dataclass(frozen=True)
class Facts:
    """A server, as it found itself.

    Attributes:
        host: its host name, by which lanes and attempts are recorded.
        user: who we are there.
        versions: of ``python``, ``labtools``, ``torch``, ``ultralytics``; "" where one is not installed.
        code: of labtools' sources: tells two states of one version apart.
        gpus: product names, by index.
        gpu_bytes: memory of each.
        free_bytes: of the disk that the runs go to, None where that folder is not seen.
        troubles: what keeps it from training.
    """

    host: str
    user: str
    versions: dict[str, str]
    code: str
    gpus: tuple[str, ...]
    gpu_bytes: tuple[int, ...]
    free_bytes: int | None
    troubles: tuple[Trouble, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def needs_from_json(content: dict[str, Any]) -> Needs:
    lists: dict[str, Any] = {name: tuple(content[name]) for name in ("weights", "gpus", "digests") if name in content}
    return Needs(**{**content, **lists})


def facts_from_json(content: dict[str, Any]) -> Facts:
    troubles = tuple(Trouble(**trouble) for trouble in content["troubles"])
    lists = {key: tuple(content[key]) for key in ("gpus", "gpu_bytes")}
    return Facts(**{**content, **lists, "troubles": troubles})


def find_facts(needs: Needs, driver: Gpus | None = None) -> Facts:
    """Look at everything that the lanes here will need. Finds all troubles, not only the first.

    Args:
        needs: what the lanes will need.
        driver: who knows the GPUs; the real one where it is None.
    """
    gpus, gpu_trouble = _gpus(driver or Nvml(), needs.gpus)
    shared = _find(lambda: _check_shared(Path(needs.token), needs.secret))
    # Where the folder is another one, everything below it would be told as missing once more.
    weights = zip_longest(needs.weights, needs.digests[: len(needs.weights)], fillvalue="")
    rest = () if shared else (_find(lambda: _check_data(needs)), *(_find_weights(*one) for one in weights))
    return Facts(
        host=socket.gethostname(),
        user=getpass.getuser(),
        versions=versions(),
        code=code_hash(),
        gpus=tuple(gpu.name for gpu in gpus),
        gpu_bytes=tuple(gpu.total_bytes for gpu in gpus),
        free_bytes=None if shared else shutil.disk_usage(Path(needs.token).parent).free,
        troubles=tuple(trouble for trouble in (gpu_trouble, shared, *rest) if trouble is not None),
    )


def versions() -> dict[str, str]:
    """Without importing what takes seconds."""
    found = {"python": platform.python_version(), "labtools": labtools.__version__}
    for name in ("torch", "ultralytics"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def code_hash() -> str:
    """Eight hex digits of all of labtools' sources."""
    package = Path(labtools.__file__).parent
    sources = sorted(package.rglob("*.py"), key=lambda path: path.relative_to(package).as_posix())
    parts = (part for path in sources for part in (path.relative_to(package).as_posix().encode(), path.read_bytes()))
    return hash_bytes(b"\0".join(parts))[:8]


def _find(check: Callable[[], None]) -> Trouble | None:
    """The trouble that a check raises."""
    try:
        check()
    except LabError as error:
        return Trouble(error.what, error.where, error.fix)
    return None


def _check_shared(token: Path, secret: str) -> None:
    """Is the folder of the runs the very one that the asking machine sees, and may we write there?"""
    folder = token.parent
    # The names first: over NFS a listing is true sooner than a look at a single file.
    if not folder.is_dir() or token.name not in os.listdir(folder) or token.read_text(encoding="utf-8") != secret:
        there = "has another folder there" if folder.is_dir() else "has no such folder"
        raise LabError(
            f"what is written to {folder} elsewhere is not seen here: this server {there}",
            folder,
            "The lab's folder must be on one disk (NFS), under one path on all servers and where you type this: "
            "log in to one of them and type it there; a symbolic link may help.",
        )
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".labtools-"):
            pass
    except OSError as error:
        raise LabError(
            f"{getpass.getuser()} may not write to {folder}: {error.strerror}",
            folder,
            "Use the same user (and number: `id -u`) on all servers, or allow it to write there.",
        ) from None


def _check_data(needs: Needs) -> None:
    dataset = open_dataset(Path(needs.data))
    if dataset.fingerprint != needs.fingerprint:
        raise LabError(
            "the dataset here is not the one that the matrix was planned with",
            dataset.root,
            "Keep it on the shared disk, or copy it here again.",
        )


def _find_weights(path: str, digest: str) -> Trouble | None:
    if Path(path).is_file():
        return _compare_weights(Path(path), digest)
    return Trouble(
        f"the checkpoint {Path(path).name} is not here",
        path,
        "Put it on the shared disk, e.g. into weights/ of the lab's folder, so that all servers find it.",
    )


def _compare_weights(path: Path, digest: str) -> Trouble | None:
    """Two servers may each have a disk of their own under that path."""
    try:
        if are_weights(path, digest):
            return None
    except OSError as error:
        return Trouble(f"the checkpoint {path.name} cannot be read: {error.strerror}", str(path), "Make it readable.")
    return Trouble(
        f"the checkpoint {path.name} here is another one than where the matrix was planned",
        str(path),
        "Keep one on the shared disk, or copy it here again.",
    )


def _gpus(driver: Gpus, asked: Sequence[int]) -> tuple[tuple[Gpu, ...], Trouble | None]:
    """The GPUs here, and what is wrong with those that are asked for."""
    fix = "Compare `gpus:` in servers.yaml with `nvidia-smi -L` there."
    try:
        there = driver.all()
    except NoDriver as error:
        said = "there is no NVIDIA driver here, so no GPU" if error.is_absent else str(error)
        return (), Trouble(said, None, fix) if asked else None
    lost = [index for index in asked if index not in {gpu.index for gpu in there}]
    if not lost:
        return there, None
    counted = f"it has {len(there)}, numbered from 0" if there else "it has none"
    return there, Trouble(f"there is no GPU {', '.join(map(str, lost))} here: {counted}", None, fix)
