"""The disk and its archives -> `Tree`. Submissions are hostile until checked; nothing of them is changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import is_device_name
from labtools.core.sentences import Sentence, verbatim
from labtools.prepare.config import Limits
from labtools.prepare.sources.archives import ArchiveReader
from labtools.prepare.sources.copies import archive_copies, folder_copies
from labtools.prepare.sources.downloads import joined_parts
from labtools.prepare.sources.folders import Folder, base_of, list_folder
from labtools.prepare.sources.found import BY_PRODUCT, DEEPEST, Found, twin_findings
from labtools.prepare.sources.kinds import may_be_archive
from labtools.prepare.sources.names import is_junk_name, readable
from labtools.prepare.sources.tree import File, Stamp, Tree
from labtools.prepare.sources.unpacked import Unpacked


def read_tree(
    root: Path, limits: Limits | None = None, listed: Mapping[str, Folder] = MappingProxyType({})
) -> tuple[Tree, list[Finding]]:
    """Every file below ``root``, members of archives included, and what was refused.

    Args:
        root: a folder; or an archive, whose content then lies below ``<its name>!``.
        limits: what an archive may hold.
        listed: folders that somebody has listed, by their paths on disk.
    """
    found, unpacked = Found(), Unpacked()
    reader = ArchiveReader(found, unpacked, limits or Limits())
    walk = _Walk(root, found, reader, listed)
    if root.is_dir():
        walk.folder(str(root), "")
    else:
        walk.file(str(root), readable(os.fsencode(root.name)), stamp_of(root.stat()))
    files = {path: found.files[path] for path in sorted(found.files)}
    for find_copies in (archive_copies, folder_copies):
        copies, findings = find_copies(files)
        found.findings += findings
        for path in copies:
            del files[path]
    return Tree(files, unpacked), [*found.findings, *twin_findings(files)]


class Listed(NamedTuple):
    """A file or a folder as `Folder` knows it, which looks like what `os.scandir` gives."""

    name: str
    path: str
    is_plain_file: bool

    def is_symlink(self) -> bool:
        return False

    def is_file(self) -> bool:
        return self.is_plain_file

    def is_dir(self) -> bool:
        return not self.is_plain_file

    def stat(self) -> os.stat_result:
        return os.stat(self.path)  # noqa: PTH116  as `os.DirEntry`, which asks the disk now


Entry = Listed | os.DirEntry[str]


class _Walk:
    """One pass over a folder."""

    def __init__(self, root: Path, found: Found, archives: ArchiveReader, listed: Mapping[str, Folder]) -> None:
        self._root = os.path.realpath(root)
        self._found = found
        self._archives = archives
        self._listed = listed

    def folder(self, disk: str, path: str) -> None:
        if path.count("/") >= DEEPEST:
            what = Sentence("more than {n} folders in each other: nothing below is read", n=DEEPEST)
            self._found.say(path, "folder-too-deep", Severity.ERROR, what)
            return
        prefix = f"{path}/" if path else ""
        listed = self._listed.get(disk) or list_folder(disk)
        odd = self._one_by_one(disk, path, prefix) if listed is None else self._all(disk, prefix, listed)
        odd.sort(key=attrgetter("name"))
        junk = [prefix + _readable(entry) for entry in odd if is_junk_name(entry.name)]
        self._found.say_all(junk, "junk", Severity.INFO, BY_PRODUCT)
        joined = joined_parts([entry.name for entry in odd], prefix, self._found)
        for entry in odd:
            if not is_junk_name(entry.name):
                self._odd(entry, prefix, joined.get(entry.name, ""))

    def _all(self, disk: str, prefix: str, listed: Folder) -> list[Entry]:
        """Take the plain files of a folder that holds only files and folders; returns the others."""
        files, base, new = self._found.files, base_of(disk), tuple.__new__
        odd: list[Entry] = [Listed(name, base + name, False) for name in listed.folders]
        for name, stamp in zip(listed.names, listed.stamps, strict=True):
            file = prefix + name
            # 57,220 of them in a cohort: nothing here that is not needed for each
            if _is_plain_name(name) and file not in files:
                files[file] = new(File, (file, base + name, None, stamp))
            else:
                odd.append(Listed(name, base + name, True))
        return odd

    def _one_by_one(self, disk: str, path: str, prefix: str) -> list[Entry]:
        """`_all`, where there are links and the like, or the disk has its troubles."""
        files = self._found.files
        odd: list[Entry] = []
        try:
            with os.scandir(disk) as entries:
                for entry in entries:
                    file = prefix + entry.name
                    if _is_plain_name(entry.name) and file not in files and entry.is_file(follow_symlinks=False):
                        files[file] = File(file, entry.path, None, stamp_of(entry.stat(follow_symlinks=False)))
                    else:
                        odd.append(entry)
        except OSError as error:
            what = Sentence("this folder cannot be read to its end: {why}", why=verbatim(str(error.strerror)))
            self._found.say(path, "folder-unreadable", Severity.ERROR, what)
        return odd

    def _odd(self, entry: Entry, prefix: str, joined: str) -> None:
        """A folder, or a file that its name alone does not tell to be plain data.

        Args:
            joined: the name that it shares with the other parts of one download, ``""`` if it is none.
        """
        path = prefix + _readable(entry)
        if "\\" in entry.name:  # an archive of Windows, unpacked by something that takes its folders for names
            parts = [part for part in _readable(entry).replace("\\", "/").split("/") if part not in {"", ".", ".."}]
            path = prefix + ("/".join(parts) or "_")
            what = Sentence(
                "its name holds backslashes: they are taken for the folders that they were ({path})", path=path
            )
            self._found.say(path, "name-backslash", Severity.INFO, what, Action.REPAIRED)
        try:
            if entry.is_symlink() and not self._is_ours(entry):
                what = Sentence("a link out of the submissions, to a folder or to nothing is not followed")
                self._found.say(path, "link-refused", Severity.ERROR, what)
            elif entry.is_dir():
                self._found.check_name(path)
                self.folder(entry.path, prefix + joined if joined else path)
            elif not entry.is_file():
                what = Sentence("neither a file nor a folder (a pipe, a device)")
                self._found.say(path, "not-a-file", Severity.WARNING, what)
            else:
                # A link's own path is not read later: it could lead elsewhere by then.
                disk = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
                self.file(disk, path, stamp_of(entry.stat()), prefix + joined if joined else path)
        except OSError as error:
            what = Sentence("this cannot be read: {why}", why=verbatim(str(error.strerror)))
            self._found.say(path, "file-unreadable", Severity.ERROR, what)

    def _is_ours(self, entry: Entry) -> bool:
        """A link to a file of these submissions is as good as the file."""
        target = os.path.realpath(entry.path)
        return target.startswith(self._root + os.sep) and entry.is_file()

    def file(self, disk: str, path: str, stamp: Stamp, archive: str = "") -> None:
        """A file; its members, if it is an archive.

        Args:
            archive: the name of the archive that its members are shown in, if that is not ``path``.

        Raises:
            OSError: it cannot be read.
        """
        if not (may_be_archive(path.rpartition("/")[2]) and self._archives.look(disk, path, stamp, archive)):
            self._found.add(File(path, disk, None, stamp))


def stamp_of(status: os.stat_result) -> Stamp:
    """See `Stamp`."""
    return status.st_size, status.st_mtime_ns, status.st_ino


def _readable(entry: Entry) -> str:
    """Names that are not UTF-8 on disk arrive with surrogates, which no text file can hold."""
    return readable(os.fsencode(entry.name))


@lru_cache(maxsize=1 << 14)  # the sequences of a cohort share their names
def _is_plain_name(name: str) -> bool:
    """Is this, by its name alone, a picture or a text: neither junk nor an archive, nor a name to mend?"""
    return not (
        not name.isprintable() or "\\" in name or may_be_archive(name) or is_junk_name(name) or is_device_name(name)
    )
