"""What other tools and habits leave behind: exports of whole projects, runs, copies and sidecars among the data."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import random
import re
import zipfile

from defects import writers
from defects.cohort import Shot, Team, draw, encoded, yolo_text
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


def _strange(team: Team, path: str, number: int, wh: tuple[int, int] = (128, 96), kind: str = "JPEG") -> None:
    """A picture that is none of the team's data, with a number that no truth knows."""
    team.write(path, encoded(draw(60000 + number, [], wh), kind))


def _no_split(team: Team) -> None:
    team.drop_lists()
    for shot in team.shots:
        shot.split = ""


def raw_frames_beside(team: Team, rng: Rng) -> None:
    """The frames as ffmpeg cut them out lie in raw/, without labels, and no list says which ones count."""
    _no_split(team)
    for shot in team.shots:
        team.write(f"raw/{shot.sequence}/{shot.path.name}", shot.path.read_bytes())


def a_training_run_beside(team: Team, rng: Rng) -> None:
    """They zipped their whole project, with runs/detect/train of Ultralytics; there are no lists."""
    _no_split(team)
    for number, name in enumerate(
        (
            "results.png",
            "confusion_matrix.png",
            "labels.jpg",
            "train_batch0.jpg",
            "val_batch0_pred.jpg",
            "BoxPR_curve.png",
        )
    ):
        _strange(team, f"runs/detect/train/{name}", number, kind="PNG" if name.endswith("png") else "JPEG")
    team.write("runs/detect/train/args.yaml", "task: detect\nmode: train\nmodel: yolov8n.pt\ndata: data.yaml\n")
    team.write("runs/detect/train/results.csv", "epoch,time,train/box_loss\n1,3.2,1.1\n")
    team.write("runs/detect/train/weights/best.pt", b"PK\x03\x04 weights")
    team.expect("", "runs")


def predictions_of_a_run_beside(team: Team, rng: Rng) -> None:
    """runs/detect/predict with save_txt: drawn frames of the same names, and labels with a confidence."""
    for shot in team.shots:
        _strange(team, f"runs/detect/predict/{shot.sequence}/{shot.path.name}", shot.number)
        team.write(f"runs/detect/predict/{shot.sequence}/labels/{shot.path.stem}.txt", "0 0.31 0.32 0.2 0.2 0.87\n")


def thumbnails_of_a_nas(team: Team, rng: Rng) -> None:
    """@eaDir of a Synology, .thumbnails of a phone; there are no lists."""
    _no_split(team)
    for shot in team.shots:
        at = f"{shot.sequence}/images/@eaDir/{shot.path.name}"
        _strange(team, f"{at}/SYNOPHOTO_THUMB_M.jpg", shot.number, (64, 48))
        _strange(team, f"{shot.sequence}/images/.thumbnails/{shot.path.name}", 100 + shot.number, (64, 48))


def a_virtual_environment(team: Team, rng: Rng) -> None:
    """venv/ with the pictures of its packages; there are no lists."""
    _no_split(team)
    team.write("venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.4\n")
    _strange(team, "venv/lib/python3.11/site-packages/ultralytics/assets/bus.jpg", 1)
    _strange(team, "venv/lib/python3.11/site-packages/matplotlib/mpl-data/images/home.png", 2, kind="PNG")


def things_thrown_away(team: Team, rng: Rng) -> None:
    """.Trash-1000 and $RECYCLE.BIN of a USB stick; there are no lists."""
    _no_split(team)
    _strange(team, ".Trash-1000/files/frame_000009.jpg", 1)
    _strange(team, "$RECYCLE.BIN/S-1-5-21/$RAB12.jpg", 2)


def caches_of_ultralytics(team: Team, rng: Rng) -> None:
    """labels.cache beside labels, train.cache beside the lists."""
    for number in (1, 2, 3):
        team.write(f"{number}/labels.cache", b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}" + bytes(200))
    team.write("train.cache", b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}" + bytes(200))


def sidecars_of_google(team: Team, rng: Rng) -> None:
    """Google Takeout: frame_000000.jpg.json with title and date beside each picture."""
    for shot in team.shots:
        text = json.dumps({"title": shot.path.name, "photoTakenTime": {"timestamp": "1700000000"}, "geoData": {}})
        team.write(shot.path.with_name(f"{shot.path.name}.json"), text)


