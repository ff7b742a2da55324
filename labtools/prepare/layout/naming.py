"""Names inside the dataset: sequences, frame numbers, and one safe path per picture."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from labtools.core.names import folder_name, is_device_name, slug
from labtools.prepare.layout.places import SPLIT_WORDS, folder_key
from labtools.prepare.sources.tree import folder_of, stem_of

_SEQUENCE_LIKE = re.compile(r"(\d+|(seq|sequence|video|vid|clip|film)_?\d*)")
_UNSAFE = re.compile(r"[^\w.()+=@ -]")


def sequences_of(images: Sequence[str], root: str) -> dict[str, str]:
    """The sequence of each picture of a submission: the folders between it and the team, ``images`` left aside.

    Folders that all pictures share are wrapping (``x64/Release``), unless they are numbered like a sequence;
    split folders (``train``) are none either. ``""`` where nothing is left.
    """
    folders: dict[str, list[str]] = {}
    for path in images:
        folder = folder_of(path)
        if folder not in folders:
            inside = folder[len(root) :].strip("/") if root else folder
            keys = [folder_key(part) for part in inside.split("/")]
            folders[folder] = [key for key in keys if key and key not in SPLIT_WORDS.values()]
    shared = _shared_prefix(folders.values())
    wrapping = next((i for i, key in enumerate(shared) if _SEQUENCE_LIKE.fullmatch(key)), len(shared))
    names = {folder: "_".join(dict.fromkeys(keys[wrapping:])) for folder, keys in folders.items()}
    safe = {folder: folder_name(name) if name else "" for folder, name in names.items()}
    return {path: safe[path.rpartition("/")[0]] for path in images}


def _shared_prefix(lists: Iterable[Sequence[str]]) -> list[str]:
    prefix: list[str] | None = None
    for keys in lists:
        if prefix is None:
            prefix = list(keys)
        while prefix and list(keys[: len(prefix)]) != prefix:
            prefix.pop()
    return prefix or []


def frame_of(path: str) -> int | None:
    """The number that a file name ends in, None if there is none.

    >>> frame_of("velo/t/4/images/frame_000002.jpg"), frame_of("boat43_png.rf.553cd52b2.jpg"), frame_of("a.jpg")
    (2, 43, None)
    """
    return _frame_of(path.rpartition("/")[2])


@lru_cache(maxsize=1 << 14)  # the sequences of a cohort share their names
def _frame_of(name: str) -> int | None:
    plain = stem_of(name)
    digits = plain[len(plain.rstrip("0123456789")) :]
    if 0 < len(digits) <= 9 and ".rf." not in plain:  # frame_000001: most of them
        return int(digits)
    stem = re.sub(r"_(jpe?g|png|bmp|webp)$", "", plain.partition(".rf.")[0], flags=re.IGNORECASE)
    match = re.search(r"(\d+)\)?$", stem, flags=re.ASCII)
    return int(match[1]) if match and len(match[1]) <= 9 else None


def safe_stem(path: str) -> str:
    """The picture's own name, without what some file system or list reader stumbles over; at most 100 bytes.

    >>> safe_stem("a/b?c.jpg"), safe_stem("aux.1.png"), safe_stem("frame_000001.jpg")
    ('b_c', 'aux_.1', 'frame_000001')
    """
    return _safe_stem(path.rpartition("/")[2])


@lru_cache(maxsize=1 << 14)  # the sequences of a cohort share their names
def _safe_stem(name: str) -> str:
    stem = _UNSAFE.sub("_", unicodedata.normalize("NFC", stem_of(name)))
    stem = _cut(stem.strip(" ."), 100).strip(" .") or "unnamed"
    first, dot, rest = stem.partition(".")
    if is_device_name(stem):
        return f"{first}_{dot}{rest}"
    return f"{stem}_" if slug(stem) in {"images", "labels"} else stem


def _cut(name: str, most: int) -> str:
    """At most so many bytes of UTF-8, of whole characters: file systems allow 255, some 143."""
    return name if len(name) * 4 <= most else name.encode()[:most].decode("utf-8", "ignore")


def place_pictures(wanted: Mapping[str, tuple[Sequence[str], str]]) -> dict[str, str]:
    """One path per picture below ``images/``; two that would meet (also where case does not count) are numbered.

    Args:
        wanted: picture -> its folders below ``images/`` (empty ones are skipped) and its suffix.
    """
    places: dict[tuple[str, ...], tuple[str, set[str]]] = {}  # the folder in the dataset, and the names taken in it
    by_folder: dict[str, set[str]] = defaultdict(set)
    placed: dict[str, str] = {}
    for path in sorted(wanted):
        folders, suffix = wanted[path]
        key = tuple(folders)
        if key not in places:
            folder = "/".join(["images", *(f for f in folders if f)])
            places[key] = folder, by_folder[_folded(folder)]
        folder, taken = places[key]
        stem = safe_stem(path)
        unique, number = stem, 2
        while _folded(unique) in taken:
            unique, number = f"{stem}_{number}", number + 1
        taken.add(_folded(unique))
        placed[path] = f"{folder}/{unique}{suffix}"
    return placed


@lru_cache(maxsize=1 << 14)
def _folded(name: str) -> str:
    """Equal for names that are one on some disk."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFKC", name).casefold()
