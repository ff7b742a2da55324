"""Annotations in every format that the issue's first item names, and pairs of them."""

from __future__ import annotations

import random

from defects import writers
from defects.cohort import Box, Shot, Team, yolo_text

Rng = random.Random


def _beside(team: Team, suffix: str, text: str | bytes, shot: Shot, folder: str = "labels") -> None:
    team.write(f"{shot.sequence}/{folder}/{shot.path.stem}{suffix}", text)


def voc_in_place_of_labels(team: Team, rng: Rng) -> None:
    """They used labelImg and forgot to switch it to YOLO."""
    team.drop_labels()
    for shot in team.shots:
        _beside(team, ".xml", writers.voc_xml(shot), shot, "annotations")


def voc_beside_pictures(team: Team, rng: Rng) -> None:
    """The XML files lie among the pictures, and the pictures were renamed after annotation."""
    team.drop_labels()
    for shot in team.shots:
        _beside(team, ".xml", writers.voc_xml(shot, name=f"IMG_{shot.number}.JPG"), shot, "images")


def voc_with_swapped_corners(team: Team, rng: Rng) -> None:
    """A home-made script wrote xmax before xmin."""
    team.drop_labels()
    for shot in team.shots:
        _beside(team, ".xml", writers.voc_xml(shot, swapped=True), shot)
    team.expect("swapped|corner")


def voc_named_txt(team: Team, rng: Rng) -> None:
    """All XML files were renamed to .txt, because the handout said `labels/*.txt`."""
    team.drop_labels()
    for shot in team.shots:
        _beside(team, ".txt", writers.voc_xml(shot), shot)


def voc_in_utf16(team: Team, rng: Rng) -> None:
    """A Windows tool wrote the XML in UTF-16."""
    team.drop_labels()
    head = '<?xml version="1.0" encoding="UTF-16"?>\n'
    for shot in team.shots:
        _beside(team, ".xml", writers.voc_xml(shot, head).encode("utf-16"), shot)


def voc_in_latin1(team: Team, rng: Rng) -> None:
    """The XML says ISO-8859-1 and means it: the class name has accents."""
    team.drop_labels()
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
    for shot in team.shots:
        _beside(team, ".xml", writers.voc_xml(shot, head).encode("latin-1"), shot)


def voc_with_a_doctype(team: Team, rng: Rng) -> None:
    """One XML declares entities (a billion laughs): it is refused and named, the others are read."""
    team.drop_labels()
    for shot in team.shots:
        _beside(team, ".xml", writers.voc_xml(shot), shot)
    bomb = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>\n'
    victim = team[1, 2]
    _beside(team, ".xml", writers.voc_xml(victim, bomb), victim)
    victim.maybe, victim.boxes = victim.boxes, []
    team.expect(file=f"{victim.path.stem}.xml")


def voc_tree_of_the_devkit(team: Team, rng: Rng) -> None:
    """JPEGImages, Annotations and ImageSets/Main with bare names, as PASCAL hands them out."""
    team.rename_uniquely()
    for shot in team.shots:
        team.write(f"Annotations/{shot.path.stem}.xml", writers.voc_xml(shot))
    team.drop_labels()
    team.drop_lists()
    for shot in team.shots:
        team.move(shot, f"JPEGImages/{shot.path.name}")
    for split in ("train", "val", "test"):
        team.write(f"ImageSets/Main/{split}.txt", team.list_text(split, lambda s: s.path.stem))


def voc_imagesets_with_presence(team: Team, rng: Rng) -> None:
    """ImageSets/Main/velo_train.txt: a name and 1 or -1, as PASCAL's per-class lists have it."""
    voc_tree_of_the_devkit(team, rng)
    for split in ("train", "val", "test"):
        text = team.list_text(split, lambda s: f"{s.path.stem} {1 if s.boxes else -1:2d}")
        (team.folder / f"ImageSets/Main/{split}.txt").unlink()
        team.write(f"ImageSets/Main/{team.class_name}_{split}.txt", text)


