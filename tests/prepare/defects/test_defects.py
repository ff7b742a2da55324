"""Every kind of defect: what can be recovered is, nothing is lost in silence, nothing is invented.

All kinds stand in a few cohorts, each on a team of its own, so that they are also seen not to harm one another. With
``LABTOOLS_DEFECTS=alone`` each is tried in a cohort of its own too, and with ``LABTOOLS_DEFECTS=200`` that many random
cohorts of several kinds are; `scripts/defects_prepare.py` does the same by hand and shows the findings.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from defects.cohort import Cohort, Shot
from defects.judge import problems
from defects.registry import Kind, build, kinds

from labtools.prepare.pipeline import prepare

pytestmark = pytest.mark.long

KINDS = kinds()
COHORTS = 3
FRENCH = "sheets in French"
ENGLISH = re.compile(
    r"\b(the|is|are|was|were|has|have|this|that|these|those|of|with|not|no|and|its?|from|which|here|there|boxe?s?|by"
    r"|pictures?|files?|names?|labels?|frames?|tracks?|shapes?|taken|read as|left out|listed|size|centre and)\b"
)
LONGER = os.environ.get("LABTOOLS_DEFECTS", "")


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a folder; links and pipes are not followed."""
    return {
        str(path): path.read_bytes()
        for folder, _, names in os.walk(root)
        for path in (Path(folder, name) for name in names)
        if path.is_file() and not path.is_symlink()
    }


def english_in(sheet: str) -> list[str]:
    """Lines with English words outside of what is quoted: code, file names, what libraries say."""
    bare = re.sub(r"``.*?``|`[^`\n]*`|«[^»\n]*»|\S*[/_.]\S+", "", sheet)
    return [line for line in bare.splitlines() if ENGLISH.search(line)]


def share_out() -> list[list[Kind]]:
    """All kinds, shuffled into a few cohorts: other neighbours than those of the same module."""
    shuffled = random.Random(3).sample(sorted(KINDS.values()), len(KINDS))
    return [shuffled[i::COHORTS] for i in range(COHORTS)]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """By kind: what is wrong with its team."""
    found: dict[str, list[str]] = {}
    for number, group in enumerate(share_out()):
        cohort = build(tmp_path_factory.mktemp(f"cohort{number}"), group)
        before = contents(cohort.root)
        prepare(cohort.root, cohort.out, cohort.course)
        for team, what in problems(cohort).items():
            found.setdefault(team, []).extend(what)
        for sheet in sorted((cohort.out / "teams").glob("*.fr.md")):
            found.setdefault(FRENCH, []).extend(english_in(sheet.read_text("utf-8")))
        if contents(cohort.root) != before:
            found.setdefault("submissions", []).append("some bytes of the submissions changed")
    return found


@pytest.mark.parametrize("name", KINDS)
def test_kind(name: str, verdicts: dict[str, list[str]]) -> None:
    assert not verdicts.get(name), KINDS[name].story


def test_careful_teams_are_unharmed_and_nothing_is_invented(verdicts: dict[str, list[str]]) -> None:
    assert not {team: what for team, what in verdicts.items() if team not in {*KINDS, FRENCH}}


def test_french_sheets_are_french(verdicts: dict[str, list[str]]) -> None:
    """Of all that can be said of these defects, nothing is said in English to a class that reads French."""
    assert verdicts[FRENCH] == []
    assert english_in("- `the.txt`: *« no » n'est pas un nombre*\n- *the box*\n") == ["- *the box*"]


def test_a_careful_cohort_has_nothing_to_act_on(tmp_path: Path) -> None:
    cohort = Cohort(tmp_path)
    for place in ("velo/les_soigneux", "velo/les_autres", "ballon/les_bleus"):
        cohort.team(place)
    result = prepare(cohort.root, cohort.out, cohort.course)
    assert not problems(cohort)
    assert [f for f in result.findings if f.severity.value == "error"] == []


def test_the_judge_sees_a_lost_box_a_lost_picture_and_an_invented_one(tmp_path: Path) -> None:
    cohort = Cohort(tmp_path)
    team = cohort.team("velo/les_soigneux")
    prepare(cohort.root, cohort.out, cohort.course)
    labels = sorted((cohort.out / "labels").rglob("*.txt"))
    labels[0].unlink()
    labels[1].write_text("0 0.5 0.5 0.2 0.2\n", encoding="utf-8")
    team[2, 0].split = "test"
    team.shots.remove(team[2, 1])
    team.shots.append(Shot(4, 0, 999, team.folder / "4/images/never.jpg", "train", []))
    (what,) = [w for t, w in problems(cohort).items() if t]
    assert "is missing" in what[0] and "is missing" in what[1] and "was invented" in what[2]
    assert what[3:] == ["2/0: is in train, not in test", "4/0: is not in the dataset, and no finding names it"]
    assert "not in the truth" in problems(cohort)[""][0]


def test_by_the_command(tmp_path: Path) -> None:
    names = ("team_in_a_zip", "lists_in_utf16", "decimal_commas", "truncated_in_the_middle", "own_names_own_ids")
    cohort = build(tmp_path, [KINDS[name] for name in names])
    command = ["prepare", str(cohort.root), "--out", str(cohort.out), "--course", str(cohort.course)]
    done = subprocess.run([sys.executable, "-m", "labtools", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not problems(cohort)


@pytest.mark.parametrize("name", KINDS if LONGER == "alone" else ())
def test_kind_alone(name: str, tmp_path: Path) -> None:
    cohort = build(tmp_path, [KINDS[name]])
    before = contents(cohort.root)
    prepare(cohort.root, cohort.out, cohort.course)
    assert not problems(cohort)
    assert contents(cohort.root) == before


@pytest.mark.parametrize("seed", range(int(LONGER) if LONGER.isdecimal() else 2))
def test_random_combinations(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    cohort = build(tmp_path, chance.sample(list(KINDS.values()), chance.randint(2, 10)), seed)
    prepare(cohort.root, cohort.out, cohort.course)
    assert not problems(cohort)
