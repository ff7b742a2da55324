"""What a second run need not do again: the parts of the submissions that did not change.

Kept in the user's cache folder, one file per submission and dataset, beside the signature of everything that the
part was made from: names, sizes and times of its files, the course, the answers, and the code itself.
"""

from __future__ import annotations

import json
import marshal
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labtools.artifacts.weights import cache_folder
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes, read_json, write_bytes
from labtools.core.locks import held
from labtools.core.names import folder_name
from labtools.prepare.sources.tree import Tree

if TYPE_CHECKING:
    from labtools.prepare.parts import Part

_RESULT = "result.json"
_LOCK = "lock"
_COMPARED = "compared"
_MARK = ".now"
_TOPS = ("images", "labels")


@dataclass(frozen=True)
class Last:
    """A run, as remembered.

    Attributes:
        made_from: signature of everything that went into it.
        parts: file of each kept part -> the prefix of its pictures in the dataset.
        result: what was shown.
    """

    made_from: str
    parts: dict[str, str]
    result: dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """Where things are kept between two runs; the files may be absent, or damaged.

    Attributes:
        parts: by root, a submission's part; one that exists was made from the very same.
        pictures: by root, what was seen of a submission's pictures.
        compared: pictures that were compared with each other.
    """

    parts: Mapping[str, str]
    pictures: Mapping[str, str]
    compared: str


class Memory:
    """What is remembered of one dataset.

    Args:
        target: the dataset's folder; its absolute path names the memory.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self.folder = cache_folder() / "prepare" / hash_bytes(os.fsencode(target))[:16]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Write this dataset, and nobody else does meanwhile.

        Raises:
            LabError: somebody does already.
        """
        with held(self.folder / _LOCK) as is_ours:
            if not is_ours:
                what = "another `labtools prepare` is writing this dataset"
                raise LabError(what, self._target, "Wait until it has ended, then run this again.")
            yield

    def kept(self, made_from: Mapping[str, str]) -> Kept:
        """What is kept for submissions with these signatures, by root; the folder is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        parts = {root: self._file(root, f"{root} {one}", "part") for root, one in made_from.items()}
        return Kept(parts, {root: self._pictures(root) for root in made_from}, str(self.folder / _COMPARED))

    def _pictures(self, root: str) -> str:
        return self._file(root, root, "pictures")

    def _file(self, root: str, key: str, kind: str) -> str:
        name = folder_name(root.rpartition("/")[2] or "all")[:40]
        return str(self.folder / f"{name}_{hash_bytes(key.encode('utf-8', 'surrogatepass'))}.{kind}")

    def last(self) -> Last | None:
        """The last run, if its dataset lies there and nobody touched it since."""
        try:
            state = read_json(self.folder / _RESULT)
            fingerprint = read_json(self._target / "dataset.json")["fingerprint"]
            if state["result"]["fingerprint"] != fingerprint:
                return None
            count, latest = files_and_latest(self._target)
            if count != state["files"] or latest > state["time"]:
                return None
            if not all(is_untouched(f"{self._target}/{path}", (size, time)) for path, size, time in state["own"]):
                return None
            return Last(state["made_from"], state["parts"], state["result"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, last: Last, parts: Sequence[Part]) -> None:
        """After the dataset took its place; kept parts that are not in it go."""
        files = sum(2 * len(part) - part.state.count("unlabelled") for part in parts)
        own = [*_tables(self._target), *(stamp for part in parts for stamp in part.written)]
        mark = self._target / _MARK
        mark.touch()  # by the clock of the dataset's own disk: what is changed from now on is later
        time = max(mark.stat().st_mtime_ns, *(os.stat(self._target / top).st_mtime_ns for top in _TOPS))  # noqa: PTH116
        mark.unlink()
        state = {
            "made_from": last.made_from,
            "parts": last.parts,
            "result": last.result,
            "files": files,
            "own": own,
            "time": time,
        }
        write_bytes(self.folder / _RESULT, json.dumps(state, sort_keys=True, ensure_ascii=False).encode("utf-8"))
        used = (*last.parts, *(self._pictures(part.root) for part in parts))
        names = {_RESULT, _LOCK, _COMPARED, *(Path(path).name for path in used)}
        for path in self.folder.iterdir():
            if path.name not in names:
                path.unlink()


def _tables(dataset: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of the lists, tables and sheets: all that is neither a picture nor a label."""
    files = sorted([*dataset.iterdir(), *(dataset / "teams").rglob("*")])
    stamps = ((path, path.stat()) for path in files if path.is_file())
    return [(path.relative_to(dataset).as_posix(), found.st_size, found.st_mtime_ns) for path, found in stamps]


def files_and_latest(dataset: Path) -> tuple[int, int]:
    """The number of files of a dataset, and the latest time that one of its labels, or of its folders, was changed."""
    count, latest = 0, 0
    for top in _TOPS:
        folders = [str(dataset / top)]
        while folders:
            folder = folders.pop()
            latest = max(latest, os.stat(folder).st_mtime_ns)  # noqa: PTH116  thousands of files
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                        continue
                    count += 1
                    if top == "labels":
                        latest = max(latest, entry.stat().st_mtime_ns)
    return count, latest


def signature(context: str, tree: Tree, paths: Iterable[str]) -> str:
    """Of a submission: changes when one of its files does, or anything else that its part depends on."""
    files = tree.files
    # Version 2 of the format writes equal values equally; later ones write shared objects once.
    return hash_bytes(marshal.dumps((context, [(path, files[path].stamp) for path in paths]), 2))


@cache
def code_signature() -> str:
    """Of the code, and the words, that a dataset is made with: another version of labtools starts afresh."""
    package = Path(__file__).parents[1]
    rooms = ("prepare", "artifacts", "core")
    files = sorted(path for room in rooms for kind in ("*.py", "*.yaml") for path in (package / room).rglob(kind))
    return hash_bytes(b"\0".join(path.read_bytes() for path in files))


def is_untouched(path: str, expected: tuple[int, int]) -> bool:
    try:
        found = os.stat(path)  # noqa: PTH116  for every picture
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == expected
