"""What an archive says that it holds."""

from __future__ import annotations

from typing import NamedTuple

from labtools.core.sentences import Sentence, SentenceError
from labtools.prepare.sources.members import Member


class RefusedError(SentenceError):
    """An archive that is not opened, because of what it would cost."""


class Entry(NamedTuple):
    """One entry of an archive.

    Attributes:
        name: as people meant it, with forward slashes; not checked.
        member: None for a folder, and for what is not read.
        problem: why it is not read, None otherwise.
        header: offset of what comes before its bytes, for finding members that overlap.
    """

    name: str
    member: Member | None
    problem: Sentence | None = None
    header: int = 0


class Listing(NamedTuple):
    """All entries in the order of the archive, and what is wrong with it as a whole (None: nothing)."""

    entries: tuple[Entry, ...]
    trouble: Sentence | None = None
