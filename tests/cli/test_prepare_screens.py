"""What is shown after `labtools prepare`: to a teacher with thirty teams, and to a student with one folder."""

from __future__ import annotations

import io
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from labtools.artifacts.wording import Language
from labtools.cli._check_screen import show_check
from labtools.cli._prepare_screen import blocks_of, show_findings, show_result
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.prepare.output.summary import SplitCount, Summary
from labtools.prepare.pipeline import prepare

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741
QUESTION = Question("class-name:velo/bleus:truc", "Which class is 'truc'?", ("velo", "leave out"))
SUMMARY = Summary(
    {"velo": {"train": SplitCount(1500, 1600), "val": SplitCount(40, 50), "test": SplitCount(60, 70)}},
    {"train": 1500, "val": 40, "test": 60}, {"train": {}, "val": {}, "test": {}}, {}, (),
)  # fmt: skip


def found(file: str, code: str, severity: Severity, line: int = 0, team: str = "", **more: object) -> Finding:
    action = Action.REPAIRED if severity is I else Action.LEFT_OUT
    return Finding(team, file, line, code, severity, str(more.get("message", "what it is")), action)


def screen(*, width: int, terminal: bool) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None, legacy_windows=False)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue()).replace("\u00a0", " ").replace("\u202f", " ")


def thirty_teams() -> list[Finding]:
    """Two with errors, three with warnings, the others with small repairs."""
    rows = [found(f"velo/team {n}/train.txt", "list-spaces", I, 3, f"team_{n}") for n in range(30)]
    rows += [found(f"velo/team 7/{n}/labels/a.txt", "label-bad-line", E, 2, "team_7") for n in range(12)]
    rows += [found(f"velo/team 9/{n}/{'x' * 150}.jpg", "image-empty", E, 0, "team_9") for n in range(2)]
    rows += [found(f"velo/team {n}", "split-made", W, 0, f"team_{n}", message="m" * 150) for n in (1, 7, 20, 21)]
    rows.append(found("lost.jpg", "file-outside", E))
    return rows


def test_the_worst_come_first_and_the_fine_ones_are_one_line() -> None:
    console = screen(width=100, terminal=True)
    show_findings(console, thirty_teams())
    lines = text(console).splitlines()
    assert "2 with errors, 3 with warnings, 25 with small repairs only" in lines[0]
    heads = [line for line in lines if re.match(r"(velo/team \d+|the whole cohort)  \d", line)]
    assert [head.partition("  ")[0] for head in heads] == [
        "velo/team 7", "velo/team 9", "the whole cohort", "velo/team 1", "velo/team 20", "velo/team 21",
    ]  # fmt: skip
    assert heads[0] == "velo/team 7  12 errors, 1 warning, 1 small repair or note"
    assert "  error   label-bad-line              12  0/labels/a.txt:2: what it is [left out]" in lines
    assert len(lines) < 25 and max(len(line.rstrip()) for line in lines) <= 100
    assert sum("velo/team 14" in line for line in lines) == 1


def test_many_teams_with_warnings_are_a_line_each() -> None:
    rows = [
        found(f"velo/team {n}", code, W, 0, f"team_{n}") for n in range(30) for code in ("split-made", "list-absent")
    ]
    rows.append(found("velo/team 3/a.jpg", "image-empty", E, 0, "team_3"))
    console = screen(width=100, terminal=True)
    show_findings(console, rows)
    lines = text(console).splitlines()
    assert "velo/team 7  warning list-absent (1), split-made (1)" in [line.rstrip() for line in lines]
    assert len(lines) == 1 + 4 + 29 + 1  # the head, the team with its three kinds, the others, a blank line


def test_in_a_file_nothing_is_cut() -> None:
    console = screen(width=80, terminal=False)
    show_findings(console, thirty_teams())
    assert f"0/{'x' * 150}.jpg: what it is [left out]" in text(console)
    assert "m" * 150 in text(console)


def test_markup_in_names_is_text() -> None:
    console = screen(width=100, terminal=True)
    show_findings(console, [found("velo/[red]/[bold]x.txt", "label-bad-line", E, team="red", message="[/] '[link=x]'")])
    assert "[bold]x.txt: [/] '[link=x]' [left out]" in text(console)


