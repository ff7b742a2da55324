"""COCO, LabelMe and VIA JSON: what people write, and what else may lie in a file of that name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.prepare.formats import Parsed
from labtools.prepare.formats._coco_boxes import LTWH, RELATIVE, XYXY, meaning_of, read_shape
from labtools.prepare.formats._shapes import mask_box, unpacked_counts

Parse = Callable[..., Parsed]
Claims = Callable[..., dict[str, list[str]]]

IMAGES = ["images/a.jpg", "images/b.jpg", "images/c.jpg"]


def boxes(parsed: Parsed) -> dict[str, list[tuple[object, ...]]]:
    return {r.image[7:8]: [(b.class_name, *b.xyxy) for b in r.boxes] for r in parsed.records}


def codes(parsed: Parsed) -> list[str]:
    return sorted(f.code for f in parsed.findings)


def coco(annotations: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Two pictures, one category; annotations are of the first unless they say otherwise."""
    some = [{"id": i, "image_id": 1, "category_id": 5, **a} for i, a in enumerate(annotations)]
    return {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}, {"id": 2, "file_name": "b.jpg"}],
        "categories": [{"id": 5, "name": "velo"}], "annotations": some, **more,
    }  # fmt: skip


# --- any JSON ------------------------------------------------------------------------------------------------------

PLAIN = json.dumps(coco([{"bbox": [1, 2, 3, 4]}]))


