"""How a careful team hands in: the course's tree, YOLO labels with class id 0, three split lists.

::

    <class>/<team>/<sequence 1..8>/images/frame_%06d.jpg
    <class>/<team>/<sequence 1..8>/labels/frame_%06d.txt
    <class>/<team>/train.txt val.txt test.txt        lines such as ./velo/tic_et_tac/4/images/frame_000002.jpg

`mess` starts from such a folder and does to it what really happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2

from labtools.artifacts.dataset import format_label
from labtools.core.boxes import xyxy_to_xywhn
from labtools.core.files import write_text
from labtools.demo.film import WH
from labtools.demo.simulate import Frame

SPLIT_OF_SEQUENCE = {1: "train", 2: "train", 3: "train", 4: "train", 5: "train", 6: "val", 7: "test", 8: "test"}


@dataclass(frozen=True)
class Team:
    """One team as it hands in.

    Attributes:
        class_name: the class it films.
        folder: its folder ``<submissions>/<class>/<team>``.
        takes: sequence number (from 1) -> frames.
    """

    class_name: str
    folder: Path
    takes: dict[int, list[Frame]]

    def image(self, sequence: int, frame: int) -> Path:
        return self.folder / str(sequence) / "images" / f"frame_{frame:06d}.jpg"

    def label(self, sequence: int, frame: int) -> Path:
        return self.folder / str(sequence) / "labels" / f"frame_{frame:06d}.txt"

    def listed(self, sequence: int, frame: int) -> str:
        """The line of a split list for an image, as the course asks for it."""
        return "./" + self.image(sequence, frame).relative_to(self.folder.parents[1]).as_posix()


def hand_in(team: Team) -> None:
    """Write images, labels and lists, as asked."""
    for sequence, frames in team.takes.items():
        for index, frame in enumerate(frames):
            path = team.image(sequence, index)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
            write_text(team.label(sequence, index), label_text(frame, {team.class_name: 0}))
    write_lists(team)


def label_text(frame: Frame, ids: dict[str, int]) -> str:
    """The YOLO lines of a frame; kinds without an id are not annotated."""
    boxes: list[list[float]] = xyxy_to_xywhn(frame.xyxy, WH).tolist()
    rows = [(ids[k], x, y, w, h) for k, (x, y, w, h) in zip(frame.kinds, boxes, strict=True) if k in ids]
    return format_label(rows)


def write_lists(team: Team) -> None:
    for split, text in list_texts(team).items():
        write_text(team.folder / f"{split}.txt", text)


def list_texts(team: Team) -> dict[str, str]:
    """Split -> text of its list."""
    texts = {"train": "", "val": "", "test": ""}
    for sequence, frames in team.takes.items():
        lines = (f"{team.listed(sequence, index)}\n" for index in range(len(frames)))
        texts[SPLIT_OF_SEQUENCE[sequence]] += "".join(lines)
    return texts
