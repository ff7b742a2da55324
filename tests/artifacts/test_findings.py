"""``findings.json``: what was found comes back as it was, questions included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.artifacts.findings import findings_json, read_findings_json
from labtools.core.errors import LabError
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.visible import visible

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SAID = TEXT.map(visible)
QUESTION = st.none() | st.builds(Question, TEXT, SAID, st.lists(TEXT, max_size=3).map(tuple))
FINDING = st.builds(
    Finding, TEXT, TEXT, st.integers(0, 9), TEXT, st.sampled_from(Severity), SAID, st.sampled_from(Action), QUESTION
)


@given(st.lists(FINDING, max_size=8))
def test_read_what_was_written(tmp_path_factory: pytest.TempPathFactory, findings: list[Finding]) -> None:
    path = tmp_path_factory.mktemp("findings") / "findings.json"
    path.write_text(findings_json(findings), encoding="utf-8", newline="\n")
    found = read_findings_json(path)
    assert found == tuple(sorted(findings))
    assert [f.question for f in found] == [f.question for f in sorted(findings)]


def test_grouped_and_counted() -> None:
    question = Question("class-name:a:truc", "Which class is 'truc'?", ("velo", "leave out"))
    rows = [
        Finding("a", "x.txt", n, "class-name-unknown", Severity.ERROR, "what", Action.ASKED, question) for n in (1, 2)
    ]
    rows.append(Finding("", "y", 0, "junk", Severity.INFO, "what", Action.LEFT_OUT))
    text = findings_json(rows)
    content = json.loads(text)
    assert content["counts"] == {"error": 2, "warning": 0, "info": 1} and content["questions"] == 1
    assert [(t["team"], t["counts"]["error"], len(t["findings"])) for t in content["teams"]] == [
        ("", 0, 1),
        ("a", 2, 2),
    ]
    assert content["teams"][1]["findings"][0]["question"]["options"] == ["velo", "leave out"]
    assert "question" not in content["teams"][0]["findings"][0]
    assert sum('"code"' in line for line in text.splitlines()) == 3  # one finding per line
    assert json.loads(findings_json([])) == {
        "layout": 1, "counts": {"error": 0, "warning": 0, "info": 0}, "questions": 0, "teams": [],
    }  # fmt: skip


@pytest.mark.parametrize("content", ["", "[]", '{"teams": [{}]}', '{"teams": 3}'])
def test_something_else_is_said(content: str, tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LabError, match="no findings"):
        read_findings_json(path)
