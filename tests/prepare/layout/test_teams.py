"""Who handed in what, by the looks of the folders: trees as lists of paths."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.core.findings import Action
from labtools.prepare.answers import LEAVE_OUT
from labtools.prepare.config import CourseConfig
from labtools.prepare.layout.class_folders import FolderClasses, distance
from labtools.prepare.layout.teams import Layout, read_layout
from labtools.prepare.sources.tree import File, Tree

COURSE = CourseConfig(
    names=("velo", "ballon", "the_rock", "arabe", "russe", "téléphone", "prise", "frise"),
    aliases={"arabe": ("ecritures_arabe_russe",), "russe": ("ecritures_arabe_russe",), "téléphone": ("portables",)},
)


def tree_of(*folders: str, files: tuple[str, ...] = ()) -> Tree:
    """Folders with a picture and a label each, in ``images`` and ``labels``; further files as they are."""
    paths = [f"{f}/{name}" for f in folders for name in ("images/a_1.jpg", "labels/a_1.txt")]
    return Tree({path: File(path, path) for path in sorted([*paths, *files])})


def seen(tree: Tree, course: CourseConfig | None = COURSE, **answers: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Root -> team and classes."""
    keyed = {f"class-folder:{k}": v for k, v in answers.items()}
    layout = read_layout(tree, "cohort", course, keyed)
    return {s.root: (s.team, s.class_ids) for s in layout.submissions}


