"""What tools and habits leave beside the data: runs, masks, thumbnails, copies, archives, odd kinds of pictures."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile

from defects.cohort import Team, draw, encoded, yolo_text
from PIL import Image

Rng = random.Random


def _strange(team: Team, path: str, number: int, wh: tuple[int, int] = (128, 96), kind: str = "JPEG") -> None:
    """A picture that is none of the team's data, with a number that no truth knows."""
    team.write(path, encoded(draw(60000 + number, [], wh), kind))


def raw_frames_beside(team: Team, rng: Rng) -> None:
    """The frames as ffmpeg cut them out lie in raw/, without labels, and no list says which ones count."""
    team.forget_splits()
    for shot in team.shots:
        team.write(f"raw/{shot.sequence}/{shot.path.name}", shot.path.read_bytes())


def a_training_run_beside(team: Team, rng: Rng) -> None:
    """They zipped their whole project, with runs/detect/train of Ultralytics; there are no lists."""
    team.forget_splits()
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
    team.forget_splits()
    for shot in team.shots:
        at = f"{shot.sequence}/images/@eaDir/{shot.path.name}"
        _strange(team, f"{at}/SYNOPHOTO_THUMB_M.jpg", shot.number, (64, 48))
        _strange(team, f"{shot.sequence}/images/.thumbnails/{shot.path.name}", 100 + shot.number, (64, 48))


def a_virtual_environment(team: Team, rng: Rng) -> None:
    """venv/ with the pictures of its packages; there are no lists."""
    team.forget_splits()
    team.write("venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.4\n")
    _strange(team, "venv/lib/python3.11/site-packages/ultralytics/assets/bus.jpg", 1)
    _strange(team, "venv/lib/python3.11/site-packages/matplotlib/mpl-data/images/home.png", 2, kind="PNG")


def things_thrown_away(team: Team, rng: Rng) -> None:
    """.Trash-1000 and $RECYCLE.BIN of a USB stick; there are no lists."""
    team.forget_splits()
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
    team.forget_splits()
    for shot in team.shots:
        _strange(team, f"{shot.sequence}/images/{shot.path.name}_original", shot.number)


def links_within_the_tree(team: Team, rng: Rng) -> None:
    """The pictures of sequence 1 are symbolic links to pool/: read, or named."""
    for shot in team.sequences[0]:
        target = team.write(f"pool/{shot.number}.jpg", shot.path.read_bytes())
        shot.path.unlink()
        shot.path.symlink_to(os.path.relpath(target, shot.path.parent))
        shot.fate = "either"


def masks_beside(team: Team, rng: Rng) -> None:
    """SegmentationClass/ and SegmentationObject/ with a PNG per picture, as CVAT writes them; there are no lists."""
    team.forget_splits()
    for shot in team.shots:
        for folder in ("SegmentationClass", "SegmentationObject"):
            _strange(team, f"{shot.sequence}/{folder}/{shot.path.stem}.png", shot.number, kind="PNG")


def masks_of_roboflow(team: Team, rng: Rng) -> None:
    """frame_000000_mask.png beside each picture, and _classes.csv; there are no lists."""
    team.forget_splits()
    for shot in team.shots:
        _strange(team, f"{shot.sequence}/images/{shot.path.stem}_mask.png", shot.number, kind="PNG")
    team.write("_classes.csv", f"Pixel Value, Class\n0, background\n1, {team.class_name}\n")


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


def pictures_in_a_folder_called_masks(team: Team, rng: Rng) -> None:
    """masks/ is the only folder of pictures of a sequence: pictures all the same."""
    team.forget_splits()
    for shot in team.shots:
        label = team.label(shot)
        team.write(f"{shot.sequence}/masks/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        png = encoded(draw(shot.number, shot.boxes), "PNG")
        shot.path.unlink()
        shot.path = team.write(f"{shot.sequence}/masks/{shot.path.stem}.png", png)


def a_frozen_video(team: Team, rng: Rng) -> None:
    """Two frames are the same to the byte, and only one has a label; there are no lists. Both stay."""
    team.forget_splits()
    first, second = team[1, 2], team[1, 3]
    second.path.write_bytes(first.path.read_bytes())
    second.number, second.boxes = first.number, []
    team.label(second).unlink()
