"""A second process that looks at the submissions while this one imports numpy, pydantic and the rest of the room.

Listing 57,220 files takes as long as those imports, and the second core has nothing else to do then. Afterwards it goes
on with the pictures, until it is called back. Everything that it tells can also be found out here: where a process is
dear to start (Windows, macOS), or would be born in the middle of a thread's work, that is what happens.
"""

from __future__ import annotations

import gc
import marshal
import os
import pickle
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from labtools.prepare.sources.folders import Folder, Listing, base_of, list_all, unpacked

_AT_ONCE = 32  # files between two looks at whether it was called back
_LENGTH = 8  # bytes before each message, which say how long it is
_LONGEST_ORDER = 4096  # bytes: what a pipe takes and gives at once (pipe(7), PIPE_BUF)

Known = tuple[Any, ...]
"""Plain values that somebody will want to know of a file."""

Ahead = Callable[[Sequence[str]], Mapping[str, Known]]
"""Files on disk -> what is known of them then; absent are those that whoever wants to know has to look at himself."""


class Scout:
    """Sent to a folder; a context, after which it is gone.

    Args:
        root: the submissions.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._told: list[Any] = []
        self._pid = 0
        # A fork copies the thread that asks for it, and the locks that all others hold.
        if sys.platform == "linux" and threading.active_count() == 1:
            self._pid, self._news, self._back = _fork(root)

    def __enter__(self) -> Scout:
        return self

    def __exit__(self, *_: object) -> None:
        if sys.platform == "linux" and self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = 0
            self._news.close()
            self._call_back()

    def go_on(self, ahead: Callable[[], Ahead]) -> None:
        """After the listing, look at the files too, until `known` is asked for.

        Args:
            ahead: gives the function for that; a module's, called in the other process, so that what it imports costs
                nothing here.
        """
        if self._back >= 0:
            with suppress(BrokenPipeError):  # nobody is there any more: what is not known is looked at here
                os.write(self._back, pickle.dumps(ahead))

    @property
    def seen(self) -> tuple[int, str]:
        """How many files there are, and `Listing.digest`: it tells this first, and often that is all."""
        files, digest = self._tell(0) or (self._own.files, self._own.digest)
        return int(files), str(digest)

    @cached_property
    def folders(self) -> Mapping[str, Folder]:
        """See `Listing`."""
        told = self._tell(1)
        return self._own.folders if told is None else unpacked(self.root, told)

    @cached_property
    def known(self) -> Mapping[str, Known]:
        """By path on disk, what it found out about files until now; it stops then."""
        self._call_back()
        return self._tell(2) or {}

    @cached_property
    def _own(self) -> Listing:
        """Where nobody was sent, or did not come back."""
        return list_all(self.root)

    def _call_back(self) -> None:
        if self._back >= 0:
            os.close(self._back)
            self._back = -1

    def _tell(self, number: int) -> Any:
        """One of the messages; None if it never came."""
        while self._pid and len(self._told) <= number:
            length = self._news.read(_LENGTH)
            message = self._news.read(int.from_bytes(length, "big")) if length else b""
            self._told.append(marshal.loads(message) if message else None)  # noqa: S302  our own child wrote it
        return self._told[number] if self._pid else None

    _back = -1
    _news: IO[bytes]


def scout_for(root: Path, sent: Scout | None) -> Scout:
    """Who was sent already, if it was to there."""
    return sent if sent is not None and sent.root == str(root) else Scout(str(root))


def _fork(root: str) -> tuple[int, IO[bytes], int]:
    """Process, its messages, and what has to be closed to call it back."""
    hear, tell = os.pipe()
    wait, call = os.pipe()
    if sys.platform == "linux" and (pid := os.fork()):
        os.close(tell)
        os.close(wait)
        return pid, os.fdopen(hear, "rb"), call
    try:  # whatever happens here: the parent then looks himself, and says what is wrong
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        gc.disable()  # it would look for cycles in 100,000 stamps, again and again
        os.close(hear)
        os.close(call)
        with os.fdopen(tell, "wb") as news:
            _explore(root, news, wait)
    finally:
        os._exit(0)


def _explore(root: str, news: IO[bytes], wait: int) -> None:
    """In the other process."""
    listing = list_all(root)
    _say(news, (listing.files, listing.digest))
    _say(news, listing.packed)
    found: dict[str, Known] = {}
    order = os.read(wait, _LONGEST_ORDER)  # nothing, where it is called back
    if order:
        look: Ahead = pickle.loads(order)()  # noqa: S301  our own parent wrote it
        for paths in _in_turns(listing.folders):
            if select.select([wait], [], [], 0)[0]:
                break
            found.update(look(paths))
    _say(news, found)


def _in_turns(folders: Mapping[str, Folder]) -> Iterator[list[str]]:
    """All files, a few of each folder at a time: were it whole teams, one process would be done with the others before
    the last one is."""
    ordered = sorted(folders.items())
    for start in range(0, max((len(folder.names) for _, folder in ordered), default=0), _AT_ONCE):
        for disk, folder in ordered:
            if names := folder.names[start : start + _AT_ONCE]:
                yield [base_of(disk) + name for name in names]


def _say(news: IO[bytes], message: Any) -> None:
    data = marshal.dumps(message, 2)
    news.write(len(data).to_bytes(_LENGTH, "big") + data)
    news.flush()
