"""Exports of other tools, and the class names that they write."""

from __future__ import annotations

import base64
import csv
import io
import json
import random
import re

from defects import writers
from defects.cohort import Shot, Team, encoded, yolo_text
from PIL import Image

Rng = random.Random

SUBSETS = {"train": "Train", "val": "Validation", "test": "Test"}
"""What CVAT offers when a task of a project is created."""


def _with_subsets(shots: list[Shot], subset_of: dict[int, str]) -> str:
    """CVAT for images out of a project: ``<image id name subset task_id width height>``; ``subset_of`` by number."""
    text = writers.cvat_images_xml(shots, None, lambda s: f"{s.sequence}/{s.path.name}")
    for i, shot in enumerate(shots):
        text = text.replace(f'<image id="{i}" ', f'<image id="{i}" subset="{subset_of[shot.number]}" task_id="7" ')
    return text


def cvat_subsets_of_a_project(team: Team, rng: Rng) -> None:
    """No lists: the project's one annotations.xml knows the subset of each picture."""
    team.drop_labels()
    team.drop_lists()
    team.write("annotations.xml", _with_subsets(team.shots, {s.number: SUBSETS[s.split] for s in team.shots}))


def cvat_subset_of_each_task(team: Team, rng: Rng) -> None:
    """No lists: each sequence was a task, and its annotations.xml says of which subset."""
    team.drop_labels()
    team.drop_lists()
    for shots, split in zip(team.sequences, ("val", "test", "train"), strict=True):
        text = writers.cvat_images_xml(shots).replace("<mode>", f"<subset>{SUBSETS[split]}</subset><mode>")
        team.write(f"{shots[0].sequence}/annotations.xml", text)
        for shot in shots:
            shot.split = split


def cvat_subsets_beside_lists(team: Team, rng: Rng) -> None:
    """The subsets were chosen long before the lists were written: the lists count."""
    team.drop_labels()
    team.write(
        "annotations.xml", _with_subsets(team.shots, {s.number: rng.choice([*SUBSETS.values()]) for s in team.shots})
    )


def cvat_subset_of_everything(team: Team, rng: Rng) -> None:
    """Everything is of the subset `Train`, which says nothing: a split is made."""
    team.drop_labels()
    team.drop_lists()
    team.write("annotations.xml", _with_subsets(team.shots, dict.fromkeys([s.number for s in team.shots], "Train")))
    for shot in team.shots:
        shot.split = ""
    team.expect("no split was handed in")


def cvat_file_of_each_split(team: Team, rng: Rng) -> None:
    """train.xml, val.xml, test.xml: Datumaro's CVAT export."""
    team.drop_labels()
    team.drop_lists()
    for split in SUBSETS:
        shots = [s for s in team.shots if s.split == split]
        team.write(f"{split}.xml", writers.cvat_images_xml(shots, None, lambda s: f"{s.sequence}/{s.path.name}"))


def labels_named_with_their_sequence(team: Team, rng: Rng) -> None:
    """All labels in one folder: labels/1_frame_000000.txt for 1/images/frame_000000.jpg. Read so, or said."""
    for shot in team.shots:
        team.write(f"labels/{shot.sequence}_{shot.path.stem}.txt", yolo_text(shot))
        shot.maybe, shot.boxes = shot.boxes, []
    team.drop_labels()
    team.expect("", "")


def kitti(team: Team, rng: Rng) -> None:
    """image_2/ and label_2/ of KITTI: name, truncated, occluded, alpha, corners, and seven numbers of no use."""
    team.drop_labels()
    for shot in team.shots:
        text = "".join(
            f"{b.name} 0.00 0 -10 {b.x1:.2f} {b.y1:.2f} {b.x2:.2f} {b.y2:.2f} -1 -1 -1 -1000 -1000 -1000 -10\n"
            for b in shot.boxes
        )
        team.write(f"{shot.sequence}/label_2/{shot.path.stem}.txt", text)
        team.move(shot, f"{shot.sequence}/image_2/{shot.path.name}")
    team.rewrite_lists()


def oriented_boxes(team: Team, rng: Rng) -> None:
    """Ultralytics' OBB: the four corners of each box as shares."""
    for shot in team.shots:
        w, h = shot.wh
        lines = [" ".join(f"{v:.6f}" for x, y in writers.corners(b) for v in (x / w, y / h)) for b in shot.boxes]
        team.write(team.label(shot), "".join(f"0 {line}\n" for line in lines))


def _studio_shapes(shot: Shot) -> list[dict[str, object]]:
    w, h = shot.wh
    return [
        {"x": 100 * b.x1 / w, "y": 100 * b.y1 / h, "width": 100 * (b.x2 - b.x1) / w, "height": 100 * (b.y2 - b.y1) / h,
         "rotation": 0, "rectanglelabels": [b.name], "original_width": w, "original_height": h}
        for b in shot.boxes
    ]  # fmt: skip