def coco_per_sequence(team: Team, rng: Rng) -> None:
    """A COCO file in each sequence's folder, the same picture names in each."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations/instances_default.json", writers.coco_json(shots))


def coco_for_the_whole_team(team: Team, rng: Rng) -> None:
    """One COCO file at the team's root, names with their folders."""
    team.drop_labels()
    team.write("annotations.json", writers.coco_json(team.shots, lambda s: f"images/{s.sequence}/{s.path.name}"))


def coco_polygons_without_bbox(team: Team, rng: Rng) -> None:
    """Polygons only: the boxes around them are meant, and it is said."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/instances.json", writers.coco_json(shots, polygons=True, with_bbox=False))
    team.expect("polygon")


def coco_at_twice_the_size(team: Team, rng: Rng) -> None:
    """The pictures were shrunk after the annotation."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/instances.json", writers.coco_json(shots, scale=2))
    team.expect("size|scale|annotated at")


def coco_ids_as_text(team: Team, rng: Rng) -> None:
    """Ids as strings, no sizes of pictures: an exporter of one's own."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/instances.json", writers.coco_json(shots, text_ids=True, with_size=False))


def coco_named_txt_with_bom(team: Team, rng: Rng) -> None:
    """annotations.txt holds COCO, with a byte-order mark."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.txt", writers.coco_json(shots).encode("utf-8-sig"))


def coco_in_utf16(team: Team, rng: Rng) -> None:
    """PowerShell's > wrote the JSON as UTF-16."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/instances.json", writers.coco_json(shots).encode("utf-16"))


def coco_of_ambiguous_names(team: Team, rng: Rng) -> None:
    """One file for three sequences that all have frame_000000.jpg, names without folders: nothing can be known."""
    team.drop_labels()
    team.write("instances.json", writers.coco_json(team.shots))
    for shot in team.shots:
        shot.boxes = []
    team.expect("any of|ambiguous|could", "instances.json")


def coco_two_categories_of_one_name(team: Team, rng: Rng) -> None:
    """Roboflow's category 0 and the real one bear one name."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        text = writers.coco_json(shots).replace(
            '"categories": [', f'"categories": [{{"id": 0, "name": "{team.class_name}"}}, '
        )
        team.write(f"{number}/_annotations.coco.json", text)


def coco_broken_half_way(team: Team, rng: Rng) -> None:
    """The upload of one sequence's JSON broke off: those boxes are gone, and it is said loudly."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        text = writers.coco_json(shots)
        team.write(f"{number}/instances.json", text if number != 2 else text[: len(text) // 2])
    for shot in team.sequences[1]:
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect(file="2/instances.json")


def roboflow_coco(team: Team, rng: Rng) -> None:
    """train, valid and test with _annotations.coco.json in each, pictures renamed by Roboflow."""
    team.drop_labels()
    team.drop_lists()
    for split, folder in (("train", "train"), ("val", "valid"), ("test", "test")):
        shots = [s for s in team.shots if s.split == split]
        for shot in shots:
            team.move(shot, f"{folder}/seq{shot.sequence}_{shot.path.stem}_jpg.rf.{shot.number:032x}.jpg")
        team.write(f"{folder}/_annotations.coco.json", writers.coco_json(shots, categories=("objects",)))
    team.write("README.dataset.txt", "https://universe.roboflow.com/zoe\n")


def roboflow_yolo(team: Team, rng: Rng) -> None:
    """data.yaml whose paths are one level too high, valid for val, names of Roboflow's."""
    team.drop_lists()
    for shot in team.shots:
        label, folder = team.label(shot), {"val": "valid"}.get(shot.split, shot.split)
        team.move(shot, f"{folder}/images/seq{shot.sequence}_{shot.path.stem}_jpg.rf.{shot.number:032x}.jpg")
        team.write(f"{folder}/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
    team.write(
        "data.yaml",
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 1\n"
        f"names: ['{team.class_name}']\n\nroboflow:\n  workspace: zoe\n  version: 3\n",
    )
    team.write("README.roboflow.txt", "exported\n")


def roboflow_tf_csv(team: Team, rng: Rng) -> None:
    """_annotations.csv in train, valid and test."""
    team.drop_labels()
    team.drop_lists()
    for split, folder in (("train", "train"), ("val", "valid"), ("test", "test")):
        shots = [s for s in team.shots if s.split == split]
        for shot in shots:
            team.move(shot, f"{folder}/seq{shot.sequence}_{shot.path.stem}_jpg.rf.{shot.number:032x}.jpg")
        team.write(f"{folder}/_annotations.csv", writers.tf_csv(shots))


def cvat_images_xml(team: Team, rng: Rng) -> None:
    """CVAT for images, one annotations.xml per sequence."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.xml", writers.cvat_images_xml(shots))


def cvat_images_xml_of_all(team: Team, rng: Rng) -> None:
    """One annotations.xml of the whole project, names with folders."""
    team.drop_labels()
    team.write("annotations.xml", writers.cvat_images_xml(team.shots, None, lambda s: f"{s.sequence}/{s.path.name}"))


def cvat_polygons(team: Team, rng: Rng) -> None:
    """Polygons become boxes, and it is said."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.xml", writers.cvat_images_xml(shots, writers.cvat_polygon))
    team.expect("polygon")


