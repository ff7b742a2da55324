"""The mess: one function per way in which a submission really arrived broken.

Each takes a team that has handed in properly (see `handing_in`) and changes its folder in place. Its docstring is
what the demo's README of the cohort says about it.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from labtools.core.files import write_bytes, write_text
from labtools.demo.film import WH
from labtools.demo.handing_in import Team, label_text, list_texts

_LONG_AGO = (2024, 1, 15, 12, 0, 0)  # a fixed date in archives: the same cohort, byte for byte


def notepad_lists(team: Team) -> None:
    """Split lists saved by Notepad: byte-order mark, CRLF line ends, spaces after the paths."""
    for split, text in list_texts(team).items():
        spoiled = "\ufeff" + "".join(f"{line}  \r\n" for line in text.splitlines())
        write_bytes(team.folder / f"{split}.txt", spoiled.encode("utf-8"))


def windows_paths(team: Team) -> None:
    """Split lists with the absolute Windows paths of a student's laptop, in quotes."""
    home = "C:\\Users\\Léa Martin\\Desktop\\DLCV"
    for split, text in list_texts(team).items():
        lines = (line.removeprefix(".").replace("/", "\\") for line in text.splitlines())
        write_text(team.folder / f"{split}.txt", "".join(f'"{home}{line}"\n' for line in lines))


def cvat_zips(team: Team) -> None:
    """Labels left inside the CVAT "YOLO 1.1" zips, one per sequence, every class id 0."""
    for sequence, frames in team.takes.items():
        shutil.rmtree(team.folder / str(sequence) / "labels")
        names = [f"frame_{index:06d}" for index in range(len(frames))]
        members = {
            "obj.names": f"{team.class_name}\n",
            "obj.data": "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n",
            "train.txt": "".join(f"data/obj_train_data/{name}.jpg\n" for name in names),
        }
        for name, frame in zip(names, frames, strict=True):
            members[f"obj_train_data/{name}.txt"] = label_text(frame, {team.class_name: 0})
        _zip(team.folder / str(sequence) / "task_yolo 1.1.zip", members)


def stray_names(team: Team) -> None:
    """Folders called "Images " and "LABELS", a team folder with spaces and accents."""
    for sequence in team.takes:
        folder = team.folder / str(sequence)
        (folder / "images").rename(folder / "Images ")
        (folder / "labels").rename(folder / "LABELS")
    team.folder.rename(team.folder.with_name("Les Écolos "))


def french_numbers(team: Team) -> None:
    """Labels with decimal commas, tabs between the numbers and blank lines (a spreadsheet was involved)."""
    for path in sorted(team.folder.glob("*/labels/*.txt")):
        text = path.read_text(encoding="utf-8").replace(".", ",").replace(" ", "\t")
        write_text(path, "\n" + text + "\n\n")


def pascal_voc(team: Team) -> None:
    """Pascal VOC XML files instead of YOLO labels."""
    for sequence, frames in team.takes.items():
        shutil.rmtree(team.folder / str(sequence) / "labels")
        for index, frame in enumerate(frames):
            root = ElementTree.Element("annotation")
            ElementTree.SubElement(root, "folder").text = "images"
            ElementTree.SubElement(root, "filename").text = team.image(sequence, index).name
            _add_numbers(ElementTree.SubElement(root, "size"), width=WH[0], height=WH[1], depth=3)
            for kind, (x1, y1, x2, y2) in zip(frame.kinds, frame.xyxy, strict=True):
                element = ElementTree.SubElement(root, "object")
                ElementTree.SubElement(element, "name").text = kind.capitalize()
                corners = {"xmin": x1, "ymin": y1, "xmax": x2, "ymax": y2}
                _add_numbers(ElementTree.SubElement(element, "bndbox"), **corners)
            ElementTree.indent(root)
            text = ElementTree.tostring(root, encoding="unicode")
            write_text(team.folder / str(sequence) / "annotations" / f"frame_{index:06d}.xml", text + "\n")


