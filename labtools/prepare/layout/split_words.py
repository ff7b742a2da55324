"""Words for train, val and test as people write them, alone and inside the names of lists and folders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from labtools.core.names import slug
from labtools.core.sentences import Sentence
from labtools.prepare.sources.tree import name_of

SPLIT_WORDS = {
    "train": "train", "training": "train", "trains": "train", "entrainement": "train", "apprentissage": "train",
    "val": "val", "valid": "val", "validate": "val", "validation": "val", "valide": "val", "dev": "val",
    "test": "test", "testing": "test", "tests": "test",
}  # fmt: skip

SPLIT_NAMES: Mapping[str, Sentence] = {
    "train": Sentence("training"),
    "val": Sentence("validation"),
    "test": Sentence("test"),
}
"""What stands before *list* and *pictures*."""

# What stands beside the split in the name of a list or a folder and says nothing about it.
_FILLERS = frozenset(
    {"set", "sets", "list", "liste", "lists", "listes", "split", "splits", "data", "dataset", "jeu", "ensemble"}
    | {"images", "image", "img", "imgs", "files", "file", "filenames", "names", "paths", "path", "fichiers", "labels"}
    | {"annotations", "annotation", "instances", "boxes", "coco", "voc", "yolo", "gt", "ids", "index", "frames"}
    | {"de", "d", "du", "des", "la", "le", "l", "of", "the", "for", "my", "mon", "ma", "nos", "our"}
    | {"copy", "copie", "final", "finale", "new", "old", "v", "version", "corrige", "ok", "bis", "partie", "part"}
)
_LIST_SUFFIX = re.compile(r"(?:\.(?:txt|text|csv|tsv|json|list|lst|xml|dat|data|rtf|log))+\s*$", re.IGNORECASE)
_ARCHIVE = re.compile(r"(?:\.(?:zip|tar|tgz|tbz2?|txz|gz|bz2|xz|7z|rar))*!?$", re.IGNORECASE)
# One look for all words at once: nearly every file of a cohort is a label that holds none of them.
_MAYBE = re.compile("train|val|dev|test|appr", re.IGNORECASE)


def without_archive(name: str) -> str:
    """The name of a folder that may be an archive: ``3.tar.gz!`` -> ``3``."""
    return _ARCHIVE.sub("", name) or name


def has_split_word(name: str) -> bool:
    """Could this file or folder name hold a word for a split? (Quick; letters with accents may always.)"""
    return not name.isascii() or _MAYBE.search(name) is not None


@lru_cache(maxsize=1 << 12)
def splits_in(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """The splits that a name mentions, and its other words but fillers and numbers.

    >>> splits_in("Liste d'entraînement (2)")
    (frozenset({'train'}), frozenset())
    >>> sorted(splits_in("trainval")[0]), splits_in("velo_test2017")
    (['train', 'val'], (frozenset({'test'}), frozenset({'velo'})))
    """
    found: set[str] = set()
    others: set[str] = set()
    for word in re.findall(r"[^\W\d_]+", slug(name)):
        splits = _splits_of_word(word)
        found.update(splits)
        if not splits and word not in _FILLERS:
            others.add(word)
    return frozenset(found), frozenset(others)


def _splits_of_word(word: str) -> tuple[str, ...]:
    """One word of letters: ``valid``; glued to a filler: ``trainset``; two splits in one: ``trainval``."""
    if word in SPLIT_WORDS:
        return (SPLIT_WORDS[word],)
    for end in range(3, len(word) - 1):
        first, rest = word[:end], word[end:]
        if first in SPLIT_WORDS and (rest in _FILLERS or rest in SPLIT_WORDS):
            return (SPLIT_WORDS[first], *([SPLIT_WORDS[rest]] if rest in SPLIT_WORDS else []))
        if rest in SPLIT_WORDS and first in _FILLERS:
            return (SPLIT_WORDS[rest],)
    return ()


def list_stem(path: str) -> str:
    """The name of a list without its suffixes: ``train.txt.txt`` -> ``train``."""
    name = name_of(path)
    return _LIST_SUFFIX.sub("", name) or name


def split_of_list_name(path: str) -> str:
    """The split that a list is plainly called after, ``""`` for any other name.

    >>> [split_of_list_name(n) for n in ("Train.TXT", "liste_train.txt", "a/valid (1).txt", "train_0001.txt")]
    ['train', 'train', 'val', '']
    """
    stem = list_stem(path)
    if not has_split_word(stem) or re.search(r"\d{4,}", re.sub(r"(?:19|20)\d\d", "", stem)):
        return ""  # train_000123: a frame of a video of trains
    found, others = splits_in(stem)
    return next(iter(found)) if len(found) == 1 and not others else ""


@lru_cache(maxsize=1 << 12)
def split_of_folder(name: str) -> str:
    """The split that a folder (or an archive, ``test.zip!``) is called after, ``""`` for any other.

    Numbers count, but for years: ``test1`` and ``test2`` are somebody's takes, ``train2017`` is not.

    >>> [split_of_folder(n) for n in ("TEST", "train_images", "val2017", "Validation set", "test1", "training.zip!")]
    ['test', 'train', 'val', 'val', '', 'train']
    """
    bare = without_archive(name)
    if not has_split_word(bare) or re.search(r"\d", re.sub(r"(?:19|20)\d\d|\(\d\)", "", bare)):
        return ""
    found, others = splits_in(bare)
    return next(iter(found)) if len(found) == 1 and not others else ""