def cvat_turned_boxes(team: Team, rng: Rng) -> None:
    """Boxes with a rotation of 90 degrees: what they cover counts, not their corners before turning."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.xml", writers.cvat_images_xml(shots, writers.cvat_turned_box))


def cvat_masks(team: Team, rng: Rng) -> None:
    """Masks of the segmentation tool: the box around them."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.xml", writers.cvat_images_xml(shots, writers.cvat_mask))


def cvat_xml_named_txt(team: Team, rng: Rng) -> None:
    """The XML was handed in as annotations.txt."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.txt", writers.cvat_images_xml(shots))


def _tracks(shots: list[Shot], keys: set[int] | None = None) -> list[list[writers.TrackBox]]:
    """The boxes of a sequence as tracks, with key frames only, or with all frames and the key frames marked."""
    tracks: list[list[writers.TrackBox]] = []
    for track in range(max(len(s.boxes) for s in shots)):
        seen = [(s.index, s.boxes[track]) for s in shots if len(s.boxes) > track]
        wanted = keys if keys is not None else {seen[0][0], seen[-1][0]}
        boxes = [(i, box, False, True) for i, box in seen if i in wanted]
        if seen[-1][0] + 1 < len(shots):
            boxes.append((seen[-1][0] + 1, seen[-1][1], True, True))
        tracks.append(boxes)
    return tracks


def cvat_video_key_frames(team: Team, rng: Rng) -> None:
    """CVAT for video: only the first and the last box of a track, what lies between is interpolated."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.xml", writers.cvat_video_xml(_tracks(shots), len(shots), shots[0].wh))


def cvat_video_every_frame(team: Team, rng: Rng) -> None:
    """CVAT for video with every frame written, all occluded (which changes nothing)."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        tracks = [
            [(i, box, outside, i in {0, 5}) for i, box, outside, _ in track] for track in _tracks(shots, set(range(6)))
        ]
        team.write(f"{number}/annotations.xml", writers.cvat_video_xml(tracks, len(shots), shots[0].wh, occluded=1))


def cvat_video_leaves_and_returns(team: Team, rng: Rng) -> None:
    """The object leaves at frame 2 (outside) and is back at frame 4."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        gone = [s for s in shots if s.index in {2, 3}]
        track = _tracks(shots, {0, 1, 4, 5})[0]
        box = gone[0].boxes[0]
        track = sorted([*track, (2, box, True, True)], key=lambda t: t[0])
        for shot in gone:
            shot.boxes = shot.boxes[1:]
        rest = _tracks(shots)[1:] if number == 2 else []
        rest = [_tracks_of_second(shots)] if number == 2 else rest
        team.write(f"{number}/annotations.xml", writers.cvat_video_xml([track, *rest], len(shots), shots[0].wh))


