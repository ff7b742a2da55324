"""What is wrong with a cohort as a whole: wrapped, packed, numbered, or with lists above everything."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from defects.cohort import Cohort
from defects.judge import problems
from defects.packing import tarred, zipped

from labtools.prepare.pipeline import prepare


def wrapped(cohort: Cohort) -> None:
    """Everything lies in `rendus/2024/`."""
    _into(cohort, "rendus/2024")


def wrapped_with_a_readme(cohort: Cohort) -> None:
    """The same, with a README beside."""
    _into(cohort, "rendus")
    (cohort.root / "README.md").write_text("handed in by Monday\n", encoding="utf-8")


def _into(cohort: Cohort, folder: str) -> None:
    inside = cohort.root / folder
    before = list(cohort.root.iterdir())
    inside.mkdir(parents=True)
    for path in before:
        path.rename(inside / path.name)
    for team in cohort.teams:
        team.place = f"{folder}/{team.place}"
        for shot in team.shots:
            shot.path = inside / shot.path.relative_to(cohort.root)
        team.folder = inside / team.folder.relative_to(cohort.root)


def _members(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def classes_in_zips(cohort: Cohort) -> None:
    """velo.zip, ballon.zip: a zip per class."""
    for folder in list(cohort.root.iterdir()):
        data = zipped({f"{folder.name}/{n}": d for n, d in _members(folder).items()})
        shutil.rmtree(folder)
        folder.with_name(f"{folder.name}.zip").write_bytes(data)


def all_in_one_zip(cohort: Cohort) -> None:
    """The whole cohort in one archive."""
    data = zipped(_members(cohort.root))
    shutil.rmtree(cohort.root)
    cohort.root.mkdir()
    (cohort.root / "rendus.zip").write_bytes(data)


def all_in_one_tar(cohort: Cohort) -> None:
    """The whole cohort in a tar.gz with a folder around it."""
    data = tarred({f"rendus/{n}": d for n, d in _members(cohort.root).items()}, "w:gz")
    shutil.rmtree(cohort.root)
    cohort.root.mkdir()
    (cohort.root / "rendus.tar.gz").write_bytes(data)


def teams_are_numbers(cohort: Cohort) -> None:
    """velo/1, velo/2, ballon/1: the teams are called by numbers, and so are their sequences."""
    for number, team in enumerate(cohort.teams, 1):
        target = team.folder.with_name(str(number))
        team.folder.rename(target)
        for shot in team.shots:
            shot.path = target / shot.path.relative_to(team.folder)
        team.place, team.folder = f"{team.class_name}/{number}", target
        team.rewrite_lists()


def lists_above_everything(cohort: Cohort) -> None:
    """One train.txt, val.txt and test.txt for all teams."""
    for split in ("train", "val", "test"):
        (cohort.root / f"{split}.txt").write_text("".join(t.list_text(split) for t in cohort.teams), encoding="utf-8")
    for team in cohort.teams:
        team.drop_lists()


def names_above_everything(cohort: Cohort) -> None:
    """One obj.names of the course at the top, ids of the course in the labels."""
    from defects.cohort import NAMES, yolo_text

    (cohort.root / "obj.names").write_text("".join(f"{n}\n" for n in NAMES), encoding="utf-8")
    for team in cohort.teams:
        for shot in team.shots:
            team.write(team.label(shot), yolo_text(shot, NAMES.index))


def a_class_without_teams_beside(cohort: Cohort) -> None:
    """An empty class folder, and one with a report only."""
    (cohort.root / "coeur").mkdir()
    (cohort.root / "prise").mkdir()
    (cohort.root / "prise/rapport.pdf").write_bytes(b"%PDF-1.4")


SPOILS = (
    wrapped, wrapped_with_a_readme, classes_in_zips, all_in_one_zip, all_in_one_tar, teams_are_numbers,
    lists_above_everything, names_above_everything, a_class_without_teams_beside,
)  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__)
def test_cohort(spoil: Callable[[Cohort], None], tmp_path: Path) -> None:
    cohort = Cohort(tmp_path)
    for place in ("velo/les_soigneux", "velo/les_autres", "ballon/les_bleus", "téléphone/allo"):
        cohort.team(place)
    spoil(cohort)
    prepare(cohort.root, cohort.out, cohort.course)
    assert not problems(cohort)
