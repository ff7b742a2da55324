"""Folders that are not as the course asks for them."""

from __future__ import annotations

import random
import shutil
import unicodedata
from collections.abc import Callable

from defects.cohort import Shot, Team, yolo_text
from defects.registry import needs

Rng = random.Random


def _arrange(team: Team, image: Callable[[Shot], str], label: Callable[[Shot], str], lists: bool = True) -> None:
    """Every picture and label to another place below the team's folder; lists follow unless they are to be stale."""
    for shot in team.shots:
        old = team.label(shot)
        data = old.read_bytes()
        old.unlink()
        target = label(shot)
        team.move(shot, image(shot))
        team.write(target, data)
    for sequence in (1, 2, 3):
        for kind in ("images", "labels"):
            folder = team.folder / f"{sequence}/{kind}"
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        if (team.folder / str(sequence)).is_dir() and not any((team.folder / str(sequence)).iterdir()):
            (team.folder / str(sequence)).rmdir()
    if lists:
        team.rewrite_lists()


def _relocate(team: Team, place: str) -> None:
    """The whole team to another folder of the cohort; its lists keep the old paths."""
    target = team.root / place
    target.parent.mkdir(parents=True, exist_ok=True)
    team.folder.rename(target)
    if not any((team.root / team.class_name).iterdir()):
        (team.root / team.class_name).rmdir()
    for shot in team.shots:
        shot.path = target / shot.path.relative_to(team.folder)
    team.place, team.folder = place, target


def images_in_other_words(team: Team, rng: Rng) -> None:
    """`Images` with a capital, `IMG`, and `label ` with a space at its end."""
    words = {1: ("Images", "label "), 2: ("IMG", "Labels"), 3: ("images ", "annotations")}
    _arrange(
        team,
        lambda s: f"{s.sequence}/{words[s.sequence][0]}/{s.path.name}",
        lambda s: f"{s.sequence}/{words[s.sequence][1]}/{s.path.stem}.txt",
        lists=False,
    )


def images_and_labels_mixed(team: Team, rng: Rng) -> None:
    """Pictures and labels in one folder per sequence."""
    _arrange(team, lambda s: f"{s.sequence}/{s.path.name}", lambda s: f"{s.sequence}/{s.path.stem}.txt")


def images_above_sequences(team: Team, rng: Rng) -> None:
    """images/1/..., labels/1/... instead of 1/images/..."""
    _arrange(team, lambda s: f"images/{s.sequence}/{s.path.name}", lambda s: f"labels/{s.sequence}/{s.path.stem}.txt")


def images_above_sequences_lists_stale(team: Team, rng: Rng) -> None:
    """The same, but the lists were written before."""
    _arrange(
        team, lambda s: f"images/{s.sequence}/{s.path.name}", lambda s: f"labels/{s.sequence}/{s.path.stem}.txt", False
    )


def no_sequences(team: Team, rng: Rng) -> None:
    """Everything in one images and one labels folder."""
    team.rename_uniquely()
    _arrange(team, lambda s: f"images/{s.path.name}", lambda s: f"labels/{s.path.stem}.txt")


def everything_at_the_top(team: Team, rng: Rng) -> None:
    """Pictures, labels and lists in the team's folder itself."""
    team.rename_uniquely()
    _arrange(team, lambda s: s.path.name, lambda s: f"{s.path.stem}.txt")


def labels_beside_the_sequences(team: Team, rng: Rng) -> None:
    """1/, 2/, 3/ hold pictures only; labels are in labels/1 ..."""
    _arrange(team, lambda s: f"{s.sequence}/{s.path.name}", lambda s: f"labels/{s.sequence}/{s.path.stem}.txt")


def an_extra_level(team: Team, rng: Rng) -> None:
    """`rendu final/` was packed around everything."""
    _arrange(
        team,
        lambda s: f"rendu final/{s.sequence}/images/{s.path.name}",
        lambda s: f"rendu final/{s.sequence}/labels/{s.path.stem}.txt",
        lists=False,
    )