def _tracks_of_second(shots: list[Shot]) -> list[writers.TrackBox]:
    """The other object of sequence 2, which stays throughout."""
    first, last = shots[0], shots[-1]
    return [(first.index, first.boxes[-1], False, True), (last.index, last.boxes[-1], False, True)]


def cvat_video_open_end(team: Team, rng: Rng) -> None:
    """A track without an end: its last key frame is frame 3, and it lasts to the end of the task."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        tracks = [[t for t in track if t[0] <= 3] for track in _tracks(shots, {0, 3})]
        for shot in shots:
            if shot.index > 3:
                shot.boxes = list(shots[3].boxes)
        team.write(f"{number}/annotations.xml", writers.cvat_video_xml(tracks, len(shots), shots[0].wh))


def labelme_rectangles(team: Team, rng: Rng) -> None:
    """LabelMe, drawn from the lower right to the upper left, imagePath as on Windows."""
    team.drop_labels()
    for shot in team.shots:
        _beside(team, ".json", writers.labelme_json(shot, folder="..\\images\\", backwards=True), shot)


def labelme_polygons_beside_pictures(team: Team, rng: Rng) -> None:
    """LabelMe polygons, the JSON beside each picture as LabelMe saves it."""
    team.drop_labels()
    for shot in team.shots:
        _beside(team, ".json", writers.labelme_json(shot, "polygon"), shot, "images")
    team.expect("polygon")


def via_project(team: Team, rng: Rng) -> None:
    """A VIA 2 project per sequence."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/via_project_3Jan2024.json", writers.via_json(shots, project=True))


def via_polygons_of_version_one(team: Team, rng: Rng) -> None:
    """VIA 1: regions by number, polygons, the attribute is called otherwise."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        text = writers.via_json(shots, "polygon", "objet", project=False, dicts=True)
        team.write(f"{number}/via_region_data.json", text)
    team.expect("polygon")


def via_csv(team: Team, rng: Rng) -> None:
    """VIA's CSV, with JSON inside its cells."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/via_export_csv.csv", writers.via_csv(shots))


def via_csv_of_ellipses(team: Team, rng: Rng) -> None:
    """Ellipses: the box around them."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/via_export_csv.csv", writers.via_csv(shots, "ellipse"))


def tf_csv_per_split(team: Team, rng: Rng) -> None:
    """train_labels.csv and its like: the boxes and the split in one; the background frame is in no row."""
    team.rename_uniquely()
    team.drop_labels()
    team.drop_lists()
    for split in ("train", "val", "test"):
        shots = [s for s in team.shots if s.split == split]
        team.write(f"data/{split}_labels.csv", writers.tf_csv(shots))
    team[3, 5].fate = "either"


def tf_csv_as_excel_writes_it(team: Team, rng: Rng) -> None:
    """Semicolons, capitals, a byte-order mark and CRLF: Excel in French."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        text = writers.tf_csv(shots, head="Filename,Width,Height,Class,Xmin,Ymin,Xmax,Ymax", delimiter=";")
        team.write(f"{number}/annotations.csv", text.replace("\n", "\r\n").encode("utf-8-sig"))


