"""The pages of a report, one file each: add a file and there is one more page.

A module answers `ReportPage`. Its ``build`` returns no page where it has nothing to say (no teams, say), and pages
that say what is missing where an input is absent: never an empty figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from labtools.report.content import Page
from labtools.report.load import Results


@dataclass(frozen=True)
class Plan:
    """What is to be reported, and where everything is.

    Attributes:
        results: what was read.
        classes, teams: those that get a page of their own.
        class_paths, team_paths: name -> path of that page, relative to the report's folder.
    """

    results: Results
    classes: tuple[str, ...]
    teams: tuple[str, ...]
    class_paths: dict[str, str]
    team_paths: dict[str, str]


class ReportPage(Protocol):
    """A module of this folder."""

    title: str
    order: int

    def build(self, plan: Plan) -> Sequence[Page]:
        """The pages: one, or for the micro pages one per class or team."""
        ...
