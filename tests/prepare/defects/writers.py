"""Annotation files as the tools write them, straight from the formats' descriptions; one function per format.

Independent of the readers in `labtools.prepare.formats` on purpose: a misunderstanding must not be on both sides.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from defects.cohort import Box, Shot

NameOf = Callable[[Shot], str]


def file_name(shot: Shot) -> str:
    return shot.path.name


def corners(box: Box) -> list[list[float]]:
    """The four corners as a polygon, clockwise."""
    return [[box.x1, box.y1], [box.x2, box.y1], [box.x2, box.y2], [box.x1, box.y2]]


def diamond(box: Box) -> list[list[float]]:
    """A polygon that touches the four sides of the box."""
    x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    return [[x, box.y1], [box.x2, y], [x, box.y2], [box.x1, y]]


def voc_xml(shot: Shot, head: str = "", swapped: bool = False, name: str = "") -> str:
    """Pascal VOC, as labelImg writes it: corners as whole pixels."""
    objects = ""
    for box in shot.boxes:
        x1, y1, x2, y2 = (f"{v:g}" for v in box[1:])
        if swapped:
            x1, x2 = x2, x1
        objects += (
            f"<object><name>{escape(box.name)}</name><pose>Unspecified</pose><truncated>0</truncated>"
            f"<difficult>0</difficult><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
            "</bndbox></object>\n"
        )
    return (
        f"{head}<annotation>\n<folder>images</folder><filename>{escape(name or shot.path.name)}</filename>\n"
        f"<path>/Users/zoe/Desktop/{escape(name or shot.path.name)}</path><source><database>Unknown</database></source>"
        f"<size><width>{shot.wh[0]}</width><height>{shot.wh[1]}</height><depth>3</depth></size>"
        f"<segmented>0</segmented>\n{objects}</annotation>\n"
    )


def coco_json(
    shots: Sequence[Shot],
    name_of: NameOf = file_name,
    *,
    polygons: bool = False,
    with_bbox: bool = True,
    scale: float = 1,
    with_size: bool = True,
    text_ids: bool = False,
    categories: Sequence[str] = (),
) -> str:
    """COCO instances; ``categories`` come before those that are used."""
    names = list(dict.fromkeys([*categories, *(b.name for s in shots for b in s.boxes)]))
    identity: Callable[[int], Any] = str if text_ids else int
    images, annotations = [], []
    for number, shot in enumerate(shots, 1):
        image: dict[str, Any] = {"id": identity(number), "license": 0, "file_name": name_of(shot)}
        if with_size:
            image |= {"width": round(shot.wh[0] * scale), "height": round(shot.wh[1] * scale)}
        images.append(image)
        for box in shot.boxes:
            w, h = box.x2 - box.x1, box.y2 - box.y1
            one: dict[str, Any] = {"id": len(annotations) + 1, "image_id": identity(number), "iscrowd": 0}
            one |= {"category_id": identity(names.index(box.name) + 1), "area": w * h * scale**2}
            if with_bbox:
                one["bbox"] = [v * scale for v in (box.x1, box.y1, w, h)]
            one["segmentation"] = [[v * scale for p in diamond(box) for v in p]] if polygons else []
            annotations.append(one)
    kinds = [{"id": identity(i), "name": name, "supercategory": ""} for i, name in enumerate(names, 1)]
    info = {"year": "2024", "description": ""}
    return json.dumps({"info": info, "images": images, "annotations": annotations, "categories": kinds})


def cvat_images_xml(
    shots: Sequence[Shot], shape: Callable[[Box], str] | None = None, name_of: NameOf = file_name
) -> str:
    """CVAT for images 1.1; ``shape`` writes one box."""
    shape = shape or cvat_box
    names = dict.fromkeys(b.name for s in shots for b in s.boxes)
    labels = "".join(f"<label><name>{escape(n)}</name><type>any</type><attributes/></label>" for n in names)
    images = "".join(
        f'  <image id="{i}" name={quoteattr(name_of(shot))} width="{shot.wh[0]}" height="{shot.wh[1]}">\n'
        + "".join(f"    {shape(box)}\n" for box in shot.boxes)
        + "  </image>\n"
        for i, shot in enumerate(shots)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
        f"  <meta><task><id>7</id><name>dlcv</name><size>{len(shots)}</size><mode>annotation</mode>"
        f"<labels>{labels}</labels></task><dumped>2024-01-01</dumped></meta>\n{images}</annotations>\n"
    )


def cvat_box(box: Box) -> str:
    return (
        f'<box label={quoteattr(box.name)} source="manual" occluded="0" xtl="{box.x1:.2f}" ytl="{box.y1:.2f}" '
        f'xbr="{box.x2:.2f}" ybr="{box.y2:.2f}" z_order="0"></box>'
    )


def cvat_polygon(box: Box) -> str:
    points = ";".join(f"{x:.2f},{y:.2f}" for x, y in diamond(box))
    return f'<polygon label={quoteattr(box.name)} source="manual" occluded="0" points="{points}" z_order="0"></polygon>'


def cvat_turned_box(box: Box) -> str:
    """The same region as a box of the other shape, turned by 90 degrees about its middle."""
    x, y, w, h = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, box.x2 - box.x1, box.y2 - box.y1
    return (
        f'<box label={quoteattr(box.name)} source="manual" occluded="0" xtl="{x - h / 2:.2f}" ytl="{y - w / 2:.2f}" '
        f'xbr="{x + h / 2:.2f}" ybr="{y + w / 2:.2f}" rotation="90.00" z_order="0"></box>'
    )


def cvat_mask(box: Box) -> str:
    """A mask that fills its frame: run lengths begin with the background's."""
    w, h = int(box.x2 - box.x1), int(box.y2 - box.y1)
    return (
        f'<mask label={quoteattr(box.name)} source="semi-auto" occluded="0" rle="0, {w * h}" left="{box.x1:.0f}" '
        f'top="{box.y1:.0f}" width="{w}" height="{h}" z_order="0"></mask>'
    )