def tf_csv_named_txt(team: Team, rng: Rng) -> None:
    """The CSV is called boxes.txt and has tabs."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/boxes.txt", writers.tf_csv(shots, delimiter="\t"))


def yolo_polygons(team: Team, rng: Rng) -> None:
    """YOLO segmentation: the box around the polygon, and it is said."""

    def line(box: Box, shot: Shot) -> str:
        return "0 " + " ".join(f"{x / shot.wh[0]:.6f} {y / shot.wh[1]:.6f}" for x, y in writers.diamond(box)) + "\n"

    for shot in team.shots:
        team.write(team.label(shot), "".join(line(b, shot) for b in shot.boxes))
    team.expect("polygon")


def yolo_with_classes_txt_beside(team: Team, rng: Rng) -> None:
    """labelImg: labels and classes.txt in the picture folder, own class second, pictures and labels mixed."""
    ids = {team.class_name: 1}
    for shot in team.shots:
        team.label(shot).unlink()
        _beside(team, ".txt", yolo_text(shot, ids.__getitem__), shot, "images")
    for number in (1, 2, 3):
        team.write(f"{number}/images/classes.txt", f"personne\n{team.class_name}\n")


def yolo_as_ultralytics_wants_it(team: Team, rng: Rng) -> None:
    """images/<split>/ and labels/<split>/ with dataset.yaml, names by number."""
    team.drop_lists()
    for shot in team.shots:
        label = team.label(shot)
        team.move(shot, f"images/{shot.split}/seq{shot.sequence}_{shot.path.name}")
        team.write(f"labels/{shot.split}/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
    team.write(
        "dataset.yaml",
        f"path: /home/zoe/datasets/velo\ntrain: images/train\nval: images/val\ntest: images/test\n"
        f"names:\n  0: {team.class_name}\n",
    )


def two_formats_that_agree(team: Team, rng: Rng) -> None:
    """YOLO labels and VOC of the same boxes: each box once."""
    for shot in team.shots:
        _beside(team, ".xml", writers.voc_xml(shot), shot, "annotations")


def two_formats_that_disagree(team: Team, rng: Rng) -> None:
    """COCO knows every box; the YOLO labels were made before the second object was annotated."""
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/instances.json", writers.coco_json(shots))
    for shot in team.sequences[1]:
        text = team.label(shot).read_text(encoding="utf-8")
        team.write(team.label(shot), text.splitlines(keepends=True)[0])
    team.expect("also annotated|disagree|second time|differ|fewer|twice")


def two_formats_half_each(team: Team, rng: Rng) -> None:
    """One member used labelImg, the other CVAT: each picture has one annotation."""
    for shot in team.shots:
        if shot.sequence == 1:
            team.label(shot).unlink()
            _beside(team, ".xml", writers.voc_xml(shot), shot)


def cvat_and_coco_disagree(team: Team, rng: Rng) -> None:
    """CVAT's XML is complete, the COCO export is older and lacks the pictures from frame 3 on."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.xml", writers.cvat_images_xml(shots))
        team.write(f"{number}/instances_default.json", writers.coco_json(shots[:3]))


def coco_split_in_file_names(team: Team, rng: Rng) -> None:
    """instances_train2017.json, instances_val2017.json, instances_test2017.json, and pictures in one folder."""
    team.rename_uniquely()
    team.drop_labels()
    team.drop_lists()
    for shot in team.shots:
        team.move(shot, f"images/{shot.path.name}")
    for split in ("train", "val", "test"):
        shots = [s for s in team.shots if s.split == split]
        team.write(f"annotations/instances_{split}2017.json", writers.coco_json(shots))


def coco_with_paths_of_a_laptop(team: Team, rng: Rng) -> None:
    """file_name is an absolute Windows path."""
    team.drop_labels()
    text = writers.coco_json(team.shots, lambda s: f"C:\\Users\\Zoé\\dlcv\\{s.sequence}\\images\\{s.path.name}")
    team.write("coco.json", text)