def conflicted_copies_of_labels(team: Team, rng: Rng) -> None:
    """Dropbox kept both: `frame_000001 (Copie en conflit de Zoe 2024-01-12).txt`, an older one with one box less."""
    for shot in team.shots:
        if len(shot.boxes) > 1:
            older = yolo_text(shot).splitlines(keepends=True)[0]
            name = f"{shot.path.stem} (Copie en conflit de Zoe 2024-01-12).txt"
            team.write(f"{shot.sequence}/labels/{name}", older)
    team.expect("", "conflit")


def backups_of_exiftool(team: Team, rng: Rng) -> None:
    """frame_000000.jpg_original beside each picture; there are no lists."""
    _no_split(team)
    for shot in team.shots:
        _strange(team, f"{shot.sequence}/images/{shot.path.name}_original", shot.number)


def links_within_the_tree(team: Team, rng: Rng) -> None:
    """The pictures of sequence 1 are symbolic links to pool/: read, or named."""
    for shot in team.sequences[0]:
        target = team.write(f"pool/{shot.number}.jpg", shot.path.read_bytes())
        shot.path.unlink()
        shot.path.symlink_to(os.path.relpath(target, shot.path.parent))
        shot.fate = "either"


def labels_named_with_their_sequence(team: Team, rng: Rng) -> None:
    """All labels in one folder: labels/1_frame_000000.txt for 1/images/frame_000000.jpg. Read so, or said."""
    for shot in team.shots:
        team.write(f"labels/{shot.sequence}_{shot.path.stem}.txt", yolo_text(shot))
        shot.maybe, shot.boxes = shot.boxes, []
    team.drop_labels()
    team.expect("", "")


def splits_above_sequences(team: Team, rng: Rng) -> None:
    """train/1/images, val/2/images, test/3/images, and no lists."""
    team.drop_lists()
    for shots, split in zip(team.sequences, ("train", "val", "test"), strict=True):
        _into(team, shots, split, f"{split}/{shots[0].sequence}")


def splits_in_names_of_sequences(team: Team, rng: Rng) -> None:
    """train_1, val_2, test_3 as sequences, and no lists."""
    team.drop_lists()
    for shots, split in zip(team.sequences, ("train", "val", "test"), strict=True):
        _into(team, shots, split, f"{split}_{shots[0].sequence}")


def splits_behind_names_of_sequences(team: Team, rng: Rng) -> None:
    """`1 (test)`, `2 (train)`, `3 (val)`, and no lists."""
    team.drop_lists()
    for shots, split in zip(team.sequences, ("test", "train", "val"), strict=True):
        _into(team, shots, split, f"{shots[0].sequence} ({split})")