def label_studio_csv(team: Team, rng: Rng) -> None:
    """Label Studio's CSV per sequence: shapes as JSON in a cell, uploads with a prefix."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        file = io.StringIO()
        rows = csv.writer(file)
        rows.writerow(["annotation_id", "annotator", "created_at", "id", "image", "label", "lead_time", "updated_at"])
        for i, shot in enumerate(shots):
            cell = json.dumps(_studio_shapes(shot)) if shot.boxes else ""
            rows.writerow([i, "zoe@ecole.fr", "", i, f"/data/upload/3/{i:08x}-{shot.path.name}", cell, 3.2, ""])
        team.write(f"{number}/project-3-at-2024-01-12.csv", file.getvalue())


def label_studio_yolo(team: Team, rng: Rng) -> None:
    """Label Studio's YOLO export per sequence: images/ and labels/ with a prefix, classes.txt, notes.json."""
    for shot in team.shots:
        label = team.label(shot)
        team.move(shot, shot.path.with_name(f"{shot.number:08x}-{shot.path.name}"))
        label.rename(team.label(shot))
        team.write(team.label(shot), yolo_text(shot, lambda name: 1))
    team.rewrite_lists()
    for number in (1, 2, 3):
        team.write(f"{number}/classes.txt", f"prise\n{team.class_name}\n")
        notes = {"categories": [{"id": 0, "name": "prise"}, {"id": 1, "name": team.class_name}], "info": {"year": 2024}}
        team.write(f"{number}/notes.json", json.dumps(notes))


def label_studio_yolo_notes_only(team: Team, rng: Rng) -> None:
    """The same, but classes.txt was not handed in: notes.json knows the names."""
    label_studio_yolo(team, rng)
    for number in (1, 2, 3):
        (team.folder / f"{number}/classes.txt").unlink()


def coco_beside_image_info(team: Team, rng: Rng) -> None:
    """COCO's own layout: annotations/instances.json beside image_info.json without any annotation."""
    team.drop_labels()
    text = writers.coco_json(team.shots, lambda s: f"{s.sequence}/images/{s.path.name}")
    team.write("annotations/instances_all.json", text)
    info = json.loads(text) | {"annotations": [], "categories": []}
    team.write("annotations/image_info_all.json", json.dumps(info))


def coco_with_key_points(team: Team, rng: Rng) -> None:
    """person_keypoints.json: a bbox and key points."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        content = json.loads(writers.coco_json(shots))
        for one in content["annotations"]:
            one |= {"keypoints": [10, 10, 2, 0, 0, 0], "num_keypoints": 1, "iscrowd": 0}
        for one in content["categories"]:
            one |= {"keypoints": ["a", "b"], "skeleton": [[1, 2]]}
        team.write(f"{number}/person_keypoints.json", json.dumps(content))


def coco_predictions_beside(team: Team, rng: Rng) -> None:
    """predictions.json of Ultralytics' val beside good labels: a model's boxes are no annotation."""
    for number, shots in enumerate(team.sequences, 1):
        rows = [
            {"image_id": s.path.stem, "category_id": 1, "bbox": [b.x1 + 9, b.y1 + 9, 20, 20], "score": 0.8}
            for s in shots
            for b in [*s.boxes, *s.boxes]
        ]
        team.write(f"{number}/predictions.json", json.dumps(rows))


def coco_boxes_as_text(team: Team, rng: Rng) -> None:
    """bbox: ["8", "10", ...]: somebody's own script."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        content = json.loads(writers.coco_json(shots))
        for one in content["annotations"]:
            one["bbox"] = [str(v) for v in one["bbox"]]
        team.write(f"{number}/c.json", json.dumps(content))


def coco_names_as_urls(team: Team, rng: Rng) -> None:
    """file_name: https://host/bucket/2/images/frame_000001.jpg?raw=1"""
    team.drop_labels()
    text = writers.coco_json(team.shots, lambda s: f"https://h.fr/b/{s.sequence}/images/{s.path.name}?raw=1")
    team.write("instances.json", text)