def an_extra_level_below(team: Team, rng: Rng) -> None:
    """Each sequence's folder holds a folder of the same name (unpacked twice)."""
    _arrange(
        team,
        lambda s: f"{s.sequence}/{s.sequence}/images/{s.path.name}",
        lambda s: f"{s.sequence}/{s.sequence}/labels/{s.path.stem}.txt",
        lists=False,
    )


def class_and_team_again_inside(team: Team, rng: Rng) -> None:
    """They handed in `velo/equipe/` inside their folder, as the lists say it."""
    inside = team.place
    _arrange(
        team,
        lambda s: f"{inside}/{s.sequence}/images/{s.path.name}",
        lambda s: f"{inside}/{s.sequence}/labels/{s.path.stem}.txt",
        lists=False,
    )


@needs("prise")
def the_team_level_is_missing(team: Team, rng: Rng) -> None:
    """`prise/1/images`: the only team of a class saved a level."""
    for path in list(team.folder.iterdir()):
        path.rename(team.folder.parent / path.name)
    team.folder.rmdir()
    for shot in team.shots:
        shot.path = team.folder.parent / shot.path.relative_to(team.folder)
    team.folder, team.place = team.folder.parent, team.class_name
    team.rewrite_lists()


def sequences_with_words(team: Team, rng: Rng) -> None:
    """`Vidéo 1`, `seq_02`, `sequence-3` on disk; the lists say 1, 2, 3."""
    words = {1: "Vidéo 1", 2: "seq_02", 3: "sequence-3"}
    _arrange(
        team,
        lambda s: f"{words[s.sequence]}/images/{s.path.name}",
        lambda s: f"{words[s.sequence]}/labels/{s.path.stem}.txt",
        lists=False,
    )


def sequences_with_names(team: Team, rng: Rng) -> None:
    """`jardin`, `nuit (2)`, `Été à Lyon`: places instead of numbers, the lists say so too."""
    words = {1: "jardin", 2: "nuit (2)", 3: "Été à Lyon"}
    _arrange(
        team,
        lambda s: f"{words[s.sequence]}/images/{s.path.name}",
        lambda s: f"{words[s.sequence]}/labels/{s.path.stem}.txt",
    )


def sequences_of_images_and_labels_named_apart(team: Team, rng: Rng) -> None:
    """`images_1` and `labels_1` instead of 1/images and 1/labels."""
    _arrange(team, lambda s: f"images_{s.sequence}/{s.path.name}", lambda s: f"labels_{s.sequence}/{s.path.stem}.txt")


def frames_in_capitals(team: Team, rng: Rng) -> None:
    """FRAME_000000.JPG on disk, frame_000000.txt, and lists in small letters."""
    for shot in team.shots:
        team.move(shot, shot.path.with_name(shot.path.name.upper()))


def jpeg_and_jpg(team: Team, rng: Rng) -> None:
    """.jpeg, .JPG and .jfif on disk, .jpg in the lists."""
    for shot in team.shots:
        team.move(shot, shot.path.with_suffix((".jpeg", ".JPG", ".jfif")[shot.index % 3]))


@needs("the_rock")
def class_folder_in_another_case(team: Team, rng: Rng) -> None:
    """`The Rock ` for the_rock."""
    _relocate(team, f"The Rock /{team.folder.name}")


@needs("téléphone")
def class_folder_without_accents(team: Team, rng: Rng) -> None:
    """`TELEPHONE` for téléphone."""
    _relocate(team, f"TELEPHONE/{team.folder.name}")


@needs("téléphone")
def class_folder_decomposed(team: Team, rng: Rng) -> None:
    """A Mac's téléphone, whose accents are letters of their own; the lists have them composed."""
    _relocate(team, f"{unicodedata.normalize('NFD', 'téléphone')}/{team.folder.name}")


@needs("téléphone")
def class_folder_by_alias(team: Team, rng: Rng) -> None:
    """`Smartphone`, an alias of the course file."""
    _relocate(team, f"Smartphone/{team.folder.name}")