@pytest.mark.parametrize(
    "data",
    [PLAIN.encode(), b"\xef\xbb\xbf" + PLAIN.encode(), PLAIN.encode("utf-16"), PLAIN.encode("utf-16-le"),
     b"\n  " + PLAIN.encode(), json.dumps(json.loads(PLAIN), indent=1).replace("}\n ]", "},\n ]").encode()],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a/x.json", "a/x.JSON", "a/x.txt", "a/x"])
def test_content_tells_not_encoding_or_suffix(data: bytes, name: str, parse: Parse) -> None:
    parsed = parse("coco_json", {name: data}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", 1, 2, 4, 6)], "b": []}


@pytest.mark.parametrize(
    "data",
    ['{"images": [], "annotations": [', '{"images": [], "annotations":' + "[" * 100_000, '{"annotations": "images" 3}'],
)
def test_broken_json_is_told(data: str, parse: Parse) -> None:
    assert codes(parse("coco_json", {"a.json": data})) == ["json-unreadable"]


def test_each_format_takes_its_own(claims: Claims) -> None:
    content = {
        "a.json": b'{"version": "5", "shapes": [], "imagePath": "a.jpg"}', "b.json": PLAIN.encode(),
        "c.json": b'{"a.jpg1": {"filename": "a.jpg", "regions": [{"shape_attributes": {}}]}}', "d.json": b'{"x": 1}',
        "e.json": b"not json", "f.txt": b'{"images": [], "annotations": []}', "images/a.jpg": b"",
    }  # fmt: skip
    found = claims(content)
    assert found.pop("yolo_txt", []) == []
    assert found == {"labelme_json": ["a.json"], "coco_json": ["b.json", "f.txt"], "via_json": ["c.json"]}


# --- COCO ----------------------------------------------------------------------------------------------------------


def test_pictures_without_a_list_of_annotations_are_not_background(parse: Parse) -> None:
    content = coco([{"bbox": [1, 2, 3, 4]}])
    content["annotatons"] = content.pop("annotations")
    parsed = parse("coco_json", {"a.json": json.dumps(content)})
    assert parsed.records == () and "a.json" in parsed.used  # used without a record: `choice` names such a file
    content["annotations"] = []
    assert [record.boxes for record in parse("coco_json", {"a.json": json.dumps(content)}).records][:1] == [()]


def test_a_file_about_pictures_only_says_nothing_of_boxes(parse: Parse) -> None:
    """COCO's image_info beside instances: no second annotation, and no background."""
    assert not parse("coco_json", {"image_info.json": json.dumps(coco([], categories=[]))}, IMAGES).records
    assert [r.boxes for r in parse("coco_json", {"c.json": json.dumps(coco([]))}, IMAGES).records] == [(), ()]


def test_coco_boxes_polygons_and_unknown_ids(parse: Parse) -> None:
    content = coco(
        [
            {"bbox": [10, 8, 20, 12]},
            {"image_id": "1", "segmentation": [[1, 2, 9, 2, 5, 7], [20, 20, 21, 21]]},
            {"category_id": 9, "bbox": [10, 8, 20, 12]},
            {"bbox": [1, 2, float("nan"), 4]},
            {"image_id": 99, "bbox": [1, 2, 3, 4]},
            {"bbox": None, "image_id": 1.0},
            {"bbox": ["1,5", "2", " 3 ", 4], "category_id": "5"},
            {"category_id": "x", "bbox": [1, 2, 3, 4]},
            {"bbox": [10, 10, -4, 5]},
            {"bbox": [0, 0, 0, 0], "segmentation": [3, 4, 8, 9]},
        ],
        categories=[{"id": 5, "name": "velo"}, {"id": 6, "name": "unused"}],
    )
    content["images"][0]["file_name"] = "C:\\x\\a.jpg"
    parsed = parse("coco_json", {"a/_annotations.coco.json": json.dumps(content)}, IMAGES)
    record = parsed.records[0]
    assert [b.xyxy for b in record.boxes] == [
        (10, 8, 30, 20), (1, 2, 21, 21), (10, 8, 30, 20), (1.5, 2, 4.5, 6), (6, 10, 10, 15), (3, 4, 8, 9),
    ]  # fmt: skip
    assert [(b.class_id, b.class_name) for b in record.boxes[1:3]] == [(None, "velo"), (9, None)]
    assert (record.size_wh, record.bad_lines, record.names) == ((64, 48), 3, ("velo", "unused"))
    assert parsed.names == ("velo",)
    assert codes(parsed) == [
        "box-corners-swapped", "coco-bad-annotation", "coco-bad-annotation", "coco-bad-annotation",
        "coco-category-unused", "coco-unknown-image", "label-polygon",
    ]  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_coco_masks(packed: bool, parse: Parse) -> None:
    # 4 x 5 (h x w), by hand: column 1 rows 2..3, column 2 rows 0..1
    counts: list[int] | str = "64>" if packed else [6, 4, 10]
    rle = {"size": [4, 5], "counts": counts}
    content = coco([{"segmentation": rle, "iscrowd": 1}, {"segmentation": {"size": [4, 5], "counts": [3]}}])
    if packed:
        assert unpacked_counts(str(counts)) == [6, 4, 14]  # differences begin with the fourth
        content["annotations"][0]["segmentation"]["size"] = [4, 6]
    parsed = parse("coco_json", {"a.json": json.dumps(content)}, IMAGES)
    assert boxes(parsed)["a"] == [("velo", 1, 0, 3, 4)]
    assert codes(parsed) == ["coco-bad-annotation", "coco-crowd", "label-polygon"]


def packed_counts(counts: list[int]) -> str:
    """COCO's compression, written from the description in maskApi.c: the oracle of `unpacked_counts`."""
    out = []
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != (-1 if bits & 0x10 else 0)
            out.append(chr((bits | (0x20 if more else 0)) + 48))
    return "".join(out)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_masks_beside_their_pixels(h: int, w: int, data: st.DataObject) -> None:
    pixels = np.array(data.draw(st.lists(st.booleans(), min_size=h * w, max_size=h * w))).reshape(h, w)
    counts, last = [0], False
    for value in pixels.flatten(order="F"):
        if value != last:
            counts.append(0)
            last = value
        counts[-1] += 1
    assert unpacked_counts(packed_counts(counts)) == counts
    ys, xs = np.nonzero(pixels)
    wanted = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if len(xs) else None
    assert mask_box(counts, (h, w)) == wanted


def test_pictures_listed_twice_and_ids_of_two_pictures(parse: Parse) -> None:
    images = [{"id": 1, "file_name": "a.jpg"}, {"id": 3, "file_name": "images/a.jpg"}, {"id": 2, "file_name": "b.jpg"},
              {"id": 2, "file_name": "c.jpg"}, {"id": 4}]  # fmt: skip
    some = [{"bbox": [1, 2, 3, 4]}, {"bbox": [5, 5, 1, 1], "image_id": 3}, {"bbox": [1, 1, 9, 9], "image_id": 2}]
    parsed = parse("coco_json", {"a.json": json.dumps(coco(some, images=images))}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", 1, 2, 4, 6), ("velo", 5, 5, 6, 6)], "b": [], "c": []}
    assert [r.bad_lines for r in parsed.records] == [0, 1, 1]
    assert codes(parsed) == ["coco-bad-image", "coco-image-id-twice", "coco-image-twice"]


def test_annotations_that_name_their_pictures(parse: Parse) -> None:
    some = [{"bbox": [1, 2, 3, 4], "image_id": "a"}, {"bbox": [1, 2, 3, 4], "image_id": "sub/b.jpg"}]
    parsed = parse("coco_json", {"a.json": json.dumps(coco(some, images=[]))}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", 1, 2, 4, 6)], "b": [("velo", 1, 2, 4, 6)]}


def test_categories_of_one_name_and_of_one_id(parse: Parse) -> None:
    some = [{"bbox": [1, 2, 3, 4]}, {"bbox": [1, 2, 3, 4], "category_id": 6}, {"bbox": [1, 2, 3, 4], "category_id": 7}]
    categories = [{"id": 5, "name": "velo"}, {"id": 6, "name": "velo"}, {"id": 7, "name": "x"}, {"id": 7, "name": "y"}]
    parsed = parse("coco_json", {"a.json": json.dumps(coco(some, categories=categories))}, IMAGES)
    assert [(b.class_id, b.class_name) for b in parsed.records[0].boxes] == [(None, "velo"), (None, "velo"), (7, None)]
    assert codes(parsed) == ["coco-categories-same-name", "coco-category-id-twice"]


MEANINGS = [
    # all fit as corners, most leave as corner and size
    ([[10, 10, 60, 40], [30, 20, 50, 45], [5, 5, 20, 20]], XYXY),
    # one is no corner pair: COCO's meaning stays, though it leaves
    ([[10, 10, 60, 40], [30, 20, 50, 45], [30, 20, 10, 10]], LTWH),
    # most stay inside as corner and size: nothing odd
    ([[10, 10, 20, 20], [1, 1, 30, 30]], LTWH),
    ([[0.1, 0.1, 0.5, 0.5], [0, 0, 1, 1]], RELATIVE),
    ([[0, 0, 1, 1]], LTWH),
    ([], LTWH),
]


@pytest.mark.parametrize(("given_boxes", "meaning"), MEANINGS)
def test_what_the_four_numbers_mean(given_boxes: list[list[float]], meaning: str, parse: Parse) -> None:
    assert meaning_of([(read_shape({"bbox": box}), (64.0, 48.0)) for box in given_boxes])[0] == meaning
    parsed = parse("coco_json", {"a.json": json.dumps(coco([{"bbox": box} for box in given_boxes]))}, IMAGES)
    found = [b.xyxy for b in parsed.records[0].boxes]
    if meaning == LTWH:
        assert found == [(x, y, x + w, y + h) for x, y, w, h in given_boxes]
    if meaning == XYXY:
        assert found == [tuple(box) for box in given_boxes]
        assert codes(parsed) == ["coco-corners"]
    assert (parsed.records[0].size_wh is None) == (meaning == RELATIVE)


@pytest.mark.parametrize(("area", "meaning"), [(30 * 30, XYXY), (40 * 40, LTWH), (7, LTWH)])
def test_their_own_areas_tell_corners_from_sizes(area: float, meaning: str) -> None:
    shape = read_shape({"bbox": [10, 10, 40, 40], "area": area})
    assert meaning_of([(shape, (640.0, 480.0))])[0] == meaning


def test_boxes_that_leave_by_their_own_word_are_not_turned_into_corners() -> None:
    leaving = [{"bbox": [30, 20, 50, 45], "area": 50 * 45}, {"bbox": [10, 10, 60, 40]}]
    assert meaning_of([(read_shape(one), (64.0, 48.0)) for one in leaving]) == (LTWH, 2)
    assert meaning_of([(read_shape({"bbox": one["bbox"]}), (64.0, 48.0)) for one in leaving]) == (XYXY, 0)


# --- LabelMe -------------------------------------------------------------------------------------------------------


def labelme(shapes: list[dict[str, Any]], **more: Any) -> str:
    return json.dumps({"version": "5.2.1", "flags": {}, "shapes": shapes, "imagePath": "..\\images\\a.jpg",
                       "imageData": "AAAA", "imageHeight": 48, "imageWidth": 64, **more})  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "xyxy"),
    [
        ({"shape_type": "rectangle", "points": [[10, 8], [30.5, 20]]}, (10, 8, 30.5, 20)),
        ({"shape_type": "rectangle", "points": [[30.5, 8], [10, 20]]}, (10, 8, 30.5, 20)),
        ({"shape_type": "polygon", "points": [[1, 2], [9, 2], [5, 7]]}, (1, 2, 9, 7)),
        ({"points": [[1, 2], [9, 2], [5, 7]]}, (1, 2, 9, 7)),
        ({"shape_type": "circle", "points": [[10, 10], [13, 14]]}, (5, 5, 15, 15)),
        ({"shape_type": "linestrip", "points": [[1, 2], [9, 2], [5, 7]]}, (1, 2, 9, 7)),
        ({"shape_type": "points", "points": [[1, 2], [9, 4]]}, (1, 2, 9, 4)),
    ],
)
def test_labelme_shapes(shape: dict[str, Any], xyxy: tuple[float, ...], parse: Parse) -> None:
    parsed = parse("labelme_json", {"labels/a.json": labelme([{"label": "velo", **shape}])}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", *xyxy)]}
    assert parsed.records[0].size_wh == (64, 48)
    assert codes(parsed) == ([] if shape.get("shape_type") == "rectangle" else ["label-polygon"])


def test_labelme_parts_of_one_object_and_bad_shapes(parse: Parse) -> None:
    part = {"label": "velo", "shape_type": "polygon", "group_id": 1}
    shapes = [
        {**part, "points": [[1, 1], [2, 2], [1, 2]]}, {**part, "points": [[8, 8], [9, 9], [8, 9]]},
        {**part, "group_id": None, "points": [[20, 20], [30, 30], [20, 30]]},
        {"label": "velo", "shape_type": "rectangle", "points": [[1, 2], [float("nan"), 4]]},
        {"label": "", "shape_type": "rectangle", "points": [[1, 2], [3, 4]]}, {"label": "velo", "points": "x"}, 7,
    ]  # fmt: skip
    parsed = parse("labelme_json", {"labels/a.json": labelme(shapes)}, IMAGES)  # type: ignore[arg-type]
    assert boxes(parsed) == {"a": [("velo", 1, 1, 9, 9), ("velo", 20, 20, 30, 30)]}
    assert parsed.records[0].bad_lines == 3
    assert codes(parsed) == ["label-polygon", "labelme-bad-shape", "labelme-bad-shape", "labelme-bad-shape"]


def test_the_path_within_a_file_never_takes_anothers_picture(parse: Parse) -> None:
    rectangle = [{"label": "velo", "shape_type": "rectangle", "points": [[1, 2], [3, 4]]}]
    copied = {f"labels/{name}.json": labelme(rectangle) for name in ("a", "b", "z")}  # all say a.jpg
    parsed = parse("labelme_json", {**copied, "labels/other.json": labelme(rectangle, imagePath="c.jpg")}, IMAGES)
    assert [(r.file, r.image) for r in parsed.records] == [
        ("labels/a.json", "images/a.jpg"), ("labels/b.json", "images/b.jpg"), ("labels/other.json", "images/c.jpg"),
    ]  # fmt: skip
    assert [(f.file, f.code) for f in parsed.findings] == [("labels/z.json", "annotation-without-image")]


# --- VIA -----------------------------------------------------------------------------------------------------------

VIA_SHAPES = [
    ({"name": "rect", "x": 1, "y": 2, "width": 3, "height": 4}, (1, 2, 4, 6)),
    ({"name": "circle", "cx": 10, "cy": 9, "r": 2.5}, (7.5, 6.5, 12.5, 11.5)),
    ({"name": "ellipse", "cx": 10, "cy": 9, "rx": 3, "ry": 2}, (7, 7, 13, 11)),
    ({"name": "ellipse", "cx": 10, "cy": 9, "rx": 3, "ry": 2, "theta": math.pi / 2}, (8, 6, 12, 12)),
    ({"name": "polygon", "all_points_x": [1, 9, 5], "all_points_y": [2, 2, 7]}, (1, 2, 9, 7)),
    ({"name": "polyline", "all_points_x": [1, 9], "all_points_y": [2, 7]}, (1, 2, 9, 7)),
]


@pytest.mark.parametrize(("shape", "xyxy"), VIA_SHAPES)
@pytest.mark.parametrize("writing", ["export", "project", "list", "regions as object"])
def test_via_shapes(shape: dict[str, Any], xyxy: tuple[float, ...], writing: str, parse: Parse) -> None:
    regions: Any = [{"shape_attributes": shape, "region_attributes": {"class": "velo"}}]
    if writing == "regions as object":
        regions = {"0": regions[0]}
    entries: Any = {"a.jpg123": {"filename": "a.jpg", "size": 123, "regions": regions, "file_attributes": {}},
                    "b.jpg9": {"filename": "b.jpg", "size": 9, "regions": []}}  # fmt: skip
    content = {"project": {"_via_settings": {}, "_via_img_metadata": entries, "_via_attributes": {}},
               "list": list(entries.values())}.get(writing, entries)  # fmt: skip
    parsed = parse("via_json", {"via.json": json.dumps(content)}, IMAGES)
    assert [b.class_name for b in parsed.records[0].boxes] == ["velo"]
    assert parsed.records[0].boxes[0].xyxy == pytest.approx(xyxy)
    assert [(r.size_wh, len(r.boxes)) for r in parsed.records] == [((0, 0), 1), ((0, 0), 0)]
    assert codes(parsed) == ([] if shape["name"] == "rect" else ["label-polygon"])


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ([{"what": "velo"}], "velo"),
        ([{"Class": "velo", "colour": "red"}], "velo"),
        ([{"what": {"velo": True, "chat": False}}], "velo"),
        ([{"espece": "velo", "note": ""}, {"espece": "velo", "note": "blurred"}], "velo"),
        ([{"espece": "velo", "note": "x"}], None),
        ([{}], None),
        ([{"type": "2"}], "velo"),
    ],
)
def test_the_attribute_that_names_the_class(attributes: list[dict[str, Any]], name: str | None, parse: Parse) -> None:
    shape = VIA_SHAPES[0][0]
    regions = [{"shape_attributes": shape, "region_attributes": a} for a in attributes]
    options = {"region": {"type": {"options": {"1": "chat", "2": "velo"}}}}
    content = {"_via_img_metadata": {"a": {"filename": "a.jpg", "regions": regions}}, "_via_attributes": options}
    parsed = parse("via_json", {"via.json": json.dumps(content)}, IMAGES)
    assert {b.class_name for b in parsed.records[0].boxes} == {name}
    assert codes(parsed) == (["via-class-unclear"] if len(attributes[0]) == 2 and name is None else [])


def test_via_3(parse: Parse) -> None:
    content = {
        "project": {"pid": "x"}, "attribute": {"1": {"aname": "class", "options": {"0": "velo", "1": "chat"}}},
        "file": {"1": {"fid": "1", "fname": "a.jpg"}, "2": {"fid": "2", "fname": "b.jpg"}},
        "view": {"1": {"fid_list": ["1"]}, "2": {"fid_list": ["2"]}},
        "metadata": {"1_a": {"vid": "1", "xy": [2, 1, 2, 3, 4], "av": {"1": "0"}},
                     "1_b": {"vid": "1", "xy": [7, 1, 2, 9, 2, 5, 7], "av": {"1": "1"}}, "2_c": {"vid": "2", "xy": []}},
    }  # fmt: skip
    parsed = parse("via_json", {"via.json": json.dumps(content)}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", 1, 2, 4, 6), ("chat", 1, 2, 9, 7)], "b": []}


# --- any tree, and round trips -------------------------------------------------------------------------------------

KEYS = ["images", "annotations", "categories", "id", "image_id", "category_id", "bbox", "file_name", "name", "width",
        "height", "segmentation", "counts", "size", "shapes", "points", "label", "shape_type", "imagePath", "group_id",
        "regions", "shape_attributes", "region_attributes", "filename", "x", "y", "all_points_x", "all_points_y",
        "_via_img_metadata", "metadata", "file", "view", "vid", "xy", "av", "0"]  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    | st.sampled_from(["a.jpg", "rect", "circle", "polygon", 1, 2, 10**400]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=7),
    max_leaves=40,
)  # fmt: skip
OPENINGS = {
    "coco_json": '{"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1}], "annotations": %s}',
    "labelme_json": '{"imagePath": "a.jpg", "shapes": %s}',
    "via_json": '{"a": {"filename": "a.jpg", "regions": [{"shape_attributes": %s}]}}',
}


@settings(max_examples=200, deadline=None)
@given(values)
def test_any_tree_is_records_or_findings(parse: Parse, value: Any) -> None:
    text = json.dumps(value)
    for name, opening in OPENINGS.items():
        for data in (text, opening % text, (opening % text)[:-3]):
            parsed = parse(name, {"a.json": data, "b.json": data + "}"}, IMAGES)
            assert all(r.image in IMAGES for r in parsed.records)


number = st.floats(0, 5000).map(lambda v: round(v, 3))
box = st.tuples(st.sampled_from("abc"), st.sampled_from(["velo", "é \"'"]), number, number, number, number)


@settings(max_examples=60, deadline=None)
@given(st.lists(box, min_size=1))
def test_what_is_written_is_read(parse: Parse, some: list[tuple[str, str, float, float, float, float]]) -> None:
    by_name: dict[str, list[tuple[object, ...]]] = {name: [] for name in "abc"}
    shapes: dict[str, list[dict[str, Any]]] = {name: [] for name in "abc"}
    for name, label, a, b, c, d in some:
        by_name[name].append((label, min(a, c), min(b, d), max(a, c), max(b, d)))
        shapes[name].append({"label": label, "shape_type": "rectangle", "points": [[a, b], [c, d]], "group_id": None})
    files = {f"labels/{name}.json": labelme(shapes[name]) for name in "abc"}
    assert boxes(parse("labelme_json", files, IMAGES)) == by_name


whole = st.integers(0, 5000)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), whole, whole, whole, whole), min_size=1))
def test_what_coco_and_via_write_is_read(parse: Parse, some: list[tuple[str, int, int, int, int]]) -> None:
    wanted = {name: [("velo", x, y, x + w, y + h) for n, x, y, w, h in some if n == name] for name in "abc"}
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 10_000, "height": 10_000} for n in "abc"]
    annotations = [{"image_id": n, "bbox": [x, y, w, h], "area": w * h} for n, x, y, w, h in some]
    assert boxes(parse("coco_json", {"x.json": json.dumps(coco(annotations, images=images))}, IMAGES)) == wanted
    content: dict[str, Any] = {n: {"filename": f"{n}.jpg", "regions": []} for n in "abc"}
    for n, x, y, w, h in some:
        shape = {"name": "rect", "x": x, "y": y, "width": w, "height": h}
        content[n]["regions"].append({"shape_attributes": shape, "region_attributes": {"class": "velo"}})
    assert boxes(parse("via_json", {"x.json": json.dumps(content)}, IMAGES)) == wanted
