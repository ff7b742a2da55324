"""The same files handed in twice by one team: in the folder and in the archive that they came out of, or in two
archives. Whole archives are dealt with when the tree is made (`sources.copies`); here, what they share with others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.layout.references import folder_key, stem_key
from labtools.prepare.sources.copies import is_same
from labtools.prepare.sources.tree import File, Tree, folder_of, is_image_name, name_of, stem_of, suffix_of

_Key = tuple[str, str, int]
_Places = tuple[tuple[str, ...], tuple[str, ...]]
_TEXTS = frozenset({".txt", ".xml", ".json"})


def find_copies(tree: Tree) -> tuple[frozenset[str], list[Finding]]:
    """Files of archives that are copies, by name and to the byte, of files that are used instead; one finding for each
    archive.

    Name and size, known without reading, choose the candidates. An archive counts only if half of its pictures have a
    double: two videos may both begin with the same black frame. Equal files that lie both in folders are no copies in
    this sense: they may be two frames, and stay.
    """
    if all(file.member is None for file in tree.files.values()):
        return frozenset(), []
    plain: list[File] = []
    archives: dict[str, list[File]] = defaultdict(list)
    for path, file in tree.files.items():
        if file.member is None:
            plain.append(file)
        else:
            archives[path[: path.rindex("!/")]].append(file)
    kept = _by_key(plain)
    gone: set[str] = set()
    findings: list[Finding] = []
    for archive, members in archives.items():
        pairs = _doubles(members, kept)
        if pairs:
            findings.append(_finding(archive, pairs))
            gone.update(member.path for member, _ in pairs)
        for key, files in _by_key(m for m in members if m.path not in gone).items():
            kept[key] += files
    return frozenset(gone), findings


def _by_key(files: Iterable[File]) -> dict[_Key, list[File]]:
    found: dict[_Key, list[File]] = defaultdict(list)
    for file in files:
        found[_key(file)].append(file)
    return found


def _key(file: File) -> _Key:
    kind = "" if is_image_name(file.path) else suffix_of(file.path)
    return stem_key(stem_of(file.path)), kind, file.size


def _doubles(members: list[File], kept: dict[_Key, list[File]]) -> list[tuple[File, File]]:
    """Pairs of a member and the file that it is a copy of."""
    pictures = [file for file in members if is_image_name(file.path)]
    candidates = [file for file in pictures if _key(file) in kept]
    if 2 * len(candidates) < len(pictures):
        return []
    pairs = []
    places: dict[str, set[_Places]] = defaultdict(set)
    for file in candidates:
        double = next((other for other in kept[_key(file)] if is_same(file, other)), None)
        if double is not None:
            pairs.append((file, double))
            places[_key(file)[0]].add(_places(file, double))
    if 2 * len(pairs) < len(pictures):
        return []
    for file in members:
        if suffix_of(file.path) in _TEXTS:
            # Labels of one name may be equal in two sequences: a copy lies where the copy of its picture does.
            beside = [other for other in kept.get(_key(file), ()) if _places(file, other) in places[_key(file)[0]]]
            double = next((other for other in beside if is_same(file, other)), None)
            pairs += [(file, double)] if double is not None else []
    return pairs


@lru_cache(maxsize=1 << 12)
def _place(folder: str) -> tuple[str, ...]:
    """Where a file lies, but for what kind of file it is: ``1`` for ``1/images`` and for ``1/labels``."""
    return tuple(key for part in folder.split("/") if (key := folder_key(part)))


def _places(file: File, other: File) -> _Places:
    return _place(folder_of(file.path)), _place(folder_of(other.path))


def _finding(archive: str, pairs: list[tuple[File, File]]) -> Finding:
    pictures = [pair for pair in pairs if is_image_name(pair[0].path)]
    first, double = pictures[0]
    n, others = len(pictures), len(pairs) - len(pictures)
    copies = Sentence("{n} {n:picture|pictures}", n=n)
    if others:
        copies = Sentence("{n} {n:picture|pictures} and {others} other {others:file|files}", n=n, others=others)
    what = Sentence(
        "{copies} of this archive {n:is a copy of a file that is|are copies of files that are} used ({name}: {path})",
        copies=copies,
        n=len(pairs),
        name=name_of(first.path),
        path=double.path,
    )
    return Finding("", archive, 0, "image-copy", Severity.INFO, what, Action.LEFT_OUT)