@needs("ballon")
def class_folder_misspelt(team: Team, rng: Rng) -> None:
    """`balon`: near a name, but not one. It is asked, never guessed."""
    _relocate(team, f"balon/{team.folder.name}")
    for shot in team.shots:
        shot.boxes, shot.fate, shot.split = [], "either", shot.split
        shot.known_as = (f"{team.place}/x",)
    team.expect(action="asked")


@needs("prise")
def class_folder_near_two_names(team: Team, rng: Rng) -> None:
    """`brise`: prise or frise? It is asked, never guessed."""
    _relocate(team, f"brise/{team.folder.name}")
    for shot in team.shots:
        shot.boxes, shot.fate = [], "either"
        shot.known_as = (f"{team.place}/x",)
    team.expect(action="asked")


@needs("velo")
def team_beside_the_classes(team: Team, rng: Rng) -> None:
    """A team without its class folder, at the top of the cohort; its obj.names knows the class."""
    team.write("obj.names", f"{team.class_name}\n")
    _relocate(team, team.folder.name)


def team_of_a_name_with_accents(team: Team, rng: Rng) -> None:
    """`Les Éléphants  (final) ` with spaces and accents; the lists say les_elephants."""
    team.rewrite_lists(lambda s: f"./{team.class_name}/les_elephants/{team.relative(s)}")
    _relocate(team, f"{team.class_name}/Les Éléphants  (final) ")


def team_called_images(team: Team, rng: Rng) -> None:
    """A team whose folder is called `images`."""
    _relocate(team, f"{team.class_name}/images")
    team.rewrite_lists()


def team_called_like_a_split(team: Team, rng: Rng) -> None:
    """A team whose folder is called `test`: it is a team, not a split."""
    _relocate(team, f"{team.class_name}/test")
    team.rewrite_lists()


def team_called_like_a_class(team: Team, rng: Rng) -> None:
    """A team that called itself `ballon_rouge_1`."""
    _relocate(team, f"{team.class_name}/ballon 1")
    team.rewrite_lists()


def an_empty_sequence(team: Team, rng: Rng) -> None:
    """A folder 4 with nothing in it, a folder 5 with an empty images folder."""
    (team.folder / "4").mkdir()
    (team.folder / "5/images").mkdir(parents=True)


def files_that_are_no_data(team: Team, rng: Rng) -> None:
    """The video itself, a notebook, a report, weights: reported, and nothing is lost by them."""
    for name in ("1/video.mp4", "rapport.pdf", "train.ipynb", "yolov8n.pt", "labels.cache", "1/images/notes.odt"):
        team.write(name, b"\x00\x01\x02 content")
    team.expect(file="video.mp4")
    team.expect(file="rapport.pdf")


def a_picture_of_the_team(team: Team, rng: Rng) -> None:
    """A screenshot among the reports, in no list and without a label: not in the dataset, and named."""
    from defects.cohort import draw, encoded

    extra = Shot(0, 0, 60_000 + rng.randrange(5_000), team.folder / "docs/capture.png", "", [], fate="either")
    team.write(extra.path, encoded(draw(extra.number, []), "PNG"))
    team.shots.append(extra)
    team.expect(file="capture.png")


def checkpoints_of_jupyter(team: Team, rng: Rng) -> None:
    """.ipynb_checkpoints with copies of pictures and lists: junk, not pictures."""
    shutil.copytree(team.folder / "1/images", team.folder / "1/images/.ipynb_checkpoints")
    shutil.copy(team.folder / "train.txt", team.folder / ".ipynb_checkpoints-train.txt")
    (team.folder / ".ipynb_checkpoints-train.txt").unlink()


def labels_in_obj_train_data(team: Team, rng: Rng) -> None:
    """CVAT's export unpacked in each sequence: obj_train_data beside images."""
    _arrange(
        team,
        lambda s: f"{s.sequence}/images/{s.path.name}",
        lambda s: f"{s.sequence}/obj_train_data/{s.path.stem}.txt",
    )
    for sequence in (1, 2, 3):
        names = "".join(f"data/obj_train_data/frame_{i:06d}.jpg\n" for i in range(6))
        team.write(f"{sequence}/train.txt", names)
        team.write(f"{sequence}/obj.names", f"{team.class_name}\n")
        team.write(f"{sequence}/obj.data", "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\n")


