"""What a walk finds: files by path, and findings."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import is_device_name
from labtools.core.sentences import Sentence
from labtools.prepare.sources.disguised import picture_name
from labtools.prepare.sources.kinds import may_be_archive
from labtools.prepare.sources.tree import File

BY_PRODUCT = Sentence("a by-product of the system, not data")
_BACKUP = "_original"  # ExifTool keeps frame.jpg as frame.jpg_original before it writes into it
DEEPEST = 100
"""Folders in folders; a course's tree has five."""

_LISTED = 20
"""So many findings of one kind in one place are listed; more are one finding with their number."""


class Found:
    """Files and findings; every file that the walk meets goes into one or the other."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.findings: list[Finding] = []

    def say(
        self, path: str, code: str, severity: Severity, message: Sentence, action: Action = Action.LEFT_OUT
    ) -> None:
        self.findings.append(Finding("", path, 0, code, severity, message, action))

    def say_all(self, paths: list[str], code: str, severity: Severity, message: Sentence) -> None:
        """The same of many files in one place: a locked archive of 600 members is one fact."""
        if len(paths) <= _LISTED:  # none, too
            for path in paths:
                self.say(path, code, severity, message)
        else:
            all_of_them = Sentence(
                "{message} (and {n} more here, up to {last})", message=message, n=len(paths) - 1, last=paths[-1]
            )
            self.say(paths[0], code, severity, all_of_them)

    def check_name(self, path: str) -> None:
        """Say what some system makes of the last name of a path."""
        if is_device_name(path.rpartition("/")[2]):
            what = Sentence("Windows takes this name for a device: it is kept, and has another name in the dataset")
            self.say(path, "name-device", Severity.WARNING, what, Action.NOTED)

    def add(self, file: File) -> None:
        """Under its path; under a numbered one, where names that could not be read as written became equal; a picture
        without a picture's name under one."""
        if file.path.endswith(_BACKUP) and file.path.removesuffix(_BACKUP) in self.files:
            self.say(file.path, "junk", Severity.INFO, Sentence("ExifTool's backup of the picture beside it"))
            return
        file = self._as_picture(file)
        path, number = file.path, 2
        self.check_name(path)
        while path in self.files:
            folder, slash, name = file.path.rpartition("/")
            stem, dot, suffix = name.rpartition(".")
            path = f"{folder}{slash}{stem or name} ({number}){dot if stem else ''}{suffix if stem else ''}"
            number += 1
        if path != file.path:
            what = Sentence("a second file that reads as {name}: it is called {path} here", name=file.path, path=path)
            self.say(path, "name-twice", Severity.WARNING, what, Action.REPAIRED)
            file = file._replace(path=path)
        self.files[path] = file

    def _as_picture(self, file: File) -> File:
        folder, slash, written = file.path.rpartition("/")
        name = picture_name(file) if may_be_archive(written) else ""
        if not name:
            return file
        what = Sentence(
            "a picture by its content, though {written!r} does not say so: taken for {name}", written=written, name=name
        )
        self.say(file.path, "image-name", Severity.INFO, what, Action.REPAIRED)
        return file._replace(path=f"{folder}{slash}{name}")


def twin_findings(paths: Collection[str]) -> list[Finding]:
    """Files and folders whose names differ by case, or by how accents are encoded, only: one finding for each."""
    if len(set(_all_folded(paths))) == len(paths):
        return []  # nearly always
    folded: dict[str, str] = {}
    twins: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        if (first := folded.setdefault(_folded(path), path)) is not path:
            twins[first].append(path)
    places: dict[str, str] = {}
    for first, others in twins.items():
        for other in others:
            pairs = zip(first.split("/"), other.split("/"), strict=True)
            depth = next(i for i, (a, b) in enumerate(pairs, 1) if a != b)
            place, twin = ("/".join(path.split("/")[:depth]) for path in (other, first))
            places.setdefault(place, twin)
    return [
        Finding("", place, 0, "name-twin", Severity.WARNING, _is_twin_of(twin.rpartition("/")[2]), Action.NOTED)
        for place, twin in places.items()
    ]


def _is_twin_of(name: str) -> Sentence:
    return Sentence(
        "differs from {name!r} by case or by the encoding of accents only: Windows and macOS can keep just one of them",
        name=name,
    )


def _all_folded(paths: Collection[str]) -> list[str]:
    """`_folded` of each; all in one go where that is the same."""
    text = "\0".join(paths)
    return text.lower().split("\0") if text.isascii() else [_folded(path) for path in paths]


def _folded(path: str) -> str:
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()
