"""Lists that say the same twice, or of two splits together: what counts, and that it is said."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import pytest

from labtools.core.findings import Action, Severity
from labtools.prepare.config import SplitPolicy
from labtools.prepare.splits.plan import Splits

Submit = Callable[..., Splits]
ROOT = "velo/tic_et_tac"


def lines(truth: Mapping[str, str], *splits: str) -> str:
    return "".join(f"./{path}\n" for path, split in truth.items() if split in splits)


def said(result: Splits) -> list[tuple[str, str, str]]:
    return [(f.code, f.file.removeprefix(f"{ROOT}/"), str(f.message)) for f in result.findings]


@pytest.mark.parametrize(
    ("beside", "how", "n"),
    [
        (("train",), "what train does not take is val (4 pictures)", 4),
        (("val",), "what val does not take is train (12 pictures)", 12),
        ((), "taken as train (16 pictures)", 16),
    ],
)
def test_training_and_validation_in_one_list(
    submit: Submit, truth: dict[str, str], beside: tuple[str, ...], how: str, n: int
) -> None:
    files = {f"{name}.txt": lines(truth, name) for name in (*beside, "test")}
    result = submit({**files, "ImageSets/Main/trainval.txt": lines(truth, "train", "val")})
    expected = truth if beside else {p: "test" if s == "test" else "train" for p, s in truth.items()}
    assert result.of == expected
    (finding,) = [f for f in result.findings if f.code == "split-trainval"]
    assert (finding.file, finding.severity) == (f"{ROOT}/ImageSets/Main/trainval.txt", Severity.WARNING)
    assert str(finding.message) == f"a list of training and validation together: {how}"


def test_beside_both_it_says_nothing_new(submit: Submit, truth: dict[str, str]) -> None:
    files = {f"{name}.txt": lines(truth, name) for name in ("train", "val", "test")}
    result = submit({**files, "trainval.txt": lines(truth, "train", "val")})
    assert result.of == truth and not result.findings


@pytest.mark.parametrize("again", ["lists/train.txt", "training.txt", "export.zip!/train.txt"])
def test_of_the_same_list_twice_the_nearer_one_counts(submit: Submit, truth: dict[str, str], again: str) -> None:
    files: dict[str, str | bytes] = {f"{name}.txt": lines(truth, name) for name in ("train", "val", "test")}
    if again.startswith("export.zip"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("train.txt", lines(truth, "train").replace("./", ""))
        files["export.zip"] = buffer.getvalue()
    else:
        files[again] = files["train.txt"]
    result = submit(files)
    assert result.of == truth
    assert said(result) == [("list-repeated", again, f"the same pictures as {ROOT}/train.txt")]
    assert (result.findings[0].severity, result.findings[0].action) == (Severity.INFO, Action.NOTED)


@pytest.mark.parametrize("kept", ["val", "test"])
def test_of_validation_and_test_that_are_one_list_the_first_of_the_policy_stays(
    submit: Submit, truth: dict[str, str], kept: str
) -> None:
    other = {"val": "test", "test": "val"}[kept]
    policy = SplitPolicy(priority=(kept, "train", other))  # type: ignore[arg-type]
    files = {"train.txt": lines(truth, "train"), "val.txt": lines(truth, "test"), "test.txt": lines(truth, "test")}
    result = submit(files, policy=policy)
    assert set(result.of.values()) == {"train", kept}
    whose = {"val": "validation", "test": "test"}[kept]
    assert (
        f"split-{other}-is-{kept}",
        f"{other}.txt",
        f"the {other} list names exactly the {whose} pictures: they stay in {kept} only",
    ) in said(result)


def test_two_training_lists_of_which_one_takes_the_validation_pictures_are_asked_about(
    submit: Submit, truth: dict[str, str]
) -> None:
    """``train.txt`` and ``training.txt`` side by side are two versions, not parts of one split."""
    files = {f"{name}.txt": lines(truth, name) for name in ("train", "val", "test")}
    result = submit({**files, "training.txt": lines(truth, "train", "val")})
    assert result.of == {path: split for path, split in truth.items() if split != "val"}
    (question,) = {f.question.key: f.question for f in result.findings if f.question}.values()
    assert question.options == ("test.txt, train.txt, val.txt", "training.txt", "leave out")
