"""Names and ids of a submission -> classes of the course: decided, or asked with a key that an answer settles."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from labtools.core.findings import Action, Finding
from labtools.prepare.answers import LEAVE_OUT, NO_ANSWERS
from labtools.prepare.config import CourseConfig
from labtools.prepare.formats import CENTRE, Parsed, RawBox, Record
from labtools.prepare.formats._yolo_plain import read_plain
from labtools.prepare.labels.classes import ClassTable, course_table, own_table
from labtools.prepare.labels.decisions import Refusal
from labtools.prepare.labels.resolver import ClassResolver
from labtools.prepare.layout.teams import Submission

COURSE = CourseConfig(
    names=("piercing", "ballon", "the_rock", "arabe", "russe", "téléphone"),
    aliases={"arabe": ("ecritures",), "russe": ("ecritures",), "téléphone": ("smartphone",)},
)
TABLE = course_table(COURSE, trusts_ids=False)
BALLON = Submission("ballon/t", "t", "ballon", (1,))
BOTH = Submission("ecritures/t", "t", "ecritures", (3, 4))
Label = int | str


def record(file: str, labels: list[Label | None], names: tuple[str, ...] = (), *, plain: bool = False) -> Record:
    if plain:
        table = read_plain(["".join(f"{c} 0.5 0.5 0.2 0.4\n" for c in labels).encode()], names)
        assert table is not None
        return Record(file, "a.jpg", table.boxes()[0], None, names)
    boxes = []
    for line, label in enumerate(labels, 1):
        given = label if isinstance(label, str) else None
        if isinstance(label, int) and label < len(names):
            given = names[label] or None
        boxes.append(RawBox(label if isinstance(label, int) else None, given, (0.4, 0.3, 0.6, 0.7), line, CENTRE))
    return Record(file, "a.jpg", tuple(boxes), None, names)


def resolve(
    records: list[Record],
    submission: Submission = BALLON,
    table: ClassTable = TABLE,
    answers: Mapping[str, str] = NO_ANSWERS,
) -> tuple[list[list[str]], list[Finding], list[Refusal]]:
    """The class name of each box of each record, or the code why it has none; findings; refusals."""
    resolver = ClassResolver(table, submission, records, answers)
    refusals: list[Refusal] = []
    found: list[list[str]] = []
    for one in records:
        found.append([])
        for box in one.boxes:
            to = resolver.resolve(box, one)
            if isinstance(to, Refusal):
                refusals.append(to)
            found[-1].append(to.code if isinstance(to, Refusal) else table.names[to])
    return found, resolver.findings(), refusals


CASES: dict[str, tuple[list[Label | None], tuple[str, ...], Submission, list[str], set[str]]] = {
    "all zero under a class folder": ([0, 0], (), BALLON, ["ballon", "ballon"], {"class-id-zero"}),
    "the course's ids": ([1, 1, 2], (), BALLON, ["ballon", "ballon", "the_rock"], set()),
    "one name in the names file": ([0], ("Ballon ",), BALLON, ["ballon"], set()),
    "own order": ([2, 0], ("the rock", "prise", "ballon"), BALLON, ["ballon", "the_rock"], set()),
    "an alias": ([0], ("SmartPhone",), Submission("téléphone/t", "t", "téléphone", (5,)), ["téléphone"], set()),
    "the whole course, all zero": ([0], ("piercing", "ballon", "the_rock"), BALLON, ["ballon"], {"class-id-zero"}),
    "a name that is not the folder's": ([0], ("the rock",), BALLON, ["the_rock"], {"class-other-than-folder"}),
    "one unknown name": ([0], ("montgolfière",), BALLON, ["ballon"], {"class-name-from-folder"}),
    "nearly the folder's name, and a guest": ([0, 1], ("balon", "the rock"), BALLON, ["ballon", "the_rock"],
                                              {"class-name-from-folder"}),
    "nearly the folder's name beside the name": ([0, 1], ("ballon", "balon"), BALLON, ["ballon", "class-name-unknown"],
                                                 set()),
    "names instead of ids": (["BALLON", "The Rock"], (), BALLON, ["ballon", "the_rock"], set()),
    "no class at all": ([None], (), BALLON, ["ballon"], {"class-missing"}),
    "no class beside others": ([None, 2, "ballon"], (), BALLON, ["class-missing", "class-id-ambiguous", "ballon"],
                               set()),
    "an id beyond the names": ([0, 4], ("ballon", "the rock"), BALLON, ["ballon", "class-id-without-name"], set()),
    "an id that the names skip": ([0, 1], ("ballon", "", "the rock"), BALLON, ["ballon", "class-id-without-name"],
                                  set()),
    "the course's id beyond the names": ([1, 1], ("ballon",), BALLON, ["ballon"] * 2, {"class-id-course"}),
    "ids that count from one": ([1, 2], ("ballon", "the rock"), BALLON,
                                ["class-id-off-by-one", "class-id-without-name"], set()),
    "ids of nobody": ([3, 5], (), BALLON, ["class-id-ambiguous"] * 2, set()),
    "an id beyond the course": ([1, 1, 9], (), BALLON, ["ballon", "ballon", "class-id-unknown"], set()),
    "a few of the folder's id among zeros": ([0, 0, 0, 1], (), BALLON, ["class-id-ambiguous"] * 4, set()),
    "zero and others in the first class's folder": ([0, 3], (), Submission("piercing/t", "t", "piercing", (0,)),
                                                    ["piercing", "class-id-ambiguous"], {"class-id-zero"}),
    "two classes, the course's ids": ([3, 4], (), BOTH, ["arabe", "russe"], set()),
    "two classes, names": ([0, 1], ("russe", "arabe"), BOTH, ["russe", "arabe"], set()),
    "two classes, all zero": ([0], (), BOTH, ["class-id-ambiguous"], set()),
    "two classes, and a box without any": ([None], (), BOTH, ["class-missing"], set()),
    "two classes, the name of both": ([0], ("ecritures",), BOTH, ["class-name-unknown"], set()),
    "no class folder": ([0], (), Submission("t", "t", "", ()), ["class-id-ambiguous"], set()),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("plain", [False, True])
def test_what_a_label_means_in_its_context(name: str, plain: bool) -> None:
    labels, names, submission, expected, codes = CASES[name]
    if plain and not all(isinstance(label, int) for label in labels):
        pytest.skip("names are not plain")
    found, findings, refusals = resolve([record("1/labels/a.txt", labels, names, plain=plain)], submission)
    assert found == [expected]
    assert {f.code for f in findings} == codes
    assert all(r.question and r.question.options[-1] == LEAVE_OUT for r in refusals)


def test_zero_in_files_of_its_own_among_course_ids_is_asked() -> None:
    files = [record("1/labels/a.txt", [1, 1, 1]), record("1/labels/b.txt", [0])]
    assert resolve(files)[0] == [["ballon"] * 3, ["class-id-ambiguous"]]
    files[0] = record("1/labels/a.txt", [1, 0, 1, 1])  # one annotator who used both
    assert resolve(files)[0] == [["ballon", "piercing", "ballon", "ballon"], ["piercing"]]


def test_each_folder_of_labels_speaks_for_itself() -> None:
    files = [record("1/labels/a.txt", [0]), record("2/labels/a.txt", [1]), record("3/labels/a.txt", [2])]
    assert resolve(files)[0] == [["ballon"], ["ballon"], ["class-id-ambiguous"]]


def test_questions_bear_keys_that_answers_settle() -> None:
    files = [record("ballon/t/1/labels/a.txt", [3, "balo"]), record("ballon/t/1/labels/b.txt", ["ballon"])]
    _, _, refusals = resolve(files)
    keys = [r.question.key for r in refusals if r.question]
    assert keys == ["class-id:ballon/t:ballon/t/1/labels:3", "class-name:ballon/t:balo"]
    assert refusals[1].question is not None and refusals[1].question.options[0] == "ballon"
    found, findings, refusals = resolve(files, answers={keys[0]: "The Rock", keys[1]: LEAVE_OUT})
    assert found == [["the_rock", "class-left-out"], ["ballon"]]
    assert [f.code for f in findings] == ["class-answered"] and refusals[0].is_wanted
    _, _, refusals = resolve(files, answers={keys[0]: "no such class"})
    assert "no such class" in refusals[0].message and refusals[0].question is not None


def test_whose_name_is_asked_about_is_the_one_that_was_written() -> None:
    one = record("1/labels/a.txt", [0, 1, 1], ("montgolfière", "The  Rock"))
    found, findings, refusals = resolve([one])
    assert found == [["class-name-unknown", "the_rock", "the_rock"]] and len(refusals) == 1
    (finding,) = findings
    assert finding.code == "class-other-than-folder" and finding.question is not None
    assert finding.question.text == "Which class are the boxes called 'The  Rock'?"


def test_an_answer_overrules_a_name() -> None:
    one = record("1/labels/a.txt", [0], ("the rock",))
    _, findings, _ = resolve([one])
    question = findings[0].question
    assert question is not None and question.options == ("the_rock", "ballon", LEAVE_OUT)
    assert findings[0].action == Action.NOTED
    found, findings, _ = resolve([one], answers={question.key: "ballon"})
    assert found == [["ballon"]] and [f.code for f in findings] == ["class-answered"]


def test_counts_of_what_the_folder_decided() -> None:
    files = [record("1/labels/b.txt", [0, 0]), record("1/labels/a.txt", [0])]
    _, findings, _ = resolve(files)
    assert [(f.file, f.message[-24:]) for f in findings] == [("1/labels/a.txt", "on' (3 boxes in 2 files)")]


def test_a_dataset_without_names_counts_its_ids() -> None:
    parsed = Parsed((record("a.txt", [0, 2], plain=True), record("b.txt", [4])))
    table = own_table([parsed], is_cohort=False)
    assert table.names == tuple(f"class_{i}" for i in range(5)) and table.trusts_ids
    two = Parsed((record("a.txt", [0], plain=True), record("b.txt", [3], plain=True)))
    assert len(own_table([two], is_cohort=False).names) == 4
    assert own_table([parsed], is_cohort=True) == ClassTable((), {}, False), "of many teams' bare ids nobody knows"
    huge = Parsed((record("a.txt", [1, 10**6]),))
    assert own_table([huge], is_cohort=False).names == ("class_0", "class_1"), "a slip of the pen makes no million"


def test_an_answer_may_name_a_class_that_nobody_declared() -> None:
    parsed = Parsed((record("a.txt", [0, 1], ("Ships",)),), names=("Ships",))
    answers = {"class-id:::1": "Submarine", "class-id:::2": LEAVE_OUT, "split::x": "train"}
    table = own_table([parsed], is_cohort=False, answers=answers)
    assert table.names == ("Ships", "Submarine")
    found, _, _ = resolve(list(parsed.records), Submission("", "t", "", ()), table, answers)
    assert found == [["Ships", "Submarine"]]
