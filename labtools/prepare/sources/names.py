"""Names of files: read as people meant them, and told apart from what systems and editors leave behind."""

from __future__ import annotations

import re
from functools import lru_cache

from labtools.core.visible import OVERRIDES

_JUNK_NAMES = frozenset(
    {".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".gitignore", ".gitattributes", ".gitkeep", "icon\r"}
    | {".localized", ".directory", ".nomedia", ".rhistory"}
)
_JUNK_FOLDERS = frozenset(
    {"__macosx", ".git", ".ipynb_checkpoints", "__pycache__", "@eadir", ".trashes", ".idea", ".vscode", ".svn"}
    | {".spotlight-v100", ".fseventsd", "$recycle.bin", "system volume information", ".appledouble"}
    | {".thumbnails", ".thumbs", ".trash", "lost+found", "#recycle", "@recycle", ".documentrevisions-v100"}
    | {".temporaryitems", ".venv", "site-packages", "dist-packages", "node_modules"}
)
# AppleDouble files; what Word and LibreOffice hold open; Emacs; the waste bin of a stick
_JUNK_BEGINNINGS = ("._", "~$", ".~lock.", ".#", ".trash-")
# Emacs and gedit; Vim; NFS
_JUNK_ENDS = ("~", ".swp", ".swo")

# What French names are spelled with: of two readings of the same bytes, the one with more of these was meant.
_LETTERS = frozenset("àâäæçéèêëîïôöœùûüÿñßÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜÑ")
# C0 and C1 controls could steer a terminal; the line ends and tabs of names are harmless and stay, as do marks that
# nobody sees: lists and annotations have them too.
_CONTROLS = {
    **{c: 0x2400 + c for c in range(32) if chr(c) not in "\t\n\r"},
    **dict.fromkeys((*range(0x7F, 0xA0), *OVERRIDES), 0xFFFD),
}

# The longer ones before the ends that they have in common with the shorter.
ARCHIVE_SUFFIXES = (
    *(".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar.lzma", ".tar.z"),
    *(".zip", ".tar", ".tgz", ".tbz2", ".tbz", ".txz", ".gz", ".bz2", ".xz", ".rar", ".7z", ".zst", ".lzma", ".z"),
)
# Windows: "x - Copie", "x - Copie (2)"; macOS: "x copie", "x copie 2"; browsers: "x (1)"; Drive: "Copie de x"
_COPY = re.compile(
    r"(?:copie de|copy of) (.+)|(.+?)(?:(?: -)?[ _](?:copie|copy)(?: \(?\d+\)?)?| ?\(\d+\))", re.IGNORECASE
)


def readable(raw: bytes) -> str:
    """A file name of any system: UTF-8, or else the Western code page, of Windows or of DOS, that spells better.

    >>> readable("téléphone".encode("cp437")), readable("cœur".encode("cp1252")), readable("été".encode())
    ('téléphone', 'cœur', 'été')
    """
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        readings = [raw.decode(page, "replace") for page in ("cp1252", "cp437")]
        name = max(readings, key=lambda reading: sum(c in _LETTERS for c in reading))
    return name if name.isprintable() else name.translate(_CONTROLS)


def is_junk_name(name: str) -> bool:
    """Left behind by a system, a tool or an editor; never data. A name without its folders."""
    lower = name.lower()
    return (
        lower in _JUNK_NAMES
        or lower in _JUNK_FOLDERS
        or lower.startswith(_JUNK_BEGINNINGS)
        or lower.endswith(_JUNK_ENDS)
        or (lower.startswith("#") and lower.endswith("#"))
    )


@lru_cache(maxsize=1 << 12)
def has_junk_folder(folder: str) -> bool:
    """Does a path of folders lead through one that systems and tools keep for themselves?"""
    parts = folder.lower().split("/")
    return bool(_JUNK_FOLDERS & {*parts}) or any(part.startswith(".trash-") for part in parts)


def archive_stem(name: str) -> str:
    """The name of an archive without what says archive; any other name as it is.

    >>> archive_stem("Tic et Tac.ZIP"), archive_stem("3.tar.gz"), archive_stem("3.5")
    ('Tic et Tac', '3', '3.5')
    """
    lower = name.lower()
    for suffix in ARCHIVE_SUFFIXES:
        if lower.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def original_name(name: str) -> str:
    """What a file or folder is a copy of, by what systems call copies; ``""`` for any other name.

    >>> original_name("images (1)"), original_name("velo - Copie (2)"), original_name("velo")
    ('images', 'velo', '')
    """
    match = _COPY.fullmatch(name)
    return (match[1] or match[2]) if match else ""