TrackBox = tuple[int, Box, bool, bool]
"""Frame, box, outside, keyframe."""


def cvat_video_xml(tracks: Iterable[Sequence[TrackBox]], size: int, wh: tuple[int, int], occluded: int = 0) -> str:
    """CVAT for video 1.1: tracks of key frames."""
    text = ""
    for number, track in enumerate(tracks):
        text += f'  <track id="{number}" label={quoteattr(track[0][1].name)} source="manual">\n'
        for frame, box, outside, key in track:
            text += (
                f'    <box frame="{frame}" keyframe="{int(key)}" outside="{int(outside)}" occluded="{occluded}" '
                f'xtl="{box.x1:.2f}" ytl="{box.y1:.2f}" xbr="{box.x2:.2f}" ybr="{box.y2:.2f}" z_order="0"></box>\n'
            )
        text += "  </track>\n"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
        f"  <meta><task><id>7</id><name>dlcv</name><size>{size}</size><mode>interpolation</mode>"
        f"<start_frame>0</start_frame><stop_frame>{size - 1}</stop_frame>"
        f"<original_size><width>{wh[0]}</width><height>{wh[1]}</height></original_size></task></meta>\n"
        f"{text}</annotations>\n"
    )


def labelme_json(shot: Shot, shape: str = "rectangle", folder: str = "", backwards: bool = False) -> str:
    """LabelMe 5: a file per picture; a circle is its middle and a point of its rim."""
    shapes = []
    for box in shot.boxes:
        points = {
            "rectangle": [[box.x1, box.y1], [box.x2, box.y2]],
            "polygon": diamond(box),
        }[shape]
        points = points[::-1] if backwards else points
        shapes.append({"label": box.name, "points": points, "group_id": None, "shape_type": shape, "flags": {}})
    return json.dumps(
        {
            "version": "5.2.1", "flags": {}, "shapes": shapes, "imagePath": f"{folder}{shot.path.name}",
            "imageData": None, "imageHeight": shot.wh[1], "imageWidth": shot.wh[0],
        },
        indent=2,
    )  # fmt: skip


def _bytes_of(shot: Shot) -> int:
    """VIA tells pictures apart by name and size; a picture that was saved again since has another one."""
    return 10_000 + shot.number


def via_region(box: Box, shape: str) -> dict[str, Any]:
    """``shape_attributes`` of VGG's annotator."""
    x, y, w, h = box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1
    if shape == "polygon":
        points = diamond(box)
        return {"name": "polygon", "all_points_x": [p[0] for p in points], "all_points_y": [p[1] for p in points]}
    if shape == "ellipse":
        return {"name": "ellipse", "cx": x + w / 2, "cy": y + h / 2, "rx": w / 2, "ry": h / 2, "theta": 0}
    return {"name": "rect", "x": x, "y": y, "width": w, "height": h}


def via_json(
    shots: Sequence[Shot], shape: str = "rect", attribute: str = "class", *, project: bool, dicts: bool = False
) -> str:
    """VIA 2 project or its bare table of pictures; ``dicts``: regions by number, as VIA 1 has them."""
    table = {}
    for shot in shots:
        size = _bytes_of(shot)
        regions = [
            {"shape_attributes": via_region(b, shape), "region_attributes": {attribute: b.name}} for b in shot.boxes
        ]
        table[f"{shot.path.name}{size}"] = {
            "filename": shot.path.name, "size": size, "file_attributes": {},
            "regions": {str(i): r for i, r in enumerate(regions)} if dicts else regions,
        }  # fmt: skip
    if not project:
        return json.dumps(table)
    settings = {"core": {"default_filepath": ""}, "project": {"name": "dlcv"}}
    attributes = {"region": {attribute: {"type": "text"}}, "file": {}}
    return json.dumps({"_via_settings": settings, "_via_img_metadata": table, "_via_attributes": attributes})


def via_csv(shots: Sequence[Shot], shape: str = "rect") -> str:
    """VIA 2's CSV: JSON in two of its columns; a picture without regions has one row with none."""
    rows = []
    for shot in shots:
        size, count = _bytes_of(shot), len(shot.boxes)
        for i, box in enumerate(shot.boxes):
            shape_text, class_text = json.dumps(via_region(box, shape)), json.dumps({"name": box.name})
            rows.append([shot.path.name, size, "{}", count, i, shape_text, class_text])
        if not shot.boxes:
            rows.append([shot.path.name, size, "{}", 0, 0, "{}", "{}"])
    head = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
    return table(head.split(","), rows)


def tf_csv(shots: Sequence[Shot], name_of: NameOf = file_name, head: str = "", delimiter: str = ",") -> str:
    """TensorFlow's object detection CSV: a row per box, whole pixels."""
    rows = [[name_of(s), s.wh[0], s.wh[1], b.name, *(f"{v:g}" for v in b[1:])] for s in shots for b in s.boxes]
    return table((head or "filename,width,height,class,xmin,ymin,xmax,ymax").split(","), rows, delimiter)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