def coco_of_a_whole_class_of_pictures(team: Team, rng: Rng) -> None:
    """The file also lists pictures that were never handed in: said, nothing else."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        ghost = Shot(
            number, 99, 0, shots[0].path.with_name("frame_000099.jpg"), "", [Box(team.class_name, 1, 1, 50, 50)]
        )
        team.write(f"{number}/instances.json", writers.coco_json([*shots, ghost]))
    team.expect("frame_000099", "1/instances.json", "left out")


def coco_categories_in_another_order(team: Team, rng: Rng) -> None:
    """Each sequence's file numbers its categories in its own way."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        before = [[], ["prise"], ["frise", "prise"]][number - 1]
        team.write(f"{number}/instances.json", writers.coco_json(shots, categories=before))


def voc_with_parts(team: Team, rng: Rng) -> None:
    """Objects have parts with boxes of their own (head, hand): only the objects are meant."""
    team.drop_labels()
    part = "<part><name>roue</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part>"
    for shot in team.shots:
        _beside(team, ".xml", writers.voc_xml(shot).replace("</object>", f"{part}</object>"), shot)


def voc_with_size_zero(team: Team, rng: Rng) -> None:
    """<width>0</width>: the tool did not know the size; the boxes are pixels of the picture."""
    team.drop_labels()
    for shot in team.shots:
        text = (
            writers.voc_xml(shot)
            .replace(f"<width>{shot.wh[0]}<", "<width>0<")
            .replace(f"<height>{shot.wh[1]}<", "<height>0<")
        )
        _beside(team, ".xml", text, shot)


def voc_of_shrunk_pictures(team: Team, rng: Rng) -> None:
    """The pictures were halved after annotation: the XML still has the old size and boxes."""
    from defects.cohort import draw, encoded

    team.drop_labels()
    for shot in team.shots:
        _beside(team, ".xml", writers.voc_xml(shot), shot)
        half = (shot.wh[0] // 2, shot.wh[1] // 2)
        shot.boxes = [Box(b.name, *(v / 2 for v in b[1:])) for b in shot.boxes]
        shot.wh = half
        team.redraw(shot, encoded(draw(shot.number, shot.boxes, half)))
    team.expect("annotated at|size|scaled|shrunk")


def cvat_names_without_suffix(team: Team, rng: Rng) -> None:
    """CVAT for images of a video task: names are frame_000003, without .jpg."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.xml", writers.cvat_images_xml(shots, None, lambda s: s.path.stem))


def cvat_points_and_lines_too(team: Team, rng: Rng) -> None:
    """Points and an open line beside the boxes: they are no boxes, and it is said."""

    def shape(box: Box) -> str:
        points = f'<points label="{team.class_name}" occluded="0" points="5.0,5.0" z_order="0"></points>'
        return writers.cvat_box(box) + points

    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.xml", writers.cvat_images_xml(shots, shape))
    team.expect("point", "annotations.xml")


def cvat_video_counted_from_one(team: Team, rng: Rng) -> None:
    """The frames were cut out of the video as 000001 to 000006, CVAT counts from 0: right, or said; never one off."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/annotations.xml", writers.cvat_video_xml(_tracks(shots), len(shots), shots[0].wh))
        for shot in reversed(shots):
            team.move(shot, shot.path.with_name(f"frame_{shot.index + 1:06d}.jpg"))
            shot.maybe, shot.boxes = shot.boxes, []
    team.rewrite_lists()
    team.expect("frame", "annotations.xml")


def cvat_video_in_a_zip_per_sequence(team: Team, rng: Rng) -> None:
    """CVAT's own zip: annotations.xml alone in it, the pictures are in the folder beside."""
    from defects.packing import zipped

    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        text = writers.cvat_video_xml(_tracks(shots), len(shots), shots[0].wh)
        team.write(f"{number}/job_{number}_annotations.zip", zipped({"annotations.xml": text.encode()}))


def labelme_circles_of_another_size(team: Team, rng: Rng) -> None:
    """LabelMe files that know the pictures at twice their size."""
    import json

    team.drop_labels()
    for shot in team.shots:
        content = json.loads(writers.labelme_json(shot))
        for one in content["shapes"]:
            one["points"] = [[2 * x, 2 * y] for x, y in one["points"]]
        content |= {"imageWidth": 2 * shot.wh[0], "imageHeight": 2 * shot.wh[1]}
        _beside(team, ".json", json.dumps(content), shot)


