"""Real submissions: what comes out is what small hand-written readers say must come out, box by box."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from labtools.artifacts.dataset import open_dataset, read_boxes, read_manifest
from labtools.core.boxes import iou_matrix, xywhn_to_xyxy
from labtools.prepare.pipeline import PrepareResult, prepare

pytestmark = pytest.mark.long

SETS = ("raccoon", "pen_akalya", "street", "emylag", "ships", "yolomark")
ARCHIVES = {"pen_akalya": "archive.zip!/", "street": "Car on the Street Dataset.zip!/"}
COURSE = "names: [raccoon, Ships, PEN, butterfly, air, bird, Car, Person, Road, Roof, Building]\n"


@pytest.fixture(scope="module")
def expected(wild: Path) -> dict[str, Any]:
    return dict(json.loads((wild / "expected.json").read_text(encoding="utf-8")))


def compare(result: PrepareResult, truth: dict[str, Any], prefix: str = "") -> None:
    """Every picture of ``expected.json``: there, in its split, with its boxes and no others.

    ``prefix`` is where the dataset lies in the submissions; a team's pictures are found by their source.
    """
    dataset = open_dataset(result.out)
    manifest = read_manifest(dataset)
    manifest = manifest[manifest["source"].str.startswith(prefix)].set_index("source")
    boxes = read_boxes(dataset)
    assert len(manifest) == len(truth["images"])
    for image in truth["images"]:
        # Of members, expected.json gives the path in the archive.
        places = {prefix + image["path"], *(f"{prefix}{archive}{image['path']}" for archive in ARCHIVES.values())}
        sources = [s for s in manifest.index if s in places]
        assert len(sources) == 1, image["path"]
        row = manifest.loc[sources[0]]
        compare_image(image, row, boxes[boxes["image"] == row["image"]])


def compare_image(image: dict[str, Any], row: pd.Series, found: pd.DataFrame) -> None:
    where = image["path"]
    assert [row["width"], row["height"]] == image["wh"], where
    assert image["split"] in {"none", row["split"]}, where
    wanted = [b for b in image["boxes"] if not b[0].startswith("id")]  # ships: ids without a name are refused
    assert len(found) == len(wanted), where
    if image["state"] == "unlabelled":
        assert row["state"] == "unlabelled", where
    if not wanted:
        return
    assert row["state"] == "boxes"
    corners = xywhn_to_xyxy(found[["x", "y", "w", "h"]].to_numpy(), (row["width"], row["height"]))
    iou = iou_matrix([b[1:] for b in wanted], corners)
    partner = iou.argmax(axis=1)
    assert sorted(partner) == list(range(len(wanted))), where
    assert iou.max(axis=1).min() > 0.995, where
    assert [b[0] for b in wanted] == [found["class_name"].iloc[i] for i in partner], where


def codes(result: PrepareResult, team: str = "") -> dict[str, int]:
    return {
        count.code: sum(c.count for c in result.summary.findings if c.code == count.code and c.team.startswith(team))
        for count in result.summary.findings
        if count.team.startswith(team)
    }


def check_reports(result: PrepareResult, name: str, team: str) -> None:
    """The `rules` of expected.json that say what must be reported."""
    found = codes(result, team)
    if name == "raccoon":
        twins = [f for f in result.findings if f.code == "image-twice" and f.team == team]
        assert len(twins) == 4 and all("different boxes" in f.message for f in twins)
        assert found["split-no-val"] == 1
    if name == "pen_akalya":
        assert found["split-made"] == 1
        assert found["image-suffix"] == 10
    if name == "street":  # the XML has 125 boxes of 5 classes, the JSON 100 of them: never both
        differ = [f for f in result.findings if f.code == "annotations-differ" and f.team == team]
        assert [f.file.rpartition("/")[2] for f in differ] == ["instances.json"]
        assert "100 boxes agree" in differ[0].message and "25 are only in" in differ[0].message
        assert "format-unsupported" not in found
    if name == "emylag":
        assert found["coco-categories-same-name"] == 3
        assert found["file-not-used"] == 3
    if name == "ships":
        assert found["class-id-without-name"] == 23
        assert found["image-unlabelled"] == 12
        assert found["annotation-without-image"] == 8
    if name == "yolomark":
        assert found["list-absent"] == 1
        assert found["split-val-is-train"] == 1


@pytest.mark.parametrize("name", SETS)
def test_each_alone(name: str, wild: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    result = prepare(wild / name, tmp_path / "out")
    compare(result, expected[name])
    check_reports(result, name, name)
    assert list(result.names) == list(dict.fromkeys(expected[name]["names_declared"]))


@pytest.mark.parametrize("layout", ["class/team", "anything/team", "team"])
@pytest.mark.parametrize("with_course", [True, False])
def test_all_as_one_cohort(
    layout: str, with_course: bool, wild: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    folders = {
        "raccoon": "raccoon",
        "pen_akalya": "pen",
        "emylag": "Butterfly",
        "ships": "ships",
        "yolomark": "Air",
        "street": "Car",
    }
    cohort = tmp_path / "cohort"
    where = {}
    for name in SETS:
        where[name] = {"class/team": f"{folders[name]}/{name}", "anything/team": f"lot 1/{name}", "team": name}[layout]
        copy_tree(wild / name, cohort / where[name])
    course = None
    if with_course:
        course = tmp_path / "course.yaml"
        course.write_text(COURSE, encoding="utf-8")
    result = prepare(cohort, tmp_path / "out", course)
    assert result.is_cohort
    for name in SETS:
        compare(result, expected[name], f"{where[name]}/")
        check_reports(result, name, name)


def test_the_folder_as_it_lies_needs_no_course(wild: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    real_course = Path(__file__).resolve().parents[2] / "configs" / "course.yaml"
    result = prepare(wild, tmp_path / "out", fallback_course=real_course)
    assert result.course is None
    for name in SETS:
        compare(result, expected[name], f"{name}/")


def copy_tree(source: Path, target: Path) -> None:
    """Links would do as well, but a cohort on disk is what a teacher has."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
