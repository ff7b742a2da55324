"""A small clean cohort drawn in code, with the truth about every picture. `kinds` spoils it, team by team.

Every picture bears a number of its own, sixteen black or white blocks along its lower edge, so that it is known
again in the dataset whatever it was called, converted to or turned by. Boxes move a little from frame to frame, as in
a video, on whole pixels, so that no format needs to round them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageOps

WH = (128, 96)
SEQUENCES, FRAMES = (1, 2, 3), 6
NAMES = ("velo", "ballon", "the_rock", "téléphone", "arabe", "russe", "coeur", "prise", "frise")
COURSE = f"""\
names: [{", ".join(NAMES)}]
aliases:
  velo: [bicyclette]
  téléphone: [smartphone]
  arabe: [ecritures_arabe_russe]
  russe: [ecritures_arabe_russe]
"""


class Box(NamedTuple):
    """A true box: class name and corners in pixels of the picture as displayed."""

    name: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass
class Shot:
    """One picture handed in, and what must come out of it.

    Attributes:
        number: drawn into it.
        path: where it lies; follow it with `Team.move`.
        split: ``""`` if any will do, as none was handed in.
        boxes: all of these must come out, and nothing else but some of ``maybe``.
        fate: ``kept``; ``lost``: not in the dataset, and a finding names it; ``either`` of the two.
        wh: as displayed.
        known_as: other paths under which a finding may name it (a member of an archive).
    """

    sequence: int
    index: int
    number: int
    path: Path
    split: str
    boxes: list[Box]
    maybe: list[Box] = field(default_factory=list)
    fate: str = "kept"
    wh: tuple[int, int] = WH
    known_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Expect:
    """A finding that must be there.

    Attributes:
        about: pattern for ``code: message``, case does not count.
        file: part of the finding's file.
        action: ``""`` for any.
    """

    about: str = ""
    file: str = ""
    action: str = ""


Row = dict[str, Any]
Check = Callable[[list[Row]], Iterator[str]]


def draw(number: int, boxes: Sequence[Box], wh: tuple[int, int] = WH) -> Image.Image:
    """A picture of its own: patches of colour, a rectangle per box, the number along the lower edge."""
    coarse = np.random.default_rng(number).integers(40, 216, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(wh, Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(image)
    for i, box in enumerate(boxes):
        pen.rectangle((box.x1, box.y1, box.x2 - 1, box.y2 - 1), fill=((60 * i) % 256, 200, 90), outline=(250, 250, 0))
    step = wh[0] // 16
    for bit in range(16):
        ink = (255, 255, 255) if number >> bit & 1 else (0, 0, 0)
        pen.rectangle((bit * step, wh[1] - step, (bit + 1) * step - 1, wh[1] - 1), fill=ink)
    return image


def read_number(path: Path) -> int:
    """The number in a picture that `draw` made, as displayed."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened)
        if image.mode.startswith("I"):  # 16 bits: Pillow's own conversion would clip
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        grey = image.convert("L")
    step = grey.width / 16
    middles = [grey.getpixel((int((bit + 0.5) * step), grey.height - int(step / 2) - 1)) for bit in range(16)]
    return sum(1 << bit for bit, value in enumerate(middles) if isinstance(value, (int, float)) and value > 127)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """Its bytes in one of Pillow's formats."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 90} if kind == "JPEG" else {}), **options)
    return buffer.getvalue()


class Team:
    """What one team handed in, careful at first: ``<class>/<team>/<sequence>/{images,labels}`` and three lists.

    Attributes:
        folder: on disk.
        place: the same in the submissions folder, as findings write it.
        name: what the team was called when it was still careful.
    """

    def __init__(self, root: Path, place: str, numbers: Iterator[int]) -> None:
        self.root, self.place, self.folder = root, place, root / place
        self.class_name, self.name = place.split("/")
        self.shots: list[Shot] = []
        self.expects: list[Expect] = []
        self.checks: list[Check] = []
        for sequence in SEQUENCES:
            for index in range(FRAMES):
                self._film(sequence, index, next(numbers))
        for split in ("train", "val", "test"):
            self.write(f"{split}.txt", self.list_text(split))

    def _film(self, sequence: int, index: int, number: int) -> None:
        boxes = clean_boxes(self.class_name, sequence, index)
        path = self.folder / f"{sequence}/images/frame_{index:06d}.jpg"
        shot = Shot(sequence, index, number, path, clean_split(sequence, index), boxes)
        self.shots.append(shot)
        self.write(path, encoded(draw(number, boxes)))
        self.write(self.label(shot), yolo_text(shot))

    def __getitem__(self, place: tuple[int, int]) -> Shot:
        """The shot of a sequence (1, 2, 3) and an index (0 to 5)."""
        return next(s for s in self.shots if (s.sequence, s.index) == place)

    @property
    def sequences(self) -> list[list[Shot]]:
        return [[s for s in self.shots if s.sequence == number] for number in SEQUENCES]

    def write(self, path: Path | str, content: str | bytes) -> Path:
        """A file; a relative path begins at the team's folder."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def label(self, shot: Shot) -> Path:
        """Where the label file of a picture lies, before anything is moved."""
        return self.folder / f"{shot.sequence}/labels/{shot.path.stem}.txt"

    def relative(self, shot: Shot) -> str:
        return shot.path.relative_to(self.folder).as_posix()

    def list_text(self, split: str, line: Callable[[Shot], str] | None = None) -> str:
        """A list as the course asks for it, or with lines of another writing."""
        line = line or (lambda shot: f"./{self.place}/{self.relative(shot)}")
        return "".join(f"{line(s)}\n" for s in self.shots if s.split == split)

    def rewrite_lists(
        self, line: Callable[[Shot], str] | None = None, text: Callable[[str], str | bytes] = lambda text: text
    ) -> None:
        """All three lists again, every line and then the whole text in another writing."""
        for split in ("train", "val", "test"):
            self.write(f"{split}.txt", text(self.list_text(split, line)))

    def rewrite_labels(self, text: Callable[[str], str | bytes]) -> None:
        """Every label file changed."""
        for shot in self.shots:
            path = self.label(shot)
            self.write(path, text(path.read_text(encoding="utf-8")))

    def drop_labels(self) -> None:
        for shot in self.shots:
            self.label(shot).unlink()
            if not any(self.label(shot).parent.iterdir()):
                self.label(shot).parent.rmdir()

    def drop_lists(self) -> None:
        for split in ("train", "val", "test"):
            (self.folder / f"{split}.txt").unlink()

    def forget_splits(self) -> None:
        """No lists, and no split that anybody can know."""
        self.drop_lists()
        for shot in self.shots:
            shot.split = ""

    def move(self, shot: Shot, path: Path | str) -> None:
        """A picture to another place (relative: below the team's folder); its label stays."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shot.path.rename(target)
        shot.path = target

    def rename_uniquely(self) -> None:
        """``frame_000003.jpg`` of sequence 2 becomes ``seq2_frame_000003.jpg``, its label too; lists follow."""
        for shot in self.shots:
            label = self.label(shot)
            self.move(shot, shot.path.with_name(f"seq{shot.sequence}_{shot.path.name}"))
            label.rename(self.label(shot))
        self.rewrite_lists()

    def redraw(self, shot: Shot, data: bytes, name: str = "") -> None:
        """Other bytes in place of a picture, perhaps under another name."""
        shot.path.unlink()
        shot.path = self.write(shot.path.with_name(name or shot.path.name), data)

    def lose(self, *shots: Shot, known_as: str = "") -> None:
        """From now on these cannot be had: none may come out, and a finding must name each."""
        for shot in shots:
            shot.fate = "lost"
            shot.known_as += (known_as,) if known_as else ()

    def expect(self, about: str = "", file: str = "", action: str = "") -> None:
        """A finding about this team that must be there."""
        self.expects.append(Expect(about, file, action))


def clean_boxes(name: str, sequence: int, index: int) -> list[Box]:
    """One object that wanders, a second one in sequence 2; the last frame of sequence 3 shows none."""
    if sequence == 3 and index == FRAMES - 1:
        return []
    x, y = 8 + 6 * sequence + 3 * index, 10 + 4 * sequence + 2 * index
    boxes = [Box(name, x, y, x + 30 + sequence, y + 24)]
    if sequence == 2:
        boxes.append(Box(name, 100 - 2 * index, 40 + index, 124 - 2 * index, 72 + index))
    return boxes


def clean_split(sequence: int, index: int) -> str:
    """Sequence 1 and the first half of 2 train, the rest of 2 validates, 3 tests."""
    return "test" if sequence == 3 else "val" if sequence == 2 and index >= FRAMES // 2 else "train"


def yolo_text(shot: Shot, ids: Callable[[str], int | str] = lambda name: 0) -> str:
    """The label file as CVAT writes it; ``ids`` says what stands for a class."""
    w, h = shot.wh
    return "".join(
        f"{ids(b.name)} {(b.x1 + b.x2) / 2 / w:.6f} {(b.y1 + b.y2) / 2 / h:.6f} "
        f"{(b.x2 - b.x1) / w:.6f} {(b.y2 - b.y1) / h:.6f}\n"
        for b in shot.boxes
    )


class Cohort:
    """Careful teams below one folder, and the course file beside it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "cohort"
        self.course = folder / "course.yaml"
        self.out = folder / "out" / "dlcv"
        self.teams: list[Team] = []
        self._numbers = iter(range(1, 1 << 16))
        self.root.mkdir(parents=True)
        self.course.write_text(COURSE, encoding="utf-8")

    def team(self, place: str) -> Team:
        """A careful team at ``<class>/<team>``."""
        team = Team(self.root, place, self._numbers)
        self.teams.append(team)
        return team