@needs("velo")
def guests_of_another_class(team: Team, rng: Rng) -> None:
    """Objects of another team's class are in the frames and labelled, with ids of the team's own obj.names."""
    from defects.cohort import Box

    team.write("obj.names", "velo\nballon\n")
    ids = {"velo": 0, "ballon": 1}
    for shot in team.sequences[1]:
        shot.boxes.append(Box("ballon", 70, 6, 96, 30))
        team.write(team.label(shot), yolo_text(shot, ids.__getitem__))


def frames_without_zeros(team: Team, rng: Rng) -> None:
    """frame_3.jpg on disk, frame_000003.txt as labels and in the lists."""
    for shot in team.shots:
        team.move(shot, shot.path.with_name(f"frame_{shot.index}.jpg"))


def frames_with_a_prefix_per_video(team: Team, rng: Rng) -> None:
    """VID_20240112_1_0003.jpg, labels alike; the lists follow."""
    for shot in team.shots:
        label = team.label(shot)
        team.move(shot, shot.path.with_name(f"VID_20240112_{shot.sequence}_{shot.index:04d}.jpg"))
        label.rename(team.label(shot))
    team.rewrite_lists()


def sequences_of_two_digits(team: Team, rng: Rng) -> None:
    """01, 02, 03 on disk, 1, 2, 3 in the lists."""
    for sequence in (1, 2, 3):
        (team.folder / str(sequence)).rename(team.folder / f"0{sequence}")
    for shot in team.shots:
        shot.path = team.folder / f"0{shot.sequence}/images/{shot.path.name}"


def images_in_parts(team: Team, rng: Rng) -> None:
    """images/a and images/b below each sequence, labels in one folder; lists as before."""
    for shot in team.shots:
        team.move(shot, f"{shot.sequence}/images/{'ab'[shot.index % 2]}/{shot.path.name}")


def a_copy_of_a_sequence(team: Team, rng: Rng) -> None:
    """`1 - Copie` with the same pictures and labels, in no list: left out and named, the original is untouched."""
    shutil.copytree(team.folder / "1", team.folder / "1 - Copie")
    team.expect(file="1 - Copie")


def a_git_repository(team: Team, rng: Rng) -> None:
    """They handed in a clone: .git, .gitignore, README.md, a notebook."""
    for name in (".git/HEAD", ".git/objects/ab/cdef", ".gitignore", "README.md", ".vscode/settings.json"):
        team.write(name, "ref: refs/heads/main\n")
    shutil.copy(team[1, 0].path, team.folder / ".git/frame_000000.jpg")


def new_folders_of_windows(team: Team, rng: Rng) -> None:
    """`Nouveau dossier`, `Nouveau dossier (2)`, `Nouveau dossier (3)` as sequences; the lists follow."""
    words = {1: "Nouveau dossier", 2: "Nouveau dossier (2)", 3: "Nouveau dossier (3)"}
    _arrange(
        team,
        lambda s: f"{words[s.sequence]}/images/{s.path.name}",
        lambda s: f"{words[s.sequence]}/labels/{s.path.stem}.txt",
    )


@needs("coeur")
def class_folder_with_a_number(team: Team, rng: Rng) -> None:
    """`07 - Cœur`: a number before the name and a ligature. Recognised or asked, never another class."""
    _relocate(team, f"07 - Cœur/{team.folder.name}")
    for shot in team.shots:
        shot.maybe, shot.boxes, shot.fate = shot.boxes, [], "either"
        shot.known_as = (f"{team.place}/x", "07 - Cœur/x")


@needs("coeur")
def class_folder_twice(team: Team, rng: Rng) -> None:
    """`COEUR` beside `coeur`: one class, two folders."""
    _relocate(team, f"COEUR/{team.folder.name}")


