"""What the texts of a list mean: a picture, a whole folder or sequence, a pattern, a range."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from fnmatch import translate

from labtools.core.names import slug
from labtools.prepare.layout.places import ImageIndex, Match, is_same_folder
from labtools.prepare.layout.references import folder_number
from labtools.prepare.sources.tree import IMAGE_SUFFIXES, folder_of, name_of, stem_of, suffix_of
from labtools.prepare.splits.lines import RANGE

_MOST_MARKS = 20  # dashes that may stand between the ends of a range: of thousands, each would be looked at
_FRAME = re.compile(r"\W*(?:frame|img|imag|photo|pic|dsc)[a-z]*\W*_?\d", re.IGNORECASE)


class Meaning:
    """What one text names: pictures (one, or those of a folder or range), or rivals between which it can't decide."""

    __slots__ = ("is_loose", "pictures", "rivals")

    def __init__(self, pictures: tuple[str, ...] = (), rivals: tuple[str, ...] = (), *, is_loose: bool = False) -> None:
        self.pictures = pictures
        self.rivals = rivals
        self.is_loose = is_loose


_NOTHING = Meaning()


class Meanings:
    """What texts of one list mean among a submission's pictures.

    Args:
        near: the list.
        groups: sequences that only file names tell, each with its pictures.
        within: the folder that the teacher named for this list's bare names.
        is_shared: the list lies above all teams, and may name a team as a whole.
    """

    def __init__(
        self,
        index: ImageIndex,
        near: str,
        groups: Mapping[str, tuple[str, ...]],
        within: str = "",
        *,
        is_shared: bool = False,
    ) -> None:
        self._is_shared = is_shared
        self._index = index
        self._near = near
        self._groups = groups
        self._within = within
        self._context = ""
        self._known: dict[str, Meaning] = {}

    def of(self, text: str) -> Meaning:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._of(text)
        return known

    def enter(self, folder: str) -> None:
        """What follows names pictures of this folder, where it names none itself."""
        self._context = folder
        self._known.clear()

    def is_something(self, text: str) -> bool:
        meaning = self.of(text)
        return bool(meaning.pictures or meaning.rivals)

    def _of(self, text: str) -> Meaning:
        if not text or len(text) > 2000:
            return _NOTHING
        if RANGE.search(text) and (found := self._range(text)):
            return Meaning(found)
        match = self._index.find(text, self._near)
        if match.rivals:
            match = self._nearer(text, match.rivals) or match
        if match.path is None and suffix_of(text) in IMAGE_SUFFIXES and "*" not in text:
            return Meaning((), match.rivals)
        folder = self.folder(text) if match.path is None or _may_be_sequence(text) else ()
        if match.path and folder and folder != (match.path,):
            return Meaning((), (match.path, *folder))
        if match.path:
            return Meaning((match.path,), is_loose=match.is_loose)
        return Meaning(folder) if folder else Meaning((), match.rivals)

    def _nearer(self, text: str, rivals: tuple[str, ...]) -> Match | None:
        """Of rivals the one in the folder that a header of the list, or the teacher, names."""
        for folder in (self._within, self._context):
            inside = set(self._index.find_folder(folder, self._near)).intersection(rivals) if folder else set()
            if len(inside) == 1:
                return Match(inside.pop())
        return None

    def folder(self, text: str) -> tuple[str, ...]:
        """The pictures of a folder, a sequence or a pattern; empty if it names none, or several."""
        if any(mark in text for mark in "*?"):
            return self._glob(text) if any(c.isalnum() for c in text) else ()
        has_folders = "/" in text or "\\" in text
        if _FRAME.match(name_of(text.replace("\\", "/"))):
            return ()  # frame_000001 is not sequence 1
        found = self._index.find_folder(text, self._near)
        if has_folders:
            return found
        if found:  # a title that names the class or the team is no list of everything
            return found if len(found) < len(self._index.paths) or self._is_shared else ()
        same = [paths for name, paths in self._groups.items() if is_same_folder(name, slug(text))]
        return same[0] if len(same) == 1 else ()

    def _glob(self, text: str) -> tuple[str, ...]:
        """``images/train/*.jpg``, ``seq1_*``: a folder and a pattern of names in it."""
        parts = [p for p in text.replace("\\", "/").split("/") if p not in {"", ".", "**"}]
        folders = list(itertools.takewhile(lambda p: "*" not in p and "?" not in p, parts))
        if len(parts) - len(folders) > 1:
            return ()
        inside = self._index.find_folder("/".join(folders), self._near) if folders else tuple(self._index.paths)
        pattern = parts[-1] if len(parts) > len(folders) else "*"
        stem = pattern.rpartition(".")[0] if suffix_of(pattern) in {*IMAGE_SUFFIXES, ".txt", ".*"} else pattern
        matches = re.compile(translate(stem.casefold())).match
        return tuple(sorted(p for p in inside if matches(stem_of(p).casefold())))

    def _range(self, text: str) -> tuple[str, ...]:
        """``1/images/frame_000001 - frame_000120``: both ends are pictures of one folder, or numbers of sequences."""
        for mark in itertools.islice(RANGE.finditer(text), _MOST_MARKS):
            first, last = text[: mark.start()].strip(), text[mark.end() :].strip()
            if not first or not last:
                continue
            if found := self._sequences_between(first, last) or self._frames_between(first, last):
                return found
        return ()

    def _frames_between(self, first: str, last: str) -> tuple[str, ...]:
        start = self._index.find(first, self._near).path
        if start is None:
            return ()
        end = self._index.find(last, start).path
        digits = re.search(r"\d+$", stem_of(start))
        if end is None and last.isdecimal() and digits:
            written = stem_of(start)[: digits.start()] + last.zfill(len(digits[0]))
            end = self._index.find(f"{folder_of(start)}/{written}", start).path
        if end is None or folder_of(start) != folder_of(end):
            return ()
        prefix, low = _numbered(start)
        other, high = _numbered(end)
        if low is None or high is None or prefix != other or low > high:
            return ()
        same = [p for p in self._index.paths if folder_of(p) == folder_of(start) and _numbered(p)[0] == prefix]
        return tuple(sorted(p for p in same if low <= (_numbered(p)[1] or 0) <= high))

    def _sequences_between(self, first: str, last: str) -> tuple[str, ...]:
        low, high = folder_number(slug(first)), folder_number(slug(last))
        if low is None or high is None or not low < high <= low + 1000:
            return ()
        found = {n: self.folder(str(n)) for n in range(low, high + 1)}
        return tuple(p for paths in found.values() for p in paths) if found[low] and found[high] else ()


def _may_be_sequence(text: str) -> bool:
    """``3``, ``seq 3``; not ``frame_000003``."""
    if len(text) >= 40 or suffix_of(text) or _FRAME.match(text):
        return False
    return folder_number(slug(text)) is not None


def _numbered(path: str) -> tuple[str, int | None]:
    stem = stem_of(path)
    bare = stem.rstrip("0123456789")
    return bare, int(stem[len(bare) :]) if len(bare) < len(stem) and stem.isascii() else None
