"""Annotations made to keep a computer busy: each ends soon, as a finding, and costs the other pictures nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labtools.artifacts.dataset import open_dataset, read_boxes
from labtools.prepare.formats import MOST_BOXES
from labtools.prepare.pipeline import check, prepare

Put = Callable[[str, str | bytes], Path]

BILLION = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "lol"}">' for i in range(12))
OBJECT = "<object><name>{}</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"


def voc(name: str, head: str = "") -> str:
    return f'<?xml version="1.0"?>{head}<annotation><filename>a.jpg</filename>{OBJECT.format(name)}</annotation>'


def coco(boxes: int) -> str:
    box = {"image_id": 1, "category_id": 1, "bbox": [5, 5, 20, 20]}
    image = {"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}
    return json.dumps({"images": [image], "categories": [{"id": 1, "name": "x"}], "annotations": [box] * boxes})


TOWER = "<object>" * 3000 + "</object>" * 3000
BOMBS = {
    "entities": ("a.xml", voc("&a11;", f"<!DOCTYPE a [{BILLION}]>"), "xml-unreadable"),
    "another file": ("a.xml", voc("&x;", '<!DOCTYPE a [<!ENTITY x SYSTEM "/etc/hosts">]>'), "xml-unreadable"),
    "a tower of elements": ("a.xml", f"<annotation>{TOWER}</annotation>", "xml-unreadable"),
    "a million lines": ("a.txt", "0 .5 .5 .1 .1\n" * 1_000_000, "annotation-crowded"),
    "as many boxes in JSON": ("boxes.json", coco(MOST_BOXES + 1), "annotation-crowded"),
    "a tower of brackets": ("boxes.json", coco(1).replace("[5,", "[" * 100_000), "json-unreadable"),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs(bomb: str, put: Put, tmp_path: Path, picture: Callable[..., bytes]) -> None:
    name, text, code = BOMBS[bomb]
    put("in/a.jpg", picture(1))
    put("in/b.jpg", picture(2))
    put("in/b.txt", "0 .5 .5 .1 .1\n")
    put(f"in/{name}", text)
    start = time.process_time()
    result = check(tmp_path / "in", None)
    assert time.process_time() - start < 4
    assert code in {finding.code for finding in result.findings if finding.file == name}
    assert sum(count.boxes for splits in result.summary.classes.values() for count in splits.values()) == 1


def test_a_crowd_is_compared_like_a_few(put: Put, tmp_path: Path, picture: Callable[..., bytes]) -> None:
    """Beyond some hundred boxes another way of looking for twins is taken: it finds the same."""
    corners = np.random.default_rng(1).integers(0, 900_000, (1000, 2))
    lines = [f"0 {(x + 20_000) / 1e6:.6f} {(y + 20_000) / 1e6:.6f} 0.040000 0.040000" for x, y in corners.tolist()]
    put("in/a.jpg", picture(1))
    put("in/b.jpg", picture(2))
    put("in/a.txt", "\n".join([*lines, lines[0], lines[7]]))
    put("in/b.txt", "\n".join([*lines[:100], lines[3]]))
    put("in/classes.txt", "ball\n")
    prepare(tmp_path / "in", tmp_path / "out", None)
    boxes = read_boxes(open_dataset(tmp_path / "out"))
    assert sorted(boxes.groupby("image").size()) == [100, 1000]
    crowd = boxes[boxes["image"].str.endswith("a.jpg")]
    written = [f"0 {x:.6f} {y:.6f} {w:.6f} {h:.6f}" for x, y, w, h in crowd[["x", "y", "w", "h"]].to_numpy()]
    assert sorted(written) == sorted(lines)
