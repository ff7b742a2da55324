"""Class ids and names: bare numbers, own lists, the course's, and those that lie."""

from __future__ import annotations

import random

from defects.cohort import NAMES, Shot, Team, yolo_text
from defects.registry import needs

Rng = random.Random


def _with_ids(team: Team, ids: dict[str, int | str]) -> None:
    for shot in team.shots:
        team.write(team.label(shot), yolo_text(shot, ids.__getitem__))


def _ask(team: Team, *shots: Shot) -> None:
    """Without an answer these have no boxes; perhaps they are not in the dataset at all."""
    for shot in shots or team.shots:
        shot.boxes, shot.fate = [], "either"
        shot.known_as += (f"{team.place}/{shot.sequence}/labels/{shot.path.stem}.txt",)
    team.expect(action="asked")


def ids_of_the_course(team: Team, rng: Rng) -> None:
    """Ids of the whole course, no names."""
    _with_ids(team, {team.class_name: NAMES.index(team.class_name)})


def names_instead_of_ids(team: Team, rng: Rng) -> None:
    """velo 0.5 0.5 0.2 0.3"""
    _with_ids(team, {team.class_name: team.class_name.upper()})


@needs("the_rock")
def names_of_two_words(team: Team, rng: Rng) -> None:
    """The Rock 0.5 0.5 0.2 0.3: six columns, two of them a name."""
    _with_ids(team, {team.class_name: "The Rock"})


@needs("téléphone")
def names_with_accents(team: Team, rng: Rng) -> None:
    """Téléphone, decomposed, as a Mac writes it."""
    _with_ids(team, {team.class_name: "Te\u0301le\u0301phone"})


@needs("téléphone")
def names_by_alias(team: Team, rng: Rng) -> None:
    """obj.names says smartphone."""
    team.write("obj.names", "smartphone\n")


def own_names_own_ids(team: Team, rng: Rng) -> None:
    """The team's obj.names has its class third."""
    _with_ids(team, {team.class_name: 2})
    team.write("obj.names", f"prise\nfrise\n{team.class_name}\n")


def names_with_a_bom_and_crlf(team: Team, rng: Rng) -> None:
    """obj.names out of Notepad, with blanks and an empty line at the end."""
    _with_ids(team, {team.class_name: 1})
    team.write("obj.names", f"prise \r\n {team.class_name}\t\r\n\r\n".encode("utf-8-sig"))


def names_in_capitals(team: Team, rng: Rng) -> None:
    """classes.txt says VELO."""
    team.write("classes.txt", f"{team.class_name.upper()}\n")


def names_in_a_yaml_by_number(team: Team, rng: Rng) -> None:
    """data.yaml with names by number, a gap between them."""
    _with_ids(team, {team.class_name: 7})
    team.write("data.yaml", f"names:\n  0: prise\n  7: {team.class_name}\n")


def names_of_the_course_all_zero(team: Team, rng: Rng) -> None:
    """obj.names lists the whole course, and every id is 0: CVAT numbered a lone annotator's label."""
    if team.class_name == NAMES[0]:
        raise AssertionError("the first class would prove nothing")
    team.write("obj.names", "".join(f"{name}\n" for name in NAMES))


names_of_the_course_all_zero.needs_class = "ballon"  # type: ignore[attr-defined]


def names_of_the_course_with_ids(team: Team, rng: Rng) -> None:
    """obj.names lists the whole course and the ids follow it."""
    team.write("obj.names", "".join(f"{name}\n" for name in NAMES))
    _with_ids(team, {team.class_name: NAMES.index(team.class_name)})


def names_differ_per_sequence(team: Team, rng: Rng) -> None:
    """Each sequence was annotated in a task of its own, with labels in another order."""
    orders = {1: [team.class_name, "prise"], 2: ["prise", team.class_name], 3: ["frise", "prise", team.class_name]}
    for shot in team.shots:
        names = orders[shot.sequence]
        team.write(f"{shot.sequence}/obj.names", "".join(f"{n}\n" for n in names))
        team.write(team.label(shot), yolo_text(shot, names.index))


@needs("ecritures_arabe_russe")
def two_classes_by_course_ids(team: Team, rng: Rng) -> None:
    """A folder of two classes: ids of the course tell them apart."""
    for shot in team.shots:
        name = "arabe" if shot.sequence == 1 else "russe"
        shot.boxes = [box._replace(name=name) for box in shot.boxes]
    _with_ids(team, {"arabe": NAMES.index("arabe"), "russe": NAMES.index("russe")})


@needs("ecritures_arabe_russe")
def two_classes_by_own_names(team: Team, rng: Rng) -> None:
    """A folder of two classes: the team's obj.names tells them apart."""
    for shot in team.shots:
        shot.boxes = [box._replace(name=("russe", "arabe")[i % 2]) for i, box in enumerate(shot.boxes)]
    _with_ids(team, {"russe": 0, "arabe": 1})
    team.write("obj.names", "Russe\nArabe\n")


@needs("ecritures_arabe_russe")
def two_classes_and_no_names(team: Team, rng: Rng) -> None:
    """A folder of two classes, all ids 0: it is asked."""
    _ask(team)


