"""Lists that contradict themselves, each other, folders or documents: the policy decides what it is made for, the
teacher the rest, and nobody guesses."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from labtools.core.findings import Action, Finding, Question
from labtools.prepare.config import SplitPolicy
from labtools.prepare.sources.walk import read_tree
from labtools.prepare.splits.lists import split_lists
from labtools.prepare.splits.others import Others
from labtools.prepare.splits.plan import Splits
from labtools.prepare.splits.unlisted import nobodys_lines

Submit = Callable[..., Splits]
ROOT = "velo/tic_et_tac"


def lists(truth: Mapping[str, str]) -> dict[str, str]:
    return {f"{s}.txt": "".join(f"./{p}\n" for p, t in truth.items() if t == s) for s in ("train", "val", "test")}


def codes(result: Splits) -> Counter[str]:
    return Counter(f.code for f in result.findings)


def one(result: Splits, code: str) -> Finding:
    (found,) = [f for f in result.findings if f.code == code]
    return found


def asked(result: Splits) -> Question:
    """The only question that is open."""
    questions = {f.question.key: f.question for f in result.findings if f.question}
    assert len(questions) == 1, questions
    return next(iter(questions.values()))


@pytest.mark.parametrize("priority", [("test", "val", "train"), ("train", "val", "test"), ("val", "train", "test")])
def test_in_two_splits_the_policy_decides(priority: tuple[str, ...], submit: Submit, truth: dict[str, str]) -> None:
    files = lists(truth)
    first, second = f"{ROOT}/1/images/frame_000000.jpg", f"{ROOT}/4/images/frame_000003.jpg"
    files["test.txt"] += f"./{first}\n"
    files["train.txt"] += f"./{second}\n"
    result = submit(files, policy=SplitPolicy(priority=priority))  # type: ignore[arg-type]
    rank = priority.index
    assert result.of == truth | {first: min("train", "test", key=rank), second: min("val", "train", key=rank)}
    assert codes(result) == {"image-in-two-splits": 2}
    assert one(submit(lists(truth) | {"val.txt": f"{first}\n"}), "image-in-two-splits").file == first


def test_listed_twice_absent_and_unlisted(submit: Submit, truth: dict[str, str]) -> None:
    gone, left = f"{ROOT}/1/images/frame_000009.jpg", f"{ROOT}/2/images/frame_000003.jpg"
    files = lists(truth)
    files["train.txt"] = (
        files["train.txt"].replace(f"./{left}\n", f"./{gone}\n") + f"./{ROOT}/1/images/frame_000000.jpg\n"
    )
    result = submit(files)
    assert result.of == {p: s for p, s in truth.items() if p != left}
    assert codes(result) == {"list-absent": 1, "list-twice": 1, "image-unlisted": 1}
    assert one(result, "list-absent").line == 8 and one(result, "list-twice").line == 13
    assert one(result, "image-unlisted").file == left
    for target in ("train", "val", "test"):
        assert submit(files, policy=SplitPolicy(unlisted=target)).of == truth | {left: target}  # type: ignore[arg-type]


def test_validation_is_training_and_test_is_validation(submit: Submit, truth: dict[str, str]) -> None:
    files = lists(truth)
    result = submit(files | {"val.txt": files["train.txt"]})
    assert codes(result) == {"split-val-is-train": 1, "image-unlisted": 4, "split-no-val": 1, "split-unlisted-many": 1}
    assert set(result.of.values()) == {"train", "test"}
    result = submit(files | {"val.txt": files["test.txt"]})
    assert codes(result) == {"split-val-is-test": 1, "image-unlisted": 4, "split-no-val": 1, "split-unlisted-many": 1}


def test_no_test_list_is_a_question(submit: Submit, truth: dict[str, str]) -> None:
    files = {name: text for name, text in lists(truth).items() if name != "test.txt"}
    result = submit(files)
    assert result.of == {p: s for p, s in truth.items() if s != "test"}
    assert codes(result) == {"split-no-test": 1, "image-unlisted": 4, "split-unlisted-many": 1}
    question = asked(result)
    assert question.key == f"split:{ROOT}:unlisted" and question.options == ("test", "leave out")
    assert submit(files, answers={question.key: "test"}).of == truth
    left = submit(files, answers={question.key: "leave out"})
    assert left.of == result.of and codes(left)["image-unlisted"] == 4 and not any(f.question for f in left.findings)


def test_empty_lists(submit: Submit, truth: dict[str, str]) -> None:
    result = submit(lists(truth) | {"val.txt": "", "test.txt": "\n# rien\n"})
    assert codes(result)["list-empty"] == 2 and codes(result)["split-no-val"] == 1
    only_head = submit({**lists(truth), "val.txt": "image,split\n", "test.txt": "image"})
    assert codes(only_head)["list-empty"] == 2 and set(only_head.of.values()) == {"train"}
    result = submit({f"{s}.txt": b"" for s in ("train", "val", "test")})
    assert codes(result) == {"list-empty": 3, "split-made": 1}
    assert len(result.of) == 20


def test_the_list_of_another_team(submit: Submit, truth: dict[str, str]) -> None:
    others = Others(("velo", "tic_et_tac"), frozenset({("velo", "autres"), ("ballon", "tic_et_tac")}))
    files = lists(truth)
    theirs = {name: text.replace("tic_et_tac", "autres") for name, text in files.items()}
    result = submit(theirs, others=others)
    assert codes(result) == {"list-of-other-team": 3, "split-made": 1}
    windows = {name: text.replace("./", "C:\\Zoé\\").replace("/", "\\") for name, text in theirs.items()}
    assert codes(submit(windows, others=others)) == {"list-of-other-team": 3, "split-made": 1}
    mixed = files | {"train.txt": files["train.txt"] + "./ballon/tic_et_tac/1/images/frame_000000.jpg\n"}
    result = submit(mixed, others=others)
    assert result.of == truth and one(result, "list-other-team").line == 13


def test_a_list_counts_more_than_a_folder(submit: Submit) -> None:
    images = [f"{ROOT}/{s}/images/f_{i}.jpg" for s in ("train", "valid") for i in range(4)]
    moved = [f"./{ROOT}/valid/images/f_0.jpg", f"./{ROOT}/valid/images/f_1.jpg"]
    result = submit({"train.txt": "\n".join([*moved, f"{ROOT}/train/images/f_0.jpg"])}, images)
    assert Counter(result.of.values()) == {"train": 6, "val": 2}
    assert result.of[moved[0][2:]] == "train"
    finding = one(result, "split-folder-differs")
    assert finding.file == f"{ROOT}/valid/images" and finding.message.startswith("2 pictures")


@pytest.mark.parametrize("place", ["export.zip", "ancien/train.txt", "train (1).txt"])
def test_two_sets_of_lists_that_contradict(place: str, submit: Submit, truth: dict[str, str]) -> None:
    """Sequence 4 is validation in the one and test in the other, 5 the other way round."""
    swapped = {p: {"val": "test", "test": "val"}.get(s, s) for p, s in truth.items()}
    other = lists(swapped)
    if place.endswith(".zip"):
        files = {**lists(truth), place: _zip(other)}
        names = ["test.txt, train.txt, val.txt", "export.zip!/test.txt, export.zip!/val.txt"]
    elif "/" in place:
        files = {**lists(truth), **{f"ancien/{name}": text for name, text in other.items()}}
        names = ["test.txt, train.txt, val.txt", "ancien/test.txt, ancien/val.txt"]
    else:
        files = {**lists(truth), **{name.replace(".", " (1)."): text for name, text in other.items()}}
        names = ["test.txt, train.txt, val.txt", "test (1).txt, val (1).txt"]
    result = submit(files)
    assert result.of == {p: s for p, s in truth.items() if s == "train"}
    assert codes(result)["image-split-disputed"] == 8 and codes(result)["image-unlisted"] == 0
    question = asked(result)
    assert question.key == f"split:{ROOT}:lists" and list(question.options) == [*names, "leave out"]
    assert submit(files, answers={question.key: names[0]}).of == truth
    left = submit(files, answers={question.key: "leave out"})
    assert left.of == result.of and not any(f.question for f in left.findings)


def test_lists_side_by_side_count_together(submit: Submit, truth: dict[str, str]) -> None:
    """``v2/val.txt`` alone repeats too little of any other list to be another version of it."""
    first = {p for p in truth if p.endswith("_000000.jpg") and p.split("/")[2] in "145"}
    moved = {p: "val" if p in first else "train" if s == "val" else s for p, s in truth.items()}
    result = submit({**lists(truth), **{f"v2/{name}": text for name, text in lists(moved).items()}})
    names = ["test.txt, train.txt, val.txt", "v2/test.txt, v2/train.txt, v2/val.txt"]
    assert list(asked(result).options) == [*names, "leave out"]
    assert result.of == {p: s for p, s in truth.items() if moved[p] == s}
    assert codes(result)["image-in-two-splits"] == 0


def _zip(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_versions_that_only_say_more_are_no_contradiction(submit: Submit, truth: dict[str, str]) -> None:
    files = lists(truth)
    short = "".join(files["train.txt"].splitlines(keepends=True)[:9])
    result = submit({**files, "train.txt": short, "train (1).txt": files["train.txt"]})
    assert result.of == truth and not any(f.question for f in result.findings)


def test_a_document_against_the_names(submit: Submit, truth: dict[str, str]) -> None:
    files = lists(truth)
    result = submit({**files, "obj.data": "train = data/val.txt\nvalid = data/train.txt\n"})
    keys = {f.question.key for f in result.findings if f.question}
    assert {f"split:{ROOT}:val.txt", f"split:{ROOT}:train.txt"} <= keys
    assert set(result.of.values()) == {"test"}
    answers = {f"split:{ROOT}:val.txt": "val", f"split:{ROOT}:train.txt": "train"}
    assert submit(files, answers=answers).of == truth
    swapped = submit(files, answers={f"split:{ROOT}:val.txt": "train", f"split:{ROOT}:train.txt": "val"})
    assert Counter(swapped.of.values()) == {"val": 12, "train": 4, "test": 4}


def test_darknet_gives_one_list_twice(submit: Submit, truth: dict[str, str]) -> None:
    files = {"train.txt": lists(truth)["train.txt"], "obj.data": "train = data/train.txt\nvalid = data/train.txt\n"}
    result = submit(files)
    assert codes(result)["split-val-is-train"] == 1 and set(result.of.values()) == {"train"}
    result = submit({"data.yaml": "train: ../images\nval: ../images\nnames: [velo]\n"},
                    [f"{ROOT}/images/f_{i}.jpg" for i in range(4)])  # fmt: skip
    assert codes(result)["split-val-is-train"] == 1


@pytest.mark.parametrize("folder", ["data/obj_train_data", "data/images/train"])
def test_the_contents_of_an_export_are_no_split(folder: str, submit: Submit, truth: dict[str, str]) -> None:
    inside = {f"{s}/train.txt": "".join(f"{folder}/frame_{i:06d}.jpg\n" for i in range(4)) for s in range(1, 6)}
    result = submit({**lists(truth), **inside})
    assert result.of == truth and codes(result)["list-of-export"] == 5


def test_yaml_against_folders(submit: Submit) -> None:
    images = [f"{ROOT}/{s}/images/f_{s}_{i}.jpg" for s in ("train", "valid") for i in range(3)]
    agreeing = submit({"data.yaml": "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n"}, images)
    assert Counter(agreeing.of.values()) == {"train": 3, "val": 3} and codes(agreeing) == {"split-no-test": 1}
    files = {"data.yaml": "train: ../valid/images\nval: ../train/images\n"}
    result = submit(files, images)
    assert not result.of
    question = asked(result)
    assert question.key == f"split:{ROOT}:folders"
    assert result.of == {} and codes(result)["image-split-disputed"] == 6
    left = submit(files, images, answers={question.key: "leave out"})
    assert left.of == {} and not any(f.question for f in left.findings)
    for found, action in ((result, Action.ASKED), (left, Action.LEFT_OUT)):
        assert one(found, "split-yaml-differs").action == action
    as_folders = submit(files, images, answers={question.key: question.options[1]}).of
    assert all(split == ("train" if "/train/" in path else "val") for path, split in as_folders.items())
    as_yaml = submit(files, images, answers={question.key: question.options[0]}).of
    assert all(split == ("val" if "/train/" in path else "train") for path, split in as_yaml.items())
    assert len(as_folders) == len(as_yaml) == 6


def test_a_list_counts_more_than_a_folder_that_a_yaml_names(submit: Submit) -> None:
    images = [f"{ROOT}/{s}/images/f_{s}_{i}.jpg" for s in ("a", "b") for i in range(3)]
    files = {"data.yaml": "train: ../a/images\nval: ../b/images\n", "test.txt": f"{images[0]}\n{images[5]}\n"}
    result = submit(files, images)
    assert [result.of[path] for path in images] == ["test", "train", "train", "val", "val", "test"]
    assert not any(f.question for f in result.findings)


def test_bare_names_of_several_sequences_are_asked(submit: Submit, truth: dict[str, str]) -> None:
    files = lists(truth)
    files["test.txt"] = "".join(f"frame_{i:06d}.jpg\n" for i in range(4))
    result = submit(files)
    assert codes(result)["list-ambiguous"] == 4
    questions = {f.question.key: f.question for f in result.findings if f.question}
    question = questions[f"split:{ROOT}:test.txt#folder"]
    assert "tic_et_tac/5/images" in question.options
    answered = submit(files, answers={question.key: "tic_et_tac/5/images"})
    assert answered.of == truth


def test_a_list_whose_name_says_no_split(submit: Submit, truth: dict[str, str]) -> None:
    files = {"liste1.txt": lists(truth)["test.txt"], "toutes.txt": "".join(f"{p}\n" for p in truth),
             "notes.txt": "Nous avons filmé cinq vidéos.\nLa 3 est floue.\n"}  # fmt: skip
    result = submit(files)
    question = asked(result)
    assert question.key == f"split:{ROOT}:liste1.txt"
    assert codes(result) == {"split-list-unnamed": 1, "split-made": 1}
    answered = submit(files, answers={question.key: "test"})
    assert answered.of == {p: s for p, s in truth.items() if s == "test"}
    assert "split-made" not in codes(answered)


def test_a_label_file_is_no_list(submit: Submit, truth: dict[str, str]) -> None:
    result = submit({**lists(truth), "6/labels/test.txt": "0 0.5 0.5 0.2 0.2\n1 0.1 0.1 0.1 0.1\n"})
    assert result.of == truth and not result.findings
    trains = [f"{ROOT}/1/images/train_{i:04d}.jpg" for i in range(4)] + [f"{ROOT}/1/images/test.jpg"]
    result = submit(
        {"1/labels/train_0001.txt": "0 0.5 0.5 0.2 0.2\n", "1/labels/test.txt": "0 0.5 0.5 0.2 0.2\n"}, trains
    )
    assert not result.used


def test_office_documents_are_refused_aloud(submit: Submit) -> None:
    found = codes(submit({"train.docx": b"PK", "val.txt.odt": b"PK", "rapport.pdf": b"%PDF"}))
    assert found["list-unsupported"] == 2


def test_lists_above_teams(
    submit: Submit, truth: dict[str, str], put: Callable[[str, str], Path], tmp_path: Path
) -> None:
    """A class's list, relative to the class, and a cohort's: each team takes its own lines, none is lost."""
    own, foreign = ("velo", "tic_et_tac"), frozenset({("velo", "autres")})
    for number, (place, cut) in enumerate((("/velo/", "velo/"), ("/", "")), 100):
        files = {
            f"{place}{name}": text.replace(f"./{cut}", "./") + "./velo/autres/1/images/frame_000000.jpg\n./rien/x.jpg\n"
            for name, text in lists(truth).items()
        }
        for path, text in files.items():
            put(f"{number}{path}", text)
        tree, _ = read_tree(tmp_path / str(number))
        shared = tuple(split_lists(tree))
        assert len(shared) == 3
        result = submit({}, others=Others(own, foreign, shared))
        assert result.of == truth and not result.findings
        others = Splits({}, (), shared_lines=frozenset((one.path, len(one.lines) - 1) for one in shared))
        nobody = nobodys_lines(shared, result.shared_lines | others.shared_lines)
        assert {f.message for f in nobody} == {"names no team's picture: './rien/x.jpg'"}
        assert len(nobody) == len(shared)
