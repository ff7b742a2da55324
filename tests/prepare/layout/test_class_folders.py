"""Which class a folder's name stands for, beyond what `test_teams` sees of it in whole cohorts."""

from __future__ import annotations

import pytest

from labtools.prepare.config import CourseConfig
from labtools.prepare.layout.class_folders import FolderClasses
from labtools.prepare.layout.teams import read_layout
from labtools.prepare.sources.tree import File, Tree

COURSE = CourseConfig(names=["velo", "ballon", "the_rock"], aliases={"ballon": ["balle 2"]})


@pytest.mark.parametrize(
    ("folder", "ids"),
    [
        ("velo (1)", (0,)), ("Vélo - Copie", (0,)), ("velo copie 2", (0,)), ("Copie de the rock", (2,)),
        ("velo (1).zip!", (0,)), ("velo-20240214T101010Z-001.zip!", (0,)), ("velo-20240214T101010Z-1-001", (0,)),
        ("01_velo", (0,)), ("2 - ballon", (1,)), ("3. the rock", (2,)), ("balle 2", (1,)),
        ("mon velo", ()), ("velo 2 final", ()), ("2_ballon_final", ()), ("(1)", ()), ("2024_velo", ()), ("12", ()),
    ],
)  # fmt: skip
def test_marks_of_copies_downloads_and_order_do_not_count(folder: str, ids: tuple[int, ...]) -> None:
    assert FolderClasses(COURSE).of(f"cohort/{folder}") == ids


def test_archives_of_pictures_and_of_labels_are_one_team() -> None:
    """Each video as two archives; those of the labels hold CVAT's lists, as teams' folders do."""
    names = [f"velo/tic/seq{n}_{kind}" for n in (1, 2) for kind in ("images.zip!/a.jpg", "labels.zip!/x/a.txt")]
    names += [f"velo/tic/seq{n}_labels.zip!/train.txt" for n in (1, 2)] + ["ballon/rois/1/images/a.jpg"]
    found = read_layout(Tree({name: File(name, name) for name in sorted(names)}), "cohort", COURSE)
    assert [s.root for s in found.submissions] == ["ballon/rois", "velo/tic"]
