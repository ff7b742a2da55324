"""Folders called after a split: ``train/images``, ``images/valid``, ``TEST``, ``apprentissage``, ``val.zip``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.layout.split_words import split_of_folder, splits_in, without_archive
from labtools.prepare.sources.tree import folder_of


def splits_by_folder(images: Iterable[str], root: str) -> dict[str, str]:
    """The split that a folder above a picture is called after; the innermost such folder counts.

    ``train_1``, ``2 (val)``: words beside numbers and names count where all folders of one level have them.
    """
    paths = list(images)
    return _plainly(paths, root) or _by_level(paths, root)


def _plainly(paths: Iterable[str], root: str) -> dict[str, str]:
    cache: dict[str, str] = {}
    found: dict[str, str] = {}
    for path in paths:
        folder = folder_of(path)
        if folder not in cache:
            inside = folder[len(root) :] if root else folder
            words = [split_of_folder(part) for part in inside.split("/")]
            cache[folder] = next((w for w in reversed(words) if w), "")
        if cache[folder]:
            found[path] = cache[folder]
    return found


def _by_level(paths: Iterable[str], root: str) -> dict[str, str]:
    """By the first level on which every folder names one split, training among them: then these are no takes of a
    ``test`` and no videos of a train."""
    folder_by_path = {path: folder_of(path) for path in paths}
    folders = {folder: folder[len(root) :].strip("/").split("/") for folder in set(folder_by_path.values())}
    for level in range(max(map(len, folders.values()), default=0)):
        names = {parts[level] if level < len(parts) else "" for parts in folders.values()}
        splits = {name: splits_in(without_archive(name))[0] for name in names}
        if all(len(found) == 1 for found in splits.values()):
            named = {name: next(iter(found)) for name, found in splits.items()}
            if "train" in named.values() and len(set(named.values())) > 1:
                return {path: named[folders[folder][level]] for path, folder in folder_by_path.items()}
    return {}


def differing_findings(split: Mapping[str, str], by_folder: Mapping[str, str]) -> Iterator[Finding]:
    """A list's word counts more than the name of the folder in which a picture lies; said once for each pair.

    Args:
        split: what the lists say of each picture.
        by_folder: what its folder is called after.
    """
    differing: dict[tuple[str, str, str], int] = defaultdict(int)
    for path, name in split.items():
        if by_folder.get(path, name) != name:
            differing[folder_of(path), by_folder[path], name] += 1
    for (folder, of_folder, name), count in sorted(differing.items()):
        what = Sentence(
            "{n} {n:picture|pictures} in this folder of {split} {n:is|are} listed in {listed}: the list counts",
            n=count,
            split=of_folder,
            listed=name,
        )
        yield Finding("", folder, 0, "split-folder-differs", Severity.WARNING, what, Action.REPAIRED)
