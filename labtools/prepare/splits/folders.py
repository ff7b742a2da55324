"""Folders called after a split: ``train/images``, ``images/valid``, ``TEST``, ``apprentissage``, ``val.zip``."""

from __future__ import annotations

from collections.abc import Iterable

from labtools.prepare.layout.split_words import split_of_folder
from labtools.prepare.sources.tree import folder_of


def splits_by_folder(images: Iterable[str], root: str) -> dict[str, str]:
    """The split that a folder above a picture is called after; the innermost such folder counts."""
    cache: dict[str, str] = {}
    found: dict[str, str] = {}
    for path in images:
        folder = folder_of(path)
        if folder not in cache:
            inside = folder[len(root) :] if root else folder
            words = [split_of_folder(part) for part in inside.split("/")]
            cache[folder] = next((w for w in reversed(words) if w), "")
        if cache[folder]:
            found[path] = cache[folder]
    return found