TEAMS: dict[str, tuple[Tree, dict[str, tuple[str, tuple[int, ...]]]]] = {
    "the course's": (
        tree_of("velo/tic/1", "velo/tic/2", "velo/bleus/1", "ballon/rois/1"),
        {"ballon/rois": ("rois", (1,)), "velo/bleus": ("bleus", (0,)), "velo/tic": ("tic", (0,))},
    ),
    "other writings": (
        tree_of("Vélo /tic/1", "The-Rock/bleus/1", "TELEPHONE/rois/1", "portables/as/1"),
        {"The-Rock/bleus": ("bleus", (2,)), "TELEPHONE/rois": ("rois", (5,)), "Vélo /tic": ("tic", (0,)),
         "portables/as": ("as", (5,))},
    ),
    "two classes in a folder": (
        tree_of("ecritures_arabe_russe/tic/1", "velo/bleus/1"),
        {"ecritures_arabe_russe/tic": ("tic", (3, 4)), "velo/bleus": ("bleus", (0,))},
    ),
    "around everything": (
        tree_of("rendus 2024/cohorte/velo/tic/1", "rendus 2024/cohorte/ballon/rois/1", files=("README.md",)),
        {"rendus 2024/cohorte/velo/tic": ("tic", (0,)), "rendus 2024/cohorte/ballon/rois": ("rois", (1,))},
    ),
    "around some classes": (
        tree_of("promo A/velo/tic/1", "promo B/ballon/rois/1", "arabe/as/1"),
        {"promo A/velo/tic": ("tic", (0,)), "promo B/ballon/rois": ("rois", (1,)), "arabe/as": ("as", (3,))},
    ),
    "around the teams of a class": (
        tree_of("velo/rendu final/tic/1", "velo/rendu final/bleus/1", "ballon/rois/1"),
        {"velo/rendu final/tic": ("tic", (0,)), "velo/rendu final/bleus": ("bleus", (0,)),
         "ballon/rois": ("rois", (1,))},
    ),
    "around teams that hand in lists": (
        tree_of("velo/groupe du lundi/tic/1", "velo/groupe du lundi/bleus/1", "ballon/rois/1",
                files=("velo/groupe du lundi/tic/train.txt", "velo/groupe du lundi/bleus/train.txt")),
        {"velo/groupe du lundi/tic": ("tic", (0,)), "velo/groupe du lundi/bleus": ("bleus", (0,)),
         "ballon/rois": ("rois", (1,))},
    ),
    "a level inside a team": (
        tree_of("velo/tic/rendu/1", "velo/tic/rendu/2", "velo/bleus/bleus/1", "ballon/rois/partie 1/1",
                "ballon/rois/partie 2/1"),
        {"velo/tic": ("tic", (0,)), "velo/bleus": ("bleus", (0,)), "ballon/rois": ("rois", (1,))},
    ),
    "no level for the team": (
        tree_of("velo/1", "velo/2", "ballon/rois/1", "prise", "frise/séquence 1", "frise/docs", "arabe/images_1"),
        {"velo": ("velo", (0,)), "ballon/rois": ("rois", (1,)), "prise": ("prise", (6,)),
         "arabe": ("arabe", (3,)), "frise/docs": ("docs", (7,)), "frise/séquence 1": ("séquence 1", (7,))},
    ),
    "photos and videos beside the teams": (
        tree_of("velo/tic/1", "ballon/rois/1", files=("velo/photo.jpg", "velo/notes.xml", "ballon/film.mp4")),
        {"velo/tic": ("tic", (0,)), "ballon/rois": ("rois", (1,))},
    ),
    "folders without data": (
        tree_of("velo/tic/1", files=("rapports/2024/a.pdf", "films/tic.mp4", "velo/perdus/1/labels/a.txt")),
        {"velo/tic": ("tic", (0,)), "velo/perdus": ("perdus", (0,))},
    ),
    "a video with a name among numbered ones": (
        tree_of("velo/1", "velo/2", "velo/bonus", "ballon/1/1", "ballon/2/1", "ballon/rois/1"),
        {"velo": ("velo", (0,)), "ballon/1": ("1", (1,)), "ballon/2": ("2", (1,)), "ballon/rois": ("rois", (1,))},
    ),
    "teams that are numbers": (
        tree_of("velo/1/1", "velo/1/2", "velo/2/1", "velo/2/2", "ballon/rois/1"),
        {"velo/1": ("1", (0,)), "velo/2": ("2", (0,)), "ballon/rois": ("rois", (1,))},
    ),
    "a sequence unpacked twice": (
        tree_of("velo/1/1", "velo/2/2", "ballon/rois/1"), {"velo": ("velo", (0,)), "ballon/rois": ("rois", (1,))},
    ),
    "archives": (
        tree_of("velo/tic.zip!/tic/1", "velo/bleus.tar.gz!/1", "ballon.zip!/rois/1", "arabe.zip!/arabe/as/1",
                "prise.tgz!/prise/prise/max/1", "the_rock/rock/1.zip!/x", "the_rock/rock/2.zip!/x"),
        {"velo/tic.zip!": ("tic", (0,)), "velo/bleus.tar.gz!": ("bleus", (0,)), "ballon.zip!/rois": ("rois", (1,)),
         "arabe.zip!/arabe/as": ("as", (3,)), "prise.tgz!/prise/prise/max": ("max", (6,)),
         "the_rock/rock": ("rock", (2,))},
    ),
    "a cohort in one archive": (
        tree_of("all.tar.gz!/cohort/velo/tic/1", "all.tar.gz!/cohort/ballon/rois.zip!/rois/1"),
        {"all.tar.gz!/cohort/velo/tic": ("tic", (0,)), "all.tar.gz!/cohort/ballon/rois.zip!": ("rois", (1,))},
    ),
    "classes below their teams": (
        tree_of("tic/velo/1", "tic/ballon/1", "rois/ballon/1"),
        {"tic/velo": ("tic", (0,)), "tic/ballon": ("tic", (1,)), "rois/ballon": ("rois", (1,))},
    ),
    "a team under two classes": (
        tree_of("velo/tic/1", "ballon/tic/1"), {"velo/tic": ("tic", (0,)), "ballon/tic": ("tic", (1,))},
    ),
    "a team beside the classes": (
        tree_of("velo/tic/1", "ballon/rois/1", "as/1", "as/2"),
        {"velo/tic": ("tic", (0,)), "ballon/rois": ("rois", (1,)), "as": ("as", ())},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TEAMS)
def test_teams_and_classes(name: str) -> None:
    tree, wanted = TEAMS[name]
    assert seen(tree) == wanted


@pytest.mark.parametrize(
    "tree",
    [
        tree_of("."),
        tree_of("train", "valid", "test"),
        tree_of("train/velo", "val/velo"),
        tree_of("1", "2", "3"),
        tree_of("data", files=("train.txt",)),
        tree_of("export.zip!/dataset"),
        tree_of("seq 1", "seq 2", files=("README.md", "obj.names")),
        tree_of(files=("photos chat/a.jpg", "photos chat/b.jpg", "csv/annotations.csv")),
    ],
)
def test_a_single_dataset(tree: Tree) -> None:
    assert seen(tree) == {"": ("cohort", ())}


def test_teams_without_a_course() -> None:
    for around in ("", "all.zip!/cohort/"):
        tree = tree_of(f"{around}tic/train", f"{around}rois/val", files=(f"{around}notes.json", f"{around}README.md"))
        assert seen(tree, None) == {f"{around}tic": ("tic", ()), f"{around}rois": ("rois", ())}
    tree = tree_of("a/tic/1", "a/tic/2", "a/bleus/1", "b/rois/1")
    assert seen(tree, None) == {"a/tic": ("tic", ()), "a/bleus": ("bleus", ()), "b/rois": ("rois", ())}
    tree = tree_of("tic/train", "rois/train", "rois/val")
    assert seen(tree, None) == {"tic": ("tic", ()), "rois": ("rois", ())}


# --- questions ------------------------------------------------------------------------------------------------------


def layout(tree: Tree, **answers: str) -> Layout:
    return read_layout(tree, "cohort", COURSE, {f"class-folder:{k}": v for k, v in answers.items()})


@pytest.mark.parametrize(
    ("folder", "near"),
    [
        ("velos", ["velo"]), ("ballonn", ["ballon"]), ("telefone", ["téléphone"]), ("balon", ["ballon"]),
        ("brise", ["prise", "frise"]), ("vleo", ["velo"]), ("mon velo", ["velo"]), ("2_ballon_final", ["ballon"]),
        ("TheRok", ["the_rock"]), ("ballon et velo", ["velo", "ballon"]), ("velos.zip!", ["velo"]),
    ],
)  # fmt: skip
def test_a_name_that_is_near_is_asked(folder: str, near: list[str]) -> None:
    found = layout(tree_of(f"{folder}/tic/1", "arabe/as/1"))
    assert [(s.team, s.class_ids) for s in found.submissions if s.root.startswith(folder)] == [("tic", ())]
    (finding,) = found.findings
    assert (finding.code, finding.action, finding.file) == ("class-folder-near", Action.ASKED, folder)
    assert finding.question is not None
    assert finding.question.key == f"class-folder:{folder.removesuffix('.zip!')}"
    options = [o for o in finding.question.options if ", " not in o]
    assert options == [*near, LEAVE_OUT]


@pytest.mark.parametrize("folder", ["tic_et_tac", "voiture", "lot 1", "rois", "sur"])
def test_a_name_that_is_not_near(folder: str) -> None:
    assert FolderClasses(COURSE).near(folder) == ()
    (finding,) = layout(tree_of(f"{folder}/tic/1", "arabe/as/1")).findings
    assert finding.code == "class-folder-unknown" and finding.question is not None
    assert finding.question.options == (*COURSE.names, LEAVE_OUT)
    assert not layout(tree_of(f"{folder}/1", f"{folder}/2", "arabe/as/1")).findings  # a team beside the classes


def test_one_misspelt_class_folder_is_no_single_dataset() -> None:
    """Its ids 0 would be taken for the first class of the course."""
    found = layout(tree_of("balon/tic/1", "balon/tic/2"))
    assert found.is_cohort and [f.code for f in found.findings] == ["class-folder-near"]


def test_answers_are_obeyed() -> None:
    tree = tree_of("velos/tic/1", "ballon et velo/bleus/1", "lot 1/rois/1", "arabe/as/1", "brise/x/1")
    answers = {"velos": "velo", "ballon et velo": "ballon, velo", "lot 1": LEAVE_OUT, "brise": "rien"}
    found = layout(tree, **answers)
    assert {s.root: s.class_ids for s in found.submissions} == {
        "arabe/as": (3,), "ballon et velo/bleus": (0, 1), "velos/tic": (0,), "brise/x": (),
    }  # fmt: skip
    assert found.left_out == ("lot 1",)
    by_code = {f.code: f for f in found.findings}
    assert set(by_code) == {"class-folder-left-out", "class-folder-near"}
    assert "'rien'" in by_code["class-folder-near"].message


def test_two_folders_that_read_alike() -> None:
    found = layout(tree_of("velo/Tic et Tac/1", "velo/tic_et_tac/1", "Vélo/tic-et-tac.zip!/1", "ballon/tic_et_tac/1"))
    assert [(f.code, f.file) for f in found.findings] == [
        ("team-name-twice", "velo/Tic et Tac"), ("team-name-twice", "velo/tic_et_tac"),
    ]  # fmt: skip


WORDS = ["velo", "ballon", "velos", "tic", "bleus", "1", "2", "images", "labels", "train", "rendu", "x.zip!", "Été"]
PATHS = st.lists(st.sampled_from(WORDS), max_size=5).map(lambda parts: "/".join([*parts, "a.jpg"]))


@settings(max_examples=200, deadline=None)
@given(st.lists(PATHS, min_size=1, max_size=12, unique=True))
def test_no_picture_belongs_to_two_teams(paths: list[str]) -> None:
    tree = Tree({path: File(path, path) for path in sorted(paths)})
    found = layout(tree)
    for path in tree:
        owners = [s.root for s in found.submissions if not s.root or path.startswith(f"{s.root}/")]
        assert len(owners) <= 1
    assert found.submissions


WORD = st.text("abc", max_size=6)


@given(WORD, WORD)
def test_distance(first: str, second: str) -> None:
    d = distance(first, second)
    assert d == distance(second, first) and (d == 0) == (first == second)
    assert abs(len(first) - len(second)) <= d <= max(len(first), len(second))
    assert distance(first + "x", second + "x") == d
