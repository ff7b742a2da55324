"""A dataset that would cost a night is refused by day."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.dataset import Dataset, open_dataset
from labtools.core.config import dump_yaml
from labtools.core.errors import LabError
from labtools.demo.simulate import SHAPES
from labtools.train.planning.dataset import Counts, check_dataset

NAMES = dict(enumerate(SHAPES))


@pytest.fixture
def root(tmp_path: Path, shapes_dataset: Dataset) -> Path:
    return Path(shutil.copytree(shapes_dataset.root, tmp_path / "shapes"))


def write_course(root: Path, names: object) -> Path:
    path = root.parent / "course.yaml"
    path.write_text(dump_yaml({"year": 2026, "names": names}), encoding="utf-8")
    return path


def test_a_good_dataset_is_counted(root: Path) -> None:
    for course in (None, write_course(root, NAMES), write_course(root, list(SHAPES))):
        assert check_dataset(open_dataset(root), course) == Counts(24, 24)


def test_an_image_that_nobody_annotated_needs_no_label(root: Path) -> None:
    label = first(root, "labels/*/*/train/*.txt")
    image = str(label.relative_to(root).with_suffix(".jpg")).replace("labels", "images", 1)
    label.unlink()
    lines = (root / "manifest.csv").read_text(encoding="utf-8").splitlines()
    state = lines[0].split(",").index("state")
    rows = [line.split(",") for line in lines]
    for row in rows:
        if image in row:
            row[state] = "unlabelled"
    (root / "manifest.csv").write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    assert check_dataset(open_dataset(root), None) == Counts(24, 24)


def first(root: Path, pattern: str) -> Path:
    return sorted(root.glob(pattern))[0]


def rename(root: Path, names: dict[int, str]) -> None:
    lists = {split: f"{split}.txt" for split in ("train", "val", "test")}
    (root / "dlcv.yaml").write_text(dump_yaml({**lists, "names": names}), encoding="utf-8")


def unbox(root: Path) -> None:
    lines = (root / "manifest.csv").read_text(encoding="utf-8").splitlines()
    split, boxes = (lines[0].split(",").index(name) for name in ("split", "boxes"))
    rows = [line.split(",") for line in lines]
    for row in rows[1:]:
        row[boxes] = "0" if row[split] == "val" else row[boxes]
    (root / "manifest.csv").write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")


def write_label(root: Path, text: str) -> None:
    first(root, "labels/*/*/train/*.txt").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said", "where"),
    [
        (lambda root: (root / "val.txt").write_text("\n"), "the val split is empty", "val.txt"),
        (lambda root: (root / "test.txt").unlink(), "the list of the test split cannot be read", "test.txt"),
        (lambda root: first(root, "images/*/*/train/*.jpg").unlink(), "an image of the dataset is missing", ".jpg"),
        (lambda root: first(root, "images/*/*/val/*.jpg").write_bytes(b"no"), "image of the dataset cannot be", ".jpg"),
        (lambda root: first(root, "labels/*/*/test/*.txt").unlink(), "a label of the dataset is missing", ".txt"),
        (lambda root: write_label(root, "0 .5 .5 .1 .1\n6 .5 .5 .1 .1\n"), "no box of the dataset's classes", ".txt:2"),
        (lambda root: write_label(root, "0 .5 .5 1.1 .1\n"), "no box of the dataset's classes", ".txt:1"),
        (lambda root: write_label(root, "0 .5 .5 .1\n"), "no box of the dataset's classes", ".txt:1"),
        (lambda root: write_label(root, "ball .5 .5 .1 .1\n"), "no box of the dataset's classes", ".txt:1"),
        (unbox, "not one box in the val split", "manifest.csv"),
        (lambda root: rename(root, {**NAMES, 7: "sun"}), "do not count from 0 without a gap", "dlcv.yaml"),
        (lambda root: rename(root, {**NAMES, 5: "Ba-ll"}), "without a name of their own: Ba-ll, ball", "dlcv.yaml"),
    ],
)
def test_what_is_wrong_is_named(root: Path, spoil: Callable[[Path], object], said: str, where: str) -> None:
    spoil(root)
    with pytest.raises(LabError) as caught:
        check_dataset(open_dataset(root), None)
    assert said in caught.value.what
    assert str(caught.value.where).endswith(where)
    assert caught.value.fix


def test_other_classes_than_the_course_s_are_refused(root: Path) -> None:
    swapped = {**NAMES, 0: NAMES[1], 1: NAMES[0], 6: "sun"}
    with pytest.raises(LabError) as caught:
        check_dataset(open_dataset(root), write_course(root, swapped))
    assert caught.value.what == (
        "the dataset's classes are not those of course.yaml: 0 is ball, in the course box; "
        "1 is box, in the course ball; 6 is absent, in the course sun"
    )
    with pytest.raises(LabError, match="this file has no `names:`"):
        check_dataset(open_dataset(root), write_course(root, "ball"))
