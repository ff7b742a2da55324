"""What lies in the submissions folder, file by file, and the course that may apply: all that a run is made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labtools.core.config import load_config
from labtools.core.errors import LabError
from labtools.core.findings import Finding
from labtools.prepare.answers import Answers
from labtools.prepare.config import CourseConfig
from labtools.prepare.memory import code_signature, signature
from labtools.prepare.sources.tree import Tree
from labtools.prepare.sources.walk import read_tree


@dataclass(frozen=True)
class HandedIn:
    """The submissions before anybody asks whose they are.

    Attributes:
        folder: where they lie; or the archive that they are.
        tree: all files.
        findings: of the walk.
        course_file, course: the classes; None if nobody named any.
        is_fallback: the course only applies if folders bear its names.
    """

    folder: Path
    tree: Tree
    findings: tuple[Finding, ...]
    course_file: Path | None
    course: CourseConfig | None
    is_fallback: bool

    @property
    def language(self) -> Literal["fr", "en"]:
        """Of what students read."""
        return self.course.language if self.course else "en"

    def signature(self, answers: Answers, options: Sequence[object]) -> str:
        """Of everything: while it is the same, so is the dataset."""
        folder = self.folder.resolve()  # the team, where this is a single dataset, and perhaps its class
        findings = [repr(one) for one in self.findings]
        known = [repr(self.is_fallback), folder.name, folder.parent.name]
        context = [context_of(self.course, answers, options), *known, *findings]
        return signature("\n".join(context), self.tree, self.tree)


def gather(folder: Path, course: Path | None, fallback: Path | None) -> HandedIn:
    """Walk, and read the course.

    Args:
        course: the classes, whatever the folders look like.
        fallback: the classes, if the first-level folders bear their names.

    Raises:
        LabError: there is no such folder, or the course file does not fit.
    """
    if not folder.exists():
        raise LabError("this folder does not exist", folder, "Check the path.")
    file = course if course is not None else fallback if fallback is not None and fallback.is_file() else None
    config = None if file is None else load_config(file, CourseConfig)
    tree, findings = read_tree(folder, config.limits if config else None)
    return HandedIn(folder, tree, tuple(findings), file, config, course is None)


def context_of(course: CourseConfig | None, answers: Answers, options: Sequence[object]) -> str:
    """What the work depends on besides files: the course, the answers, the options, and the code itself."""
    written = course.model_dump_json() if course else ""
    return "\n".join([code_signature(), written, json.dumps(sorted(answers.items())), repr(options)])