def splits_below_sequences(team: Team, rng: Rng) -> None:
    """1/train/images, 1/val/images ... in each sequence, and no lists."""
    team.drop_lists()
    for shot in team.shots:
        label = team.label(shot)
        team.write(f"{shot.sequence}/{shot.split}/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"{shot.sequence}/{shot.split}/images/{shot.path.name}")


def _into(team: Team, shots: list[Shot], split: str, place: str) -> None:
    for shot in shots:
        label = team.label(shot)
        team.write(f"{place}/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"{place}/images/{shot.path.name}")
        shot.split = split


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


def names_with_quoted_keys(team: Team, rng: Rng) -> None:
    """data.yaml: names: {'0': prise, '1': velo}"""
    team.write("data.yaml", f"nc: 2\nnames:\n  '0': prise\n  '1': {team.class_name}\n")
    team.rewrite_labels(lambda text: re.sub(r"(?m)^0", "1", text))


def names_that_yaml_takes_for_booleans(team: Team, rng: Rng) -> None:
    """data.yaml: names: [no, velo]: YAML reads False; the ids of the second name must not slip."""
    team.write("data.yaml", f"nc: 2\nnames: [no, {team.class_name}]\n")
    team.rewrite_labels(lambda text: re.sub(r"(?m)^0", "1", text))


def names_in_one_line_with_semicolons(team: Team, rng: Rng) -> None:
    """classes.txt: prise;velo"""
    team.write("classes.txt", f"prise;{team.class_name}\n")
    team.rewrite_labels(lambda text: re.sub(r"(?m)^0", "1", text))


def names_below_a_comment(team: Team, rng: Rng) -> None:
    """classes.txt: `# classes`, prise, velo"""
    team.write("classes.txt", f"# classes\nprise\n{team.class_name}\n")
    team.rewrite_labels(lambda text: re.sub(r"(?m)^0", "1", text))


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
    team.rewrite_labels(lambda text: re.sub(r"(?m)^0", "1", text))


def masks_beside(team: Team, rng: Rng) -> None:
    """SegmentationClass/ and SegmentationObject/ with a PNG per picture, as CVAT writes them; there are no lists."""
    _no_split(team)
    for shot in team.shots:
        for folder in ("SegmentationClass", "SegmentationObject"):
            _strange(team, f"{shot.sequence}/{folder}/{shot.path.stem}.png", shot.number, kind="PNG")


def masks_of_roboflow(team: Team, rng: Rng) -> None:
    """frame_000000_mask.png beside each picture, and _classes.csv; there are no lists."""
    _no_split(team)
    for shot in team.shots:
        _strange(team, f"{shot.sequence}/images/{shot.path.stem}_mask.png", shot.number, kind="PNG")
    team.write("_classes.csv", f"Pixel Value, Class\n0, background\n1, {team.class_name}\n")


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


def lists_by_ls(team: Team, rng: Rng) -> None:
    """ls -l > train.txt"""
    team.rename_uniquely()
    team.rewrite_lists(
        lambda s: f"-rw-r--r-- 1 zoe zoe  41236 janv. 12 10:15 {s.path.name}", lambda text: f"total 4312\n{text}"
    )


def lists_by_dir(team: Team, rng: Rng) -> None:
    """dir > train.txt on Windows"""
    team.rename_uniquely()
    head = " Le volume dans le lecteur C s'appelle Windows\n\n Répertoire de C:\\Users\\Zoé\\velo\n\n"
    team.rewrite_lists(
        lambda s: f"12/01/2024  10:15            41 236 {s.path.name}",
        lambda text: (head + text + "               6 fichier(s)          247 416 octets\n").replace("\n", "\r\n"),
    )


def lists_by_tree(team: Team, rng: Rng) -> None:
    """tree > train.txt"""
    team.rename_uniquely()
    team.rewrite_lists(lambda s: f"│   ├── {s.path.name}", lambda text: f".\n{text}\n0 directories, 6 files\n")


def lists_in_rtf(team: Team, rng: Rng) -> None:
    """A Mac's TextEdit saved train.txt as rich text under that name. Read, or said."""
    head = "{\\rtf1\\ansi\\ansicpg1252\\cocoartf2639\n{\\fonttbl\\f0\\fswiss Helvetica;}\n\\f0\\fs24 \\cf0 "
    team.rewrite_lists(text=lambda text: head + text.replace("\n", "\\\n") + "}")


def lists_of_globs(team: Team, rng: Rng) -> None:
    """`1/images/*.jpg`: patterns instead of names."""
    for shots, split in zip(team.sequences, ("train", "val", "test"), strict=True):
        for shot in shots:
            shot.split = split
        team.write(f"{split}.txt", f"./{team.place}/{shots[0].sequence}/images/*.jpg\n")


def lists_with_labels_beside(team: Team, rng: Rng) -> None:
    """`1/images/frame_000000.jpg 1/labels/frame_000000.txt` in each line"""
    team.rewrite_lists(lambda s: f"{team.relative(s)} {s.sequence}/labels/{s.path.stem}.txt")


def lists_of_ranges(team: Team, rng: Rng) -> None:
    """`frame_000000 - frame_000005`: not read, and said."""
    for split in ("train", "val", "test"):
        team.write(f"{split}.txt", "frame_000000 - frame_000005\n")
    for shot in team.shots:
        shot.split, shot.fate = "", "either"
    team.expect("", "train.txt")


def a_yaml_of_sequences(team: Team, rng: Rng) -> None:
    """split.yaml: train: [1], val: [2], test: [3]"""
    team.drop_lists()
    team.write("split.yaml", "train: [1]\nval: [2]\ntest: [3]\n")
    for shot in team.shots:
        shot.split = ("train", "val", "test")[shot.sequence - 1]


def lists_in_a_zip(team: Team, rng: Rng) -> None:
    """splits.zip with the three lists."""
    with zipfile.ZipFile(team.folder / "splits.zip", "w") as archive:
        for split in ("train", "val", "test"):
            archive.writestr(f"{split}.txt", team.list_text(split))
    team.drop_lists()


def lists_by_numpy(team: Team, rng: Rng) -> None:
    """print(numpy.array(train)): quotes, blanks between, lines that wrap."""

    def text(plain: str) -> str:
        lines = [f"'{line}'" for line in plain.splitlines()]
        return "[" + "\n ".join(" ".join(lines[i : i + 2]) for i in range(0, len(lines), 2)) + "]\n"

    team.rewrite_lists(text=text)


def lists_by_pandas(team: Team, rng: Rng) -> None:
    """print(series): a number before each path, `Name: path, dtype: object` at the end."""

    def text(plain: str) -> str:
        rows = [f"{i}    {line}" for i, line in enumerate(plain.splitlines())]
        return "\n".join(rows) + f"\nName: path, Length: {len(rows)}, dtype: object\n"

    team.rewrite_lists(text=text)


def lists_as_arrays(team: Team, rng: Rng) -> None:
    """train.npy, val.pkl, test.npy: not read, and said."""
    team.drop_lists()
    team.write("train.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '<U40', 'fortran_order': False, 'shape': (9,)}")
    team.write("val.pkl", b"\x80\x04\x95")
    for shot in team.shots:
        shot.split = ""
    team.expect("", "train.npy")
    team.expect("", "val.pkl")


def pictures_of_netpbm(team: Team, rng: Rng) -> None:
    """.ppm: converted, or named."""
    for shot in team.sequences[0]:
        team.redraw(shot, encoded(draw(shot.number, shot.boxes), "PPM"), f"{shot.path.stem}.ppm")
        shot.fate = "either"


def pictures_of_tga(team: Team, rng: Rng) -> None:
    """.tga: converted, or named."""
    for shot in team.sequences[0]:
        team.redraw(shot, encoded(draw(shot.number, shot.boxes), "TGA"), f"{shot.path.stem}.tga")
        shot.fate = "either"


def pictures_of_two_lenses(team: Team, rng: Rng) -> None:
    """.jpg that are MPO: a phone with two lenses. The first counts."""
    for shot in team.sequences[0]:
        buffer = io.BytesIO()
        image = draw(shot.number, shot.boxes)
        image.save(buffer, "MPO", save_all=True, append_images=[image], quality=90)
        team.redraw(shot, buffer.getvalue())


def suffix_jpe(team: Team, rng: Rng) -> None:
    """.jpe, .jfif, .JPE"""
    for shot in team.shots:
        team.move(shot, shot.path.with_suffix((".jpe", ".jfif", ".JPE")[shot.index % 3]))
    team.rewrite_lists()


def turned_webp(team: Team, rng: Rng) -> None:
    """WEBP and TIFF with an EXIF orientation: shown turned, and so the boxes are meant."""
    for shot in team.sequences[0]:
        stored = draw(shot.number, shot.boxes).transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[274] = 6
        kind = ("WEBP", "TIFF")[shot.index % 2]
        buffer = io.BytesIO()
        stored.save(buffer, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
        team.redraw(shot, buffer.getvalue(), f"{shot.path.stem}.{kind.lower()}")
    team.rewrite_lists()


def tar_by_zstandard(team: Team, rng: Rng) -> None:
    """.tar.zst beside a good submission: not read, and said."""
    team.write("sequence4.tar.zst", b"\x28\xb5\x2f\xfd" + bytes(300))
    team.expect("", "sequence4.tar.zst")


def volumes_of_a_zip(team: Team, rng: Rng) -> None:
    """equipe.zip.001 and .002, and the .z01 of Info-ZIP: not read, and said."""
    team.write("suite.zip.001", b"PK\x03\x04" + bytes(300))
    team.write("suite.zip.002", bytes(300))
    team.write("autre.z01", b"PK\x07\x08PK\x03\x04" + bytes(300))
    team.expect("", "suite.zip.001")
    team.expect("", "suite.zip.002")
    team.expect("", "autre.z01")


def two_versions_in_archives(team: Team, rng: Rng) -> None:
    """rendu_v1.zip and rendu_v2.zip; the second has the boxes that the first lacks. Said; each picture once."""
    for version in (1, 2):
        with zipfile.ZipFile(team.folder / f"rendu_v{version}.zip", "w") as archive:
            for shot in team.shots:
                text = yolo_text(shot)
                if version == 1:
                    text = "".join(text.splitlines(keepends=True)[:1])
                archive.writestr(f"{shot.sequence}/images/{shot.path.name}", shot.path.read_bytes())
                archive.writestr(f"{shot.sequence}/labels/{shot.path.stem}.txt", text)
    for shot in team.shots:
        shot.path.unlink()
        shot.maybe, shot.boxes = shot.boxes[1:], shot.boxes[:1]
        shot.known_as = tuple(f"{team.place}/rendu_v{n}.zip!/{team.relative(shot)}" for n in (1, 2))
    team.drop_labels()
    team.expect("", "rendu_v")


def nothing_but_a_readme(team: Team, rng: Rng) -> None:
    """The team's folder holds a README and nothing else: said."""
    import shutil

    for path in team.folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    team.shots.clear()
    team.write("README.md", "voir le drive")
    team.expect("no picture", team.place)


def a_run_beside_lists(team: Team, rng: Rng) -> None:
    """YOLOv5's runs/train/exp with its opt.yaml, beside lists and data.yaml."""
    for number, name in enumerate(("results.png", "train_batch0.jpg", "val_batch0_labels.jpg")):
        _strange(team, f"yolov5/runs/train/exp3/{name}", number, kind="PNG" if name.endswith("png") else "JPEG")
    team.write("yolov5/runs/train/exp3/opt.yaml", "weights: yolov5s.pt\nimgsz: 640\ndata: data.yaml\n")
    team.write("yolov5/data/coco128.yaml", "names:\n  0: person\n  1: bicycle\n")
    team.write("yolov5/data/images/bus.txt", "")


def a_clone_of_yolov5(team: Team, rng: Rng) -> None:
    """The clone of yolov5 lies in their folder, with data/*.yaml of other classes; their labels have no names."""
    team.write(
        "yolov5/data/coco.yaml",
        "path: ../datasets/coco\ntrain: train2017.txt\nval: val2017.txt\nnames:\n  0: person\n  1: bicycle\n",
    )
    team.write(
        "yolov5/models/yolov5s.yaml", "nc: 80\ndepth_multiple: 0.33\nbackbone:\n  [[-1, 1, Conv, [64, 6, 2, 2]]]\n"
    )
    team.write("yolov5/requirements.txt", "torch>=1.8\nopencv-python\n")
    _strange(team, "yolov5/data/images/bus.jpg", 3)


def labels_of_predictions_only_beside(team: Team, rng: Rng) -> None:
    """predictions/ with a txt per picture of six columns beside labels/."""
    for shot in team.shots:
        team.write(
            f"{shot.sequence}/predictions/{shot.path.stem}.txt", "0 0.31 0.32 0.2 0.2 0.87\n0 0.7 0.7 0.1 0.1 0.4\n"
        )


def lists_in_french_rtf(team: Team, rng: Rng) -> None:
    """train.rtf with accents in a folder name, as \\'e9."""
    for shot in team.shots:
        label = team.label(shot)
        team.write(f"été_{shot.sequence}/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"été_{shot.sequence}/images/{shot.path.name}")
    for split in ("train", "val", "test"):
        body = team.list_text(split).replace("é", "\\'e9").replace("\n", "\\par\n")
        team.write(f"{split}.rtf", "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\n" + body + "}")
        (team.folder / f"{split}.txt").unlink()


def labels_in_rtf(team: Team, rng: Rng) -> None:
    """One member corrected three labels in TextEdit."""
    for shot in team.sequences[1][:3]:
        body = yolo_text(shot).replace("\n", "\\\n")
        team.write(team.label(shot), "{\\rtf1\\ansi\n{\\fonttbl\\f0 Menlo;}\n\\f0 " + body + "}")


def a_split_word_in_one_sequence(team: Team, rng: Rng) -> None:
    """Sequences `1`, `2`, `test_3`, no lists: the word of one of them is no split of all."""
    _no_split(team)
    for shot in team.sequences[2]:
        label = team.label(shot)
        team.write(f"test_3/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"test_3/images/{shot.path.name}")


def takes_of_a_test(team: Team, rng: Rng) -> None:
    """test1, test2, test3: takes, and no lists; a split is made."""
    _no_split(team)
    for shot in team.shots:
        label = team.label(shot)
        team.write(f"test{shot.sequence}/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"test{shot.sequence}/images/{shot.path.name}")
    team.checks.append(
        lambda rows: (f"{len({r['split'] for r in rows})} splits" for _ in [0] if len({r["split"] for r in rows}) < 3)
    )


def pictures_in_a_folder_called_masks(team: Team, rng: Rng) -> None:
    """masks/ is the only folder of pictures of a sequence: pictures all the same."""
    _no_split(team)
    for shot in team.shots:
        label = team.label(shot)
        team.write(f"{shot.sequence}/masks/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        png = encoded(draw(shot.number, shot.boxes), "PNG")
        shot.path.unlink()
        shot.path = team.write(f"{shot.sequence}/masks/{shot.path.stem}.png", png)


def a_frozen_video(team: Team, rng: Rng) -> None:
    """Two frames are the same to the byte, and only one has a label; there are no lists. Both stay."""
    _no_split(team)
    first, second = team[1, 2], team[1, 3]
    second.path.write_bytes(first.path.read_bytes())
    second.number, second.boxes = first.number, []
    team.label(second).unlink()


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