def createml_of_roboflow(team: Team, rng: Rng) -> None:
    """train, valid and test with _annotations.createml.json in each."""
    team.drop_labels()
    team.drop_lists()
    for split, folder in (("train", "train"), ("val", "valid"), ("test", "test")):
        rows = []
        for shot in [s for s in team.shots if s.split == split]:
            team.move(shot, f"{folder}/s{shot.sequence}_{shot.path.stem}_jpg.rf.{shot.number:032x}.jpg")
            notes = [
                {"label": b.name, "coordinates": {"x": (b.x1 + b.x2) / 2, "y": (b.y1 + b.y2) / 2,
                                                   "width": b.x2 - b.x1, "height": b.y2 - b.y1}}
                for b in shot.boxes
            ]  # fmt: skip
            rows.append({"image": shot.path.name, "annotations": notes})
        team.write(f"{folder}/_annotations.createml.json", json.dumps(rows))


def supervisely(team: Team, rng: Rng) -> None:
    """A Supervisely project: meta.json, and per sequence img/ and ann/frame_000000.jpg.json."""
    team.drop_labels()
    team.write("meta.json", json.dumps({"classes": [{"title": team.class_name, "shape": "rectangle"}], "tags": []}))
    for shot in team.shots:
        objects = [
            {"classTitle": b.name, "geometryType": "rectangle", "tags": [],
             "points": {"exterior": [[b.x1, b.y1], [b.x2, b.y2]], "interior": []}}
            for b in shot.boxes
        ]  # fmt: skip
        text = json.dumps({"description": "", "size": {"height": shot.wh[1], "width": shot.wh[0]}, "objects": objects})
        team.write(f"{shot.sequence}/ann/{shot.path.name}.json", text)
        team.move(shot, f"{shot.sequence}/img/{shot.path.name}")
    team.rewrite_lists()


def labelme_with_masks(team: Team, rng: Rng) -> None:
    """LabelMe 5.3: shape_type mask with a PNG inside, the picture itself as imageData, flags and groups."""
    team.drop_labels()
    for shot in team.shots:
        data = base64.b64encode(shot.path.read_bytes()).decode()
        shapes = []
        for b in shot.boxes:
            size = (int(b.x2 - b.x1), int(b.y2 - b.y1))
            mask = base64.b64encode(encoded(Image.new("1", size, 1), "PNG")).decode()
            points = [[b.x1, b.y1], [b.x2, b.y2]]
            shapes.append({"label": b.name, "points": points, "group_id": None, "description": "", "flags": {},
                           "shape_type": "mask", "mask": mask})  # fmt: skip
        content = {"version": "5.4.1", "flags": {}, "shapes": shapes, "imagePath": f"..\\images\\{shot.path.name}",
                   "imageData": data, "imageHeight": shot.wh[1], "imageWidth": shot.wh[0]}  # fmt: skip
        team.write(f"{shot.sequence}/json/{shot.path.stem}.json", json.dumps(content))


def vott_assets(team: Team, rng: Rng) -> None:
    """VoTT's own JSON per picture, `<hash>-asset.json`: read, or said loudly."""
    team.drop_labels()
    for shot in team.shots:
        regions = [
            {"id": f"r{i}", "type": "RECTANGLE", "tags": [b.name],
             "boundingBox": {"height": b.y2 - b.y1, "width": b.x2 - b.x1, "left": b.x1, "top": b.y1},
             "points": [{"x": x, "y": y} for x, y in writers.corners(b)]}
            for i, b in enumerate(shot.boxes)
        ]  # fmt: skip
        asset = {"format": "jpg", "id": f"{shot.number:032x}", "name": shot.path.name, "type": 1, "state": 2,
                 "path": f"file:C:/Users/zoe/{shot.sequence}/images/{shot.path.name}",
                 "size": {"width": shot.wh[0], "height": shot.wh[1]}}  # fmt: skip
        text = json.dumps({"asset": asset, "regions": regions, "version": "2.2.0"})
        team.write(f"vott/{shot.number:032x}-asset.json", text)
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect("", "asset.json")


def voc_with_decimal_commas(team: Team, rng: Rng) -> None:
    """<xmin>12,5</xmin>: a script on a French Windows."""
    team.drop_labels()
    for shot in team.shots:
        shot.boxes = [b._replace(x1=b.x1 + 0.5) for b in shot.boxes]
        text = re.sub(r"(\d+)\.5<", r"\1,5<", writers.voc_xml(shot))
        team.write(f"{shot.sequence}/annotations/{shot.path.stem}.xml", text)


def mot_of_cvat(team: Team, rng: Rng) -> None:
    """CVAT's MOT 1.1 per sequence: gt/gt.txt and gt/labels.txt. Read, or said."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        rows = [
            f"{i + 1},1,{b.x1},{b.y1},{b.x2 - b.x1},{b.y2 - b.y1},1,1,1.0" for i, s in enumerate(shots) for b in s.boxes
        ]
        team.write(f"{number}/gt/gt.txt", "\n".join(rows) + "\n")
        team.write(f"{number}/gt/labels.txt", f"{team.class_name}\n")
        for shot in shots:
            shot.maybe, shot.boxes = shot.boxes, []
    team.expect("", "gt/gt.txt")


def _take_second_name(team: Team) -> None:
    """The labels' ids, which are all 0, become 1."""
    team.rewrite_labels(lambda text: re.sub(r"(?m)^0", "1", text))


