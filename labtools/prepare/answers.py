"""What the teacher decided: a YAML of open questions that `labtools prepare --ask` wrote and she filled in.

::

    questions:
      - key: class-folder:velos          # names the decision, the same in every run
        team: tic_et_tac
        question: Which class is the folder 'velos'?
        options: [velo, leave out]
        answer: velo                     # empty: still open
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import Field, field_validator

from labtools.core.config import Config, dump_yaml, load_config
from labtools.core.findings import Finding
from labtools.core.sentences import Sentence

LEAVE_OUT = Sentence("leave out")
"""The answer that every question about data takes: it does not come into the dataset."""

Answers = Mapping[str, str]
"""Question key -> answer; the open ones are absent."""

NO_ANSWERS: Answers = MappingProxyType({})

_HEAD = """\
# What only you can decide. Write an answer behind each `answer:`, one of the options or another that fits, and run
#   labtools prepare SUBMISSIONS --out DATASET --answers THIS_FILE
# A question left without an answer stays open: what it is about is not in the dataset.
"""


class _Question(Config):
    key: str
    team: str = ""
    question: str = ""
    options: tuple[str, ...] = ()
    answer: str | None = None

    @field_validator("options", mode="before")
    @classmethod
    def _options_as_text(cls, options: Any) -> Any:
        return [str(o) for o in options] if isinstance(options, list) else options

    @field_validator("answer", mode="before")
    @classmethod
    def _answer_as_text(cls, answer: Any) -> Any:
        return str(answer) if isinstance(answer, (int, float)) and not isinstance(answer, bool) else answer


class _Questions(Config):
    questions: tuple[_Question, ...] = Field(default=())


def read_answers(path: Path) -> dict[str, str]:
    """The answers that a file gives.

    Raises:
        LabError: it is not such a file.
    """
    given = load_config(path, _Questions).questions
    return {one.key: one.answer.strip() for one in given if one.answer and one.answer.strip()}


def questions_yaml(findings: Iterable[Finding], answers: Answers) -> tuple[str, int]:
    """The text of a file of questions, with the answers known so far, and the number of open ones."""
    asked: dict[str, dict[str, Any]] = {}
    for finding in sorted(findings):
        if finding.question is not None and finding.question.key not in asked:
            one = finding.question
            asked[one.key] = {
                "key": one.key, "team": finding.team, "question": str(one.text),
                "options": [str(option) for option in one.options],
                "answer": answers.get(one.key),
            }  # fmt: skip
    for key in sorted(set(answers) - set(asked)):  # settled, hence no longer asked: without it, it would be again
        asked[key] = {"key": key, "answer": answers[key]}
    open_ones = sum(1 for one in asked.values() if one["answer"] is None)
    return _HEAD + dump_yaml({"questions": list(asked.values())}), open_ones
