"""What is said and asked of a folder's numbers, and what the teacher answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT, Answers


@dataclass
class Said:
    """Findings about one submission, filling up.

    Attributes:
        root: the submission, for the keys of questions.
    """

    root: str
    answers: Answers
    findings: list[Finding] = field(default_factory=list)

    def answer(self, folder: str, readings: Iterable[Sentence]) -> Sentence | None:
        """The reading that the teacher chose for a folder, ``LEAVE_OUT``, or None."""
        answer = self.answers.get(self._key(folder))
        return next((known for known in (LEAVE_OUT, *readings) if known == answer), None)

    def ask(self, folder: str, file: str, what: Sentence, readings: Sequence[Sentence]) -> None:
        """One question for all labels of a folder, found first in ``file``."""
        text = Sentence("What are the four numbers in {place}?", place=folder or Sentence("these labels"))
        question = Question(self._key(folder), text, (*readings, LEAVE_OUT))
        finding = Finding("", file, 0, "label-units-unknown", Severity.ERROR, what, Action.ASKED, question)
        self.findings.append(finding)

    def say(self, file: str, code: str, severity: Severity, what: Sentence, action: Action) -> None:
        self.findings.append(Finding("", file, 0, code, severity, what, action))

    def _key(self, folder: str) -> str:
        return f"label-units:{self.root}:{folder}"


def many(boxes: int, files: int) -> Sentence:
    """How much a finding is about."""
    return Sentence("{boxes} {boxes:box|boxes} in {files} {files:file|files} of this folder", boxes=boxes, files=files)
