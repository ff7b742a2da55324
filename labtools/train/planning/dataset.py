"""Is this dataset fit to be trained on for two days? What is wrong is said before anything starts."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.artifacts.dataset import SPLITS, Dataset, label_path
from labtools.core.config import read_yaml
from labtools.core.errors import LabError
from labtools.core.names import slug

_SAMPLE = 12  # images of a split that are looked at for real
_MEND = "Run `labtools prepare` again, or bring the file back."


@dataclass(frozen=True)
class Counts:
    """Images in the train and val split."""

    train: int
    val: int


def check_dataset(dataset: Dataset, course: Path | None) -> Counts:
    """Check classes, lists, and a sample of images and labels.

    Args:
        dataset: opened.
        course: the course's YAML, whose classes must be the dataset's; None: any will do.

    Raises:
        LabError: what is wrong, with the file.
    """
    _check_names(dataset)
    if course is not None:
        _check_course(dataset, course)
    lists = {split: _read_list(dataset, split) for split in SPLITS}
    for split, images in lists.items():
        if not images:
            fix = "Look at the split with `labtools prepare`; each needs images."
            raise LabError(f"the {split} split is empty", dataset.root / f"{split}.txt", fix)
    unlabelled = _require_boxes(dataset)
    for images in lists.values():
        for image in _sample(images):
            _check_image(dataset, image, has_label=image not in unlabelled)
    return Counts(len(lists["train"]), len(lists["val"]))


def _check_names(dataset: Dataset) -> None:
    names = dataset.names
    if sorted(names) != list(range(len(names))) or not names:
        raise LabError("the class ids do not count from 0 without a gap", dataset.yaml, _MEND)
    count = Counter(slug(name).replace("_", "") for name in names.values())
    alike = sorted(name for name in names.values() if count[slug(name).replace("_", "")] > 1)
    if alike or not all(name.strip() for name in names.values()):
        raise LabError(f"classes without a name of their own: {', '.join(alike) or 'empty ones'}", dataset.yaml, _MEND)


def _check_course(dataset: Dataset, course: Path) -> None:
    """The wrong classes cost a night once: ids and names must be those of the course."""
    wanted = course_names(course)
    if wanted == dataset.names:
        return
    ids = sorted({*wanted, *dataset.names})
    different = [i for i in ids if wanted.get(i) != dataset.names.get(i)]
    said = "; ".join(
        f"{i} is {dataset.names.get(i, 'absent')}, in the course {wanted.get(i, 'absent')}" for i in different[:4]
    )
    more = f"; {len(different) - 4} more" if len(different) > 4 else ""
    raise LabError(
        f"the dataset's classes are not those of {course.name}: {said}{more}",
        dataset.yaml,
        f"Prepare it with --course {course}, or write `course:` (another file, or none) into the matrix.",
    )


def course_names(course: Path) -> dict[int, str]:
    """The class names of a ``course.yaml`` or Ultralytics data YAML, by id.

    Raises:
        LabError: it cannot be read, or has no ``names:``.
    """
    content: Any = read_yaml(course)
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not names or not all(str(key).isdecimal() for key in names):
        raise LabError("this file has no `names:`", course, "Write `names: {0: first, 1: second}`.")
    return {int(key): str(name) for key, name in names.items()}


def _read_list(dataset: Dataset, split: str) -> list[str]:
    """Images of a split as paths in the dataset."""
    path = dataset.root / f"{split}.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"the list of the {split} split cannot be read: {error}", path, _MEND) from None
    return [line.strip().removeprefix("./") for line in lines if line.strip()]


def _require_boxes(dataset: Dataset) -> set[str]:
    """The images that `prepare` left without a label file: nobody annotated them, and the trainer sees background."""
    unlabelled = set()
    with dataset.manifest.open(encoding="utf-8", newline="") as file:
        boxes: Counter[str] = Counter()
        for row in csv.DictReader(file):
            boxes[row["split"]] += int(row["boxes"] or 0)
            if row["state"] == "unlabelled":
                unlabelled.add(row["image"])
    empty = [split for split in ("train", "val") if not boxes[split]]
    if empty:
        fix = "Look at what `labtools prepare` found: no label of that split was understood."
        raise LabError(f"there is not one box in the {' and '.join(empty)} split", dataset.manifest, fix)
    return unlabelled


def _sample(images: list[str]) -> list[str]:
    """Some from everywhere: a lost folder of one team shows, too, where the list is short enough."""
    step = max(1, len(images) // _SAMPLE)
    return images[::step]


def _check_image(dataset: Dataset, image: str, *, has_label: bool) -> None:
    from PIL import Image

    path = dataset.root / image
    try:
        with Image.open(path) as picture:
            picture.load()
    except (OSError, SyntaxError) as error:
        said = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise LabError(f"an image of the dataset {said}", path, _MEND) from None
    label = dataset.root / label_path(image)
    if not has_label and not label.exists():
        return
    try:
        lines = label.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        said = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise LabError(f"a label of the dataset {said}", label, _MEND) from None
    for number, line in enumerate(lines, start=1):
        if not _is_box(line, dataset.names):
            raise LabError(f"this is no box of the dataset's classes: {line[:60]!r}", f"{label}:{number}", _MEND)


def _is_box(line: str, names: dict[int, str]) -> bool:
    parts = line.split()
    try:
        class_id, box = int(parts[0]), [float(part) for part in parts[1:]]
    except (ValueError, IndexError):
        return False
    return class_id in names and len(box) == 4 and all(0 <= value <= 1 for value in box)
