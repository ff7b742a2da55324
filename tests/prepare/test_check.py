"""`--check`: a team that looks at its own folder hears what it would hear after handing it in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.prepare.pipeline import check, prepare

Put = Callable[[str, "str | bytes"], Path]
Picture = Callable[..., bytes]


@pytest.fixture
def cohort(put: Put, picture: Picture, tmp_path: Path) -> Path:
    """Two teams of the course's second class; ids are all 0, one line is bad."""
    for number, team in enumerate(("tic et tac", "bleus")):
        for sequence in (1, 2, 3):
            for frame in range(2):
                name = f"in/Ballons/{team}/{sequence}/images/frame_{frame:06d}.jpg"
                put(name, picture(100 * number + 10 * sequence + frame, (32, 32)))
                label = name.replace("images", "labels").replace("jpg", "txt")
                put(label, "0 0.5 0.5 0.25 0.5\n" + "0 0.5\n" * (team == "bleus" and frame == 1))
    (tmp_path / "course.yaml").write_text("names: [velo, ballon]\naliases: {ballon: [ballons]}\nlanguage: fr\n")
    return tmp_path / "in"


@pytest.mark.parametrize("given", ["course", "fallback_course"])
def test_a_team_in_its_class_folder(given: str, cohort: Path, tmp_path: Path) -> None:
    course = {given: tmp_path / "course.yaml"}
    whole = prepare(cohort, tmp_path / "out", **course)
    assert whole.summary.classes["ballon"]["train"].boxes > 0
    for team in ("tic et tac", "bleus"):
        root = f"Ballons/{team}"
        alone = check(cohort / root, **course)
        assert (alone.language, alone.names) == ("fr", ("velo", "ballon"))
        assert alone.summary.classes["velo"]["train"].boxes == 0
        assert alone.summary.classes["ballon"]["train"].boxes > 0
        expected = [(f.code, f.file.removeprefix(root).lstrip("/"), f.line) for f in whole.findings if root in f.file]
        assert sorted((f.code, f.file, f.line) for f in alone.findings) == sorted(expected)


def test_a_class_folder_with_its_teams(cohort: Path, tmp_path: Path) -> None:
    found = check(cohort / "Ballons", fallback_course=tmp_path / "course.yaml")
    assert found.summary.classes["velo"]["train"].boxes == 0
    assert sum(count.boxes for count in found.summary.classes["ballon"].values()) == 12


def test_a_dataset_elsewhere_keeps_its_own_names(cohort: Path, put: Put, tmp_path: Path) -> None:
    """Under no class folder nothing changes; what students read is in the course's language all the same."""
    put("mine/obj.names", "chat\n")
    (cohort / "Ballons/bleus").rename(tmp_path / "mine/data")
    found = check(tmp_path / "mine", fallback_course=tmp_path / "course.yaml")
    assert found.names == ("chat",) and found.course is None and found.language == "fr"


def test_nothing_is_written(cohort: Path, tmp_path: Path) -> None:
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))
    check(cohort, fallback_course=tmp_path / "course.yaml")
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("given", ["course", "fallback_course"])
def test_a_class_folder_prepared_alone_is_of_its_class(given: str, cohort: Path, put: Put, tmp_path: Path) -> None:
    for team in ("tic et tac", "bleus"):  # that they are two teams is sure only by their lists
        put(f"in/Ballons/{team}/train.txt", "1/images/frame_000000.jpg\n2\n3\n1/images/frame_000001.jpg\n")
    done = prepare(cohort / "Ballons", tmp_path / "out", **{given: tmp_path / "course.yaml"})
    assert done.summary.classes["velo"]["train"].boxes == 0
    assert sum(count.boxes for count in done.summary.classes["ballon"].values()) == 12


def test_a_team_prepared_alone_is_of_its_class(cohort: Path, tmp_path: Path) -> None:
    done = prepare(cohort / "Ballons/bleus", tmp_path / "out", tmp_path / "course.yaml")
    assert done.summary.classes["velo"]["train"].boxes == 0
    assert sum(count.boxes for count in done.summary.classes["ballon"].values()) == 6