def same_frame_in_two_formats(team: Team, rng: Rng) -> None:
    """frame_000001.png lies beside frame_000001.jpg, one label, the list says .jpg: the .png is named.

    Whose label it is may be asked; it is never given to a picture in silence.
    """
    from defects.cohort import draw, encoded

    shot = team[1, 1]
    shot.maybe, shot.boxes = shot.boxes, []
    extra = Shot(9, 1, 64_000 + rng.randrange(1_000), shot.path.with_suffix(".png"), "", [], shot.maybe, "either")
    team.write(extra.path, encoded(draw(extra.number, []), "PNG"))
    team.shots.append(extra)
    team.expect(file="frame_000001.")


def images_and_labels_swapped(team: Team, rng: Rng) -> None:
    """Pictures in labels/, labels in images/."""
    _arrange(team, lambda s: f"{s.sequence}/x/{s.path.name}", lambda s: f"{s.sequence}/y/{s.path.stem}.txt")
    for sequence in (1, 2, 3):
        (team.folder / f"{sequence}/x").rename(team.folder / f"{sequence}/labels")
        (team.folder / f"{sequence}/y").rename(team.folder / f"{sequence}/images")
    for shot in team.shots:
        shot.path = team.folder / f"{shot.sequence}/labels/{shot.path.name}"
    team.rewrite_lists()


def sequences_of_ones(team: Team, rng: Rng) -> None:
    """1, 11 and 111: numbers that contain one another."""
    words = {1: "1", 2: "11", 3: "111"}
    for sequence in (3, 2):
        (team.folder / str(sequence)).rename(team.folder / words[sequence])
    for shot in team.shots:
        shot.path = team.folder / f"{words[shot.sequence]}/images/{shot.path.name}"
    team.rewrite_lists()


def sequences_with_the_same_number(team: Team, rng: Rng) -> None:
    """video1_jour, video1_nuit, video1_pluie: the number tells nothing."""
    words = {1: "video1_jour", 2: "video1_nuit", 3: "video1_pluie"}
    _arrange(
        team,
        lambda s: f"{words[s.sequence]}/images/{s.path.name}",
        lambda s: f"{words[s.sequence]}/labels/{s.path.stem}.txt",
    )


def frames_that_are_numbers(team: Team, rng: Rng) -> None:
    """0.jpg to 5.jpg, in sequences 1 to 3."""
    for shot in team.shots:
        label = team.label(shot)
        team.move(shot, shot.path.with_name(f"{shot.index}.jpg"))
        label.rename(team.label(shot))
    team.rewrite_lists()


def downloads_twice(team: Team, rng: Rng) -> None:
    """`frame_000001 (1).jpg` beside frame_000001.jpg, as a browser names a second download; in no list."""
    for index in (1, 2):
        shot = team[1, index]
        twin = Shot(
            9, index, shot.number, shot.path.with_name(f"{shot.path.stem} (1).jpg"), "", [], shot.boxes, "either"
        )
        twin.path.write_bytes(shot.path.read_bytes())
        team.shots.append(twin)
    team.expect(file="(1).jpg")


def team_called_by_a_number(team: Team, rng: Rng) -> None:
    """A team whose folder is `7`."""
    _relocate(team, f"{team.class_name}/7")
    team.rewrite_lists()


def folders_that_windows_reserves(team: Team, rng: Rng) -> None:
    """Sequences called `aux`, `con.1` and `nul`."""
    words = {1: "aux", 2: "con.1", 3: "nul"}
    _arrange(
        team,
        lambda s: f"{words[s.sequence]}/images/{s.path.name}",
        lambda s: f"{words[s.sequence]}/labels/{s.path.stem}.txt",
    )


def blanks_before_suffixes(team: Team, rng: Rng) -> None:
    """`frame_000001 .jpg`, the labels without the blank."""
    for shot in team.shots:
        team.move(shot, shot.path.with_name(f"{shot.path.stem} .jpg"))
