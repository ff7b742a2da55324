"""What a run of `labtools prepare` found, as it is shown and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from labtools.core.findings import Finding, finding_from_json, finding_to_json
from labtools.prepare.output.summary import Summary, summary_from_json


@dataclass(frozen=True)
class PrepareResult:
    """What was written, and where.

    Attributes:
        out: the dataset's folder.
        names: its classes in id order.
        fingerprint: see `labtools.artifacts.dataset.Dataset`; ``""`` if nothing was written.
        is_cohort: submissions of several teams, not one dataset.
        course: where the names come from: the course file, None for the submissions' own names.
        findings: all of them, sorted.
        summary: counts.
        language: of the course, ``en`` without one.
        redone: submissions that were read; the others had not changed since the last run.
        submissions: how many there are.
    """

    out: Path
    names: tuple[str, ...]
    fingerprint: str
    is_cohort: bool
    course: Path | None
    findings: tuple[Finding, ...]
    summary: Summary
    language: Literal["fr", "en"]
    redone: int
    submissions: int

    def to_json(self) -> dict[str, Any]:
        """What is the same when nothing has changed."""
        return {
            "fingerprint": self.fingerprint,
            "names": list(self.names),
            "findings": [finding_to_json(one) for one in self.findings],
            "summary": self.summary.to_json(),
            "submissions": self.submissions,
            "is_cohort": self.is_cohort,
            "has_course": self.course is not None,
            "language": self.language,
        }


def result_from_json(content: dict[str, Any], out: Path, course: Path | None) -> PrepareResult:
    """What `PrepareResult.to_json` said of the last run, for one that redid nothing.

    Args:
        course: the file that was given this time; its content is the same.
    """
    findings = tuple(finding_from_json(one) for one in content["findings"])
    summary = summary_from_json(content["summary"], findings)
    return PrepareResult(
        out, tuple(content["names"]), content["fingerprint"], content["is_cohort"],
        course if content["has_course"] else None, findings, summary, content["language"], 0, content["submissions"],
    )  # fmt: skip
