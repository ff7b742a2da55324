"""What every format promises, tried on a sample of each: a new format fails here until it has one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.core.registry import members
from labtools.prepare import formats
from labtools.prepare.formats import Parsed
from labtools.prepare.output.leftovers import leftover_findings

Parse = Callable[..., Parsed]
Claims = Callable[[Mapping[str, bytes]], dict[str, list[str]]]

FORMATS = members(formats)
IMAGE = "images/a.jpg"  # 64 x 48, one velo at (10, 8, 30, 20)
PER_CENT = {"original_width": 64, "original_height": 48, "value": {
    "x": 15.625, "y": 100 / 6, "width": 31.25, "height": 25, "rotation": 0, "rectanglelabels": ["velo"]}}  # fmt: skip
CVAT = 'label="velo" source="manual" occluded="0"'
SAMPLES: dict[str, tuple[str, str]] = {
    "boxes_csv": ("t.csv", "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,64,48,velo,10,8,30,20\n"),
    "coco_json": ("c.json", json.dumps({
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}],
        "categories": [{"id": 1, "name": "velo"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 8, 20, 12]}]})),
    "createml_json": ("c.json", json.dumps([{"image": "a.jpg", "annotations": [
        {"label": "velo", "coordinates": {"x": 20, "y": 14, "width": 20, "height": 12}}]}])),
    "cvat_images_xml": ("annotations.xml", f'<annotations><image id="0" name="a.jpg" width="64" height="48">'
                        f'<box {CVAT} xtl="10" ytl="8" xbr="30" ybr="20"/></image></annotations>'),
    "cvat_video_xml": ("annotations.xml", '<annotations><meta><task><size>1</size><start_frame>0</start_frame>'
                       '<stop_frame>0</stop_frame><original_size><width>64</width><height>48</height></original_size>'
                       f'</task></meta><track id="0" {CVAT}><box frame="0" keyframe="1" outside="0" '
                       'xtl="10" ytl="8" xbr="30" ybr="20"/></track></annotations>'),
    "datumaro_json": ("d.json", json.dumps({
        "categories": {"label": {"labels": [{"name": "velo"}]}}, "items": [{"id": "a", "annotations": [
            {"type": "bbox", "label_id": 0, "bbox": [10, 8, 20, 12]}],
            "image": {"path": "a.jpg", "size": [48, 64]}}]})),
    "keras_txt": ("_annotations.txt", "./a.jpg 10,8,30,20,0\n"),
    "label_studio_csv": ("l.csv", "annotation_id,annotator,created_at,id,image,label,lead_time,updated_at\n"
                         '1,z,t,1,/data/upload/1/0a1b2c3d-a.jpg,"' + json.dumps([{**PER_CENT, **PER_CENT["value"]}])
                         .replace('"', '""') + '",3,t\n'),
    "label_studio_json": ("l.json", json.dumps([{"id": 1, "data": {"image": "/data/upload/1/0a1b2c3d-a.jpg"},
                          "annotations": [{"result": [{"type": "rectanglelabels", "from_name": "l", **PER_CENT}]}]}])),
    "labelme_json": ("labels/a.json", json.dumps({
        "shapes": [{"label": "velo", "shape_type": "rectangle", "points": [[10, 8], [30, 20]]}], "imagePath": "a.jpg",
        "imageWidth": 64, "imageHeight": 48})),
    "supervisely_json": ("ann/a.jpg.json", json.dumps({"size": {"width": 64, "height": 48}, "objects": [
        {"classTitle": "velo", "geometryType": "rectangle", "points": {"exterior": [[10, 8], [30, 20]]}}]})),
    "via_csv": ("v.csv", "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,"
                'region_attributes\na.jpg,1,"{}",1,0,"{""name"":""rect"",""x"":10,""y"":8,""width"":20,""height"":12}",'
                '"{""class"":""velo""}"\n'),
    "via_json": ("v.json", json.dumps({"a.jpg1": {"filename": "a.jpg", "regions": [{"shape_attributes": {
        "name": "rect", "x": 10, "y": 8, "width": 20, "height": 12}, "region_attributes": {"class": "velo"}}]}})),
    "voc_xml": ("labels/a.xml", "<annotation><size><width>64</width><height>48</height></size><object><name>velo</name>"
                "<bndbox><xmin>10</xmin><ymin>8</ymin><xmax>30</xmax><ymax>20</ymax></bndbox></object></annotation>"),
    "yolo_txt": ("labels/a.txt", "velo 0.3125 0.29166666666666667 0.3125 0.25\n"),
}  # fmt: skip


def test_each_format_has_a_sample() -> None:
    assert sorted(SAMPLES) == sorted(FORMATS)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_format_takes_its_own_and_reads_it(name: str, parse: Parse, claims: Claims) -> None:
    path, text = SAMPLES[name]
    # A text file beside a picture is YOLO's by its name; `labels.choice` gives it to whoever knows its content.
    found = claims({IMAGE: b"", path: text.encode()})
    assert found == {name: [path]}
    names = {"_classes.txt": "velo\n"} if name == "keras_txt" else {}
    parsed = parse(name, {path: text, **names}, [IMAGE])
    (record,) = parsed.records
    (box,) = record.boxes
    scale = (64, 48) if record.size_wh is None else (1, 1)
    assert [v * scale[i % 2] for i, v in enumerate(box.xyxy)] == pytest.approx([10, 8, 30, 20])
    assert (box.class_name, record.image, record.file, record.bad_lines) == ("velo", IMAGE, path, 0)
    assert record.size_wh in {None, (64, 48), (0, 0)}
    assert {f.code for f in parsed.findings} <= {"frames-by-order"} and path in parsed.used


@pytest.mark.parametrize("name", sorted({n for n in SAMPLES if not n.endswith(("_csv", "_txt"))}))
@pytest.mark.parametrize("suffix", [".txt", ".JSON", ".xml", ".dat", ""])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_content_counts_and_not_the_suffix(name: str, suffix: str, encoding: str, claims: Claims) -> None:
    data = SAMPLES[name][1].encode(encoding)
    found = claims({IMAGE: b"", f"some where/x{suffix}": data})
    assert found.get(name) == [f"some where/x{suffix}"]
    assert set(found) <= {name, "yolo_txt"}


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 600), st.integers(0, 3), st.binary(max_size=4))
def test_a_damaged_file_is_records_or_findings(parse: Parse, name: str, at: int, gone: int, put: bytes) -> None:
    path, text = SAMPLES[name]
    data = text.encode()
    at %= len(data) + 1
    for damaged in (data[:at] + put + data[at + gone :], data[:at]):
        for other in {name, "voc_xml" if path.endswith(".xml") else name}:
            parsed = parse(other, {path: damaged}, [IMAGE])
            assert all(r.image == IMAGE for r in parsed.records)
            assert parsed.used <= {path}


@pytest.mark.parametrize(
    ("path", "text", "severity", "part"),
    [
        ("x.json", '{"objects": [{"bbox": [1, 2, 3, 4]}]}', "error", "1 time bbox"),
        ("x.xml", "<dataset><image file='a.jpg'><box top='1'/></image></dataset>", "error", "<dataset>"),
        ("x.csv", "a.jpg,10,20,5,5,velo\n", "error", "1 row)"),
        ("x.csv", "name,mark\nbob,3\n", "info", "nothing"),
        ("x.json", '{"a": 1}', "info", "nothing"),
        ("notes.docx", "PK", "info", "nothing"),
    ],
)
def test_what_no_format_takes_is_reported(path: str, text: str, severity: str, part: str, tree_of: Callable) -> None:  # type: ignore[type-arg]
    tree = tree_of({IMAGE: b"", path: text.encode()})
    assert all(module.sniff(tree) == [] for module in FORMATS.values())
    (finding,) = leftover_findings(tree, (), has_annotations=False)
    assert (finding.file, finding.severity.value) == (path, severity)
    assert part in finding.message


def test_of_many_label_files_few_are_opened(tree_of: Callable) -> None:  # type: ignore[type-arg]
    labels = {f"labels/frame_{i:06d}.txt": b"0 0.5 0.5 0.1 0.1\n" for i in range(500)}
    tree = tree_of({**labels, "labels/classes.txt": b"velo\n"})
    opened = []
    read = tree.read
    object.__setattr__(tree, "read", lambda path: (opened.append(path), read(path))[1])
    for name, module in FORMATS.items():
        if name != "yolo_txt":
            module.sniff(tree)
    assert len(opened) < 10
    foreign = dict.fromkeys(labels, b"<annotation><object/></annotation>")
    found = FORMATS["voc_xml"].sniff(tree_of(foreign))
    assert found == sorted(labels)