def labelme_points_too(team: Team, rng: Rng) -> None:
    """A point beside the rectangles: no box, and it is said."""
    import json

    team.drop_labels()
    for shot in team.shots:
        content = json.loads(writers.labelme_json(shot))
        content["shapes"].append({"label": team.class_name, "points": [[5, 5]], "shape_type": "point", "flags": {}})
        _beside(team, ".json", json.dumps(content), shot)
    team.expect("point", ".json")


def yolo_with_key_points(team: Team, rng: Rng) -> None:
    """A pose data set: kpt_shape in data.yaml, two key points behind each box."""
    team.rewrite_labels(lambda t: t.replace("\n", " 0.10 0.10 2 0.90 0.95 2\n"))
    team.write("data.yaml", f"kpt_shape: [2, 3]\nnames: [{team.class_name}]\n")


def yolo_by_labelimg_with_its_own_classes(team: Team, rng: Rng) -> None:
    """labelImg's predefined list of 15 classes, the team's own appended as number 15."""
    first = [
        "dog",
        "person",
        "cat",
        "tv",
        "car",
        "meatballs",
        "soup",
        "chicken",
        "ribs",
        "pork",
        "hamburger",
        "cavity",
        "bread",
        "rice",
        "tomato",
    ]
    for shot in team.shots:
        team.write(team.label(shot), yolo_text(shot, lambda name: 15))
    team.write("classes.txt", "".join(f"{n}\n" for n in [*first, team.class_name]))


def yolo_classes_behind(team: Team, rng: Rng) -> None:
    """0.5 0.5 0.2 0.3 0: the class comes last. Read so, or left out and said."""
    team.rewrite_labels(lambda t: "".join(f"{line[2:]} 0\n" for line in t.splitlines()))
    for shot in team.shots:
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect(file="labels")


def yolo_named_csv(team: Team, rng: Rng) -> None:
    """YOLO lines in frame_000000.csv, saved from a spreadsheet."""
    for shot in team.shots:
        text = team.label(shot).read_text(encoding="utf-8")
        team.label(shot).unlink()
        _beside(team, ".csv", text.replace(" ", ","), shot)


def yolo_without_any_suffix(team: Team, rng: Rng) -> None:
    """frame_000000, without .txt: a file manager that hides suffixes."""
    for shot in team.shots:
        team.label(shot).rename(team.label(shot).with_suffix(""))


def suffixes_in_capitals(team: Team, rng: Rng) -> None:
    """.XML for VOC."""
    team.drop_labels()
    for shot in team.shots:
        _beside(team, ".XML", writers.voc_xml(shot), shot)


def json_with_a_trailing_comma(team: Team, rng: Rng) -> None:
    """Somebody edited the COCO file by hand: no JSON any more. Said; read or not."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/instances.json", writers.coco_json(shots).replace("}]", "},]"))
        for shot in shots:
            shot.maybe, shot.boxes = shot.boxes, []
    team.expect(file="instances.json")


def yolo_with_classes_txt_among_labels(team: Team, rng: Rng) -> None:
    """makesense.ai: labels and classes.txt in labels/."""
    for shot in team.shots:
        team.write(team.label(shot), yolo_text(shot, lambda name: 1))
    for number in (1, 2, 3):
        team.write(f"{number}/labels/classes.txt", f"prise\n{team.class_name}\n")


def cvat_names_in_odd_writing(team: Team, rng: Rng) -> None:
    """Labels in CVAT with capitals, a blank at the end and another accent."""
    team.drop_labels()
    for number, shots in enumerate(team.sequences, 1):
        text = writers.cvat_images_xml(shots).replace(
            f'label="{team.class_name}"', f'label="{team.class_name.title()} "'
        )
        team.write(f"{number}/annotations.xml", text)
