"""Every picture, read once: header, hash, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from labtools.core.files import hash_bytes
from labtools.core.findings import Action, Finding, Severity
from labtools.core.progress import Tick, silent
from labtools.core.sentences import Sentence, reason, verbatim
from labtools.prepare.pictures.hashing import Thumbnail, prove, seen_in
from labtools.prepare.pictures.headers import Header, read_header
from labtools.prepare.pictures.oddities import oddities
from labtools.prepare.pictures.opening import ImageError
from labtools.prepare.sources.near import Near
from labtools.prepare.sources.tree import READ_ERRORS, Tree, read_disk
from labtools.prepare.sources.workers import Hands


class Picture(NamedTuple):
    """One readable picture.

    Attributes:
        path: in the tree.
        header: format, size, orientation.
        hash: 128-bit xxHash3 of its bytes.
        size: bytes.
        phash, tone: what it looks like, two 64-bit words, see `hashing.Seen`; 0 if nobody asked.
    """

    path: str
    header: Header
    hash: str
    size: int
    phash: int = 0
    tone: int = 0

    @property
    def wh(self) -> tuple[int, int]:
        """As displayed."""
        return self.header.wh


Examined = tuple[list[Picture], list[Finding]]

Look = Callable[[bytes, Header], Thumbnail]
"""Decodes a picture for its perceptual hashes: `hashing.shrink`, or a module-level function that raises the same."""

_AT_ONCE = 128  # decoded small before they are hashed: a megabyte or two, that stays in the processor's cache


class PictureReader:
    """Reads every picture once, beside whatever else is done meanwhile; `result` waits for the last.

    Args:
        tree: where they are.
        paths: the pictures.
        hands: read the files; members of archives are read by a thread of its own, as an archive is read in order.
        look: see `Look`; None to decode only what is doubtful.
        known: by path, pictures that need not be read.
    """

    def __init__(
        self,
        tree: Tree,
        paths: Sequence[str],
        hands: Hands,
        look: Look | None = None,
        known: Mapping[str, Picture] = MappingProxyType({}),
    ) -> None:
        self._paths = paths
        self._known = known
        new = [path for path in paths if path not in known] if known else paths
        plain = [(path, tree.files[path].disk) for path in new if tree.files[path].member is None]
        members = [path for path in new if tree.files[path].member is not None]
        self._archives = ThreadPoolExecutor(1)  # starts no thread before there is work
        self._running = hands.start(partial(_examine_files, look), plain)
        if members:
            self._running.append(self._archives.submit(_examine_members, look, tree, members))

    def tell(self, tick: Tick) -> None:
        """Say how far it is."""
        total = max(1, len(self._running))
        done = sum(future.done() for future in self._running)
        tick("read pictures", len(self._paths) * done // total, len(self._paths))

    def result(self, tick: Tick = silent) -> tuple[dict[str, Picture], list[Finding]]:
        """The readable ones by path, in the order given, and a finding for each of the others and each oddity."""
        found = dict(self._known)
        findings: list[Finding] = []
        for future in self._running:
            pictures, trouble = future.result()
            found.update((picture.path, picture) for picture in pictures)
            findings.extend(trouble)
            self.tell(tick)
        self._archives.shutdown()
        tick("read pictures", len(self._paths), len(self._paths))
        return {path: found[path] for path in self._paths if path in found}, findings


def _examine_files(look: Look | None, files: Sequence[tuple[str, str]]) -> Examined:
    """Pairs of path and file on disk."""
    with Near() as near:
        return _examine(look, files, partial(read_disk, near=near))


def _examine_members(look: Look | None, tree: Tree, paths: Sequence[str]) -> Examined:
    return _examine(look, [(path, path) for path in paths], tree.read)


def _examine(look: Look | None, files: Sequence[tuple[str, str]], read: Callable[[str], bytes]) -> Examined:
    """Pairs of path and what to read."""
    pictures: list[Picture] = []
    findings: list[Finding] = []
    for start in range(0, len(files), _AT_ONCE):
        found, trouble = _examine_some(look or prove, files[start : start + _AT_ONCE], read)
        pictures += found
        findings += trouble
    return pictures, findings


def _examine_some(look: Look, files: Sequence[tuple[str, str]], read: Callable[[str], bytes]) -> Examined:
    pictures: list[Picture] = []
    findings: list[Finding] = []
    thumbnails: list[Thumbnail] = []
    for path, source in files:
        try:
            data = read(source)
            header = read_header(data)
            thumbnail = look(data, header)
        except ImageError as error:
            findings.append(_left_out(path, error.code, error.sentence))
        except READ_ERRORS as error:
            kind = verbatim(type(error).__name__)
            what = Sentence("this picture cannot be read: {kind}: {why}", kind=kind, why=reason(error))
            findings.append(_left_out(path, "image-unreadable", what))
        else:
            pictures.append(Picture(path, header, hash_bytes(data), len(data)))
            thumbnails.append(thumbnail)
            findings.extend(oddities(path, header, thumbnail.damage))
    if any(one.grey is not None for one in thumbnails):
        seen = zip(pictures, seen_in(thumbnails), strict=True)
        pictures = [Picture(*one[:4], words.phash, words.tone) for one, words in seen]
    return pictures, findings


def _left_out(path: str, code: str, message: Sentence) -> Finding:
    return Finding("", path, 0, code, Severity.ERROR, message, Action.LEFT_OUT)
