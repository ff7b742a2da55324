"""Archives -> files of the tree, archives inside archives too. Hostile until checked; nothing is extracted to where
anybody works.

Zips and plain tars are read in place; what is compressed as a whole, and archives inside archives, are unpacked once
into a private folder (see `unpacked`), within the limits that are checked while the bytes come out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from labtools.core.findings import Severity
from labtools.core.sentences import Sentence, reason, verbatim
from labtools.prepare.config import Limits
from labtools.prepare.sources.found import BY_PRODUCT, DEEPEST, Found
from labtools.prepare.sources.kinds import (
    HEAD,
    STREAMS,
    advice,
    is_archive_name,
    kind_of,
    may_be_archive,
    may_extract_itself,
)
from labtools.prepare.sources.listing import Entry, RefusedError
from labtools.prepare.sources.members import STORED, Member, read_range, unpack
from labtools.prepare.sources.names import archive_stem, has_junk_folder, is_junk_name
from labtools.prepare.sources.tars import list_tar
from labtools.prepare.sources.tree import READ_ERRORS, File, Stamp, folder_of, name_of
from labtools.prepare.sources.unpacked import Budget, Copy, Unpacked
from labtools.prepare.sources.zips import ends_as_zip, list_zip

_SMALL = 1 << 16  # bytes fed to a decompressor at once: damage costs no more than they unpack to
_LARGE = 1 << 20  # bytes, from which on the ratio counts
_DRIVE = re.compile(r"[A-Za-z]:")


class _Archive(NamedTuple):
    """An archive that is being read.

    Attributes:
        disk: where its bytes are: its own file, or a private copy.
        path: in the tree, without the ``!``.
        stamp: of the outermost archive.
        depth: 1 for an archive on disk, 2 for one inside it.
        shown: the name that its members are shown in, ``path`` unless it is a part of a download.
    """

    disk: str
    path: str
    stamp: Stamp
    depth: int
    budget: Budget
    shown: str


class ArchiveReader:
    """Adds members to what was found.

    Args:
        found: takes the files and findings.
        unpacked: takes copies of what cannot be read in place.
    """

    def __init__(self, found: Found, unpacked: Unpacked, limits: Limits) -> None:
        self._found = found
        self._unpacked = unpacked
        self._limits = limits

    def look(self, disk: str, path: str, stamp: Stamp, shown: str = "") -> bool:
        """Read a file of the disk if it is an archive, or wants to be one. False: it is an ordinary file.

        Args:
            shown: see `_Archive`; ``""`` is ``path``.

        Raises:
            OSError: the file cannot be read.
        """
        head = next(read_range(disk, 0, HEAD), b"")
        name = name_of(path)
        kind = kind_of(head) or ("zip" if may_extract_itself(name) and ends_as_zip(disk) else "")
        if not kind and not is_archive_name(name):
            return False
        self._open(_Archive(disk, path, stamp, 1, Budget(self._limits), shown or path), kind, head)
        return True

    def _open(self, archive: _Archive, kind: str, head: bytes) -> None:
        path = archive.path
        try:
            if kind in STREAMS:
                self._stream(archive, kind)
            elif kind in {"zip", "tar"}:
                self._members(archive, kind)
            elif kind:
                self._found.say(path, "archive-unsupported", Severity.ERROR, advice(kind, head))
            else:
                self._found.say(path, "archive-unreadable", Severity.ERROR, advice(kind, head))
        except (RefusedError, OSError) as error:
            self._refuse(path, error)

    def _stream(self, archive: _Archive, kind: str) -> None:
        """A compressed file: a tar, another archive, or just one file."""
        packed = Path(archive.disk).stat().st_size
        # Label files of one size, in a tar: 150 times smaller as .gz, 480 times as .xz or .bz2. Bombs: 1,000 and 7,000.
        allowed = packed if kind == "gz" else 10 * packed
        copy = self._unpacked.write(unpack(read_range(archive.disk, 0, packed, _SMALL), kind), allowed, archive.budget)
        if copy.trouble is not None:
            what = Sentence(
                "it is damaged or was cut off; the first {n} bytes that it unpacks to are read ({why})",
                n=copy.size,
                why=reason(copy.trouble),
            )
            self._damaged(archive, what)
        if archive.depth > 1:
            Path(archive.disk).unlink()  # a private copy, no longer needed
        head = next(read_range(copy.disk, 0, HEAD), b"")
        inner = kind_of(head)
        name = archive_stem(name_of(archive.path))
        if inner == "tar":
            self._open(archive._replace(disk=copy.disk), inner, head)
        elif inner:
            if not self._is_too_deep(archive, f"{archive.shown}!/{name}"):
                self._nested(archive, f"{archive.shown}!/{name}", copy, inner, head)
        elif copy.size or copy.trouble is None:
            member = Member(0, copy.size, copy.size, STORED, copy.crc)
            self._found.add(File(f"{archive.shown}!/{name}", copy.disk, member, archive.stamp))

    def _members(self, archive: _Archive, kind: str) -> None:
        listing = (list_zip if kind == "zip" else list_tar)(archive.disk, archive.budget.members)
        archive.budget.take_members(len(listing.entries))
        claimed = sum(entry.member.size for entry in listing.entries if entry.member is not None)
        # A tar holds its bytes as they are, but for links, which hold none.
        there = Path(archive.disk).stat().st_size if kind == "tar" else 0
        archive.budget.take(max(0, claimed - there))
        if listing.trouble is not None:
            self._damaged(archive, listing.trouble)
        refused: dict[Sentence, list[str]] = defaultdict(list)
        junk: dict[str, list[str]] = defaultdict(list)
        own: set[str] = set()
        for entry in listing.entries:
            if entry.member is None and entry.problem is None:
                continue  # a folder
            name, problem = self._checked(entry)
            path = f"{archive.shown}!/{name}"
            if is_junk_name(name_of(name)) or has_junk_folder(folder_of(name)):
                junk[folder_of(path)].append(path)
            elif problem is not None:
                refused[problem].append(path)
            elif entry.member is not None and not self._is_nested(archive, path, entry.member):
                self._add(File(path, archive.disk, entry.member, archive.stamp), own, later_wins=kind == "tar")
        for problem, paths in refused.items():
            self._found.say_all(paths, "archive-member-refused", Severity.ERROR, problem)
        for paths in junk.values():
            what = Sentence("{what} ({n} files in this folder)", what=BY_PRODUCT, n=len(paths))
            self._found.say(paths[0], "junk", Severity.INFO, what if len(paths) > 1 else BY_PRODUCT)

    def _checked(self, entry: Entry) -> tuple[str, Sentence | None]:
        """A member's name as part of a path, and why the member is refused (None: it is not)."""
        name = entry.name
        problem = entry.problem or _name_problem(name)
        clean = "/".join(part for part in name.split("/") if part not in {"", "."})
        if not clean:
            return "?", problem or Sentence("it has no name")
        if clean.count("/") > DEEPEST:
            return name_of(clean), Sentence("it lies in more than {n} folders in each other", n=DEEPEST)
        if problem is None and entry.member is not None:
            problem = self._size_problem(entry.member, clean)
        return clean, problem

    def _size_problem(self, member: Member, name: str) -> Sentence | None:
        if is_archive_name(name_of(name)):
            return None  # measured while it is unpacked
        if max(member.size, member.packed) > self._limits.member_mb << 20:
            size, most = member.size >> 20, self._limits.member_mb
            return Sentence("it would unpack to {size} MB, over {most} MB", size=size, most=most)
        if member.size > _LARGE and member.size > self._limits.ratio * max(1, member.packed):
            ratio = member.size / max(1, member.packed)
            return Sentence("it would unpack to {ratio:.0f} times its size: a zip bomb", ratio=ratio)
        return None

    def _add(self, file: File, own: set[str], *, later_wins: bool) -> None:
        """A member; of two of one name the earlier, but in a tar, where a newer one is put behind the older.

        Args:
            own: paths that this archive has added so far.
        """
        if file.path not in own:
            own.add(file.path)
            self._found.add(file)
            return
        first = Sentence("the archive holds a second member of this name: the first one is used")
        later = Sentence("the archive holds a second member of this name: the later one is used")
        self._found.say(file.path, "archive-member-twice", Severity.WARNING, later if later_wins else first)
        if later_wins:
            self._found.files[file.path] = file

    def _is_nested(self, archive: _Archive, path: str, member: Member) -> bool:
        """Read an archive inside this one; False: it is an ordinary file."""
        name = name_of(path)
        if not may_be_archive(name):
            return False
        head = _head(archive.disk, member)
        kind = kind_of(head)
        if not kind and not is_archive_name(name):
            return False
        if self._is_too_deep(archive, path):
            return True
        if kind not in {"zip", "tar", *STREAMS}:
            self._open(archive._replace(path=path), kind, head)  # which only says so
            return True
        packed = read_range(archive.disk, member.offset, member.packed, _SMALL)
        try:
            copy = self._unpacked.write(unpack(packed, member.method), member.packed, archive.budget)
        except (RefusedError, OSError) as error:
            self._refuse(path, error)
            return True
        if copy.trouble is not None or member.crc not in {None, copy.crc}:
            what = Sentence("the archive that holds it is damaged here; what can be read of it, is")
            self._damaged(archive._replace(path=path), what)
        self._nested(archive, path, copy, kind, head)
        return True

    def _is_too_deep(self, archive: _Archive, path: str) -> bool:
        """Is this archive the last whose inside is read? Then one inside it is reported."""
        if archive.depth < self._limits.depth:
            return False
        what = Sentence("archives in archives, more than {n} deep: unpack it once", n=self._limits.depth)
        self._found.say(path, "archive-nested", Severity.ERROR, what)
        return True

    def _nested(self, archive: _Archive, path: str, copy: Copy, kind: str, head: bytes) -> None:
        self._open(_Archive(copy.disk, path, archive.stamp, archive.depth + 1, archive.budget, path), kind, head)

    def _refuse(self, path: str, error: RefusedError | OSError) -> None:
        if isinstance(error, RefusedError):
            self._found.say(path, "archive-refused", Severity.ERROR, error.sentence)
        else:
            what = Sentence("this archive cannot be read: {why}", why=verbatim(error.strerror or str(error)))
            self._found.say(path, "archive-unreadable", Severity.ERROR, what)

    def _damaged(self, archive: _Archive, what: Sentence) -> None:
        self._found.say(archive.path, "archive-damaged", Severity.ERROR, what)


def _head(disk: str, member: Member) -> bytes:
    """The first unpacked bytes of a member, empty where they cannot be read: whoever reads it all will say so."""
    try:
        packed = read_range(disk, member.offset, min(member.packed, _SMALL))
        return next(unpack(packed, member.method), b"")[:HEAD]
    except READ_ERRORS:
        return b""


@lru_cache(maxsize=1 << 14)
def _name_problem(name: str) -> Sentence | None:
    """Why a name of a member is refused; None: it is not."""
    if name.startswith("/") or _DRIVE.match(name):
        return Sentence("its name is an absolute path")
    if ".." in name.split("/"):
        return Sentence("its name leads out of the archive")
    return None
