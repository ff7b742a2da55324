"""One annotation file for all pictures of a team: each finding still says, and shows, which picture it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.prepare.pipeline import prepare

Picture = Callable[..., bytes]
IMAGES = [f"{sequence}/images/frame_{frame:06d}.jpg" for sequence in (1, 2, 3) for frame in range(3)]
WH = (64, 48)
WRONG = IMAGES[4]
"""Its box reaches far beyond the picture."""


def box_of(image: str) -> tuple[int, int, int, int]:
    """xyxy, pixels."""
    return (40, 10, 90, 30) if image == WRONG else (10, 10, 30 + IMAGES.index(image), 30)


def cvat() -> tuple[str, str]:
    found = []
    for image in IMAGES:
        x1, y1, x2, y2 = box_of(image)
        box = f'<box label="velo" xtl="{x1}" ytl="{y1}" xbr="{x2}" ybr="{y2}" occluded="0"></box>'
        found.append(f'<image id="0" name="{image}" width="64" height="48">\n{box}\n</image>\n')
    return "annotations.xml", f"<annotations>\n{''.join(found)}</annotations>\n"


def coco() -> tuple[str, str]:
    images = [{"id": i, "file_name": image, "width": 64, "height": 48} for i, image in enumerate(IMAGES)]
    boxes = [
        {"id": i, "image_id": i, "category_id": 1, "bbox": [x1, y1, x2 - x1, y2 - y1]}
        for i, (x1, y1, x2, y2) in enumerate(map(box_of, IMAGES))
    ]
    content = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "velo"}]}
    return "instances.json", json.dumps(content)


def via() -> tuple[str, str]:
    found = {}
    for image in IMAGES:
        x1, y1, x2, y2 = box_of(image)
        shape = {"name": "rect", "x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1}
        region = {"shape_attributes": shape, "region_attributes": {"class": "velo"}}
        found[image] = {"filename": image, "size": 1, "regions": [region]}
    return "via_export.json", json.dumps(found)


def table() -> tuple[str, str]:
    rows = [f"{image},64,48,velo,{','.join(map(str, box_of(image)))}\n" for image in IMAGES]
    return "boxes.csv", f"filename,width,height,class,xmin,ymin,xmax,ymax\n{''.join(rows)}"


WRITERS = {writer.__name__: writer for writer in (cvat, coco, via, table)}
LINES = {"cvat": f":{2 + 3 * IMAGES.index(WRONG) + 1}", "table": f":{2 + IMAGES.index(WRONG)}"}
"""Where the file tells them."""


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory, picture: Picture) -> Path:
    """The folder of the sheets of one team per format."""
    base = tmp_path_factory.mktemp("many")
    for number, (team, writer) in enumerate(WRITERS.items()):
        root = base / "in/velo" / team
        for seed, image in enumerate(IMAGES):
            (root / image).parent.mkdir(parents=True, exist_ok=True)
            (root / image).write_bytes(picture(100 * number + seed, WH))
        name, content = writer()
        (root / name).write_text(content, encoding="utf-8")
    (base / "course.yaml").write_text("names: [velo]\nlanguage: fr\n", encoding="utf-8")
    prepare(base / "in", base / "out", base / "course.yaml")
    return base / "out" / "teams"


@pytest.mark.parametrize("team", WRITERS)
def test_the_picture_is_named_and_shown(team: str, teams: Path) -> None:
    name = WRITERS[team]()[0]
    for suffix, title in ((".md", "A box that reaches beyond the picture"), (".fr.md", "Une boîte qui dépasse")):
        text = (teams / f"velo__{team}{suffix}").read_text(encoding="utf-8")
        section = text.partition(f". {title}")[2].partition("### ")[0]
        assert f"`{name}{LINES.get(team, '')} ({WRONG})`" in section, text
        shown = re.search(r"\]\((pictures/[^)]+)\)\\\n`(.+)`", section)
        assert shown is not None and shown[2] == WRONG.replace("images/", ""), section
        assert (teams / shown[1]).stat().st_size > 500
    assert sorted(path.name for path in teams.glob("pictures/*")) == sorted(
        {link for sheet in teams.glob("*.md") for link in re.findall(r"pictures/([^)]+)\)", sheet.read_text("utf-8"))}
    )
