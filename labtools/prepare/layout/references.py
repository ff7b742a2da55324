"""A path that somebody wrote, taken apart into what can be compared: folders as keys, the stem as a key.

Two writings of one folder or file have equal keys: case, accents, spaces, archive suffixes and the folders that only
say what kind of file they hold (``images``) do not count; ``4``, ``seq_04`` and ``Vidéo 4`` are one number.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from labtools.core.names import slug
from labtools.prepare.layout.split_words import SPLIT_WORDS, split_of_folder, without_archive
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, stem_of, suffix_of

# Folders that say what kind of file they hold, not which sequence it belongs to.
STRUCTURE = frozenset(
    {"images", "image", "img", "imgs", "pictures", "picture", "photos", "photo", "frames", "frame"}
    | {"jpegimages", "jpg", "jpeg", "png", "jpgs", "pngs"}
    | {"labels", "label", "lbl", "lbls", "labels_yolo", "annotations", "annotation", "annots", "annotated"}
    | {"xml", "xmls", "txt", "txts", "yolo", "voc", "pascal_voc", "coco", "darknet"}
    | {"obj_train_data", "obj_valid_data", "obj_validation_data", "obj_test_data", "obj_data"}
    | {"data", "dataset", "datasets", "archive", "export"}
)

# Words that may stand beside the number of a sequence: seq_04, task_4_yolo, Vidéo n°4.
_NUMBERED = STRUCTURE | frozenset(
    {"seq", "sequence", "sequences", "video", "videos", "vid", "clip", "clips", "film", "films", "movie", "mov"}
    | {"scene", "shot", "take", "plan", "part", "partie", "rush", "serie", "session", "s", "v", "n", "no", "num"}
    | {"numero", "task", "job", "cvat", "set", "lot", "obj", "dossier", "folder"}
)
_SUFFIXES = IMAGE_SUFFIXES | {".txt", ".xml", ".json"}
_UPLOAD = re.compile(r"^[0-9a-f]{8}-(?=.)")
_ROBOFLOW = re.compile(r"(?:_(?:jpe?g|png|bmp|webp))?\.rf\.[0-9a-z]{6,}$", re.IGNORECASE)


def stem_key(name: str) -> str:
    """A file name without suffix, for comparing: composed, case and outer spaces do not count."""
    return name.lower().strip() if name.isascii() else unicodedata.normalize("NFC", name).casefold().strip()


@lru_cache(maxsize=1 << 14)  # the sequences of a cohort share their names
def key_of(name: str) -> str:
    """`stem_key` of a file's name, which has no folders but may have a suffix."""
    return stem_key(stem_of(name))


def source_stem(stem: str) -> str:
    """The picture that a Roboflow copy was made of: ``boat43_png.rf.553cd52b2`` -> ``boat43``."""
    return _ROBOFLOW.sub("", stem) if ".rf." in stem else stem


def without_upload(name: str) -> str:
    """A file's name without what Label Studio puts before it: ``9f86d081-frame_1.jpg`` -> ``frame_1.jpg``."""
    return _UPLOAD.sub("", name)


def loose_key(stem: str) -> str:
    """What is left of a stem when separators, accents and leading zeros do not count: ``frame_000001`` -> ``frame_1``.

    >>> loose_key("Frame 0001") == loose_key("frame-1"), loose_key("frame_1.jpg")
    (True, 'frame_1')
    """
    while suffix_of(stem) in IMAGE_SUFFIXES:  # a label called frame_1.jpg.txt
        stem = stem_of(stem)
    return re.sub(r"(?<!\d)0+(?=\d)", "", slug(stem))


@lru_cache(maxsize=1 << 14)  # a pure function of few different names, asked for in every line of every list
def folder_key(name: str) -> str:
    """A folder's name for comparing; an archive counts as a folder; ``""`` for ``images`` and its like."""
    bare = without_archive(name)
    key = slug(bare)
    return "" if key in STRUCTURE else split_of_folder(bare) or key


@lru_cache(maxsize=1 << 14)
def folder_number(key: str, also: frozenset[str] = frozenset()) -> int | None:
    """The number of a sequence's folder; None where a word is neither neutral nor one of ``also``.

    >>> folder_number("4"), folder_number("seq_04"), folder_number("iteration2"), folder_number("4_2")
    (4, 4, None, None)
    """
    numbers = re.findall(r"\d+", key, flags=re.ASCII)
    if len(numbers) != 1 or len(numbers[0]) > 9:
        return None
    words = re.findall(r"[^\W\d_]+", key)
    return int(numbers[0]) if all(w in _NUMBERED or w in SPLIT_WORDS or w in also for w in words) else None


def is_same_folder(first: str, second: str, also: frozenset[str] = frozenset()) -> bool:
    """Two keys mean one folder: equal, or of one number (``4``, ``seq_04``)."""
    if first == second:
        return True
    number = folder_number(first, also)
    return number is not None and number == folder_number(second, also)


@lru_cache(maxsize=1 << 14)
def folder_keys(folder: str) -> tuple[str, ...]:
    """The keys of a path of folders, outer first; those that say nothing are left aside."""
    parts = [part.strip() for part in folder.split("/")]
    return tuple(key for part in parts if part not in {"", ".", ".."} if (key := folder_key(part)))


class Reference(NamedTuple):
    """A path taken apart: folders from outer to inner as keys, stem as key, and as it was written.

    Attributes:
        suffix: the image suffix asked for, ``""`` if none was.
        above: the folders as written.
    """

    folders: tuple[str, ...]
    stem: str
    written: str
    suffix: str
    above: str = ""

    @staticmethod
    def parse(path: str) -> Reference:
        """Forward and backward slashes both separate; a suffix counts only if it is one of pictures or labels."""
        above, _, name = path.replace("\\", "/").rpartition("/")
        name = name.strip()
        if not above and len(name) > 2 and name[1] == ":" and name[0].isalpha():  # C:frame_1.jpg
            name = name[2:]
        suffix = suffix_of(name)
        stem = stem_of(name) if suffix in _SUFFIXES else name
        return Reference(folder_keys(above), stem_key(stem), stem, suffix if suffix in IMAGE_SUFFIXES else "", above)


def respelled(reference: str) -> list[str]:
    """What a path that means nothing as it stands may have been before a web page or a wrong encoding spoiled it."""
    found = []
    if "%" in reference:
        found.append(unquote(reference))
    if not reference.isascii():
        for wrong in ("cp1252", "latin-1", "cp850"):
            for right in ("utf-8", "cp850", "mac-roman"):
                try:
                    found.append(reference.encode(wrong).decode(right))
                except UnicodeError:
                    continue
    return [one for one in dict.fromkeys(found) if one != reference]
