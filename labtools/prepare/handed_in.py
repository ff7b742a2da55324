"""What lies in the submissions folder, file by file, and the course that may apply: all that a run is made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labtools.core.config import load_config
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes
from labtools.core.findings import Finding, Severity
from labtools.prepare.answers import Answers
from labtools.prepare.config import CourseConfig
from labtools.prepare.memory import code_signature, signature
from labtools.prepare.sources.scout import Scout
from labtools.prepare.sources.tree import Tree
from labtools.prepare.sources.walk import read_tree


@dataclass(frozen=True)
class Request:
    """What was asked for, before anybody looks at the submissions.

    Attributes:
        folder: where they lie; or the archive that they are.
        course_file, course: the classes; None if nobody named any.
        is_fallback: the course only applies if folders bear its names.
    """

    folder: Path
    course_file: Path | None
    course: CourseConfig | None
    is_fallback: bool

    def context(self, answers: Answers, options: Sequence[object]) -> str:
        """All that a dataset depends on besides files."""
        folder = self.folder.resolve()  # the team, where this is a single dataset, and perhaps its class
        known = [repr(self.is_fallback), folder.name, folder.parent.name]
        return "\n".join([context_of(self.course, answers, options), *known])


@dataclass(frozen=True)
class HandedIn:
    """The submissions before anybody asks whose they are.

    Attributes:
        request: see there.
        tree: all files.
        findings: of the walk.
    """

    request: Request
    tree: Tree
    findings: tuple[Finding, ...]

    @property
    def language(self) -> Literal["fr", "en"]:
        """Of what students read."""
        return self.request.course.language if self.request.course else "en"

    @property
    def is_as_listed(self) -> bool:
        """Is the tree made from what the disk lists, and nothing else? Not where something could not be read, which
        may be no more than a cable."""
        return not any(one.severity is Severity.ERROR for one in self.findings)

    def signature(self, context: str) -> str:
        """Of everything: while it is the same, so is the dataset."""
        return signature("\n".join([context, *map(repr, self.findings)]), self.tree, self.tree)


def read_request(folder: Path, course: Path | None, fallback: Path | None) -> Request:
    """Read the course.

    Args:
        course: the classes, whatever the folders look like.
        fallback: the classes, if the first-level folders bear their names.

    Raises:
        LabError: there is no such folder, or the course file does not fit.
    """
    if not folder.exists():
        raise LabError("this folder does not exist", folder, "Check the path.")
    file = course if course is not None else fallback if fallback is not None and fallback.is_file() else None
    return Request(folder, file, None if file is None else load_config(file, CourseConfig), course is None)


def gather(request: Request, scout: Scout) -> HandedIn:
    """Walk through what the scout has listed."""
    limits = request.course.limits if request.course else None
    tree, findings = read_tree(request.folder, limits, scout.folders)
    return HandedIn(request, tree, tuple(findings))


def listed_signature(context: str, scout: Scout) -> str:
    """As `HandedIn.signature`, of what the disk lists: known long before the tree is; ``""`` where it is not enough."""
    digest = scout.seen[1]
    return hash_bytes(f"{context}\n{digest}".encode("utf-8", "surrogatepass")) if digest else ""


def context_of(course: CourseConfig | None, answers: Answers, options: Sequence[object]) -> str:
    """What the work depends on besides files: the course, the answers, the options, and the code itself."""
    written = course.model_dump_json() if course else ""
    return "\n".join([code_signature(), written, json.dumps(sorted(answers.items())), repr(options)])
