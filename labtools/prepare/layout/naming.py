"""Names inside the dataset: sequences, frame numbers, and one safe path per picture."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from labtools.core.names import folder_name, slug
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
    return {path: folder_name(names[folder_of(path)]) if names[folder_of(path)] else "" for path in images}


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
    plain = stem_of(path)
    digits = plain[len(plain.rstrip("0123456789")) :]
    if 0 < len(digits) <= 9 and ".rf." not in plain:  # frame_000001: most of them
        return int(digits)
    stem = re.sub(r"_(jpe?g|png|bmp|webp)$", "", stem_of(path).partition(".rf.")[0], flags=re.IGNORECASE)
    match = re.search(r"(\d+)\)?$", stem, flags=re.ASCII)
    return int(match[1]) if match and len(match[1]) <= 9 else None


def safe_stem(path: str) -> str:
    """The picture's own name, without what some file system or list reader stumbles over."""
    plain = stem_of(path)
    if re.fullmatch(r"[a-z]+_\d+", plain, flags=re.ASCII) and len(plain) < 100:  # frame_000001: most of them
        return plain
    stem = _UNSAFE.sub("_", unicodedata.normalize("NFC", stem_of(path))).strip(" .")[:100].strip(" .") or "unnamed"
    return stem if folder_name(stem) == (slug(stem)[:100] or "unnamed") else f"{stem}_"


def place_pictures(wanted: Mapping[str, tuple[Sequence[str], str]]) -> dict[str, str]:
    """One path per picture below ``images/``; two that would meet (also where case does not count) are numbered.

    Args:
        wanted: picture -> its folders below ``images/`` (empty ones are skipped) and its suffix.
    """
    taken: set[str] = set()
    placed: dict[str, str] = {}
    for path in sorted(wanted):
        folders, suffix = wanted[path]
        base = "/".join(["images", *(f for f in folders if f), safe_stem(path)])
        unique, number = base, 2
        while unicodedata.normalize("NFKC", unique).casefold() in taken:
            unique, number = f"{base}_{number}", number + 1
        taken.add(unicodedata.normalize("NFKC", unique).casefold())
        placed[path] = unique + suffix
    return placed
