"""JSON of other tools: CreateML, Datumaro, Label Studio, Supervisely."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from labtools.prepare.formats import Parsed

Parse = Callable[..., Parsed]

IMAGES = ["images/a.jpg", "images/b.jpg", "images/9f86d081-c.jpg"]


def boxes(parsed: Parsed) -> dict[str, list[tuple[object, ...]]]:
    found = {r.image.rpartition(".")[0][-1]: r for r in parsed.records}
    return {name: [(b.class_name, *(round(v, 6) for v in b.xyxy)) for b in r.boxes] for name, r in found.items()}


def codes(parsed: Parsed) -> list[str]:
    return sorted(f.code for f in parsed.findings)


def studio(value: dict[str, Any], kind: str = "rectanglelabels", label: str = "velo") -> dict[str, Any]:
    return {"original_width": 200, "original_height": 100, "type": kind, "value": {**value, kind: [label]}}


@pytest.mark.parametrize(
    ("shape", "xyxy"),
    [
        (studio({"x": 10, "y": 20, "width": 30, "height": 40}), (20, 20, 80, 60)),
        # 60 x 40 turned a quarter clockwise about its corner (20, 20): now to the left of it
        (studio({"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 90}), (-20, 20, 20, 80)),
        (studio({"points": [[10, 10], [20, 10], [15, 30]]}, "polygonlabels"), (20, 10, 40, 30)),
        (studio({"x": 50, "y": 50, "radiusX": 10, "radiusY": 20}, "ellipselabels"), (80, 30, 120, 70)),
    ],
)
def test_label_studio_shapes(shape: dict[str, Any], xyxy: tuple[float, ...], parse: Parse) -> None:
    whole = [{"data": {"image": "a.jpg"}, "annotations": [{"result": [shape]}]}]
    least = [{"image": "/data/local-files/?d=images%2Fa.jpg", "label": [{**shape, **shape["value"]}]}]
    for content in (whole, least):
        parsed = parse("label_studio_json", {"x.json": json.dumps(content)}, IMAGES)
        assert boxes(parsed) == {"a": [("velo", *xyxy)]}
        assert parsed.records[0].size_wh == (200, 100)


def test_label_studio_tasks(parse: Parse) -> None:
    good = studio({"x": 0, "y": 0, "width": 10, "height": 10})
    content = [
        {"data": {"image": "/data/upload/0a1b2c-a.jpg"},
         "annotations": [{"was_cancelled": True, "result": [good, good]}, {"result": [good]}, {"result": []}]},
        {"data": {"image": "b.jpg"}, "annotations": [{"result": []}]},
        {"data": {"image": "9f86d081-c.jpg"}, "annotations": []},
        {"data": {"image": "z.jpg"}, "annotations": [{"result": [good]}]},
        {"data": {"image": "images/9f86d081-c.jpg"}, "annotations": [{"result": [
            studio({"rle": [1]}, "brushlabels"), studio({"x": 1}), {"type": "choices", "value": {}}]}]},
    ]  # fmt: skip
    parsed = parse("label_studio_json", {"x.json": json.dumps(content)}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", 0, 0, 20, 10)], "b": [], "c": []}
    assert [r.bad_lines for r in parsed.records] == [0, 0, 2]
    assert codes(parsed) == ["annotation-twice", "annotation-without-image", "shape-unreadable", "shape-unreadable"]


def test_label_studio_csv_and_lists_of_lists(parse: Parse) -> None:
    shape = studio({"x": 10, "y": 20, "width": 30, "height": 40})
    cell = json.dumps([{**shape["value"], "original_width": 200, "original_height": 100}]).replace('"', '""')
    rows = f'1,"{cell}",a.jpg,9\n2,,b.jpg,9\n3,"[{{""x"": 1",images/9f86d081-c.jpg,9\n'
    table = parse("label_studio_csv", {"x.csv": f"annotation_id,objet,image,lead_time\n{rows}"}, IMAGES)
    assert boxes(table) == {"a": [("velo", 20, 20, 80, 60)], "b": [], "c": []}
    assert codes(table) == ["shape-unreadable"] and [r.bad_lines for r in table.records] == [0, 0, 1]
    nested = [[{"data": {"image": "a.jpg"}, "annotations": [{"result": [shape]}]}], [{"data": {"image": "b.jpg"}}]]
    assert boxes(parse("label_studio_json", {"x.json": json.dumps(nested)}, IMAGES)) == {
        "a": [("velo", 20, 20, 80, 60)]
    } | {"b": []}


def test_createml_centres(parse: Parse) -> None:
    at = {"x": 20, "y": "14", "width": 20, "height": 12}
    shapes = [
        {"label": "velo", "coordinates": at},
        {"label": "", "coordinates": at},
        {"label": "velo", "coordinates": {}},
    ]
    content = [{"image": "a.jpg", "annotations": shapes}, {"imagefilename": "b.jpg", "annotation": []}]
    parsed = parse("createml_json", {"x.json": json.dumps(content)}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", 10, 8, 30, 20)], "b": []}
    assert codes(parsed) == ["shape-unreadable", "shape-unreadable"]


def test_datumaro_shapes(parse: Parse) -> None:
    labels = {"label": {"labels": [{"name": "chat"}, {"name": "velo"}]}}
    shapes = [
        {"type": "bbox", "label_id": 1, "bbox": [10, 8, 20, 12]},
        {"type": "polygon", "label_id": 0, "points": [1, 2, 9, 2, 5, 7]},
        {"type": "mask", "label_id": 1, "rle": {"size": [4, 5], "counts": [6, 4, 10]}},
        {"type": "label", "label_id": 1}, {"type": "bbox", "label_id": 7, "bbox": [1, 2, 3, 4]},
        {"type": "polygon", "label_id": 0, "points": [1]},
    ]  # fmt: skip
    content = {"categories": labels, "items": [{"id": "images/a", "annotations": shapes, "image": {"size": [48, 64]}},
                                               {"id": "b", "annotations": []}]}  # fmt: skip
    parsed = parse("datumaro_json", {"x.json": json.dumps(content)}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", 10, 8, 30, 20), ("chat", 1, 2, 9, 7), ("velo", 1, 0, 3, 4)], "b": []}
    assert (parsed.names, parsed.records[0].size_wh) == (("chat", "velo"), (64, 48))
    assert codes(parsed) == ["label-polygon", "shape-unreadable", "shape-unreadable"]


def test_supervisely_objects(parse: Parse) -> None:
    def shape(kind: str, points: Any, title: str = "velo") -> dict[str, Any]:
        return {"classTitle": title, "geometryType": kind, "points": points}

    ring = {"exterior": [[1, 2], [9, 2], [5, 7]], "interior": [[[4, 4], [5, 5]]]}
    some = [shape("rectangle", {"exterior": [[30, 20], [10, 8]]}), shape("polygon", ring), shape("bitmap", None),
            shape("rectangle", ring, "")]  # fmt: skip
    content = json.dumps({"size": {"width": 64, "height": 48}, "objects": some})
    parsed = parse("supervisely_json", {"ds/ann/a.jpg.json": content, "ds/ann/z.jpg.json": content}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", 10, 8, 30, 20), ("velo", 1, 2, 9, 7)]}
    assert parsed.records[0].bad_lines == 2
    assert codes(parsed) == ["annotation-without-image", "label-polygon", "shape-unreadable", "shape-unreadable"]