def names_with_quoted_keys(team: Team, rng: Rng) -> None:
    """data.yaml: names: {'0': prise, '1': velo}"""
    team.write("data.yaml", f"nc: 2\nnames:\n  '0': prise\n  '1': {team.class_name}\n")
    _take_second_name(team)


def names_that_yaml_takes_for_booleans(team: Team, rng: Rng) -> None:
    """data.yaml: names: [no, velo]: YAML reads False; the ids of the second name must not slip."""
    team.write("data.yaml", f"nc: 2\nnames: [no, {team.class_name}]\n")
    _take_second_name(team)


def names_in_one_line_with_semicolons(team: Team, rng: Rng) -> None:
    """classes.txt: prise;velo"""
    team.write("classes.txt", f"prise;{team.class_name}\n")
    _take_second_name(team)


def names_below_a_comment(team: Team, rng: Rng) -> None:
    """classes.txt: `# classes`, prise, velo"""
    team.write("classes.txt", f"# classes\nprise\n{team.class_name}\n")
    _take_second_name(team)


def names_in_the_plural(team: Team, rng: Rng) -> None:
    """obj.names: `vélos`. Asked, never dropped in silence."""
    for number in (1, 2, 3):
        team.write(f"{number}/obj.names", f"{team.class_name}s\n")
    for shot in team.shots:
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect(f"{team.class_name}s")


def names_in_json(team: Team, rng: Rng) -> None:
    """classes.json: ["prise", "velo"]"""
    team.write("classes.json", json.dumps(["prise", team.class_name]))
    _take_second_name(team)


def yolo_numbers_in_a_table(team: Team, rng: Rng) -> None:
    """labels.csv: filename,class,x_center,y_center,width,height in 0..1"""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        rows = ["filename,class,x_center,y_center,width,height"]
        for s in shots:
            for line in yolo_text(s, lambda name: name).splitlines():
                rows.append(",".join([s.path.name, *line.split()]))
        team.write(f"{number}/labels.csv", "\n".join(rows) + "\n")


def yolo_lines_behind_names(team: Team, rng: Rng) -> None:
    """labels.txt per sequence: `frame_000000.jpg 0 0.5 0.5 0.2 0.3`. Read, or said."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        rows = [f"{s.path.name} {line}" for s in shots for line in yolo_text(s).splitlines()]
        team.write(f"{number}/labels.txt", "\n".join(rows) + "\n")
        for shot in shots:
            shot.maybe, shot.boxes = shot.boxes, []
    team.expect("", "labels.txt")


def labels_in_rtf(team: Team, rng: Rng) -> None:
    """One member corrected three labels in TextEdit."""
    for shot in team.sequences[1][:3]:
        body = yolo_text(shot).replace("\n", "\\\n")
        team.write(team.label(shot), "{\\rtf1\\ansi\n{\\fonttbl\\f0 Menlo;}\n\\f0 " + body + "}")


def names_of_two_tools(team: Team, rng: Rng) -> None:
    """notes.json and classes.txt of Label Studio disagree in their order: said."""
    for shot in team.shots:
        team.write(team.label(shot), yolo_text(shot, lambda name: 1))
        shot.maybe, shot.boxes = shot.boxes, []
    team.write("classes.txt", f"prise\n{team.class_name}\n")
    team.write(
        "notes.json", json.dumps({"categories": [{"id": 0, "name": team.class_name}, {"id": 1, "name": "prise"}]})
    )


def a_dataset_of_roboflow_obb(team: Team, rng: Rng) -> None:
    """Roboflow's YOLOv8 OBB: corners behind the class, data.yaml, train/valid/test."""
    team.drop_lists()
    for shot in team.shots:
        w, h = shot.wh
        lines = [" ".join(f"{v:.6f}" for x, y in writers.corners(b) for v in (x / w, y / h)) for b in shot.boxes]
        folder = {"train": "train", "val": "valid", "test": "test"}[shot.split]
        label = team.label(shot)
        name = f"s{shot.sequence}_{shot.path.stem}_jpg.rf.{shot.number:032x}"
        team.write(f"{folder}/labelTxt/{name}.txt", "".join(f"0 {line}\n" for line in lines))
        label.unlink()
        team.move(shot, f"{folder}/images/{name}.jpg")
    team.write(
        "data.yaml",
        f"train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 1\nnames: ['{team.class_name}']\n",
    )
