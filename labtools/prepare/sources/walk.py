"""The disk and its archives -> `Tree`. Submissions are hostile until checked; nothing is extracted or changed."""

from __future__ import annotations

import os
import stat
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, File, Tree, suffix_of

_JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".gitignore", ".gitattributes", ".gitkeep"})
_JUNK_FOLDERS = frozenset(
    {"__macosx", ".git", ".ipynb_checkpoints", "__pycache__", "@eadir", ".trashes", ".idea", ".vscode"}
)
_PLAIN_SUFFIXES = IMAGE_SUFFIXES | {".txt", ".xml", ".json", ".csv", ".yaml", ".yml", ".names", ".data", ".md"}
_OTHER_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".rar", ".7z", ".gz")


@dataclass(frozen=True)
class Limits:
    """What an archive may hold. A bomb of a few kilobytes unpacks to terabytes; a ten-second video does not.

    Attributes:
        members: entries of one archive.
        member_bytes: one unpacked member.
        total_bytes: all unpacked members of one archive.
        ratio: unpacked / packed of one member over a megabyte (label text reaches about 10, a bomb 1000).
    """

    members: int = 200_000
    member_bytes: int = 512 << 20
    total_bytes: int = 32 << 30
    ratio: float = 200.0


def read_tree(root: Path, limits: Limits | None = None) -> tuple[Tree, list[Finding]]:
    """Every file below ``root``, members of zip archives included, and what was refused."""
    walk = _Walk(root, limits or Limits())
    walk.folder(str(root), "")
    return Tree({path: walk.files[path] for path in sorted(walk.files)}), walk.findings


class _Walk:
    """One pass over a folder; its two lists are the result."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self.root = root
        self.limits = limits
        self.files: dict[str, File] = {}
        self.findings: list[Finding] = []

    def say(self, path: str, code: str, severity: Severity, message: str) -> None:
        self.findings.append(Finding("", path, 0, code, severity, message, Action.LEFT_OUT))

    def folder(self, disk: str, path: str) -> None:
        try:
            with os.scandir(disk) as found:
                entries = sorted(found, key=attrgetter("name"))
        except OSError as error:
            self.say(path, "folder-unreadable", Severity.ERROR, f"this folder cannot be read: {error.strerror}")
            return
        prefix = f"{path}/" if path else ""
        for entry in entries:
            name = entry.name
            if _is_plain_name(name) and entry.is_file(follow_symlinks=False):  # 57,220 of them in a cohort
                file = prefix + name
                self.files[file] = File(file, entry.path, None, _stamp(entry.stat(follow_symlinks=False)))
            else:
                self.entry(entry, prefix + _printable(name))

    def entry(self, entry: os.DirEntry[str], path: str) -> None:
        if _is_junk_name(entry.name.lower()):
            self.say(path, "junk", Severity.INFO, "a by-product of the system, not data")
        elif entry.is_symlink() and not self.link_is_ours(entry):
            what = "a link out of the submissions, to a folder or to nothing is not followed"
            self.say(path, "link-refused", Severity.ERROR, what)
        elif entry.is_dir():
            self.folder(entry.path, path)
        elif not entry.is_file():
            self.say(path, "not-a-file", Severity.WARNING, "neither a file nor a folder (a pipe, a device)")
        elif path.lower().endswith(".zip"):
            self.archive(entry, path)
        elif path.lower().endswith(_OTHER_ARCHIVES):
            what = "this archive format is not read: unpack it, or hand it in as .zip"
            self.say(path, "archive-unsupported", Severity.ERROR, what)
        else:
            self.files[path] = File(path, entry.path, None, _stamp(entry.stat()))

    def link_is_ours(self, entry: os.DirEntry[str]) -> bool:
        """A link to a file of these submissions is as good as the file."""
        target = Path(entry.path).resolve()
        return target.is_file() and target.is_relative_to(self.root.resolve())

    def archive(self, entry: os.DirEntry[str], path: str) -> None:
        disk = entry.path
        stamp = _stamp(entry.stat())
        try:
            with ZipFile(disk) as archive:
                infos = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            self.say(path, "archive-unreadable", Severity.ERROR, f"this is not a readable zip archive: {error}")
            return
        refusal = self.bomb(infos)
        if refusal:
            self.say(path, "archive-refused", Severity.ERROR, refusal)
            return
        for info in infos:
            if not info.is_dir():
                self.member(disk, path, info, stamp)

    def bomb(self, infos: list[ZipInfo]) -> str:
        total = sum(info.file_size for info in infos)
        if len(infos) > self.limits.members:
            return f"{len(infos)} members, over {self.limits.members}"
        if total > self.limits.total_bytes:
            return f"it would unpack to {total >> 20} MB, over {self.limits.total_bytes >> 20} MB"
        return ""

    def member(self, disk: str, archive: str, info: ZipInfo, stamp: tuple[int, int, int]) -> None:
        name = _member_name(info)
        refusal = self.refusal(name, info)
        name = "/".join(part for part in name.split("/") if part not in {"", "."})
        path = f"{archive}!/{name}"
        if refusal:
            self.say(path, "archive-member-refused", Severity.ERROR, refusal)
        elif is_junk(path):
            self.say(path, "junk", Severity.INFO, "a by-product of the system, not data")
        elif name.lower().endswith((".zip", *_OTHER_ARCHIVES)):
            what = "an archive inside an archive is not read: unpack it once"
            self.say(path, "archive-nested", Severity.ERROR, what)
        elif path in self.files:
            self.say(path, "archive-member-twice", Severity.WARNING, "a second member of this name; the first is read")
        else:
            self.files[path] = File(path, disk, info, stamp)

    def refusal(self, name: str, info: ZipInfo) -> str:
        """Why a member is not read, or ``""``."""
        parts = name.split("/")
        if name.startswith("/") or ":" in parts[0]:
            return "its name is an absolute path"
        if ".." in parts:
            return "its name leads out of the archive"
        if stat.S_ISLNK(info.external_attr >> 16):
            return "it is a symbolic link"
        if info.flag_bits & 0x1:
            return "it is encrypted"
        if info.file_size > self.limits.member_bytes:
            return f"it would unpack to {info.file_size >> 20} MB, over {self.limits.member_bytes >> 20} MB"
        packed = max(1, info.compress_size)
        if info.file_size > 1 << 20 and info.file_size / packed > self.limits.ratio:
            return f"it would unpack to {info.file_size / packed:.0f} times its size: a zip bomb"
        return ""


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


@lru_cache(maxsize=1 << 14)  # the sequences of a cohort share their names
def _is_plain_name(name: str) -> bool:
    """Is this, by its name alone, a picture or a text: neither junk nor an archive, nor a name to mend?"""
    return name.isascii() and name.isprintable() and name[0] not in "._~" and suffix_of(name) in _PLAIN_SUFFIXES


def is_junk(path: str) -> bool:
    """Left behind by macOS, Windows or a tool; never data. Looks at the last name and the folders above."""
    *folders, name = path.lower().split("/")
    return _is_junk_name(name) or bool(_JUNK_FOLDERS & {*folders})


def _is_junk_name(name: str) -> bool:
    return name in _JUNK_NAMES or name in _JUNK_FOLDERS or name.startswith("._")


def _member_name(info: ZipInfo) -> str:
    """A member's name as people meant it: forward slashes, and UTF-8 where the archive forgot to say so."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            name = info.filename
    return _printable(name.replace("\\", "/"))


def _printable(name: str) -> str:
    """File names that are not UTF-8 on disk arrive with surrogates, which no text file can hold."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