def coco_json(team: Team) -> None:
    """One COCO JSON file per sequence instead of YOLO labels."""
    for sequence, frames in team.takes.items():
        shutil.rmtree(team.folder / str(sequence) / "labels")
        images = [
            {"id": i, "file_name": team.image(sequence, i).name, "width": WH[0], "height": WH[1]}
            for i in range(len(frames))
        ]
        annotations = [
            {"image_id": i, "bbox": [round(v, 2) for v in (x1, y1, x2 - x1, y2 - y1)]}
            for i, frame in enumerate(frames)
            for x1, y1, x2, y2 in frame.xyxy.tolist()
        ]
        numbered = [{"id": k, "category_id": 1, "iscrowd": 0, **a} for k, a in enumerate(annotations, start=1)]
        categories = [{"id": 1, "name": team.class_name}]
        content = {"images": images, "categories": categories, "annotations": numbered}
        write_text(team.folder / str(sequence) / "instances_default.json", json.dumps(content, indent=1) + "\n")


def no_lists(team: Team) -> None:
    """No train.txt, val.txt or test.txt at all."""
    for split in ("train", "val", "test"):
        (team.folder / f"{split}.txt").unlink()


def muddled_lists(team: Team) -> None:
    """Images listed twice, in two splits, or listed though they were never handed in."""
    texts = list_texts(team)
    first = texts["train"].splitlines()[0]
    texts["train"] += f"{first}\n{team.listed(1, 999)}\n"
    texts["val"] += f"{texts['test'].splitlines()[-1]}\n"
    for split, text in texts.items():
        write_text(team.folder / f"{split}.txt", text)


def broken_upload(team: Team) -> None:
    """An upload that broke off: a truncated and an empty image, an orphan label, and what file managers leave."""
    truncated, empty = team.image(2, 1), team.image(3, 2)
    write_bytes(truncated, truncated.read_bytes()[:900])
    write_bytes(empty, b"")
    team.image(1, 3).unlink()
    write_bytes(team.folder / "1" / "images" / "Thumbs.db", b"\xd0\xcf\x11\xe0 thumbnails")
    write_bytes(team.folder / ".DS_Store", b"\x00\x00\x00\x01Bud1")
    write_bytes(team.folder / "__MACOSX" / "._train.txt", b"\x00\x05\x16\x07")


def careless_boxes(team: Team) -> None:
    """Boxes past the border, drawn twice, with a sixth column, impossible numbers; annotation stops half-way."""
    _edit(team.label(1, 0), lambda text: text + text)
    _edit(team.label(1, 1), lambda text: text + "0 0.98 0.5 0.2 0.3\n")
    _edit(team.label(1, 2), lambda text: "".join(f"{line} 1.0\n" for line in text.splitlines()))
    _edit(team.label(2, 0), lambda text: text + "0 nan 0.5 0.1 0.1\n0 0.5 0.5 0.0 0.2\n")
    _edit(team.label(2, 1), lambda text: text + "0 0.5 0.5\n")
    for index in (2, 3):
        team.label(3, index).unlink()


def two_classes(team: Team) -> None:
    """A guest of another team's class, labelled with ids of the team's own obj.names."""
    kinds = sorted({kind for frames in team.takes.values() for frame in frames for kind in frame.kinds})
    names = [team.class_name, *(kind for kind in kinds if kind != team.class_name)]
    write_text(team.folder / "obj.names", "".join(f"{name}\n" for name in names))
    for sequence, frames in team.takes.items():
        for index, frame in enumerate(frames):
            write_text(team.label(sequence, index), label_text(frame, {name: i for i, name in enumerate(names)}))


def _zip(path: Path, members: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), text)


def _add_numbers(parent: ElementTree.Element, **values: float) -> None:
    for name, value in values.items():
        ElementTree.SubElement(parent, name).text = f"{value:g}"


def _edit(path: Path, change: Callable[[str], str]) -> None:
    write_text(path, change(path.read_text(encoding="utf-8")))
