"""An archive and the folder that it was unpacked to, two downloads of one archive, a folder and its copy ("images -
Copie"): all of it lies there twice."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.sources.names import archive_stem, original_name
from labtools.prepare.sources.tree import READ_ERRORS, File, folder_of, folders_of, name_of


def archive_copies(files: Mapping[str, File]) -> tuple[set[str], list[Finding]]:
    """Members of archives that are, all of them and to the byte, files beside the archive: their paths, and one
    finding for each archive. Where a single file differs nothing is a copy here; see `layout.copies`."""
    copies: set[str] = set()
    findings: list[Finding] = []
    known: dict[tuple[str, tuple[tuple[str, int], ...]], str] = {}
    for root, members in _archives(files).items():
        if members[0] in copies:
            continue  # of an archive inside one
        inside = {path[len(root) + 1 :]: files[path] for path in members}
        look = (folder_of(root), tuple((name, file.size) for name, file in inside.items()))
        bases = [*_bases(root), *([known[look]] if look in known else [])]
        base = next((base for base in bases if _holds(files, base, inside)), None)
        if base is None:
            known[look] = root
            continue
        copies.update(members)
        what = _is_copy_of(base, len(members))
        findings.append(Finding("", root[:-1], 0, "archive-copy", Severity.INFO, what, Action.LEFT_OUT))
    return copies, findings


def folder_copies(files: Mapping[str, File]) -> tuple[set[str], list[Finding]]:
    """Files in folders that are called a copy of the one beside them, and are: their paths, and one finding for each
    folder. Where a single file differs nothing is a copy.

    Args:
        files: in the order of their paths.
    """
    candidates = [folder for folder in sorted(folders_of(files)) if _original(folder)]
    paths = list(files) if candidates else []
    copies: set[str] = set()
    findings: list[Finding] = []
    for folder in candidates:
        # "0" is the character after "/"
        members = paths[bisect_left(paths, f"{folder}/") : bisect_left(paths, f"{folder}0")]
        base, inside = _original(folder), {path[len(folder) + 1 :]: files[path] for path in members}
        if members[0] not in copies and _holds(files, base, inside):
            copies.update(members)
            what = _is_copy_of(base, len(members))
            findings.append(Finding("", folder, 0, "folder-copy", Severity.INFO, what, Action.LEFT_OUT))
    return copies, findings


def _is_copy_of(base: str, files: int) -> Sentence:
    return Sentence(
        "its {n} {n:file is|files are} also in {base}, to the byte: {n:that one is|those are} used",
        n=files,
        base=base or Sentence("the folder beside it"),
    )


def _original(folder: str) -> str:
    """What a folder is a copy of, by its name: ``""`` for nearly all."""
    above, slash, name = folder.rpartition("/")
    original = original_name(name)
    return f"{above}{slash}{original}" if original else ""


def _archives(files: Mapping[str, File]) -> dict[str, list[str]]:
    """The members of each archive, of those inside others too; the outer archives first."""
    found: dict[str, list[str]] = {}
    for path, file in files.items():
        if file.member is not None:
            end = path.find("!/")
            while end >= 0:
                found.setdefault(path[: end + 1], []).append(path)
                end = path.find("!/", end + 1)
    return {root: found[root] for root in sorted(found, key=lambda root: (root.count("!/"), root))}


def _bases(root: str) -> tuple[str, str]:
    """Where people unpack: into a folder of the archive's name, or right here."""
    folder = folder_of(root)
    return f"{folder}/{archive_stem(name_of(root)[:-1])}".lstrip("/"), folder


def _holds(files: Mapping[str, File], base: str, inside: Mapping[str, File]) -> bool:
    """Are these files below ``base`` too? Looks at names and sizes first, which tells nearly always."""
    prefix = f"{base}/" if base else ""
    pairs = []
    for name, file in inside.items():
        other = files.get(prefix + name)
        if other is None or other.size != file.size or other.path == file.path:
            return False
        pairs.append((file, other))
    return all(is_same(file, other) for file, other in pairs)


def is_same(first: File, second: File) -> bool:
    """Two files of one size: are their bytes the same? False where that cannot be known."""
    marks = [file.member.crc if file.member is not None else None for file in (first, second)]
    if None not in marks and marks[0] != marks[1]:
        return False
    try:
        return first.read() == second.read()
    except READ_ERRORS:
        return False  # reported where it is read
