"""A finding is a fact about somebody's data; findings pile up and are shown as one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from labtools.core.sentences import Sentence, from_plain, to_plain


class Severity(str, Enum):
    """How much a finding matters to the person whose data it is."""

    ERROR = "error"  # something was lost or refused: the team has to act
    WARNING = "warning"  # something was changed or is doubtful: the team should look
    INFO = "info"  # repaired without any loss, or merely worth knowing


class Action(str, Enum):
    """What was done about it."""

    REPAIRED = "repaired"  # same meaning, cleaner writing
    CLIPPED = "clipped"  # boxes cut at the image's border
    LEFT_OUT = "left out"  # a file, a line or a box that is not in the dataset
    ASKED = "asked"  # a human has to decide; nothing was guessed
    NOTED = "noted"  # kept as it is


@dataclass(frozen=True)
class Question:
    """What only a human can decide; until then nothing is guessed.

    Attributes:
        key: names the decision for good, the same in every run: ``class-folder:velos``.
        text: the question.
        options: the answers that make sense, the likelier ones first; a `Sentence` among them can be translated.
    """

    key: str
    text: Sentence
    options: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Finding:
    """One fact about one place.

    Attributes:
        team: the submission it concerns, ``""`` for the whole cohort.
        file: path relative to the submissions folder, with forward slashes; an archive's member is
            ``archive.zip!/member``.
        line: 1-based line in that file, 0 where a line makes no sense.
        code: stable kebab-case name of the kind, e.g. ``list-windows-path``.
        severity: see `Severity`.
        message: what was found.
        action: what was done, see `Action`.
        question: what a human has to decide about it, where that can be said in one answer.
        image: the picture that it is about, where ``file`` is about many; a path like ``file``. For whoever shows it:
            it is in no table, and two findings do not differ by it.
    """

    team: str
    file: str
    line: int
    code: str
    severity: Severity
    message: Sentence
    action: Action
    question: Question | None = field(default=None, compare=False)
    image: str = field(default="", compare=False)


def finding_to_json(one: Finding) -> list[Any]:
    """A finding as a list of plain values."""
    asked = one.question
    question = None if asked is None else [asked.key, to_plain(asked.text), to_plain(asked.options)]
    values = [one.team, one.file, one.line, one.code, one.severity.value, to_plain(one.message), one.action.value]
    return [*values, question, one.image]


def finding_from_json(values: list[Any]) -> Finding:
    """What `finding_to_json` wrote."""
    team, file, line, code, severity, message, action, asked, image = values
    question = None if asked is None else Question(asked[0], from_plain(asked[1]), from_plain(asked[2]))
    return Finding(team, file, line, code, Severity(severity), from_plain(message), Action(action), question, image)
