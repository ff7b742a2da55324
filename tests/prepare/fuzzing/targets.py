"""What is fuzzed, and what must hold whatever the bytes are.

Inputs that are annotations or lists go through `Reading`, the whole way of a submission from bytes to boxes, each in a
sequence of its own so that many share the cost of one. For every input: no exception but our own; boxes finite, within
the picture and with an area, of a class that exists; and nothing in silence: a file that gave no box is named by a
finding unless it is blank or says in so many words that there is nothing.
"""

from __future__ import annotations

import math
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from defects.cohort import NAMES, WH
from fuzzing import samples
from fuzzing.memory import tree_of
from fuzzing.mutate import NASTY, mutated

from labtools.artifacts.dataset import SPLITS
from labtools.prepare.config import CourseConfig, SplitPolicy
from labtools.prepare.items import Item
from labtools.prepare.labels.classes import course_table
from labtools.prepare.layout.naming import place_pictures
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.layout.teams import Submission, read_layout
from labtools.prepare.pictures.headers import Header, ImageError, read_header
from labtools.prepare.pictures.reader import Picture
from labtools.prepare.reading import Reading
from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import READ_ERRORS
from labtools.prepare.sources.walk import read_tree
from labtools.prepare.splits.others import Others
from labtools.prepare.splits.plan import plan_splits

ROOT = "velo/equipe"
COURSE = CourseConfig(names=NAMES)
TABLE = course_table(COURSE, trusts_ids=False)
_SHAPES = re.compile(rb"<box|<object|<polygon|<mask|bbox|points|shape_attributes", re.IGNORECASE)

_ROUNDED = 2e-6  # six decimals are written
_NO_PATH = re.compile(r'[\0-\x1f<>:"|?*\\]|/\s|\s/|//|/\.\.?/|[. ]$')


class ViolationError(AssertionError):
    """What must hold does not; its text says what."""


class Case(NamedTuple):
    """One input: a file of a submission."""

    name: str
    data: bytes


class Target(NamedTuple):
    """One kind of input.

    Attributes:
        weight: its part of all inputs; cheap ones have more.
        make: a new input.
        check: raises on a batch in which something does not hold, `ViolationError` or whatever came out of the parser.
        batch: inputs that are checked together.
    """

    weight: int
    make: Callable[[random.Random], Case]
    check: Callable[[Sequence[Case]], None]
    batch: int = 1


def picture_at(path: str) -> Picture:
    return Picture(path, Header("JPEG", WH), path, 1000)


def read_submission(files: dict[str, bytes]) -> tuple[Reading, list[Item]]:
    """All that `prepare` does between reading the pictures and writing the dataset, for one team of ``velo``."""
    tree = tree_of(files)
    submission = Submission(ROOT, "equipe", "velo", (0,))
    reading = Reading(submission, tree)
    reading.parse()
    reading.look_at({path: picture_at(path) for path in tree.images})
    wanted = reading.plan(SplitPolicy(), Others())
    placed = place_pictures({p: (("velo", "equipe", sequence), end) for p, (sequence, end) in wanted.items()})
    return reading, reading.items(TABLE, placed, "velo", "equipe")


def check_annotations(cases: Sequence[Case]) -> None:
    """Each case in a sequence of its own with three pictures."""
    files: dict[str, bytes] = {}
    for number, case in enumerate(cases, 1):
        files |= {f"{ROOT}/{number}/images/{stem}.jpg": b"" for stem in samples.FRAMES}
        files[f"{ROOT}/{number}/{case.name}"] = case.data
    reading, items = read_submission(files)
    check_boxes(items)
    named = {f.file for f in reading.findings}
    raw, said = _boxes_by_file(reading)
    out = _boxes_by_sequence(items)
    asked = any(f.action.value == "asked" for f in reading.findings)
    for number, case in enumerate(cases, 1):
        path, folder = f"{ROOT}/{number}/{case.name}", f"{ROOT}/{number}/"
        has_finding = path in named or any(path in f.message for f in reading.findings)
        if not raw.get(path) and not has_finding and not _says_nothing(case.data, said.get(path, False)):
            raise ViolationError(f"{case.name}: {len(case.data)} bytes gave no box, and no finding names the file")
        near = has_finding or asked or any(f.startswith(folder) for f in named)
        if out.get(str(number), 0) < raw.get(path, 0) and not near:
            raise ViolationError(f"{case.name}: {raw[path]} boxes read, {out.get(str(number), 0)} kept, no finding")


def _boxes_by_file(reading: Reading) -> tuple[dict[str, int], dict[str, bool]]:
    """Boxes that each file gave, and whether it was understood to its last line."""
    raw: dict[str, int] = {}
    whole: dict[str, bool] = {}
    for record in reading.parsed.records:
        raw[record.file] = raw.get(record.file, 0) + len(record.boxes)
        whole[record.file] = whole.get(record.file, True) and not record.bad_lines
    return raw, whole