@needs("coeur")
def bare_ids_that_mean_nothing(team: Team, rng: Rng) -> None:
    """Ids 3 and 5 without names in a class folder of neither: it is asked."""
    for shot in team.shots:
        team.write(team.label(shot), yolo_text(shot, lambda name: 3).replace("3 ", "5 ", shot.sequence == 2))
    _ask(team, *(s for s in team.shots if s.boxes))


@needs("coeur")
def an_id_beyond_the_names(team: Team, rng: Rng) -> None:
    """One box has id 4, obj.names has two lines: that box is asked about, the others stay."""
    team.write("obj.names", "coeur\nprise\n")
    for shot in team.sequences[0]:
        text = team.label(shot).read_text(encoding="utf-8")
        team.write(team.label(shot), text + "4 0.800000 0.800000 0.100000 0.100000\n")
    team.expect("4", "1/labels/frame_000000.txt", "asked")


@needs("ballon")
def a_misspelt_second_name(team: Team, rng: Rng) -> None:
    """obj.names: ballon, balon. What is called balon is asked about."""
    team.write("obj.names", "ballon\nbalon\n")
    for shot in team.sequences[0]:
        text = team.label(shot).read_text(encoding="utf-8")
        team.write(team.label(shot), text + "1 0.800000 0.800000 0.100000 0.100000\n")
    team.expect("balon", action="asked")


@needs("ballon")
def an_unknown_second_class(team: Team, rng: Rng) -> None:
    """obj.names: ballon, chat. The cats are no class of the course: not in, and said."""
    team.write("obj.names", "ballon\nchat\n")
    for shot in team.sequences[0]:
        text = team.label(shot).read_text(encoding="utf-8")
        team.write(team.label(shot), text + "1 0.800000 0.800000 0.100000 0.100000\n")
    team.expect("chat")


def negative_ids(team: Team, rng: Rng) -> None:
    """-1 for what the tool did not know: that line goes, the others stay."""
    for shot in team.sequences[0]:
        text = team.label(shot).read_text(encoding="utf-8")
        team.write(team.label(shot), text + "-1 0.800000 0.800000 0.100000 0.100000\n")
    team.expect("-1", "1/labels/frame_000000.txt")


def huge_ids(team: Team, rng: Rng) -> None:
    """An id of twelve digits: that line goes, the others stay."""
    for shot in team.sequences[0]:
        text = team.label(shot).read_text(encoding="utf-8")
        team.write(team.label(shot), text + "999999999999 0.800000 0.800000 0.100000 0.100000\n")
    team.expect(file="1/labels/frame_000000.txt")


def names_that_are_broken(team: Team, rng: Rng) -> None:
    """data.yaml is not YAML: said; the labels are all 0 and the folder tells the class."""
    team.write("data.yaml", "names: [velo\n  nc: : 1\n\t- x\n")
    team.expect(file="data.yaml")


@needs("velo")
def all_ids_are_one(team: Team, rng: Rng) -> None:
    """Ids 1 without names in the folder of class 0: perhaps counted from 1, perhaps the course's ballon. Asked."""
    _with_ids(team, {"velo": 1})
    _ask(team, *(s for s in team.shots if s.boxes))


def names_with_numbers_before(team: Team, rng: Rng) -> None:
    """classes.txt: `0: prise`, `1: velo`"""
    _with_ids(team, {team.class_name: 1})
    team.write("classes.txt", f"0: prise\n1: {team.class_name}\n")


def names_in_quotes_with_commas(team: Team, rng: Rng) -> None:
    """classes.txt: 'prise', 'velo' in one line"""
    _with_ids(team, {team.class_name: 1})
    team.write("classes.txt", f"'prise', '{team.class_name}'")


@needs("téléphone")
def names_in_cp1252(team: Team, rng: Rng) -> None:
    """obj.names with accents in Windows' encoding."""
    _with_ids(team, {team.class_name: 1})
    team.write("obj.names", "prise\ntéléphone\n".encode("cp1252"))


@needs("coeur")
def names_with_a_ligature(team: Team, rng: Rng) -> None:
    """obj.names says `cœur`."""
    team.write("obj.names", "cœur\n")


def two_names_files_that_disagree(team: Team, rng: Rng) -> None:
    """classes.txt and obj.names side by side, names in another order: said; never a wrong class in silence."""
    _with_ids(team, {team.class_name: 0})
    team.write("classes.txt", f"{team.class_name}\nprise\n")
    team.write("obj.names", f"prise\n{team.class_name}\n")
    for shot in team.shots:
        shot.maybe = [*shot.boxes, *(b._replace(name="prise") for b in shot.boxes)]
        shot.boxes, shot.fate = [], "either"
    team.expect("names|class", "", "")


@needs("velo")
def names_of_another_team(team: Team, rng: Rng) -> None:
    """obj.names was copied from the ballon team: every id 0 would be a ballon in the velo folder. Said, at least."""
    team.write("obj.names", "ballon\n")
    for shot in team.shots:
        shot.maybe = [*shot.boxes, *(b._replace(name="ballon") for b in shot.boxes)]
        shot.boxes, shot.fate = [], "either"
    team.expect("ballon|class", "")