def test_a_shared_list_belongs_to_its_team() -> None:
    rows = [
        found("velo/bleus/1/a.jpg", "image-empty", E, team="bleus"),
        found("train.txt", "list-absent", W, team="bleus"),
    ]
    (block,) = blocks_of(rows)
    assert (block.root, [kind.code for kind in block.kinds]) == ("velo/bleus", ["image-empty", "list-absent"])
    namesakes = [found(f"{c}/bleus/1/a.jpg", "image-empty", E, team="bleus") for c in ("velo", "ballon")]
    assert [block.root for block in blocks_of(namesakes)] == ["ballon/bleus", "velo/bleus"]


def test_no_findings_at_all() -> None:
    console = screen(width=100, terminal=True)
    show_findings(console, [])
    assert "0 with errors" in text(console)


def test_what_comes_next_is_a_command_to_paste(tmp_path: Path) -> None:
    for n in range(3):
        path = tmp_path / "my data" / str(n) / "images" / "frame_000001.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(cv2.imencode(".png", np.full((48, 64, 3), n, np.uint8))[1].tobytes())
    result = prepare(tmp_path / "my data", tmp_path / "out")
    asked = Finding("", "a.txt", 1, "class-name-unknown", E, "what", Action.ASKED, QUESTION)
    object.__setattr__(result, "findings", (*result.findings, asked, asked))
    console = screen(width=100, terminal=False)
    command = f"labtools prepare '{tmp_path}/my data' --out {tmp_path}/out --ask questions.yaml"
    show_result(console, result, command)
    shown = text(console)
    assert f"1 question that only you can answer: {command}" in shown
    assert "all pictures" in shown and "findings.csv" in shown


@pytest.mark.parametrize(
    ("language", "verdict", "counts"),
    [
        (
            "fr",
            "rien à corriger : vous pouvez rendre ce dossier.",
            "1 600 images (train 1 500, val 40, test 60)",
        ),
        ("en", "nothing to fix: you can hand this in.", "1,600 pictures (train 1,500, val 40, test 60)"),
    ],
)
def test_a_clean_folder_is_two_lines(language: Language, verdict: str, counts: str) -> None:
    console = screen(width=100, terminal=True)
    show_check(console, [], SUMMARY, language)
    lines = [line.rstrip() for line in text(console).splitlines() if line.strip()]
    assert len(lines) == 2 and lines[0].startswith(counts) and lines[1] == verdict


def test_what_to_fix_stands_in_the_order_of_causes() -> None:
    """An archive that was cut is why pictures, and then boxes, are missing."""
    rows = [
        *(found(f"1/labels/frame_{n:06d}.txt", "label-bad-line", E, 1) for n in range(20)),
        found("2/images/a.jpg", "image-lost-boxes", E),
        found("2/images/b.jpg", "image-truncated", E),
        found("3.zip", "archive-unreadable", E),
        found("", "split-no-test", W, message="the team gave no test split"),
        found("train.txt", "list-crlf", I),
    ]
    console = screen(width=100, terminal=True)
    show_check(console, rows, SUMMARY, "fr")
    shown = text(console)
    titles = [
        "À corriger : 4 choses", "Une archive est illisible", "Une image tronquée",
        "Une ligne d'annotation illisible (20)", "Toutes les boîtes d'une image", "À regarder : un point",
        "Pas de partie test", "Corrigez, puis relancez",
    ]  # fmt: skip
    places = [shown.index(title) for title in titles]
    assert places == sorted(places)
    assert "-> Corrigez cette ligne" in shown and "et 17 autres" in shown
    assert "rien à corriger" not in shown


def test_warnings_alone_let_one_hand_in() -> None:
    asked = Finding("", "a.txt", 1, "class-name-unknown", W, "what", Action.ASKED, QUESTION)
    console = screen(width=60, terminal=True)
    show_check(console, [asked], SUMMARY, "en")
    assert "nothing to fix" in text(console)
    assert "One question that your teacher will have to answer:" in text(console)
    assert "- Which class is 'truc'?" in text(console)
    assert max(len(line.rstrip()) for line in text(console).splitlines()) <= 60


def test_in_a_log_a_check_is_whole() -> None:
    console = screen(width=40, terminal=False)
    show_check(console, [found("1/labels/a.txt", "label-bad-line", E, 3, message="7" * 100)], SUMMARY, "en")
    assert f"    1/labels/a.txt:3  {'7' * 100}\n" in text(console)


def test_nothing_usable() -> None:
    console = screen(width=100, terminal=True)
    empty = Summary({}, {"train": 0, "val": 0, "test": 0}, {}, {}, ())
    show_check(console, [found("a.rar", "archive-unsupported", E)], empty, "fr")
    assert text(console).startswith("aucune image utilisable")