def _boxes_by_sequence(items: Sequence[Item]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in items:
        found[item.sequence] = found.get(item.sequence, 0) + len(item.boxes)
    return found


def _says_nothing(data: bytes, is_understood: bool) -> bool:
    """Blank, or a well-formed file of a picture without objects, or of a track that has left it."""
    if not decode(data).whole.strip():
        return True
    return is_understood and (b'outside="1"' in data or not _SHAPES.search(data.replace(b"\0", b"")))


def check_boxes(items: Sequence[Item]) -> None:
    """Every box of the dataset is one."""
    for item in items:
        for class_id, x, y, w, h in item.boxes:
            whole = all(math.isfinite(v) for v in (x, y, w, h)) and w > 0 and h > 0
            inside = min(x - w / 2, y - h / 2) >= -_ROUNDED and max(x + w / 2, y + h / 2) <= 1 + _ROUNDED
            if not (whole and inside and 0 <= class_id < len(NAMES)):
                raise ViolationError(f"the box {(class_id, x, y, w, h)} cannot be")


def check_list(cases: Sequence[Case]) -> None:
    """One list and three pictures."""
    (case,) = cases
    images = [f"{ROOT}/1/images/{stem}.jpg" for stem in samples.FRAMES]
    path = f"{ROOT}/{case.name}"
    tree = tree_of({**dict.fromkeys(images, b""), path: case.data})
    sequences = dict.fromkeys(images, "1")
    splits = plan_splits(tree, ImageIndex(images, ROOT), images, sequences, ROOT, SplitPolicy(), Others())
    if not set(splits.of.values()) <= set(SPLITS) or not set(splits.of) <= set(images):
        raise ViolationError(f"{splits.of} is no split")
    texts = [f"{f.file} {f.message}" for f in splits.findings]
    for image in images:
        if image not in splits.of and not any(image in text for text in texts):
            raise ViolationError(f"{case.name}: {image} is in no split, and no finding names it")
    made = any(f.code == "split-made" for f in splits.findings)
    named = path not in splits.used or any(path in text for text in texts)  # what is not used is reported elsewhere
    if made and not named and decode(case.data).whole.strip():
        raise ViolationError(
            f"{case.name}: {len(case.data)} bytes put no picture anywhere, and no finding names the list"
        )


def check_names(cases: Sequence[Case]) -> None:
    """Names files, each for the labels of its own sequence."""
    files: dict[str, bytes] = {}
    for number, case in enumerate(cases, 1):
        files |= {f"{ROOT}/{number}/images/{stem}.jpg": b"" for stem in samples.FRAMES}
        files |= {f"{ROOT}/{number}/labels/{stem}.txt": b"1 0.5 0.5 0.2 0.2\n" for stem in samples.FRAMES}
        files[f"{ROOT}/{number}/{case.name}"] = case.data
    reading, items = read_submission(files)
    check_boxes(items)
    if sum(len(item.boxes) for item in items) < 3 * len(cases) and not reading.findings:
        raise ViolationError("boxes are gone, and there is no finding")


def check_paths(cases: Sequence[Case]) -> None:
    """Names of files and folders: each picture gets a place of its own that any file system takes."""
    paths = {case.name for case in cases}
    files = {path: b"" for path in paths if not any(other.startswith(f"{path}/") for other in paths)}
    tree = tree_of(files)
    layout = read_layout(tree, "cohort", COURSE)
    for submission in layout.submissions:
        part = tree.under(submission.root)
        index = ImageIndex(part.images, submission.root)
        for path in part:
            match = index.find(path, path)
            if match.path is not None and match.path not in files:
                raise ViolationError(f"{path!r} means {match.path!r}, which is not there")
            index.find_beside(path)
        reading = Reading(submission, part)
        reading.parse()
        reading.look_at({path: picture_at(path) for path in part.images})
        wanted = reading.plan(SplitPolicy(), Others())
        placed = place_pictures({p: (("velo", "equipe", sequence), end) for p, (sequence, end) in wanted.items()})
        reading.items(TABLE, placed, "velo", "equipe")
        _check_places(placed)


def _check_places(placed: dict[str, str]) -> None:
    if len({place.casefold() for place in placed.values()}) != len(placed):
        raise ViolationError("two pictures at one place")
    for place in placed.values():
        longest = max(len(part.encode()) for part in place.split("/"))
        if longest > 255 or _NO_PATH.search(place):
            raise ViolationError(f"{place!r} is no path for every system")


def check_picture(cases: Sequence[Case]) -> None:
    """A header or an `ImageError`."""
    for case in cases:
        try:
            header = read_header(case.data)
        except ImageError:
            continue
        if min(header.wh) < 1 or not 1 <= header.orientation <= 8:
            raise ViolationError(f"{header} cannot be")


def check_archive(cases: Sequence[Case]) -> None:
    """Whatever an archive holds: no member leads out, reading one gives bytes or one of `READ_ERRORS`."""
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            inside = Path(folder, str(number))
            inside.mkdir()
            Path(inside, case.name).write_bytes(case.data)
            tree, findings = read_tree(inside)
            try:
                for path in tree:
                    if ".." in path.split("/") or path.startswith("/"):
                        raise ViolationError(f"{path!r} leads out")
                    try:
                        tree.read(path)
                    except READ_ERRORS:
                        continue
            finally:
                tree.archives.close()
            if not len(tree) and not findings and case.data:
                raise ViolationError(f"{case.name}: {len(case.data)} bytes, no file and no finding")


def _mutated(name: str, sample: samples.Sample) -> Callable[[random.Random], Case]:
    """Mutations of valid files; now and then under a name that lies about them."""

    def make(rng: random.Random) -> Case:
        wrong = rng.random() < 0.05 and "/" not in name
        return Case(name.rpartition(".")[0] + ".txt" if wrong else name, mutated(sample(rng), rng))

    return make


def _either(*makers: Callable[[random.Random], Case]) -> Callable[[random.Random], Case]:
    return lambda rng: rng.choice(makers)(rng)


def _path(rng: random.Random) -> Case:
    """A path of plausible and nasty parts."""
    words = ("velo", "ballon", "equipe", "1", "2", "images", "labels", "train", "x.zip!", "Été", "seq_03", "valid")
    depth = rng.randint(0, 5)
    parts = [rng.choice(words) if rng.random() < 0.8 else _part(rng) for _ in range(depth)]
    stem = rng.choice(("frame_000000", "frame_1", "train", "con", "a b", _part(rng), _part(rng)))
    suffix = rng.choice((".jpg", ".jpg", ".JPG", ".png", ".txt", ".xml", ".json", ".csv", "", ".names", ".yaml"))
    return Case("/".join([*parts, stem + suffix]), b"")


def _part(rng: random.Random) -> str:
    """One part as the walk gives it: valid text, no slash, not empty."""
    text = "".join(rng.choice(NASTY).decode("utf-8", "replace") for _ in range(rng.randint(1, 3)))
    text = text.replace("/", "").replace("\0", "")[:120]
    return text if text not in {"", ".", ".."} else "_"


def targets() -> dict[str, Target]:
    """All of them, by name."""
    yolo = _mutated("labels/frame_000000.txt", samples.yolo)
    lists = _either(
        _mutated("train.txt", samples.split_list), _mutated("split/test.txt", samples.split_list),
        _mutated("splits.csv", samples.split_csv), _mutated("val.csv", samples.split_csv),
    )  # fmt: skip
    names = _either(
        _mutated("obj.names", samples.names), _mutated("classes.txt", samples.names),
        _mutated("data.yaml", samples.data_yaml), _mutated("obj.data", samples.obj_data),
    )  # fmt: skip
    archive = _either(*(_mutated(f"x{end}", samples.archive) for end in (".zip", ".tar", ".tar.gz", ".tgz", ".bin")))
    return {
        "yolo": Target(50, yolo, check_annotations, 40),
        "voc": Target(10, _mutated("annotations/frame_000000.xml", samples.voc), check_annotations, 40),
        "labelme": Target(6, _mutated("labels/frame_000000.json", samples.labelme), check_annotations, 40),
        "coco": Target(3, _mutated("instances.json", samples.coco), check_annotations, 10),
        "via_json": Target(2, _mutated("via.json", samples.via_json), check_annotations, 10),
        "via_csv": Target(2, _mutated("via.csv", samples.via_csv), check_annotations, 10),
        "boxes_csv": Target(2, _mutated("boxes.csv", samples.boxes_csv), check_annotations, 10),
        "cvat_images": Target(3, _mutated("annotations.xml", samples.cvat_images), check_annotations, 10),
        "cvat_video": Target(3, _mutated("annotations.xml", samples.cvat_video), check_annotations, 10),
        "lists": Target(8, lists, check_list),
        "names": Target(3, names, check_names, 10),
        "paths": Target(3, _path, check_paths, 30),
        "pictures": Target(4, _mutated("x.jpg", samples.picture), check_picture, 40),
        "archives": Target(1, archive, check_archive, 20),
    }


def failing(cases: Sequence[Case], check: Callable[[Case], None]) -> Iterator[tuple[Case, Exception]]:
    """The cases of a batch that fail alone, each with its exception; nothing if only their company fails."""
    for case in cases:
        try:
            check(case)
        except Exception as error:  # noqa: BLE001  any exception is the result
            yield case, error
