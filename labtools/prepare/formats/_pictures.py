"""Which pictures an annotation file is about, where their names alone leave it open.

Five videos of a team all have a ``frame_000010.jpg``. The file's own place decides; else its name, its archive's, its
task's or its video's, where one of them is the name of a folder of pictures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import RawBox, Record, orphan
from labtools.prepare.layout.naming import frame_of
from labtools.prepare.layout.places import ImageIndex, Match, folder_key, is_same_folder
from labtools.prepare.layout.references import without_upload
from labtools.prepare.sources.tree import folder_of, name_of, stem_of


def hints_of(path: str, *more: str) -> tuple[str, ...]:
    """Names that may be the name of a folder of pictures: those given, then the file's and its folders'."""
    folders = [part.removesuffix("!") for part in reversed(folder_of(path).split("/")) if part]
    stems = [stem_of(name) if "." in name else name for name in (*more, name_of(path), *folders)]
    return tuple(dict.fromkeys(key for stem in stems if (key := folder_key(stem))))


def find_picture(index: ImageIndex, name: str, path: str, hints: Sequence[str]) -> Match:
    """`ImageIndex.find`, and between rivals the one in a folder that a hint names."""
    match = index.find(name, path)
    if match.path is None and not match.rivals and "?" in name:  # https://host/frame_000001.jpg?raw=1
        match = index.find(name.partition("?")[0], path)
    if match.path is None and not match.rivals:
        match = _beside(index, name, path)
    if match.path is None and not match.rivals:
        match = _uploaded(index, name, path)
    if len(match.rivals) < 2:
        return match
    left = _hinted(match.rivals, hints)
    return Match(left[0]) if len(left) == 1 else match


def _beside(index: ImageIndex, name: str, path: str) -> Match:
    """The picture of a path whose folder is not known here (``ma video/frame_000001.jpg``, as it was uploaded), if it
    lies beside the file. A folder with a number may be another sequence, and is not overlooked."""
    folder, _, bare = name.replace("\\", "/").rpartition("/")
    if not folder or any(c.isdigit() for c in folder.rpartition("/")[2]):
        return Match(None)
    match = index.find(bare, path)
    is_beside = match.path is not None and _folder_keys(match.path) == _folder_keys(path)
    return match if is_beside else Match(None)


def _uploaded(index: ImageIndex, name: str, path: str) -> Match:
    """The picture that Label Studio called so when it was uploaded."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    short = without_upload(bare)
    return index.find(short, path) if short != bare else Match(None)


def _folder_keys(path: str) -> list[str]:
    return [key for part in folder_of(path).split("/") if (key := folder_key(part))]


def pictures_of_video(images: Iterable[str], path: str, hints: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The pictures of the one video that a file is about, or none, and the folders between which it cannot decide."""
    groups: dict[str, list[str]] = defaultdict(list)
    for image in images:
        groups[folder_of(image)].append(image)
    folder = folder_of(path)
    near = _below(groups, folder)
    while not near and folder:
        folder = folder_of(folder)
        near = _below(groups, folder)
    if len(near) > 1:
        near = tuple(folder_of(p) for p in _hinted([f"{f}/" for f in near], hints))
    chosen = [image for f in near for image in groups[f]]
    frames = [frame_of(image) for image in chosen]
    if len(near) > 1 and (None in frames or len(set(frames)) < len(frames)):
        return [], tuple(near)
    return chosen, ()


def _below(groups: Iterable[str], folder: str) -> tuple[str, ...]:
    return tuple(f for f in groups if not folder or f == folder or f.startswith(f"{folder}/"))


def _hinted(paths: Sequence[str], hints: Sequence[str]) -> list[str]:
    """Those in a folder that the first hint that names any of their folders names; all, if none does."""
    keys = {path: _folder_keys(path) for path in paths}
    for hint in hints:
        named = [path for path in paths if any(is_same_folder(hint, key) for key in keys[path])]
        if named and len(named) < len(paths):
            return named
    return list(paths)


@dataclass
class Draft:
    """What a file about one picture says, before the picture is known.

    Attributes:
        written: the picture's names or paths in the file, the likelier first.
        is_own: the file's own name tells its picture, as it holds nothing else.
    """

    path: str
    written: Sequence[str]
    is_own: bool
    findings: list[Finding]
    boxes: list[RawBox] = field(default_factory=list)
    size_wh: tuple[float, float] | None = None
    bad: int = 0

    def say(self, line: int, code: str, severity: Severity, message: Sentence, action: Action) -> None:
        self.findings.append(Finding("", self.path, line, code, severity, message, action))


def bind(drafts: Sequence[Draft], index: ImageIndex, findings: list[Finding]) -> list[Record]:
    """The records of files about one picture each; findings are added.

    The picture beside a file, of the same name, is its own. What the file says comes second: a name in it is often
    that of the file from which it was copied, so it cannot mean a picture that has a file of its own.
    """
    own = [index.find_beside(draft.path) if draft.is_own else Match(None) for draft in drafts]
    taken = {match.path for match in own if match.path is not None}
    records: list[Record] = []
    for draft, beside in zip(drafts, own, strict=True):
        match = beside if beside.path is not None else _as_written(draft, beside, index, taken)
        if match.path is None:
            name = next((written for written in draft.written if written), name_of(draft.path))
            findings.append(orphan(draft.path, 0, name, match.rivals))
            continue
        findings += draft.findings
        records.append(Record(draft.path, match.path, tuple(draft.boxes), draft.size_wh, (), draft.bad))
    return records


def _as_written(draft: Draft, beside: Match, index: ImageIndex, taken: set[str]) -> Match:
    """The picture that the file names, unless that has a file of its own; else none, and the rivals."""
    rivals = beside.rivals
    for written in draft.written:
        found = find_picture(index, written, draft.path, hints_of(draft.path)) if written else Match(None)
        if found.path is not None and not (draft.is_own and found.path in taken):
            return found
        rivals = rivals or found.rivals
    return Match(None, rivals)


@dataclass
class Listed:
    """What a file about many pictures says about one of them; ``line`` is where, or 0."""

    name: str
    boxes: list[RawBox] = field(default_factory=list)
    size_wh: tuple[float, float] | None = (0.0, 0.0)
    bad: int = 0
    line: int = 0


def bind_listed(
    path: str, pictures: Iterable[Listed], index: ImageIndex, findings: list[Finding], hints: Sequence[str] = ()
) -> list[Record]:
    """The records of a file about many pictures; findings are added. What is listed twice is put together.

    A picture without boxes that is not there is nobody's loss, and not mentioned: tools list all that were loaded.
    """
    found: dict[str, Record] = {}
    hints = hints or hints_of(path)
    for one in pictures:
        match = find_picture(index, one.name, path, hints)
        if match.path is None:
            if one.boxes or one.bad:
                findings.append(orphan(path, one.line, one.name, match.rivals))
            continue
        before = found.get(match.path)
        if before is None:
            found[match.path] = Record(path, match.path, tuple(one.boxes), one.size_wh, (), one.bad)
        else:
            boxes, bad = (*before.boxes, *one.boxes), before.bad_lines + one.bad
            found[match.path] = replace(before, boxes=boxes, bad_lines=bad)
    return list(found.values())


def names_of(records: Iterable[Record]) -> tuple[str, ...]:
    """The class names that records use, in the order of their first boxes."""
    return tuple(dict.fromkeys(b.class_name for r in records for b in r.boxes if b.class_name is not None))
