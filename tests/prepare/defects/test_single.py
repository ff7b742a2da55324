"""One dataset given directly, without a course: the classes are its own, whatever format names them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from defects.cohort import Cohort, Team
from defects.judge import problems
from defects.registry import kinds

from labtools.prepare.pipeline import PrepareResult, prepare

KINDS = kinds()

# Kinds whose files name the class, so that no folder above has to.
NAMED = (
    "voc_in_place_of_labels", "voc_tree_of_the_devkit", "voc_named_txt", "voc_with_size_zero", "coco_per_sequence",
    "coco_for_the_whole_team", "coco_polygons_without_bbox", "coco_at_twice_the_size", "coco_split_in_file_names",
    "roboflow_coco", "roboflow_yolo", "roboflow_tf_csv", "cvat_images_xml", "cvat_polygons", "cvat_turned_boxes",
    "cvat_video_key_frames", "cvat_and_coco_disagree", "labelme_rectangles", "via_project", "via_csv",
    "tf_csv_as_excel_writes_it", "yolo_with_classes_txt_beside", "yolo_as_ultralytics_wants_it",
    "cvat_yolo_zips", "own_names_own_ids", "names_with_a_bom_and_crlf", "names_in_a_yaml_by_number",
    "names_instead_of_ids", "names_differ_per_sequence", "names_with_numbers_before", "coco_two_categories_of_one_name",
)  # fmt: skip


def alone(team: Team, cohort: Cohort) -> PrepareResult:
    """Prepare the team's folder as if there were nothing above it."""
    cohort.root = team.root = team.folder
    team.place = ""
    return prepare(team.folder, cohort.out)


@pytest.mark.parametrize("name", NAMED)
def test_named_classes(name: str, tmp_path: Path) -> None:
    cohort = Cohort(tmp_path)
    team = cohort.team(f"velo/{name}")
    KINDS[name].spoil(team, random.Random(0))
    for shot in team.shots:  # a single dataset writes its classes as it likes
        shot.boxes = [b._replace(name="VELO" if name == "names_instead_of_ids" else b.name) for b in shot.boxes]
    result = alone(team, cohort)
    assert not result.is_cohort
    assert not problems(cohort)


def test_bare_ids_get_names_of_their_own(tmp_path: Path) -> None:
    cohort = Cohort(tmp_path)
    team = cohort.team("velo/equipe")
    for shot in team.shots:
        shot.boxes = [b._replace(name="class_0") for b in shot.boxes]
    assert alone(team, cohort).names == ("class_0",)
    assert not problems(cohort)


def test_ids_beyond_the_names_are_asked_about(tmp_path: Path) -> None:
    """`nc: 1` in data.yaml, but another id in some labels: two projects were merged by hand."""
    cohort = Cohort(tmp_path)
    team = cohort.team("velo/equipe")
    KINDS["roboflow_yolo"].spoil(team, random.Random(0))
    for shot in (s for s in team.shots if s.sequence == 2):
        label = shot.path.parent.with_name("labels") / f"{shot.path.stem}.txt"
        first, second = label.read_text(encoding="utf-8").splitlines()
        label.write_text(f"{first}\n3{second[1:]}\n", encoding="utf-8")
        shot.boxes = shot.boxes[:1]
    result = alone(team, cohort)
    assert not problems(cohort)
    assert any(f.action.value == "asked" and "3" in f.message for f in result.findings)


def test_a_careful_dataset_with_a_course(tmp_path: Path) -> None:
    """`--course` says what the ids mean."""
    cohort = Cohort(tmp_path)
    team = cohort.team("velo/equipe")
    cohort.root = team.root = team.folder
    team.place = ""
    result = prepare(team.folder, cohort.out, cohort.course)
    assert result.names[0] == "velo" and not problems(cohort)
