"""``findings.json``: the rows of ``findings.csv`` grouped by team, with the questions that are open.

::

    {"layout": 1,
     "counts": {"error": 1, "warning": 0, "info": 2},
     "questions": 1,
     "teams": [
      {"team": "tic_et_tac", "counts": {"error": 1, "warning": 0, "info": 2}, "findings": [
        {"severity": "error", "code": "class-name-unknown", "file": "velo/tic_et_tac/labels/1.txt", "line": 3,
         "message": "...", "action": "asked", "question": {"key": "class-name:...", "text": "...", "options": [...]}},
        ...]}]}

``team`` is ``""`` for what concerns the whole cohort; ``question`` is there only where a human has to decide, and the
same question may stand at several findings (``questions`` counts it once). One finding per line, so that two versions
can be compared line by line.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from labtools.core.errors import LabError
from labtools.core.files import read_json
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.sentences import verbatim

LAYOUT = 1


def findings_json(findings: Iterable[Finding]) -> str:
    """The text of ``findings.json``: sorted by team, file and line."""
    ordered = sorted(findings)
    questions = {f.question.key for f in ordered if f.question is not None}
    head = f'{{"layout": {LAYOUT}, "counts": {_dumps(_counts(ordered))}, "questions": {len(questions)}, "teams": ['
    groups = (_group(team, list(rows)) for team, rows in itertools.groupby(ordered, key=lambda f: f.team))
    return f"{head}\n{','.join(groups)}]}}\n"


def read_findings_json(path: Path) -> tuple[Finding, ...]:
    """What `findings_json` wrote, in its order and in its language.

    Raises:
        LabError: it is not there, or is something else.
    """
    try:
        content = read_json(path)
        return tuple(_finding(group["team"], row) for group in content["teams"] for row in group["findings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"these are no findings that labtools wrote ({type(error).__name__})"
        raise LabError(what, path, "Run `labtools prepare` again.") from None


def _group(team: str, findings: Sequence[Finding]) -> str:
    head = f'{{"team": {_dumps(team)}, "counts": {_dumps(_counts(findings))}, "findings": ['
    return f" {head}\n" + ",\n".join(f"  {_dumps(_row(f))}" for f in findings) + "]}\n"


def _counts(findings: Iterable[Finding]) -> dict[str, int]:
    found = Counter(f.severity for f in findings)
    return {severity.value: found[severity] for severity in Severity}


def _row(finding: Finding) -> dict[str, Any]:
    row: dict[str, Any] = {
        "severity": finding.severity.value, "code": finding.code, "file": finding.file, "line": finding.line,
        "message": finding.message, "action": finding.action.value,
    }  # fmt: skip
    if finding.question is not None:
        one = finding.question
        row["question"] = {"key": one.key, "text": one.text, "options": list(one.options)}
    return row


def _finding(team: str, row: dict[str, Any]) -> Finding:
    asked = row.get("question")
    question = None if asked is None else Question(asked["key"], verbatim(asked["text"]), tuple(asked["options"]))
    severity, action, message = Severity(row["severity"]), Action(row["action"]), verbatim(row["message"])
    return Finding(team, row["file"], row["line"], row["code"], severity, message, action, question)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
