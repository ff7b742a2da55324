"""Valid files of every kind that `prepare` parses, with random content: where the mutations start."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

from defects import writers
from defects.cohort import NAMES, WH, Box, Shot, yolo_text
from defects.packing import tarred, zipped
from PIL import Image

FRAMES = tuple(f"frame_{i:06d}" for i in range(3))
KINDS = (
    ("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "P"), ("PNG", "RGBA"), ("PNG", "I;16"),
    ("WEBP", "RGB"), ("BMP", "RGB"), ("TIFF", "RGB"), ("GIF", "P"), ("PPM", "RGB"), ("AVIF", "RGB"),
)  # fmt: skip
"""Formats of pictures, and Pillow's modes in them."""

Sample = Callable[[random.Random], bytes]


def shots(rng: random.Random) -> list[Shot]:
    """Three pictures of one sequence with up to three boxes each."""
    return [
        Shot(1, i, i, Path("images", f"{stem}.jpg"), rng.choice(("train", "val", "test")), boxes(rng))
        for i, stem in enumerate(FRAMES)
    ]


def boxes(rng: random.Random) -> list[Box]:
    found = []
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        x1, y1 = rng.randrange(WH[0] - 8), rng.randrange(WH[1] - 8)
        found.append(Box(rng.choice(NAMES[:3]), x1, y1, rng.randint(x1 + 4, WH[0]), rng.randint(y1 + 4, WH[1])))
    return found


def yolo(rng: random.Random) -> bytes:
    shot = shots(rng)[0]
    if rng.random() < 0.2:
        polygon = " ".join(f"{rng.random():.5f}" for _ in range(2 * rng.randint(3, 6)))
        return f"{rng.randrange(4)} {polygon}\n".encode()
    tail = rng.choice(("", "", "", " 0.9", " 7"))
    return yolo_text(shot, lambda name: rng.choice((0, 1, 2, name))).replace("\n", f"{tail}\n").encode()


def voc(rng: random.Random) -> bytes:
    return writers.voc_xml(shots(rng)[0], rng.choice(("", '<?xml version="1.0" encoding="utf-8"?>\n'))).encode()


def labelme(rng: random.Random) -> bytes:
    return writers.labelme_json(shots(rng)[0], rng.choice(("rectangle", "polygon"))).encode()


def coco(rng: random.Random) -> bytes:
    return writers.coco_json(
        shots(rng), polygons=rng.random() < 0.4, with_bbox=rng.random() < 0.7, with_size=rng.random() < 0.8,
        text_ids=rng.random() < 0.2,
    ).encode()  # fmt: skip


def via_json(rng: random.Random) -> bytes:
    shape = rng.choice(("rect", "polygon", "ellipse"))
    return writers.via_json(shots(rng), shape, project=rng.random() < 0.5, dicts=rng.random() < 0.3).encode()


def via_csv(rng: random.Random) -> bytes:
    return writers.via_csv(shots(rng), rng.choice(("rect", "polygon", "ellipse"))).encode()


def boxes_csv(rng: random.Random) -> bytes:
    return writers.tf_csv(shots(rng), delimiter=rng.choice(",;\t")).encode()


def cvat_images(rng: random.Random) -> bytes:
    shapes = (writers.cvat_box, writers.cvat_polygon, writers.cvat_turned_box, writers.cvat_mask)
    return writers.cvat_images_xml(shots(rng), lambda box: rng.choice(shapes)(box)).encode()


def cvat_video(rng: random.Random) -> bytes:
    tracks = [
        [(frame, box, rng.random() < 0.2, rng.random() < 0.7) for frame in sorted(rng.sample(range(3), 2))]
        for box in boxes(rng)
    ]
    return writers.cvat_video_xml(tracks, 3, WH).encode()


def split_list(rng: random.Random) -> bytes:
    head = rng.choice(("./velo/equipe/1/", "1/", "C:\\Users\\Zoé\\velo\\equipe\\1\\", "/home/zoe/", ""))
    folder, suffix = rng.choice((("images/", ".jpg"), ("labels/", ".txt"), ("", ""), ("", ".jpg")))
    lines = [f"{head}{folder}{stem}{suffix}" for stem in FRAMES]
    text = rng.choice(("\n", "\r\n", ", ", ";", "\n\n")).join(lines)
    return rng.choice((text, repr(lines), f"# list\n{text}\n")).encode()


def split_csv(rng: random.Random) -> bytes:
    rows = [[f"{stem}.jpg", rng.choice(("train", "val", "test"))] for stem in FRAMES]
    return writers.table(["filename", "split"], rows, rng.choice(",;\t")).encode()


def names(rng: random.Random) -> bytes:
    return "".join(f"{name}\n" for name in rng.sample(NAMES, rng.randint(1, 4))).encode()


def data_yaml(rng: random.Random) -> bytes:
    chosen = rng.sample(NAMES, rng.randint(1, 4))
    by_id = "".join(f"  {i}: {name}\n" for i, name in enumerate(chosen))
    given = rng.choice((f"names: {chosen!r}\n", f"names:\n{by_id}"))
    return f"train: ../train/images\nval: ../valid/images\nnc: {len(chosen)}\n{given}".encode()


def obj_data(rng: random.Random) -> bytes:
    return b"classes = 1\ntrain = data/train.txt\nvalid = data/train.txt\nnames = data/obj.names\nbackup = backup/\n"


def picture(rng: random.Random) -> bytes:
    """A small picture in a random format, with EXIF now and then."""
    kind, mode = rng.choice(KINDS)
    options = {}
    if kind in {"JPEG", "PNG", "WEBP", "TIFF"} and rng.random() < 0.4:
        exif = Image.Exif()
        exif[0x0112] = rng.randint(0, 9)
        options["exif"] = exif
    buffer = io.BytesIO()
    Image.new(mode, (rng.randint(8, 40), rng.randint(8, 40)), rng.randrange(200)).save(buffer, kind, **options)
    return buffer.getvalue()


def archive(rng: random.Random) -> bytes:
    """A zip or tar with labels, a picture and an archive inside."""
    members = {f"1/labels/{stem}.txt": yolo(rng) for stem in FRAMES}
    members["1/images/frame_000000.jpg"] = b"\xff\xd8\xff\xe0 not much of a picture \xff\xd9"
    members[rng.choice(("../up.txt", "/etc/x.txt", "a\\b.txt", "ok/c.txt", "été.txt"))] = b"0 0.5 0.5 0.1 0.1\n"
    if rng.random() < 0.4:
        members[rng.choice(("inner.zip", "inner.bin"))] = zipped(members)
    if rng.random() < 0.5:
        return zipped(members, method=rng.choice((0, 8, 12, 14)))
    return tarred(members, rng.choice(("w", "w", "w:gz", "w:bz2", "w:xz")))
